/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The form alone: whether there is such a host, who fetches finds out. */
#include "url.h"

#include <string.h>
#include <strings.h>

#define SCHEME_LEN (sizeof(CUBE_FETCH_SCHEME) - 1)

bool cube_fetch_url_ok(struct cube_str url)
{
	size_t i;

	/* a scheme is the same in capitals (RFC 3986 3.1) */
	if(url.len <= SCHEME_LEN || url.len >= CUBE_FETCH_URL_MAX || strncasecmp(url.s, CUBE_FETCH_SCHEME, SCHEME_LEN) != 0)
		return false;
	for(i = 0; i < url.len; i++) {
		if(url.s[i] < '!' || url.s[i] > '~')
			return false;
	}
	return true;
}

bool cube_fetch_has_scheme(struct cube_str text)
{
	size_t i = 0;

	while(i < text.len && text.s[i] != ':' && text.s[i] != '/')
		i++;
	return cube_str_starts((struct cube_str){text.s + i, text.len - i}, CUBE_STR("://"));
}

bool cube_fetch_url_same(const char *a, struct cube_str b)
{
	size_t len = strlen(a), server = cube_fetch_place(a).len;

	return len == b.len && strncasecmp(a, b.s, server) == 0 && memcmp(a + server, b.s + server, len - server) == 0;
}

struct cube_str cube_fetch_place(const char *url)
{
	struct cube_str all = cube_str_of(url);

	if(cube_fetch_url_ok(all))
		all.len = SCHEME_LEN + strcspn(url + SCHEME_LEN, "/?#");
	return all;
}
