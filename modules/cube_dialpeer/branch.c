/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"
#include "core/sr_module.h" /* which the next one leaves to others */
#include "modules/sdpops/api.h"
#include "modules/uac/api.h"

#include "../ksr/vars.h"
#include "../libcube/conf/names.h"
#include "branch.h"
#include "call.h"
#include "legs.h"
#include "numbers.h"

#define CODECS_TEXT_MAX 512

static struct cube_tenant_api tenant;
static uac_api_t uac;		/* replace_from NULL without the module */
static sdpops_api_t sdpops; /* sdp_with_media NULL without the module */

int branch_init(void)
{
	if(find_export("bind_uac", 1, 0) && load_uac_api(&uac) < 0)
		uac.replace_from = NULL;
	if(find_export("bind_sdpops", 1, 0) && sdpops_load_api(&sdpops) < 0)
		sdpops.sdp_with_media = NULL;
	return cube_tenant_load_api(&tenant);
}

static bool same_number(struct cube_str a, struct cube_str b)
{
	char x[CUBE_NUMBER_MAX], y[CUBE_NUMBER_MAX];

	return cube_str_eq(a, b) || cube_str_eq(cube_number_from_user(a, x), cube_number_from_user(b, y));
}

/* Of From or To; the module uac restores it in what comes back, and in the requests of the dialog. */
static int replace_tagged(sip_msg_t *msg, int (*replace)(sip_msg_t *, str *, str *), struct cube_str uri)
{
	str text = ksr_str(uri);

	if(!replace) {
		LM_ERR("From or To is to be changed, which needs the uac module: load uac.so before cube_dialpeer.so\n");
		return -1;
	}
	return replace(msg, NULL, &text) < 0 ? -1 : 0;
}

/* What a dial-peer wants to stand in the headers that say who calls, is called, or has redirected. */
struct wanted
{
	enum cube_url url;
	struct cube_str host;			   /* for URIs that have none */
	struct cube_str from;			   /* the user in From as it came */
	struct cube_str calling, redirect; /* their numbers; len 0: as they are */
};

/* The URI that is wanted in place of this one. 1: it is another one, 0: the same, -1: it cannot be made. */
static int want(const struct wanted *w, const struct cube_uri_parts *parts, struct cube_str user,
		char buf[CUBE_SCHEME_TEXT_MAX], struct cube_str *uri)
{
	if(user.len && same_number(parts->user, user))
		user.len = 0;
	if(!user.len && cube_scheme_of(parts) == w->url)
		return 0;
	if(!cube_scheme_change(parts, w->url, user, w->host, buf, uri))
		return -1;
	return !cube_str_eq(*uri, parts->whole);
}

static int change_from(sip_msg_t *msg, const struct wanted *w, const struct call_facts *f)
{
	const struct cube_uri_parts *from = f->call.uri[CUBE_URI_FROM];
	char buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_str uri;
	int rc = from ? want(w, from, from->user.len ? w->calling : (struct cube_str){NULL, 0}, buf, &uri) : 0;

	return rc > 0 ? replace_tagged(msg, uac.replace_from, uri) : rc;
}

static int change_to(sip_msg_t *msg, const struct wanted *w, const struct call_facts *f)
{
	const struct cube_uri_parts *to = f->call.uri[CUBE_URI_TO];
	char buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_str uri;
	int rc = to ? want(w, to, (struct cube_str){NULL, 0}, buf, &uri) : 0;

	return rc > 0 ? replace_tagged(msg, uac.replace_to, uri) : rc;
}

/* The first Diversion is the last one who has redirected. */
static int change_header(sip_msg_t *msg, const struct wanted *w, const struct hdr_field *h, bool *diverted)
{
	struct cube_str user = {NULL, 0}, uri;
	char buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_uri_parts parts;
	int rc;

	if(h->type != HDR_PAI_T && h->type != HDR_PPI_T && h->type != HDR_RPID_T && h->type != HDR_DIVERSION_T)
		return 0;
	if(!cube_uri_parse_header(ksr_cube_str(h->body), &parts))
		return 0;
	if(h->type != HDR_DIVERSION_T && parts.user.len && same_number(parts.user, w->from))
		user = w->calling;
	if(h->type == HDR_DIVERSION_T && !*diverted) {
		user = w->redirect;
		*diverted = true;
	}
	rc = want(w, &parts, user, buf, &uri);
	return rc > 0 ? legs_replace(msg, parts.whole, uri) : rc;
}

/* So it is with most calls, and then the message need not be taken apart. */
static bool nothing_to_change(const sip_msg_t *msg, const struct cube_dial_peer *peer)
{
	return peer->url == CUBE_URL_SIP && legs_in() == CUBE_URL_SIP && !numbers_any_change(peer) && msg->eoh
		   && cube_scheme_sip_alone((struct cube_str){msg->buf, (size_t)(msg->eoh - msg->buf)});
}

static int change_parties(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	char calling[CUBE_NUMBER_MAX], redirect[CUBE_NUMBER_MAX];
	struct wanted w = {.url = peer->url, .host = ksr_text(KSR_TARGET)};
	const struct hdr_field *h;
	struct call_facts facts;
	bool diverted = false;

	if(nothing_to_change(msg, peer))
		return 0;
	if(!call_read(msg, CALL_URI(CUBE_URI_FROM) | CALL_URI(CUBE_URI_TO) | CALL_URI(CUBE_URI_DIVERSION), &facts))
		return -1;
	if(!numbers_changed(conf, peer, &facts, CUBE_NUMBER_CALLING, calling, &w.calling))
		w.calling.len = 0;
	if(!numbers_changed(conf, peer, &facts, CUBE_NUMBER_REDIRECT, redirect, &w.redirect))
		w.redirect.len = 0;
	if(facts.call.uri[CUBE_URI_FROM])
		w.from = facts.parts[CUBE_URI_FROM].user;
	for(h = msg->headers; h; h = h->next) {
		if(change_header(msg, &w, h, &diverted) < 0)
			return -1;
	}
	return change_from(msg, &w, &facts) < 0 || change_to(msg, &w, &facts) < 0 ? -1 : 0;
}

static int change_uris(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	struct dialog_sender sender;

	if(change_parties(msg, conf, peer) < 0)
		return -1;
	if(!dialog_sender(msg, true, &sender)) {
		LM_NOTICE("the call has no tag in From, and no dialog could come of it\n");
		return -1;
	}
	return legs_change(msg, peer->url, &sender) < 0 || legs_note(msg, peer->url) < 0 ? -1 : 0;
}

/* "PCMU,G729,telephone-event"; without the last one unless events. */
static str codec_text(const struct cube_list *codecs, bool events, char buf[CODECS_TEXT_MAX])
{
	size_t used = 0;

	for(unsigned i = 0; i < codecs->n; i++)
		used += (size_t)snprintf(
				buf + used, CODECS_TEXT_MAX - used, "%s%s", i ? "," : "", cube_codec_encoding(codecs->v[i]));
	if(events)
		used += (size_t)snprintf(buf + used, CODECS_TEXT_MAX - used, ",telephone-event");
	return (str){buf, (int)used};
}

/* 0, or -1: none of them is there, or they cannot be taken out. Without SDP, or without audio in it, nothing is done. */
static int keep_codecs(sip_msg_t *msg, const struct cube_dial_peer *peer)
{
	str audio = str_init("audio"), codecs;
	char buf[CODECS_TEXT_MAX];

	const struct cube_list *list = peer ? &cube_dial_more(peer)->codec : NULL;

	if(!list || list->n == 0)
		return 0;
	if(!sdpops.sdp_with_media) {
		LM_ERR("dial-peer %d: codec needs the sdpops module: load sdpops.so before cube_dialpeer.so\n", peer->tag);
		return -1;
	}
	if(sdpops.sdp_with_media(msg, &audio) <= 0)
		return 0;
	codecs = codec_text(list, false, buf);
	if(sdpops.sdp_with_codecs_by_name(msg, &codecs) <= 0) {
		LM_NOTICE("dial-peer %d: none of its codecs is in the SDP of the call\n", peer->tag);
		return -1;
	}
	codecs = codec_text(list, true, buf);
	return sdpops.sdp_keep_codecs_by_name(msg, &codecs, &audio) < 0 ? -1 : 0;
}

static int change(sip_msg_t *msg, const struct cube_conf *conf)
{
	const struct cube_dial_peer *in = cube_conf_dial_peer(conf, ksr_number(KSR_DIALPEER_IN, 0));
	const struct cube_dial_peer *out = cube_conf_dial_peer(conf, ksr_number(KSR_DIALPEER_OUT, 0));

	if(!out || ksr_set_flag(KSR_CODEC, cube_dial_more(out)->codec.n > 0 || (in && cube_dial_more(in)->codec.n > 0)) < 0)
		return -1;
	return change_uris(msg, conf, out) < 0 || keep_codecs(msg, out) < 0 || keep_codecs(msg, in) < 0 ? -1 : 1;
}

int ki_dialpeer_branch(sip_msg_t *msg)
{
	struct cube_snapshot *s = tenant.acquire();
	int rc;

	if(!s)
		return -1;
	rc = change(msg, s->conf);
	tenant.release(s);
	return rc;
}

int ki_dialpeer_reply(sip_msg_t *msg)
{
	struct cube_snapshot *s;

	if(legs_reply(msg) < 0)
		LM_ERR("a reply keeps the scheme of the leg that it comes from, and its Contact is of no use to the other "
			   "side: it cannot "
			   "be changed\n");
	if(!ksr_number(KSR_CODEC, 0))
		return 1;
	if(!(s = tenant.acquire()))
		return -1;
	/* an answer that has none of them breaks what was offered; the far ends must see to that themselves */
	(void)keep_codecs(msg, cube_conf_dial_peer(s->conf, ksr_number(KSR_DIALPEER_OUT, 0)));
	(void)keep_codecs(msg, cube_conf_dial_peer(s->conf, ksr_number(KSR_DIALPEER_IN, 0)));
	tenant.release(s);
	return 1;
}
