/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/data_lump.h"
#include "core/mem/mem.h"

#include "../libcube/dialpeer/number.h"
#include "headers.h"

/* Puts another text in the place of a piece of the message as it was received. */
static int replace(sip_msg_t *msg, struct cube_str piece, struct cube_str text)
{
	struct lump *at = del_lump(msg, (int)(piece.s - msg->buf), (int)piece.len, 0);
	char *copy = at ? pkg_malloc(text.len) : NULL;

	if(!copy)
		return -1;
	memcpy(copy, text.s, text.len);
	if(insert_new_lump_after(at, copy, (int)text.len, 0))
		return 0;
	pkg_free(copy);
	return -1;
}

struct cube_str headers_place(const socket_info_t *si, char buf[HEADERS_PLACE_MAX])
{
	bool ipv6 = si && si->address.af == AF_INET6;
	int n = 0;

	if(si)
		n = snprintf(buf, HEADERS_PLACE_MAX, "%s%.*s%s:%.*s", ipv6 ? "[" : "", STR_FMT(&si->address_str),
				ipv6 ? "]" : "", STR_FMT(&si->port_no_str));
	return (struct cube_str){buf, n > 0 && n < HEADERS_PLACE_MAX ? (size_t)n : 0};
}

struct cube_str headers_host(struct cube_str place)
{
	while(place.len && place.s[place.len - 1] != ':')
		place.len--;
	place.len -= place.len > 0;
	return place;
}

bool headers_same_number(struct cube_str a, struct cube_str b)
{
	char x[CUBE_NUMBER_MAX], y[CUBE_NUMBER_MAX];

	return cube_str_eq(a, b) || cube_str_eq(cube_number_from_user(a, x), cube_number_from_user(b, y));
}

static bool is_identity(hdr_types_t type)
{
	return type == HDR_PAI_T || type == HDR_PPI_T || type == HDR_RPID_T;
}

static bool is_concerned(hdr_types_t type)
{
	return is_identity(type) || type == HDR_DIVERSION_T || type == HDR_CONTACT_T || type == HDR_REFER_TO_T
		   || type == HDR_REFERREDBY_T;
}

/* More than one value, in one header or several? */
static bool has_several(const sip_msg_t *msg, hdr_types_t type)
{
	struct cube_uri_parts parts;
	const struct hdr_field *h;
	unsigned n = 0;

	for(h = msg->headers; h; h = h->next) {
		struct cube_str rest = ksr_cube_str(h->body);

		while(h->type == type && rest.len && n < 2 && cube_uri_parse_header(rest, &parts)) {
			rest = cube_uri_next(rest, &parts);
			n++;
		}
	}
	return n > 1;
}

/* The scheme that this value gets. */
static enum cube_url url_of(enum cube_url url, hdr_types_t type, bool several, const struct cube_uri_parts *parts)
{
	bool tel = cube_scheme_of(parts) == CUBE_URL_TEL;

	if(tel && (several || type == HDR_CONTACT_T))
		return CUBE_URL_TEL;
	if(url == CUBE_URL_TEL && (several || type == HDR_CONTACT_T || memchr(parts->whole.s, '?', parts->whole.len)))
		return CUBE_URL_SIP;
	return url;
}

/* The number that takes the place of this one's, if any. The first Diversion is the last one who has redirected. */
static struct cube_str user_of(
		const struct headers_leg *leg, hdr_types_t type, bool first, const struct cube_uri_parts *parts)
{
	struct cube_str user = {NULL, 0};

	if(is_identity(type) && leg->calling.len && parts->user.len && headers_same_number(parts->user, leg->from))
		user = leg->calling;
	else if(type == HDR_DIVERSION_T && first)
		user = leg->redirect;
	return user.len && headers_same_number(parts->user, user) ? (struct cube_str){NULL, 0} : user;
}

static struct cube_str host_of(const struct headers_leg *leg, hdr_types_t type, enum cube_url url)
{
	if(url == CUBE_URL_TEL)
		return leg->context;
	return type == HDR_REFER_TO_T ? leg->place : headers_host(leg->place);
}

static int change_value(sip_msg_t *msg, const struct headers_leg *leg, hdr_types_t type, bool several, bool first,
		const struct cube_uri_parts *parts)
{
	enum cube_url url = url_of(leg->url, type, several, parts);
	struct cube_str user = user_of(leg, type, first, parts), host = host_of(leg, type, url), uri;
	char buf[CUBE_SCHEME_TEXT_MAX];
	enum cube_url is = cube_scheme_of(parts);

	if((is == url && !user.len) || (is == CUBE_URL_TEL && url != CUBE_URL_TEL && !host.len))
		return 0;
	if(!cube_scheme_change(parts, url, user, host, buf, &uri))
		return -1;
	return cube_str_eq(uri, parts->whole) ? 0 : replace(msg, parts->whole, uri);
}

int headers_change(sip_msg_t *msg, const struct headers_leg *leg)
{
	struct cube_uri_parts parts;
	const struct hdr_field *h;
	bool first = true; /* no Diversion has been seen */

	if(parse_headers(msg, HDR_EOH_F, 0) < 0)
		return -1;
	for(h = msg->headers; h; h = h->next) {
		struct cube_str rest = ksr_cube_str(h->body);
		bool several = (h->type == HDR_PAI_T || h->type == HDR_PPI_T) && has_several(msg, h->type);

		while(is_concerned(h->type) && rest.len && cube_uri_parse_header(rest, &parts)) {
			if(change_value(msg, leg, h->type, several, first, &parts) < 0)
				return -1;
			first = first && h->type != HDR_DIVERSION_T;
			rest = cube_uri_next(rest, &parts);
		}
	}
	return 0;
}
