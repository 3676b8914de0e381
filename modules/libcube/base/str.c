/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing counted text, which knows ASCII only: no locale may decide whether two host names are the same; and the form of UTF-8. */
#include "str.h"

#include <string.h>

struct cube_str cube_str_of(const char *text)
{
	return (struct cube_str){text, text ? strlen(text) : 0};
}

bool cube_str_eq(struct cube_str a, struct cube_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int cube_str_cmp(struct cube_str a, struct cube_str b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int cmp = least ? memcmp(a.s, b.s, least) : 0;

	return cmp ? cmp : (a.len > b.len) - (a.len < b.len);
}

int cube_str_casecmp(struct cube_str a, struct cube_str b)
{
	size_t i;

	if(a.len != b.len)
		return a.len < b.len ? -1 : 1;
	for(i = 0; i < a.len; i++) {
		unsigned char x, y;

		if(a.s[i] == b.s[i])
			continue;
		x = lower(a.s[i]);
		y = lower(b.s[i]);
		if(x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

bool cube_str_caseeq(struct cube_str a, struct cube_str b)
{
	return cube_str_casecmp(a, b) == 0;
}

bool cube_str_starts(struct cube_str text, struct cube_str prefix)
{
	return text.len >= prefix.len && (prefix.len == 0 || memcmp(text.s, prefix.s, prefix.len) == 0);
}

size_t cube_utf8_next(const char *text, size_t left)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i, n = p[0] < 0x80					? 1
				  : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
				  : (p[0] & 0xF0) == 0xE0		? 3
				  : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
												: 0;

	if(n == 0 || n > left)
		return 0;
	for(i = 1; i < n; i++) {
		if((p[i] & 0xC0) != 0x80)
			return 0;
	}
	/* over-long forms, surrogates, beyond U+10FFFF */
	if((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90)
			|| (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}
