/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/mem/mem.h"
#include "core/parser/parse_uri.h"
#include "core/sr_module.h"
#include "modules/rr/api.h"

#include "../ksr/vars.h"
#include "legs.h"

/* Each leg's letter, p for sip, s for sips, the caller's first, and a proof that we have written it for this call: who could
 * write it himself could lead a sips call to where there is no TLS. */
#define PARAM "cube-legs"
#define PROOF_BYTES 8
#define VALUE_LEN (2 + 2 * PROOF_BYTES)

static struct rr_binds rr;
static unsigned char key[32]; /* made before the first fork, so all processes have it; another one after a restart */

/* value: VALUE_LEN bytes and a zero. */
static int prove(sip_msg_t *msg, char in, char out, char value[VALUE_LEN + 1])
{
	unsigned char text[512], mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	str id;

	if((!msg->callid && parse_headers(msg, HDR_CALLID_F, 0) < 0) || !msg->callid)
		return -1;
	id = msg->callid->body;
	if(id.len <= 0 || id.len + 2 > (int)sizeof(text))
		return -1;
	text[0] = (unsigned char)in;
	text[1] = (unsigned char)out;
	memcpy(text + 2, id.s, (size_t)id.len);
	if(!HMAC(EVP_sha256(), key, sizeof(key), text, (size_t)id.len + 2, mac, &len) || len < PROOF_BYTES)
		return -1;
	value[0] = in;
	value[1] = out;
	for(unsigned i = 0; i < PROOF_BYTES; i++)
		snprintf(value + 2 + 2 * i, 3, "%02x", mac[i]);
	return 0;
}

int legs_init(void)
{
	if(getrandom(key, sizeof(key), 0) != sizeof(key)) {
		LM_ERR("the system gives no random numbers\n");
		return -1;
	}
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

int legs_change(sip_msg_t *msg, enum cube_url to)
{
	static const struct cube_str none = {NULL, 0};
	char buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_uri_parts parts;
	struct hdr_field *h;
	struct cube_str uri;

	if(to == CUBE_URL_TEL)
		to = CUBE_URL_SIP;
	if(parse_headers(msg, HDR_EOH_F, 0) < 0)
		return -1;
	for(h = msg->headers; h; h = h->next) {
		if(h->type != HDR_CONTACT_T && h->type != HDR_REFER_TO_T && h->type != HDR_REFERREDBY_T)
			continue;
		if(!cube_uri_parse_header(ksr_cube_str(h->body), &parts) || cube_scheme_of(&parts) == to
				|| cube_scheme_of(&parts) == CUBE_URL_TEL)
			continue;
		if(!cube_scheme_change(&parts, to, none, none, buf, &uri) || legs_replace(msg, parts.whole, uri) < 0)
			return -1;
	}
	return 0;
}

static char letter(enum cube_url url)
{
	return url == CUBE_URL_SIPS ? 's' : 'p';
}

static enum cube_url url_of(char letter)
{
	return letter == 's' ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

enum cube_url legs_in(void)
{
	return ksr_number(KSR_SIPS, 0) ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

int legs_note(sip_msg_t *msg, enum cube_url to)
{
	char text[sizeof(";" PARAM "=") + VALUE_LEN] = ";" PARAM "=";
	enum cube_url in = legs_in();
	str param = {text, sizeof(text) - 1};

	if(letter(in)
			== letter(to)) /* a far end on a sips leg may have a Contact that is none, which RFC 5630 forbids it */
		return ksr_set_flag(KSR_REPLY_LEG, in == CUBE_URL_SIPS ? CUBE_URL_SIPS : CUBE_URL_UNSET);
	if(prove(msg, letter(in), letter(to), text + sizeof(";" PARAM "=") - 1) < 0)
		return -1;
	return rr.add_rr_param(msg, &param) < 0 || ksr_set_flag(KSR_REPLY_LEG, (int)in) < 0 ? -1 : 0;
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

static int change_request_uri(sip_msg_t *msg, enum cube_url to)
{
	static const struct cube_str none = {NULL, 0};
	char buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_uri_parts parts;
	struct cube_str uri;
	str s;

	if(!cube_uri_parse(ksr_cube_str(*GET_RURI(msg)), &parts) || cube_scheme_of(&parts) == to
			|| cube_scheme_of(&parts) == CUBE_URL_TEL)
		return 0;
	if(!cube_scheme_change(&parts, to, none, none, buf, &uri))
		return -1;
	s = ksr_str(uri);
	return rewrite_uri(msg, &s) < 0 ? -1 : 0;
}

/* A dialog whose legs are alike. */
static int change_alike(sip_msg_t *msg)
{
	if(!ksr_number(KSR_SIPS_OUT, 0))
		return 1;
	return change_request_uri(msg, CUBE_URL_SIPS) < 0 || legs_change(msg, CUBE_URL_SIPS) < 0
						   || ksr_set_flag(KSR_REPLY_LEG, CUBE_URL_SIPS) < 0
				   ? -1
				   : 1;
}

int ki_dialpeer_dialog(sip_msg_t *msg)
{
	str name = str_init(PARAM), legs;
	char proof[VALUE_LEN + 1];
	bool from_caller;
	enum cube_url to;

	if(rr.get_route_param(msg, &name, &legs) < 0)
		return change_alike(msg);
	if(legs.len != VALUE_LEN || prove(msg, legs.s[0], legs.s[1], proof) < 0
			|| CRYPTO_memcmp(proof, legs.s, VALUE_LEN) != 0) {
		LM_NOTICE("a Route header whose " PARAM
				  " is not ours, or from before a restart; both legs are taken for one scheme\n");
		return change_alike(msg);
	}
	from_caller = rr.is_direction(msg, RR_FLOW_UPSTREAM) != 0;
	to = url_of(legs.s[from_caller ? 1 : 0]);
	if(change_request_uri(msg, to) < 0 || legs_change(msg, to) < 0
			|| ksr_set_flag(KSR_REPLY_LEG, (int)url_of(legs.s[from_caller ? 0 : 1])) < 0
			|| ksr_set_flag(KSR_SIPS_OUT, to == CUBE_URL_SIPS) < 0)
		return -1;
	return 1;
}

int legs_reply(sip_msg_t *msg)
{
	int to = ksr_number(KSR_REPLY_LEG, CUBE_URL_UNSET);

	return to == CUBE_URL_UNSET ? 0 : legs_change(msg, (enum cube_url)to);
}
