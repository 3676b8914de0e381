/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name rules on length-counted text. Knows no certificate and no OpenSSL. A character that is not allowed, NUL among
 * them, makes a name malformed, and a malformed name matches nothing. */
#include "name.h"

#define HOST_MAX 253
#define LABEL_MAX 63
#define PERMIT_MIN 3
#define PERMIT_MAX 128

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

bool cube_name_is_host(struct cube_str name)
{
	size_t label = 0;
	bool digits = true; /* of the current label */

	if(name.len == 0 || name.len > HOST_MAX)
		return false;
	for(size_t i = 0; i < name.len; i++) {
		char c = name.s[i];

		if(c == '.') {
			if(label == 0)
				return false;
			label = 0;
			digits = true;
			continue;
		}
		if(!is_label_char(c) || ++label > LABEL_MAX)
			return false;
		digits = digits && is_digit(c);
	}
	return label > 0 && !digits;
}

static bool is_wildcard(struct cube_str name)
{
	return cube_str_starts(name, CUBE_STR("*."));
}

static struct cube_str skip(struct cube_str text, size_t n)
{
	return (struct cube_str){text.s + n, text.len - n};
}

bool cube_name_is_permit(struct cube_str name)
{
	if(name.len < PERMIT_MIN || name.len > PERMIT_MAX)
		return false;
	return cube_name_is_host(is_wildcard(name) ? skip(name, 2) : name);
}

bool cube_name_match(struct cube_str permit, struct cube_str host)
{
	size_t first = 0;

	if(!cube_name_is_host(host))
		return false;
	if(!is_wildcard(permit))
		return cube_name_is_host(permit) && cube_str_caseeq(permit, host);
	while(first < host.len && host.s[first] != '.')
		first++;
	return cube_name_is_host(skip(permit, 2)) && first < host.len
		   && cube_str_caseeq(skip(permit, 1), skip(host, first));
}

bool cube_name_sip_domain(struct cube_str uri, struct cube_str *domain)
{
	static const struct cube_str schemes[] = {{"sip:", 4}, {"sips:", 5}};

	for(size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = schemes[i].len;

		if(uri.len <= len || !cube_str_caseeq((struct cube_str){uri.s, len}, schemes[i]))
			continue;
		uri = skip(uri, len);
		/* '@', ':', ';' and '?' are no characters of a host name: userinfo, port, parameters and headers fail here */
		if(!cube_name_is_host(uri))
			return false;
		*domain = uri;
		return true;
	}
	return false;
}
