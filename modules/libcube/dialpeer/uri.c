/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes URIs of SIP messages apart. What stands behind the host (port, parameters, headers) is only looked at as far as
 * it says where the host ends. */
#include "uri.h"

#include <string.h>

#include "../tls/name.h"

/* What ends a part; each call's URIs are gone through several times, so a character is looked up, not searched for. */
enum stop
{
	COLON = 1,
	SEMICOLON = 2,
	QUESTION = 4,
	COMMA = 8,
	BLANK = 16, /* also of a folded line */
	SLASH = 32,
	ANGLE = 64, /* < */
	QUOTE = 128,
	INVISIBLE = 256, /* what stands in no URI */
	AT = 512,
};

static const uint16_t stops[256] = {[0 ... 8] = INVISIBLE,
		['\t'] = BLANK | INVISIBLE,
		['\n'] = BLANK | INVISIBLE,
		[0x0b ... 0x0c] = INVISIBLE,
		['\r'] = BLANK | INVISIBLE,
		[0x0e ... 0x1f] = INVISIBLE,
		[0x7f] = INVISIBLE,
		[' '] = BLANK | INVISIBLE,
		['<'] = ANGLE | INVISIBLE,
		['>'] = INVISIBLE,
		['"'] = QUOTE | INVISIBLE,
		[':'] = COLON,
		[';'] = SEMICOLON,
		['?'] = QUESTION,
		[','] = COMMA,
		['/'] = SLASH,
		['@'] = AT};

static struct cube_str behind(struct cube_str text, size_t n)
{
	return n ? (struct cube_str){text.s + n, text.len - n} : text;
}

/* text up to the first of the stops; all of it if there is none. */
static struct cube_str until(struct cube_str text, unsigned stop)
{
	size_t i = 0;

	while(i < text.len && !(stops[(unsigned char)text.s[i]] & stop))
		i++;
	return (struct cube_str){text.s, i};
}

static struct cube_str until_char(struct cube_str text, char stop)
{
	size_t i = 0;

	while(i < text.len && text.s[i] != stop)
		i++;
	return (struct cube_str){text.s, i};
}

static struct cube_str skip_blanks(struct cube_str text)
{
	while(text.len && stops[(unsigned char)text.s[0]] & BLANK)
		text = behind(text, 1);
	return text;
}

/* Takes the host from the front of text: an address, or a name without the dot that may end it. */
static bool take_host(struct cube_str *text, struct cube_uri_parts *parts)
{
	struct cube_str host = until(*text, COLON | SEMICOLON | QUESTION | COMMA | BLANK);

	if(text->len && text->s[0] == '[') {
		host = until_char(*text, ']');
		host.len += host.len < text->len;
	}
	*text = behind(*text, host.len);
	if(!cube_ip_parse(host, &parts->ip)) {
		if(host.len && host.s[host.len - 1] == '.')
			host.len--;
		if(!cube_name_is_host(host))
			return false;
	}
	parts->host = host;
	return true;
}

/* The value of ;phone-context= among parameters that begin with a ; or are empty. */
static struct cube_str phone_context_of(struct cube_str params)
{
	while(params.len) {
		struct cube_str param = until(behind(params, 1), SEMICOLON), name = until_char(param, '=');

		if(cube_str_caseeq(name, CUBE_STR("phone-context")))
			return behind(param, name.len + (name.len < param.len));
		params = behind(params, 1 + param.len);
	}
	return (struct cube_str){NULL, 0};
}

/* userinfo: what stands before the @, with whatever of the stops there is in it. */
static bool take_user(struct cube_str userinfo, unsigned has, struct cube_uri_parts *parts)
{
	struct cube_str named = has & COLON ? until(userinfo, COLON) : userinfo; /* without a password */

	parts->user = has & SEMICOLON ? until(named, SEMICOLON) : named;
	if(parts->user.len == 0)
		return false;
	parts->user_params = behind(named, parts->user.len);
	parts->phone_context = phone_context_of(parts->user_params);
	return true;
}

/* Where the parts of a URI end; of each call's many, each is gone through once for that. */
struct ends
{
	size_t scheme;	  /* its colon; the URI's end: there is none */
	size_t user;	  /* the @; 0: there is none. An @ in a user part is escaped, so the first ends it */
	unsigned in_user; /* the stops between */
};

/* How much of text may stand in a URI: up to the first character that may not. */
static size_t find_ends(struct cube_str text, struct ends *ends)
{
	unsigned seen = 0, kind;
	size_t i;

	*ends = (struct ends){.scheme = text.len};
	for(i = 0; i < text.len; i++) {
		if(!(kind = stops[(unsigned char)text.s[i]]))
			continue;
		if(kind & INVISIBLE)
			break;
		if(kind & COLON && ends->scheme == text.len) {
			ends->scheme = i;
			seen = 0;
			continue;
		}
		if(kind & AT && !ends->user && ends->scheme < i) {
			ends->user = i;
			ends->in_user = seen;
		}
		seen |= kind;
	}
	if(ends->scheme == text.len)
		ends->scheme = i;
	return i;
}

/* rest: behind "sip:". */
static bool parse_sip(struct cube_str rest, const struct ends *ends, struct cube_uri_parts *parts)
{
	struct cube_str port;
	uint16_t number;

	if(ends->user) {
		struct cube_str user = {rest.s, ends->user - ends->scheme - 1};

		if(!take_user(user, ends->in_user, parts))
			return false;
		rest = behind(rest, user.len + 1);
	}
	if(!take_host(&rest, parts))
		return false;
	if(rest.len && rest.s[0] == ':') {
		port = until(behind(rest, 1), SEMICOLON | QUESTION);
		if(!cube_port_parse(port, &number))
			return false;
		rest = behind(rest, 1 + port.len);
	}
	return rest.len == 0 || rest.s[0] == ';' || rest.s[0] == '?';
}

/* rest: behind "tel:". RFC 3966 3: digits, A-F * # of local numbers, visual separators. */
static bool parse_tel(struct cube_str rest, struct cube_uri_parts *parts)
{
	struct cube_str number = until(rest, SEMICOLON);
	size_t i, digits = 0;

	for(i = 0; i < number.len; i++) {
		char c = number.s[i];

		if((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == '*' || c == '#')
			digits++;
		else if(!(c && strchr("-.()", c)) && !(c == '+' && i == 0))
			return false;
	}
	parts->user = number;
	parts->user_params = behind(rest, number.len);
	parts->phone_context = phone_context_of(parts->user_params);
	return digits > 0;
}

static bool is_sip(struct cube_str scheme)
{
	const char *s = scheme.s;

	return (scheme.len == 3 || (scheme.len == 4 && (s[3] | 0x20) == 's')) && (s[0] | 0x20) == 's'
		   && (s[1] | 0x20) == 'i' && (s[2] | 0x20) == 'p';
}

static bool parse(struct cube_str text, const struct ends *ends, struct cube_uri_parts *parts)
{
	struct cube_uri_parts found = {.whole = text, .scheme = {text.s, ends->scheme}};
	bool good;

	if(ends->scheme == text.len)
		return false;
	text = behind(text, ends->scheme + 1);
	if(is_sip(found.scheme))
		good = parse_sip(text, ends, &found);
	else
		good = cube_str_caseeq(found.scheme, CUBE_STR("tel")) && parse_tel(text, &found);
	if(good)
		*parts = found;
	return good;
}

bool cube_uri_parse(struct cube_str text, struct cube_uri_parts *parts)
{
	struct ends ends;

	return find_ends(text, &ends) == text.len && parse(text, &ends, parts);
}

bool cube_uri_is_user(struct cube_str text)
{
	return text.len > 0 && !(stops[(unsigned char)text.s[0]] & (COLON | SEMICOLON))
		   && until(text, INVISIBLE | AT).len == text.len;
}

/* Skips "Bob \"X\"" with the blanks behind it; false when it does not end. */
static bool skip_quoted(struct cube_str *text)
{
	size_t i;

	for(i = 1; i < text->len && text->s[i] != '"'; i++)
		i += text->s[i] == '\\';
	if(i >= text->len)
		return false;
	*text = skip_blanks(behind(*text, i + 1));
	return true;
}

bool cube_uri_parse_header(struct cube_str body, struct cube_uri_parts *parts)
{
	struct cube_str name, uri;
	struct ends ends;
	bool quoted;

	body = skip_blanks(body);
	quoted = body.len && body.s[0] == '"';
	if(quoted && !skip_quoted(&body))
		return false;
	/* a name without quotes is words; what has a : before the < is a URI */
	name = until(body, ANGLE | COLON | SEMICOLON | COMMA | QUOTE);
	if(name.len < body.len && body.s[name.len] == '<' && (!quoted || name.len == 0)) {
		body = behind(body, name.len + 1);
		uri = (struct cube_str){body.s, find_ends(body, &ends)};
		return uri.len < body.len && body.s[uri.len] == '>' && parse(uri, &ends, parts);
	}
	/* without < > what follows ; is the header's, and ? and , are not in it */
	uri = until(body, SEMICOLON | QUESTION | COMMA | BLANK);
	if(quoted || (uri.len < body.len && body.s[uri.len] == '?'))
		return false;
	return cube_uri_parse(uri, parts);
}

struct cube_str cube_uri_next(struct cube_str body, const struct cube_uri_parts *parts)
{
	struct cube_str rest = behind(body, (size_t)(parts->whole.s + parts->whole.len - body.s));
	bool quoted = false;
	size_t i;

	for(i = 0; i < rest.len; i++) {
		if(rest.s[i] == '"')
			quoted = !quoted;
		else if(quoted)
			i += rest.s[i] == '\\';
		else if(rest.s[i] == ',')
			return behind(rest, i + 1);
	}
	return (struct cube_str){NULL, 0};
}

/* Takes "SIP" and the like from the front, with blanks on both sides. */
static struct cube_str take_token(struct cube_str *text)
{
	struct cube_str token;

	*text = skip_blanks(*text);
	token = until(*text, SLASH | COLON | SEMICOLON | COMMA | BLANK);
	*text = behind(*text, token.len);
	return token;
}

/* "SIP / 2.0 / TLS", and the blank behind it. */
static bool skip_protocol(struct cube_str *text)
{
	static const struct cube_str wanted[] = {{"SIP", 3}, {"2.0", 3}};
	struct cube_str transport;
	unsigned i;

	for(i = 0; i < 2; i++) {
		if(!cube_str_caseeq(take_token(text), wanted[i]))
			return false;
		*text = skip_blanks(*text);
		if(text->len == 0 || text->s[0] != '/')
			return false;
		*text = behind(*text, 1);
	}
	transport = take_token(text);
	if(transport.len == 0 || skip_blanks(*text).len == text->len)
		return false;
	*text = skip_blanks(*text);
	return true;
}

bool cube_uri_parse_via(struct cube_str body, struct cube_uri_parts *parts)
{
	struct cube_uri_parts found = {.whole = body};
	struct cube_str rest = body, next, port;
	uint16_t number;

	if(!skip_protocol(&rest))
		return false;
	found.whole.s = rest.s;
	if(!take_host(&rest, &found))
		return false;
	found.whole.len = found.host.len;
	next = skip_blanks(rest);
	if(next.len && next.s[0] == ':') {
		next = skip_blanks(behind(next, 1));
		port = until(next, SEMICOLON | COMMA | BLANK);
		if(!cube_port_parse(port, &number))
			return false;
		rest = behind(next, port.len);
		found.whole.len = (size_t)(rest.s - found.whole.s);
	}
	rest = skip_blanks(rest);
	if(rest.len && rest.s[0] != ';' && rest.s[0] != ',')
		return false;
	*parts = found;
	return true;
}
