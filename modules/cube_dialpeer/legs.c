/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/mem/mem.h"
#include "core/parser/parse_uri.h"
#include "core/sr_module.h"
#include "modules/rr/api.h"

#include "../ksr/vars.h"
#include "legs.h"

static struct rr_binds rr;

int legs_init(void)
{
	if(find_export("load_rr", 0, 0) && load_rr_api(&rr) == 0)
		return 0;
	LM_ERR("rr.so is not loaded; put loadmodule \"rr.so\" before cube_dialpeer.so\n");
	return -1;
}

int legs_replace(sip_msg_t *msg, struct cube_str piece, struct cube_str text)
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

/* A Contact that is no <URI> may have parameters that are not its URI's. */
static bool is_bare(const struct hdr_field *h, struct cube_str uri)
{
	return uri.s == h->body.s || uri.s[-1] != '<';
}

/* One of a message's URIs; sender: NULL for those that are no Contact. */
static int change_one(sip_msg_t *msg, const struct hdr_field *h, enum cube_url to, const struct dialog_sender *sender)
{
	char buf[CUBE_SCHEME_TEXT_MAX], marked[CUBE_PROOF_URI_MAX], whole[CUBE_PROOF_URI_MAX + 3];
	struct cube_uri_parts parts;
	struct cube_str uri;

	if(!cube_uri_parse_header(ksr_cube_str(h->body), &parts))
		return 0;
	uri = parts.whole;
	if(to != CUBE_URL_UNSET && cube_scheme_of(&parts) != to && cube_scheme_of(&parts) != CUBE_URL_TEL
			&& !cube_scheme_change(&parts, to, (struct cube_str){NULL, 0}, (struct cube_str){NULL, 0}, buf, &uri))
		return -1;
	if(!sender)
		return cube_str_eq(uri, parts.whole) ? 0 : legs_replace(msg, parts.whole, uri);
	/* where that cannot be, nobody can send there */
	if(dialog_mark(sender, uri, marked, &uri) && is_bare(h, parts.whole)) {
		snprintf(whole, sizeof(whole), "<%.*s>", CUBE_FMT(uri));
		uri = cube_str_of(whole);
	}
	return legs_replace(msg, parts.whole, uri);
}

int legs_change(sip_msg_t *msg, enum cube_url to, const struct dialog_sender *sender)
{
	struct hdr_field *h;

	if(to == CUBE_URL_TEL)
		to = CUBE_URL_SIP;
	if(parse_headers(msg, HDR_EOH_F, 0) < 0)
		return -1;
	for(h = msg->headers; h; h = h->next) {
		if(h->type != HDR_CONTACT_T
				&& (to == CUBE_URL_UNSET || (h->type != HDR_REFER_TO_T && h->type != HDR_REFERREDBY_T)))
			continue;
		if(change_one(msg, h, to, h->type == HDR_CONTACT_T ? sender : NULL) < 0)
			return -1;
	}
	return 0;
}

enum cube_url legs_in(void)
{
	return ksr_number(KSR_SIPS, 0) ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

int legs_note(sip_msg_t *msg, enum cube_url to)
{
	enum cube_url in = legs_in();
	int reply = in == CUBE_URL_SIPS || to == CUBE_URL_SIPS ? (int)in : CUBE_URL_UNSET;

	/* a far end on a sips leg may have a Contact that is none, which RFC 5630 forbids it */
	return dialog_note(msg, in, to) < 0 ? -1 : ksr_set_flag(KSR_REPLY_LEG, reply);
}

/* What the module rr has just put in: one header for each leg, that of the leg out first. NULL: it looks different. */
static struct lump *header_lump(sip_msg_t *msg, unsigned which)
{
	static const struct cube_str name = {"Record-Route: <sip", 18};
	struct lump *anchor, *l;

	for(anchor = msg->add_rm; anchor; anchor = anchor->next) {
		for(l = anchor->before; l; l = l->before) {
			if(l->op == LUMP_ADD && cube_str_starts((struct cube_str){l->u.value, (size_t)l->len}, name)
					&& which-- == 0)
				return l;
		}
		for(l = anchor->after; l; l = l->after) {
			if(l->op == LUMP_ADD && cube_str_starts((struct cube_str){l->u.value, (size_t)l->len}, name)
					&& which-- == 0)
				return l;
		}
	}
	return NULL;
}

static int set_scheme(struct lump *l, enum cube_url url)
{
	const char *colon = l ? memchr(l->u.value + 15, ':', (size_t)l->len - 15) : NULL;
	static const char begin[] = "Record-Route: <";
	const char *scheme = url == CUBE_URL_SIPS ? "sips" : "sip";
	size_t rest, len;
	char *text;

	if(!colon)
		return -1;
	rest = (size_t)(l->u.value + l->len - colon);
	len = sizeof(begin) - 1 + strlen(scheme) + rest;
	text = pkg_malloc(len);
	if(!text)
		return -1;
	memcpy(text, begin, sizeof(begin) - 1);
	memcpy(text + sizeof(begin) - 1, scheme, strlen(scheme));
	memcpy(text + len - rest, colon, rest);
	pkg_free(l->u.value);
	l->u.value = text;
	l->len = (int)len;
	return 0;
}

int ki_dialpeer_record_route(sip_msg_t *msg)
{
	enum cube_url in = legs_in();
	int out;

	if(rr.record_route(msg, NULL) < 0 || parse_sip_msg_uri(msg) < 0)
		return -1;
	out = msg->parsed_uri.type == SIPS_URI_T ? CUBE_URL_SIPS : CUBE_URL_SIP;
	if((int)in == out)
		return 1;
	if(set_scheme(header_lump(msg, 1), in) == 0)
		return 1;
	LM_ERR("Record-Route headers are not as expected; set modparam(\"rr\", \"enable_double_rr\", 2)\n");
	return -1;
}

int legs_reply(sip_msg_t *msg)
{
	int to = ksr_number(KSR_REPLY_LEG, CUBE_URL_UNSET);
	bool by_caller = !ksr_number(KSR_BY_CALLED, 0);
	struct dialog_sender sender;

	if(msg->first_line.u.reply.statuscode >= 300) /* no Contact there is where somebody is */
		return to == CUBE_URL_UNSET ? 0 : legs_change(msg, (enum cube_url)to, NULL);
	if(!dialog_sender(msg, by_caller, &sender))
		return -1;
	if(legs_change(msg, (enum cube_url)to, &sender) < 0)
		return -1;
	return by_caller ? dialog_answered(msg) : 0;
}
