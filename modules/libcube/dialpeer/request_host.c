/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a SIP request on its way out says that it goes. RFC 3261 25.1: Method SP Request-URI SP SIP-Version CRLF. */
#include <string.h>

#include "request_host.h"

/* text up to the first of the characters; all of it if there is none. Each message that goes out is looked through. */
static struct cube_str until(struct cube_str text, const char *stop)
{
	for(; *stop; stop++) {
		const char *end = text.len ? memchr(text.s, *stop, text.len) : NULL;

		if(end)
			text.len = (size_t)(end - text.s);
	}
	return text;
}

static struct cube_str behind(struct cube_str text, size_t n)
{
	return n > text.len ? (struct cube_str){text.s + text.len, 0} : (struct cube_str){text.s + n, text.len - n};
}

bool cube_request_host(struct cube_str message, struct cube_str *host)
{
	struct cube_str line = until(message, "\r\n"), method = until(line, " "), uri, scheme, at, found;

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

/* Of "To: ..." or "t : ..."; empty for a line that is no header. */
static struct cube_str header_name(struct cube_str line)
{
	struct cube_str name = until(line, ":");

	if(name.len == line.len)
		return (struct cube_str){line.s, 0};
	while(name.len && (name.s[name.len - 1] == ' ' || name.s[name.len - 1] == '\t'))
		name.len--;
	return name;
}

static bool is_to(struct cube_str line)
{
	struct cube_str name = header_name(line);

	return cube_str_caseeq(name, CUBE_STR("To")) || cube_str_caseeq(name, CUBE_STR("t"));
}

/* The URI of the first value of a Route header begins behind <. */
static bool leads_to_sips(struct cube_str route)
{
	struct cube_str before = until(route, "<"), uri = behind(route, before.len + 1);

	return cube_str_caseeq(until(uri, ":"), CUBE_STR("sips"));
}

bool cube_request_is_sips(struct cube_str message)
{
	struct cube_str line = until(message, "\r\n"), method = until(line, " ");

	if(method.len == line.len || cube_str_eq(method, CUBE_STR("SIP/2.0")))
		return false;
	if(cube_str_caseeq(until(behind(line, method.len + 1), ":"), CUBE_STR("sips")))
		return true;
	for(message = behind(message, line.len + 2); message.len; message = behind(message, line.len + 2)) {
		line = until(message, "\r\n");
		if(line.len == 0)
			return false;
		if(cube_str_caseeq(header_name(line), CUBE_STR("Route")))
			return leads_to_sips(line);
	}
	return false;
}

static bool has_tag(struct cube_str line)
{
	struct cube_str rest = line;

	while(rest.len) {
		struct cube_str before = until(rest, ";");

		rest = behind(rest, before.len + 1);
		while(rest.len && (rest.s[0] == ' ' || rest.s[0] == '\t'))
			rest = behind(rest, 1);
		if(rest.len >= 4 && cube_str_caseeq((struct cube_str){rest.s, 4}, CUBE_STR("tag=")))
			return true;
	}
	return false;
}

bool cube_request_in_dialog(struct cube_str message)
{
	struct cube_str line = until(message, "\r\n");

	/* until the empty line in front of the body */
	for(message = behind(message, line.len + 2); message.len; message = behind(message, line.len + 2)) {
		line = until(message, "\r\n");
		if(line.len == 0)
			return false;
		if(is_to(line))
			return has_tag(line);
	}
	return false;
}
