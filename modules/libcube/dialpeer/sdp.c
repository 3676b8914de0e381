/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sdp.h"

#include <string.h>

static bool begins(struct cube_str line, struct cube_str wanted)
{
	return line.len >= wanted.len && cube_str_caseeq((struct cube_str){line.s, wanted.len}, wanted);
}

bool cube_sdp_has_keys(struct cube_str text)
{
	const char *end;
	size_t n;

	while(text.len) {
		if(begins(text, CUBE_STR("a=crypto:")) || begins(text, CUBE_STR("a=key-mgmt:")) || begins(text, CUBE_STR("k=")))
			return true;
		/* a lone CR ends a line for some */
		end = memchr(text.s, '\n', text.len);
		n = end ? (size_t)(end - text.s) + 1 : text.len;
		for(size_t i = 0; i + 1 < n; i++) {
			if(text.s[i] == '\r' && text.s[i + 1] != '\n') {
				n = i + 1;
				break;
			}
		}
		text = (struct cube_str){text.s + n, text.len - n};
	}
	return false;
}
