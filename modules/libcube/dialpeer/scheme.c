/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scheme.h"

#include <string.h>

#include "../base/write.h"
#include "number.h"

static const struct cube_str transport = {";transport=", 11}, kept = {";cube-transport=", 16};

enum cube_url cube_scheme_of(const struct cube_uri_parts *parts)
{
	if(cube_str_caseeq(parts->scheme, CUBE_STR("sip")))
		return CUBE_URL_SIP;
	if(cube_str_caseeq(parts->scheme, CUBE_STR("sips")))
		return CUBE_URL_SIPS;
	return cube_str_caseeq(parts->scheme, CUBE_STR("tel")) ? CUBE_URL_TEL : CUBE_URL_UNSET;
}

enum cube_url cube_scheme_plain(enum cube_url url)
{
	return url == CUBE_URL_SIPS ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

bool cube_scheme_sip_alone(struct cube_str headers)
{
	const char *s = headers.s, *end = headers.s + headers.len, *colon;

	for(; s < end && (colon = memchr(s, ':', (size_t)(end - s))); s = colon + 1) {
		size_t before = (size_t)(colon - headers.s);

		if(before >= 4 && cube_str_caseeq((struct cube_str){colon - 4, 4}, CUBE_STR("sips")))
			return false;
		if(before >= 3 && cube_str_caseeq((struct cube_str){colon - 3, 3}, CUBE_STR("tel")))
			return false;
	}
	return true;
}

/* What stands behind piece, up to the end of whole. */
static struct cube_str behind(struct cube_str whole, struct cube_str piece)
{
	const char *from = piece.s + piece.len;

	return (struct cube_str){from, (size_t)(whole.s + whole.len - from)};
}

/* transport=tls says the same as sips (RFC 3261 26.2.2) and may stay. */
static bool is_tls(struct cube_str value)
{
	size_t i = 0;

	while(i < value.len && value.s[i] != ';' && value.s[i] != '?')
		i++;
	return cube_str_caseeq((struct cube_str){value.s, i}, CUBE_STR("tls"));
}

/* Text with the parameter's name old, if it has one, given as new. */
static void add_renamed(struct cube_writing *out, struct cube_str text, struct cube_str old, struct cube_str new)
{
	size_t i;

	for(i = 0; i + old.len <= text.len; i++) {
		if(cube_str_caseeq((struct cube_str){text.s + i, old.len}, old)) {
			if(is_tls((struct cube_str){text.s + i + old.len, text.len - i - old.len}))
				break;
			cube_write(out, (struct cube_str){text.s, i});
			cube_write(out, new);
			text = (struct cube_str){text.s + i + old.len, text.len - i - old.len};
			break;
		}
	}
	cube_write(out, text);
}

/* Digits with or without +, and nothing that a telephone number has not (RFC 3966: A-F are for local ones, which *, #). */
static bool is_telephone_number(struct cube_str user)
{
	char buf[CUBE_NUMBER_MAX];
	struct cube_str number = cube_number_from_user(user, buf);
	size_t i;

	if(user.len && memchr(user.s, '%', user.len)) /* which a tel: URI cannot have there */
		return false;
	for(i = 0; i < number.len; i++) {
		if((number.s[i] < '0' || number.s[i] > '9') && !(i == 0 && number.s[i] == '+' && number.len > 1)
				&& number.s[i] != '*' && number.s[i] != '#')
			return false;
	}
	return number.len > 0;
}

/* Parameters that a tel: URI can have, too (RFC 3966 3); a user part has more freedom. */
static bool are_telephone_params(struct cube_str params)
{
	return !params.len || (!memchr(params.s, '?', params.len) && !memchr(params.s, ',', params.len));
}

static bool to_tel(
		struct cube_writing *out, const struct cube_uri_parts *parts, struct cube_str user, struct cube_str host)
{
	struct cube_str number = user.len ? user : parts->user, context = parts->phone_context;

	cube_write(out, CUBE_STR("tel:"));
	cube_write(out, number);
	if(!user.len)
		cube_write(out, parts->user_params);
	if(number.s[0] == '+' || (!user.len && context.len))
		return !out->full;
	if(!context.len)
		context = host.len ? host : parts->host;
	if(!context.len)
		return false;
	cube_write(out, CUBE_STR(";phone-context="));
	cube_write(out, context);
	return !out->full;
}

static bool from_tel(struct cube_writing *out, const struct cube_uri_parts *parts, enum cube_url to,
		struct cube_str user, struct cube_str host)
{
	if(!host.len)
		return false;
	cube_write(out, to == CUBE_URL_SIPS ? CUBE_STR("sips:") : CUBE_STR("sip:"));
	cube_write(out, user.len ? user : parts->user);
	if(!user.len) /* phone-context, isub... go with the number that they are of */
		cube_write(out, behind(parts->whole, parts->user));
	cube_write(out, CUBE_STR("@"));
	cube_write(out, host);
	cube_write(out, CUBE_STR(";user=phone"));
	return !out->full;
}

bool cube_scheme_change(const struct cube_uri_parts *parts, enum cube_url to, struct cube_str user,
		struct cube_str host, char buf[CUBE_SCHEME_TEXT_MAX], struct cube_str *uri)
{
	struct cube_writing out = {.s = buf, .size = CUBE_SCHEME_TEXT_MAX};
	enum cube_url is = cube_scheme_of(parts);
	struct cube_str rest;
	bool ok;

	if(to == CUBE_URL_TEL && is != CUBE_URL_TEL
			&& (!is_telephone_number(user.len ? user : parts->user)
					|| (!user.len && !are_telephone_params(parts->user_params))))
		to = CUBE_URL_SIP;
	if(to == CUBE_URL_TEL) {
		ok = to_tel(&out, parts, user, host);
	} else if(is == CUBE_URL_TEL) {
		ok = from_tel(&out, parts, to, user, host);
	} else {
		cube_write(&out, to == CUBE_URL_SIPS ? CUBE_STR("sips") : CUBE_STR("sip"));
		rest = behind(parts->whole, parts->scheme);
		if(user.len && parts->user.len) {
			cube_write(&out, (struct cube_str){rest.s, (size_t)(parts->user.s - rest.s)});
			cube_write(&out, user);
			rest = behind(parts->whole, parts->user);
		}
		if(to == CUBE_URL_SIPS)
			add_renamed(&out, rest, transport, kept);
		else
			add_renamed(&out, rest, kept, transport);
		ok = !out.full && is != CUBE_URL_UNSET;
	}
	*uri = (struct cube_str){buf, out.len};
	return ok;
}
