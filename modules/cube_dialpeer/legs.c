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

#include "headers.h"
#include "legs.h"

/* Each leg's letter, p for sip, s for sips, t for tel, the caller's first, and a proof that we have written it for this call: who could
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

static char letter(enum cube_url url)
{
	if(url == CUBE_URL_TEL)
		return 't';
	return url == CUBE_URL_SIPS ? 's' : 'p';
}

static enum cube_url url_of(char letter)
{
	if(letter == 't')
		return CUBE_URL_TEL;
	return letter == 's' ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

/* Where there can be no telephone number. */
static enum cube_url plain(enum cube_url url)
{
	return url == CUBE_URL_SIPS ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

enum cube_url legs_in(void)
{
	if(ksr_call_get_int("tel", 0))
		return CUBE_URL_TEL;
	return ksr_call_get_int("sips", 0) ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

/* What the answers to this request shall be: of the leg on which it came. */
static int note_reply_leg(sip_msg_t *msg, enum cube_url url)
{
	char buf[HEADERS_PLACE_MAX];

	return ksr_call_set_flag("reply_leg", (int)url) < 0
						   || ksr_call_set_str("reply_place", headers_place(msg->rcv.bind_address, buf)) < 0
				   ? -1
				   : 0;
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
	char text[sizeof(";" PARAM "=") + VALUE_LEN] = ";" PARAM "=";
	enum cube_url in = legs_in();
	struct lump *route = header_lump(msg, 0);
	str param = {text, sizeof(text) - 1};

	if(route && set_scheme(route, plain(to)) < 0)
		return -1;
	if(in == to) /* a far end on a sips leg may have a Contact that is none, which RFC 5630 forbids it */
		return ksr_call_set_flag("reply_leg", in == CUBE_URL_SIPS ? CUBE_URL_SIPS : CUBE_URL_UNSET);
	if(prove(msg, letter(in), letter(to), text + sizeof(";" PARAM "=") - 1) < 0)
		return -1;
	return rr.add_rr_param(msg, &param) < 0 || note_reply_leg(msg, in) < 0 ? -1 : 0;
}

int ki_dialpeer_record_route(sip_msg_t *msg)
{
	enum cube_url in = plain(legs_in());
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

	to = plain(to);
	if(!cube_uri_parse(ksr_cube_str(*GET_RURI(msg)), &parts) || cube_scheme_of(&parts) == to
			|| cube_scheme_of(&parts) == CUBE_URL_TEL)
		return 0;
	if(!cube_scheme_change(&parts, to, none, none, buf, &uri))
		return -1;
	s = ksr_str(uri);
	return rewrite_uri(msg, &s) < 0 ? -1 : 0;
}

static int change_headers(sip_msg_t *msg, enum cube_url to, struct cube_str place)
{
	return headers_change(msg, &(struct headers_leg){.url = to, .place = place});
}

/* A dialog whose legs are alike. */
static int change_alike(sip_msg_t *msg)
{
	static const struct cube_str none = {NULL, 0};

	if(!ksr_call_get_int("sips_out", 0))
		return 1;
	return change_request_uri(msg, CUBE_URL_SIPS) < 0 || change_headers(msg, CUBE_URL_SIPS, none) < 0
						   || ksr_call_set_flag("reply_leg", CUBE_URL_SIPS) < 0
				   ? -1
				   : 1;
}

int ki_dialpeer_dialog(sip_msg_t *msg)
{
	str name = str_init(PARAM), legs;
	char proof[VALUE_LEN + 1], place[HEADERS_PLACE_MAX];
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
	if(change_request_uri(msg, to) < 0 || change_headers(msg, to, headers_place(msg->force_send_socket, place)) < 0
			|| note_reply_leg(msg, url_of(legs.s[from_caller ? 0 : 1])) < 0
			|| ksr_call_set_flag("sips_out", to == CUBE_URL_SIPS) < 0)
		return -1;
	return 1;
}

int legs_reply(sip_msg_t *msg)
{
	int to = ksr_call_get_int("reply_leg", CUBE_URL_UNSET);

	return to == CUBE_URL_UNSET ? 0 : change_headers(msg, (enum cube_url)to, ksr_call_get_str("reply_place"));
}
