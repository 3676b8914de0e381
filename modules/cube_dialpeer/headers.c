/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/data_lump.h"
#include "core/mem/mem.h"

#include "../libcube/base/write.h"
#include "../libcube/dialpeer/header.h"
#include "../libcube/dialpeer/number.h"
#include "headers.h"

int headers_replace(sip_msg_t *msg, struct cube_str piece, struct cube_str text)
{
	int from = (int)(piece.s - msg->buf);
	struct lump *at = piece.len ? del_lump(msg, from, (int)piece.len, 0) : anchor_lump(msg, from, 0, 0);
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

/* uri: what takes the place of that in parts. Where a proof cannot be added, nobody can send there. A Contact that is no <URI> may
 * have parameters that are not its URI's. */
static int change_contact(sip_msg_t *msg, const struct dialog_sender *sender, struct cube_str body,
		const struct cube_uri_parts *parts, struct cube_str uri)
{
	struct cube_str whole = parts->whole, param;
	bool same = uri.s == whole.s, bare = whole.s == body.s || whole.s[-1] != '<';
	char text[CUBE_PROOF_URI_MAX + 2];
	struct cube_writing w = CUBE_WRITE_IN(text);
	struct cube_proof_mark mark;

	if(!dialog_mark(sender, uri, same ? parts : NULL, &mark))
		return same ? 0 : headers_replace(msg, whole, uri);
	param = (struct cube_str){mark.text, sizeof(mark.text)};
	if(same && !bare)
		return headers_replace(msg, (struct cube_str){uri.s + mark.at, 0}, param);
	cube_write(&w, bare ? CUBE_STR("<") : CUBE_STR(""));
	cube_write(&w, (struct cube_str){uri.s, mark.at});
	cube_write(&w, param);
	cube_write(&w, (struct cube_str){uri.s + mark.at, uri.len - mark.at});
	cube_write(&w, bare ? CUBE_STR(">") : CUBE_STR(""));
	return headers_replace(msg, whole, (struct cube_str){text, w.len});
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
		return change_contact(msg, leg->sender, ksr_cube_str(h->body), parts, uri);
	return cube_str_eq(uri, parts->whole) ? 0 : headers_replace(msg, parts->whole, uri);
}

static bool is_wanted(const struct headers_leg *leg, hdr_types_t type)
{
	return leg->url == CUBE_URL_UNSET ? type == HDR_CONTACT_T && leg->sender : is_concerned(type);
}

/* Each value that is changed makes the message's list of changes longer, which is gone through for the next one. */
struct changing
{
	sip_msg_t *msg;
	const struct headers_leg *leg;
	bool several_pai, several_ppi;
	bool first; /* no Diversion has been seen */
	unsigned values;
};

static int change_header(struct changing *c, const struct hdr_field *h)
{
	bool several = (h->type == HDR_PAI_T && c->several_pai) || (h->type == HDR_PPI_T && c->several_ppi);
	struct cube_str rest = ksr_cube_str(h->body);
	struct cube_uri_parts parts;

	while(rest.len && cube_uri_parse_header(rest, &parts)) {
		if(c->values++ == HEADERS_VALUES_MAX || change_value(c->msg, c->leg, h, several, c->first, &parts) < 0)
			return -1;
		c->first = c->first && h->type != HDR_DIVERSION_T;
		rest = cube_uri_next(rest, &parts);
	}
	return 0;
}

int headers_change(sip_msg_t *msg, const struct headers_leg *leg)
{
	struct changing c = {.msg = msg, .leg = leg, .first = true};
	const struct hdr_field *h;

	if(parse_headers(msg, HDR_EOH_F, 0) < 0)
		return -1;
	if(leg->url != CUBE_URL_UNSET) {
		c.several_pai = has_several(msg, HDR_PAI_T);
		c.several_ppi = has_several(msg, HDR_PPI_T);
	}
	for(h = msg->headers; h; h = h->next) {
		if(is_wanted(leg, h->type) && change_header(&c, h) < 0)
			return -1;
	}
	return 0;
}

static void found_header(struct headers_found *found, bool contact, struct cube_str body)
{
	const char *end = body.s + body.len, *s = body.s;

	for(; !contact && s < end && (s = memchr(s, '<', (size_t)(end - s))); s++)
		found->n_routes++;
	if(contact && found->n_contacts < HEADERS_CONTACTS_MAX)
		found->contact[found->n_contacts++] = body;
}

void headers_find(const sip_msg_t *msg, struct headers_found *found)
{
	static const struct cube_str names[] = {{"Record-Route", 12}, {"Contact", 7}, {"m", 1}};
	const char *parsed = msg->unparsed - 1; /* the end of that line */
	struct cube_str rest = {parsed, msg->eoh ? 0 : (size_t)(msg->buf + msg->len - parsed)}, body;
	const struct hdr_field *h;
	unsigned which;

	found->n_contacts = found->n_routes = 0;
	for(h = msg->headers; h; h = h->next) {
		if(h->type == HDR_RECORDROUTE_T || h->type == HDR_CONTACT_T)
			found_header(found, h->type == HDR_CONTACT_T, ksr_cube_str(h->body));
	}
	while(cube_header_next(&rest, names, 3, &which, &body))
		found_header(found, which > 0, body);
}

int headers_mark(sip_msg_t *msg, const struct headers_found *found, const struct dialog_sender *sender)
{
	struct cube_uri_parts parts;
	unsigned values = 0;

	for(unsigned i = 0; i < found->n_contacts; i++) {
		struct cube_str body = found->contact[i], rest = body;

		while(rest.len && cube_uri_parse_header(rest, &parts)) {
			if(values++ == HEADERS_VALUES_MAX || change_contact(msg, sender, body, &parts, parts.whole) < 0)
				return -1;
			rest = cube_uri_next(rest, &parts);
		}
	}
	return 0;
}

bool headers_sip_alone(const sip_msg_t *msg)
{
	const struct hdr_field *h;

	for(h = msg->headers; h; h = h->next) {
		bool address = h->type == HDR_FROM_T || h->type == HDR_TO_T || h->type == HDR_CONTACT_T;

		if(address ? !cube_scheme_sip_alone(ksr_cube_str(h->body)) : is_concerned(h->type))
			return false;
	}
	return true;
}
