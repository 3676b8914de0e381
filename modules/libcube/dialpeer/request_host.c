/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a SIP request on its way out says that it goes. RFC 3261 25.1: Method SP Request-URI SP SIP-Version CRLF. */
#include <string.h>

#include "header.h"
#include "request_host.h"

/* text up to the first of the characters; all of it if there is none. */
static struct cube_str until(struct cube_str text, const char *stop)
{
	size_t i = 0;

	while(i < text.len && text.s[i] != stop[0] && (!stop[1] || (text.s[i] != stop[1] && text.s[i] != stop[2])))
		i++;
	return (struct cube_str){text.s, i};
}

static struct cube_str behind(struct cube_str text, size_t n)
{
	return n > text.len ? (struct cube_str){text.s + text.len, 0} : (struct cube_str){text.s + n, text.len - n};
}

/* Up to its end, CR LF or one of them. Each message that goes out is looked through, so this is for memchr. */
static struct cube_str line_of(struct cube_str message)
{
	const char *end = message.len ? memchr(message.s, '\n', message.len) : NULL;

	if(end)
		message.len = (size_t)(end - message.s);
	end = message.len ? memchr(message.s, '\r', message.len) : NULL;
	if(end)
		message.len = (size_t)(end - message.s);
	return message;
}

bool cube_request_host(struct cube_str message, struct cube_str *host)
{
	struct cube_str line = line_of(message), method = until(line, " "), uri, scheme, at, found;

	if(method.len == line.len || cube_str_eq(method, CUBE_STR("SIP/2.0")))
		return false;
	uri = until(behind(line, method.len + 1), " ");
	scheme = until(uri, ":");
	if(!cube_str_caseeq(scheme, CUBE_STR("sip")) && !cube_str_caseeq(scheme, CUBE_STR("sips")))
		return false;
	uri = behind(uri, scheme.len + 1);
	/* an @ is in the userinfo or, escaped, nowhere */
	at = until(uri, "@");
	if(at.len < uri.len)
		uri = behind(uri, at.len + 1);
	if(uri.len && uri.s[0] == '[') {
		found = until(uri, "]");
		found.len += found.len < uri.len;
	} else {
		found = until(uri, ":;?");
	}
	if(!found.len)
		return false;
	*host = found;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the first c is that stands in no quotes; value.len if there is none. */
static size_t unquoted(struct cube_str value, char c)
{
	bool quoted = false;
	size_t i;

	for(i = 0; i < value.len && (quoted || value.s[i] != c); i++) {
		if(value.s[i] == '"')
			quoted = !quoted;
		else if(quoted && value.s[i] == '\\')
			i++;
	}
	return i < value.len ? i : value.len;
}

/* By the URI of the first value of a Route header. */
static bool leads_to_sips(struct cube_str route)
{
	return cube_str_caseeq(until(behind(route, unquoted(route, '<') + 1), ":"), CUBE_STR("sips"));
}

bool cube_request_uri_is_sips(struct cube_str uri, struct cube_str route)
{
	return cube_str_caseeq(until(uri, ":"), CUBE_STR("sips")) || (route.len && leads_to_sips(route));
}

bool cube_request_is_sips(struct cube_str message)
{
	static const struct cube_str name = {"Route", 5};
	struct cube_str line = line_of(message), method = until(line, " "), route;
	unsigned which;

	if(method.len == line.len || cube_str_eq(method, CUBE_STR("SIP/2.0")))
		return false;
	if(cube_str_caseeq(until(behind(line, method.len + 1), ":"), CUBE_STR("sips")))
		return true;
	return cube_header_next(&message, &name, 1, &which, &route) && leads_to_sips(route);
}

/* Among the parameters of a To header, which stand behind the > if there is one. */
static bool has_tag(struct cube_str value)
{
	size_t uri = unquoted(value, '<');
	struct cube_str rest = uri < value.len ? behind(value, uri) : value;

	rest = uri < value.len ? behind(rest, until(rest, ">").len) : rest;
	while(rest.len) {
		rest = behind(rest, unquoted(rest, ';') + 1);
		while(rest.len && is_blank(rest.s[0]))
			rest = behind(rest, 1);
		if(rest.len >= 4 && cube_str_caseeq((struct cube_str){rest.s, 4}, CUBE_STR("tag=")))
			return true;
	}
	return false;
}

bool cube_request_in_dialog(struct cube_str message)
{
	static const struct cube_str names[] = {{"To", 2}, {"t", 1}};
	struct cube_str to;
	unsigned which;

	/* the first one counts, as it does for Kamailio */
	return cube_header_next(&message, names, 2, &which, &to) && has_tag(to);
}
