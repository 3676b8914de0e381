/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/mem/mem.h"
#include "core/sr_module.h" /* which the next one leaves to others */
#include "modules/sdpops/api.h"
#include "modules/uac/api.h"

#include "../libcube/conf/names.h"
#include "branch.h"
#include "call.h"
#include "numbers.h"

#define URI_TEXT_MAX 1024
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

/* Of a header whose URI has this user part. */
static int replace_user(sip_msg_t *msg, struct cube_str old, struct cube_str new)
{
	struct lump *at = del_lump(msg, (int)(old.s - msg->buf), (int)old.len, 0);
	char *text = at ? pkg_malloc(new.len) : NULL;

	if(!text)
		return -1;
	memcpy(text, new.s, new.len);
	if(insert_new_lump_after(at, text, (int)new.len, 0))
		return 0;
	pkg_free(text);
	return -1;
}

/* The module uac restores it in what comes back, and in the requests of the dialog. */
static int replace_from(sip_msg_t *msg, const struct cube_uri_parts *from, struct cube_str user)
{
	char uri[URI_TEXT_MAX];
	size_t before, behind;
	str text = {uri, 0};

	if(!uac.replace_from) {
		LM_ERR("a translation-profile changes the calling number, which needs the uac module: load uac.so before "
			   "cube_dialpeer.so\n");
		return -1;
	}
	before = (size_t)(from->user.s - from->whole.s);
	behind = from->whole.len - before - from->user.len;
	text.len = snprintf(uri, sizeof(uri), "%.*s%.*s%.*s", (int)before, from->whole.s, CUBE_FMT(user), (int)behind,
			from->user.s + from->user.len);
	if(text.len < 0 || text.len >= (int)sizeof(uri))
		return -1;
	return uac.replace_from(msg, NULL, &text) < 0 ? -1 : 0;
}

/* Those headers that say who calls, as far as it is the one in From. */
static int change_calling(sip_msg_t *msg, const struct call_facts *f, struct cube_str user)
{
	const struct cube_uri_parts *from = f->call.uri[CUBE_URI_FROM];
	struct cube_uri_parts parts;
	struct hdr_field *h;

	if(!from || from->user.len == 0 || same_number(from->user, user))
		return 0;
	for(h = msg->headers; h; h = h->next) {
		if(h->type != HDR_PAI_T && h->type != HDR_RPID_T)
			continue;
		if(cube_uri_parse_header(ksr_cube_str(h->body), &parts) && parts.user.len && same_number(parts.user, from->user)
				&& replace_user(msg, parts.user, user) < 0)
			return -1;
	}
	return replace_from(msg, from, user);
}

static int change_numbers(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	const struct cube_uri_parts *diversion;
	struct call_facts facts;
	char buf[CUBE_NUMBER_MAX];
	struct cube_str user;

	if(!call_read(msg, &facts))
		return -1;
	if(numbers_changed(conf, peer, NUMBER_CALLING, buf, &user) && change_calling(msg, &facts, user) < 0)
		return -1;
	diversion = facts.call.uri[CUBE_URI_DIVERSION];
	if(diversion && diversion->user.len && numbers_changed(conf, peer, NUMBER_REDIRECT, buf, &user)
			&& !same_number(diversion->user, user))
		return replace_user(msg, diversion->user, user);
	return 0;
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

	if(!peer || peer->codec.n == 0)
		return 0;
	if(!sdpops.sdp_with_media) {
		LM_ERR("dial-peer %d: codec needs the sdpops module: load sdpops.so before cube_dialpeer.so\n", peer->tag);
		return -1;
	}
	if(sdpops.sdp_with_media(msg, &audio) <= 0)
		return 0;
	codecs = codec_text(&peer->codec, false, buf);
	if(sdpops.sdp_with_codecs_by_name(msg, &codecs) <= 0) {
		LM_NOTICE("dial-peer %d: none of its codecs is in the SDP of the call\n", peer->tag);
		return -1;
	}
	codecs = codec_text(&peer->codec, true, buf);
	return sdpops.sdp_keep_codecs_by_name(msg, &codecs, &audio) < 0 ? -1 : 0;
}

static int change(sip_msg_t *msg, const struct cube_conf *conf)
{
	const struct cube_dial_peer *in = cube_conf_dial_peer(conf, ksr_call_get_int("dialpeer_in", 0));
	const struct cube_dial_peer *out = cube_conf_dial_peer(conf, ksr_call_get_int("dialpeer_out", 0));

	if(!out)
		return -1;
	return change_numbers(msg, conf, out) < 0 || keep_codecs(msg, out) < 0 || keep_codecs(msg, in) < 0 ? -1 : 1;
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
	struct cube_snapshot *s = tenant.acquire();

	if(!s)
		return -1;
	/* an answer that has none of them breaks what was offered; the far ends must see to that themselves */
	(void)keep_codecs(msg, cube_conf_dial_peer(s->conf, ksr_call_get_int("dialpeer_out", 0)));
	(void)keep_codecs(msg, cube_conf_dial_peer(s->conf, ksr_call_get_int("dialpeer_in", 0)));
	tenant.release(s);
	return 1;
}
