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
#include "headers.h"
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

/* The URI that is wanted in place of this one. 1: it is another one, 0: the same, -1: it cannot be made. */
static int want(enum cube_url url, const struct cube_uri_parts *parts, struct cube_str user, struct cube_str host,
		char buf[CUBE_SCHEME_TEXT_MAX], struct cube_str *uri)
{
	if(user.len && headers_same_number(parts->user, user))
		user.len = 0;
	if(!user.len && cube_scheme_of(parts) == url)
		return 0;
	if(!cube_scheme_change(parts, url, user, host, buf, uri))
		return -1;
	return !cube_str_eq(*uri, parts->whole);
}

static int change_from(sip_msg_t *msg, const struct headers_leg *leg, const struct call_facts *f)
{
	const struct cube_uri_parts *from = f->call.uri[CUBE_URI_FROM];
	struct cube_str host = leg->url == CUBE_URL_TEL ? leg->context : headers_host(leg->place), user = {NULL, 0}, uri;
	char buf[CUBE_SCHEME_TEXT_MAX];
	int rc;

	if(from && from->user.len)
		user = leg->calling;
	rc = from ? want(leg->url, from, user, host, buf, &uri) : 0;

	return rc > 0 ? replace_tagged(msg, uac.replace_from, uri) : rc;
}

static int change_to(sip_msg_t *msg, const struct headers_leg *leg, const struct call_facts *f)
{
	const struct cube_uri_parts *to = f->call.uri[CUBE_URI_TO];
	char buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_str uri;
	int rc = to ? want(leg->url, to, (struct cube_str){NULL, 0}, leg->context, buf, &uri) : 0;

	return rc > 0 ? replace_tagged(msg, uac.replace_to, uri) : rc;
}

/* So it is with most calls. */
static bool nothing_to_change(const sip_msg_t *msg, const struct cube_dial_peer *peer)
{
	return peer->url == CUBE_URL_SIP && legs_in() == CUBE_URL_SIP && !numbers_any_change(peer)
		   && headers_sip_alone(msg);
}

static int change_parties(
		sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer, struct headers_leg *leg)
{
	char calling[CUBE_NUMBER_MAX], redirect[CUBE_NUMBER_MAX], place[HEADERS_PLACE_MAX];
	struct call_facts facts;

	if(!call_read(msg, CALL_URI(CUBE_URI_FROM) | CALL_URI(CUBE_URI_TO) | CALL_URI(CUBE_URI_DIVERSION), &facts))
		return -1;
	leg->url = peer->url;
	leg->place = headers_place(msg->force_send_socket, place);
	leg->context = ksr_text(KSR_TARGET);
	if(!numbers_changed(conf, peer, &facts, CUBE_NUMBER_CALLING, calling, &leg->calling))
		leg->calling.len = 0;
	if(!numbers_changed(conf, peer, &facts, CUBE_NUMBER_REDIRECT, redirect, &leg->redirect))
		leg->redirect.len = 0;
	if(facts.call.uri[CUBE_URI_FROM])
		leg->from = facts.parts[CUBE_URI_FROM].user;
	return headers_change(msg, leg) < 0 || change_from(msg, leg, &facts) < 0 || change_to(msg, leg, &facts) < 0 ? -1
																												: 0;
}

static int change_uris(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	struct dialog_sender sender;
	struct headers_leg leg = {.url = CUBE_URL_UNSET, .sender = &sender};
	int rc;

	if(dialog_begin(msg, conf, legs_in(), peer->url, &sender) < 0) {
		LM_NOTICE(
				"dial-peer %d: no dialog can come of the call: it has no Call-ID or no tag in From, or memory is out\n",
				peer->tag);
		return -1;
	}
	rc = nothing_to_change(msg, peer) ? headers_change(msg, &leg) : change_parties(msg, conf, peer, &leg);
	return rc < 0 ? -1 : legs_note(msg, peer->url);
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
		LM_ERR("a reply cannot be changed: it keeps the scheme of the leg that it comes from, and its Contact is of no "
			   "use to the other side\n");
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
