/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/data_lump.h"
#include "core/mem/mem.h"

#include "../libcube/base/write.h"
#include "../libcube/dialpeer/number.h"
#include "headers.h"

int headers_replace(sip_msg_t *msg, struct cube_str piece, struct cube_str text)
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
	struct cube_writing place = {.s = buf, .size = HEADERS_PLACE_MAX};
	bool ipv6 = si && si->address.af == AF_INET6;

	if(si) {
		cube_write(&place, ipv6 ? CUBE_STR("[") : CUBE_STR(""));
		cube_write(&place, ksr_cube_str(si->address_str));
		cube_write(&place, ipv6 ? CUBE_STR("]:") : CUBE_STR(":"));
		cube_write(&place, ksr_cube_str(si->port_no_str));
	}
	return (struct cube_str){buf, place.full ? 0 : place.len};
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

/* Where a proof cannot be added, nobody can send there. A Contact that is no <URI> may have parameters that are not its URI's. */
static int change_contact(sip_msg_t *msg, const struct dialog_sender *sender, const struct hdr_field *h,
		struct cube_str whole, struct cube_str uri)
{
	char marked[CUBE_PROOF_URI_MAX], quoted[CUBE_PROOF_URI_MAX + 2];
	struct cube_writing w = CUBE_WRITE_IN(quoted);

	if(dialog_mark(sender, uri, marked, &uri) && (whole.s == h->body.s || whole.s[-1] != '<')) {
		cube_write(&w, CUBE_STR("<"));
		cube_write(&w, uri);
		cube_write(&w, CUBE_STR(">"));
		uri = (struct cube_str){quoted, w.len};
	}
	return headers_replace(msg, whole, uri);
}

static int change_value(sip_msg_t *msg, const struct headers_leg *leg, const struct hdr_field *h, bool several,
		bool first, const struct cube_uri_parts *parts)
{
	enum cube_url is = cube_scheme_of(parts),
				  url = leg->url == CUBE_URL_UNSET ? is : url_of(leg->url, h->type, several, parts);
	struct cube_str user = user_of(leg, h->type, first, parts), host = host_of(leg, h->type, url), uri = parts->whole;
	char buf[CUBE_SCHEME_TEXT_MAX];

	if((is != url || user.len) && (is != CUBE_URL_TEL || url == CUBE_URL_TEL || host.len)
			&& !cube_scheme_change(parts, url, user, host, buf, &uri))
		return -1;
	if(h->type == HDR_CONTACT_T && leg->sender)
		return change_contact(msg, leg->sender, h, parts->whole, uri);
	return cube_str_eq(uri, parts->whole) ? 0 : headers_replace(msg, parts->whole, uri);
}

static bool is_wanted(const struct headers_leg *leg, hdr_types_t type)
{
	return leg->url == CUBE_URL_UNSET ? type == HDR_CONTACT_T && leg->sender : is_concerned(type);
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
		bool several = leg->url != CUBE_URL_UNSET && (h->type == HDR_PAI_T || h->type == HDR_PPI_T)
					   && has_several(msg, h->type);

		while(is_wanted(leg, h->type) && rest.len && cube_uri_parse_header(rest, &parts)) {
			if(change_value(msg, leg, h, several, first, &parts) < 0)
				return -1;
			first = first && h->type != HDR_DIVERSION_T;
			rest = cube_uri_next(rest, &parts);
		}
	}
	return 0;
}
