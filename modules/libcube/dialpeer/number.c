/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the user part of a SIP URI to the number that patterns are matched with. */
#include <stdbool.h>
#include <string.h>

#include "number.h"

#define EMPTY ((struct cube_str){NULL, 0})

static int hex_value(char c)
{
	if(c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_separator(char c)
{
	return c == '-' || c == '.' || c == '(' || c == ')';
}

/* RFC 3966: digits, and * # A-F of local numbers; + only in front. */
static bool is_number(const char *s, size_t len)
{
	size_t i, digits = 0;

	for(i = 0; i < len; i++) {
		if(is_separator(s[i]) || (s[i] == '+' && i == 0))
			continue;
		if(s[i] != '*' && s[i] != '#' && hex_value(s[i]) < 0)
			return false;
		digits++;
	}
	return digits > 0;
}

static size_t strip_separators(char *s, size_t len)
{
	size_t i, kept = 0;

	for(i = 0; i < len; i++) {
		if(!is_separator(s[i]))
			s[kept++] = s[i];
	}
	return kept;
}

bool cube_user_decode(struct cube_str user, char *buf, size_t size, struct cube_str *decoded)
{
	size_t i, len = 0;

	for(i = 0; i < user.len; i++) {
		char c = user.s[i];

		if(c == '%') {
			bool whole = user.len - i > 2;
			int hi = whole ? hex_value(user.s[i + 1]) : -1;
			int lo = whole ? hex_value(user.s[i + 2]) : -1;

			if(hi < 0 || lo < 0)
				return false;
			c = (char)(hi * 16 + lo);
			i += 2;
		}
		if(len == size)
			return false;
		buf[len++] = c;
	}
	*decoded = (struct cube_str){buf, len};
	return true;
}

struct cube_str cube_number_from_user(struct cube_str user, char buf[CUBE_NUMBER_MAX])
{
	const char *params;
	struct cube_str number;
	size_t i = 0;

	/* nothing else in most calls: then it stands there already */
	while(i < user.len && i < CUBE_NUMBER_MAX
			&& ((user.s[i] >= '0' && user.s[i] <= '9') || (user.s[i] == '+' && i == 0))) {
		buf[i] = user.s[i];
		i++;
	}
	if(i == user.len)
		return (struct cube_str){buf, i};
	params = memchr(user.s, ';', user.len);
	if(params)
		user.len = (size_t)(params - user.s);
	if(!cube_user_decode(user, buf, CUBE_NUMBER_MAX, &number))
		return EMPTY;
	if(is_number(buf, number.len))
		number.len = strip_separators(buf, number.len);
	return number;
}
