/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/mem/mem.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_uri.h"

#include "../ksr/vars.h"
#include "binds.h"
#include "headers.h"
#include "legs.h"

enum cube_url legs_in(void)
{
	if(ksr_number(KSR_TEL, 0))
		return CUBE_URL_TEL;
	return ksr_number(KSR_SIPS, 0) ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

/* The listener to which the request came that is answered. */
static const socket_info_t *came_by(void)
{
	const sip_msg_t *request = binds_request();

	return request ? request->rcv.bind_address : NULL;
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

/* The last parameters of the first of those headers. */
static struct lump *end_lump(sip_msg_t *msg)
{
	struct lump *anchor, *l, *end = NULL;

	for(anchor = msg->add_rm; anchor && !end; anchor = anchor->next) {
		for(l = anchor->before; l; l = l->before) {
			if(l->op == LUMP_ADD && l->type == HDR_RECORDROUTE_T)
				end = l;
		}
	}
	return end;
}

/* In a branch_route the lumps are copies, whose values are the request's, for the other branches. What makes the copies
 * frees the value of one that is not marked as such. */
static void set_value(struct lump *l, char *text, size_t len)
{
	if(l->flags == LUMPFLAG_DUPED)
		l->flags = LUMPFLAG_NONE;
	else
		pkg_free(l->u.value);
	l->u.value = text;
	l->len = (int)len;
}

/* The module rr's add_rr_param() makes it a piece of its own, and gives it to both headers, which each message of the dialog carries. */
int legs_add_param(sip_msg_t *msg, struct cube_str param)
{
	struct lump *end = end_lump(msg);
	char *text;

	if(!end)
		return 0;
	text = pkg_malloc((size_t)end->len + param.len);
	if(!text)
		return -1;
	memcpy(text, end->u.value, (size_t)end->len);
	memcpy(text + end->len, param.s, param.len);
	set_value(end, text, (size_t)end->len + param.len);
	return 0;
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
	if((size_t)(colon - l->u.value) == sizeof(begin) - 1 + strlen(scheme))
		return 0;
	rest = (size_t)(l->u.value + l->len - colon);
	len = sizeof(begin) - 1 + strlen(scheme) + rest;
	text = pkg_malloc(len);
	if(!text)
		return -1;
	memcpy(text, begin, sizeof(begin) - 1);
	memcpy(text + sizeof(begin) - 1, scheme, strlen(scheme));
	memcpy(text + len - rest, colon, rest);
	set_value(l, text, len);
	return 0;
}

int legs_note(sip_msg_t *msg, enum cube_url to)
{
	struct lump *route = header_lump(msg, 0);
	enum cube_url in = legs_in();
	/* a far end on a sips leg may have a Contact that is none, which RFC 5630 forbids it */
	enum cube_url reply = in == to && in != CUBE_URL_SIPS ? CUBE_URL_UNSET : in;

	if(route && set_scheme(route, cube_scheme_plain(to)) < 0)
		return -1;
	return ksr_set_flag(KSR_REPLY_LEG, (int)reply);
}

int ki_dialpeer_record_route(sip_msg_t *msg)
{
	enum cube_url in = cube_scheme_plain(legs_in());
	int out;

	if(binds_rr.record_route(msg, NULL) < 0 || parse_sip_msg_uri(msg) < 0)
		return -1;
	out = msg->parsed_uri.type == SIPS_URI_T ? CUBE_URL_SIPS : CUBE_URL_SIP;
	if((int)in == out)
		return 1;
	if(set_scheme(header_lump(msg, 1), in) == 0)
		return 1;
	LM_ERR("Record-Route headers are not as expected; set modparam(\"rr\", \"enable_double_rr\", 2)\n");
	return -1;
}

/* Is there no Contact where requests of the dialog go? */
static bool is_without_target(const sip_msg_t *msg)
{
	return msg->first_line.u.reply.statuscode >= 300 || !msg->cseq || get_cseq(msg)->method_id == METHOD_BYE;
}

int legs_reply(sip_msg_t *msg)
{
	struct headers_leg leg = {.url = (enum cube_url)ksr_number(KSR_REPLY_LEG, CUBE_URL_UNSET)};
	struct dialog_sender sender;
	struct headers_found found;
	char buf[HEADERS_PLACE_MAX];

	if(leg.url != CUBE_URL_UNSET)
		leg.place = headers_place(came_by(), buf);
	if(is_without_target(msg))
		return leg.url == CUBE_URL_UNSET ? 0 : headers_change(msg, &leg);
	headers_find(msg, &found);
	if(dialog_answered(msg, found.n_routes, &sender) < 0)
		return -1;
	leg.sender = &sender;
	return leg.url == CUBE_URL_UNSET ? headers_mark(msg, &found, &sender) : headers_change(msg, &leg);
}
