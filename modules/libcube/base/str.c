/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing counted text. Knows ASCII only: no locale may decide whether two host names are the same. */
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

int cube_str_casecmp(struct cube_str a, struct cube_str b)
{
	size_t i;

	if(a.len != b.len)
		return a.len < b.len ? -1 : 1;
	for(i = 0; i < a.len; i++) {
		unsigned char x = lower(a.s[i]), y = lower(b.s[i]);

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
