/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sdp.h"

static bool begins(struct cube_str line, struct cube_str wanted)
{
	return line.len >= wanted.len && cube_str_caseeq((struct cube_str){line.s, wanted.len}, wanted);
}

bool cube_sdp_has_keys(struct cube_str text)
{
	for(size_t i = 0; i < text.len; i++) {
		struct cube_str line = {text.s + i, text.len - i};

		/* a lone CR ends a line for some */
		if(i > 0 && text.s[i - 1] != '\n' && text.s[i - 1] != '\r')
			continue;
		if(begins(line, CUBE_STR("a=crypto:")) || begins(line, CUBE_STR("a=key-mgmt:")) || begins(line, CUBE_STR("k=")))
			return true;
	}
	return false;
}
