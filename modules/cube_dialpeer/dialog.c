/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/dprint.h"
#include "core/dset.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_rr.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"
#include "core/socket_info.h"
#include "modules/rr/api.h"

#include "../ksr/vars.h"
#include "../libcube/base/limit.h"
#include "../libcube/dialpeer/sdp.h"
#include "apply.h"
#include "dialog.h"
#include "dialog_key.h"
#include "headers.h"

#define LINES_MAX 10	/* that a process writes about such requests in each period */
#define LINES_PERIOD 10 /* seconds */

#define PARAM "cube-legs"
#define ROUTES_MAX 64

static struct rr_binds rr;
static struct cube_tenant_api tenant;
static unsigned char key[CUBE_PROOF_KEY]; /* made before the first fork, so all processes have it */

int dialog_init(void)
{
	struct cube_snapshot *s;
	int rc;

	if(!find_export("load_rr", 0, 0) || load_rr_api(&rr) < 0) {
		LM_ERR("rr.so is not loaded; put loadmodule \"rr.so\" before cube_dialpeer.so\n");
		return -1;
	}
	if(cube_tenant_load_api(&tenant) < 0 || !(s = tenant.acquire()))
		return -1;
	rc = dialog_key(s->conf->sip_ua.crl_cache.s, key);
	tenant.release(s);
	return rc;
}

/* OpenSSL's memory is shared: a context that was made before the fork would be one for all processes. */
static struct cube_prover *prover(void)
{
	static struct cube_prover *own;

	if(!own && !(own = cube_prover_new(key)))
		LM_ERR("out of memory for a key\n");
	return own;
}

int dialog_child_init(void)
{
	return prover() ? 0 : -1;
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

static struct cube_str from_tag(sip_msg_t *msg)
{
	return parse_from_header(msg) < 0 ? (struct cube_str){NULL, 0} : ksr_cube_str(get_from(msg)->tag_value);
}

bool dialog_sender(sip_msg_t *msg, bool by_caller, struct dialog_sender *sender)
{
	if(parse_headers(msg, HDR_EOH_F, 0) < 0 || !msg->callid || !msg->to || !get_to(msg))
		return false;
	sender->dialog.call_id = ksr_cube_str(msg->callid->body);
	sender->dialog.caller_tag = by_caller ? from_tag(msg) : ksr_cube_str(get_to(msg)->tag_value);
	sender->caller = (msg->first_line.type == SIP_REQUEST) == by_caller;
	return sender->dialog.call_id.len > 0 && sender->dialog.caller_tag.len > 0;
}

/* As the core sees it, since it is the core that sends there. It would log what it cannot parse. */
static bool place_of(struct cube_str text, sip_uri_t *uri, struct cube_proof_place *place)
{
	bool ok;

	memset(uri, 0, sizeof(*uri));
	ksr_quiet_begin();
	ok = text.len > 0 && parse_uri((char *)text.s, (int)text.len, uri) >= 0;
	ksr_quiet_end();
	*place = (struct cube_proof_place){
			ksr_cube_str(uri->user), ksr_cube_str(uri->host), ksr_cube_str(uri->port), ksr_cube_str(uri->maddr_val)};
	return ok && place->host.len > 0;
}

bool dialog_mark(
		const struct dialog_sender *sender, struct cube_str uri, char buf[CUBE_PROOF_URI_MAX], struct cube_str *marked)
{
	struct cube_proof_place place;
	char proof[CUBE_PROOF_LEN + 1];
	sip_uri_t parsed;

	return place_of(uri, &parsed, &place) && cube_proof_target(prover(), &sender->dialog, sender->caller, &place, proof)
		   && cube_proof_mark(uri, place.host, proof, buf, marked);
}

/* The first n URIs of the Route, or Record-Route, headers; how many there are of them, -1: one does not parse. */
static int routes_of(hdr_field_t *h, struct cube_str *uris, int n)
{
	hdr_types_t type = h ? h->type : HDR_OTHER_T;
	int found = 0, rc = 0;

	for(; h && found < n; h = h->next) {
		if(h->type != type)
			continue;
		ksr_quiet_begin();
		rc = parse_rr(h);
		ksr_quiet_end();
		if(rc < 0)
			return -1;
		for(rr_t *r = h->parsed; r && found < n; r = r->next)
			uris[found++] = ksr_cube_str(r->nameaddr.uri);
	}
	return found;
}

static bool leg_of(const struct cube_conf *conf, const socket_info_t *si, char scheme, struct cube_proof_leg *leg)
{
	const struct cube_listener *l;

	if(!si)
		return false;
	leg->addr = (struct cube_addr){ksr_cube_ip(&si->address), si->port_no};
	leg->proto = si->proto;
	leg->scheme = scheme;
	l = cube_conf_listener(conf, &leg->addr.ip, leg->addr.port, si->proto == PROTO_TLS);
	leg->tenant = !l ? CUBE_NONE : l->tenant == CUBE_NONE ? 0 : conf->tenants[l->tenant].tag;
	return true;
}

/* value: of the parameter, DIALOG_VALUE_LEN bytes and a zero. */
static int note(sip_msg_t *msg, const struct cube_conf *conf, char in, char out, char value[DIALOG_VALUE_LEN + 1])
{
	struct cube_proof_place next;
	struct cube_proof_leg legs[2];
	struct dialog_sender sender;
	struct cube_str first;
	sip_uri_t uri;
	int behind;

	if(!dialog_sender(msg, true, &sender) || !leg_of(conf, msg->rcv.bind_address, in, &legs[0])
			|| !leg_of(conf, msg->force_send_socket, out, &legs[1]))
		return -1;
	behind = routes_of(msg->record_route, &first, 1); /* proxies of the caller's */
	if(behind < 0 || (behind > 0 && !place_of(first, &uri, &next)))
		return -1;
	value[0] = in;
	value[1] = out;
	return cube_proof_route(prover(), &sender.dialog, &legs[0], &legs[1], behind ? &next : NULL, value + 2) ? 0 : -1;
}

int dialog_note(sip_msg_t *msg, enum cube_url in, enum cube_url out)
{
	char text[sizeof(";" PARAM "=") + DIALOG_VALUE_LEN] = ";" PARAM "=", *value = text + sizeof(";" PARAM "=") - 1;
	struct cube_snapshot *s = tenant.acquire();
	str param = {text, sizeof(text) - 1};
	int rc = s ? note(msg, s->conf, letter(in), letter(out), value) : -1;

	tenant.release(s);
	return rc < 0 || rr.add_rr_param(msg, &param) < 0 || ksr_set_text(KSR_LEGS, cube_str_of(value)) < 0 ? -1 : 0;
}

/* The same headers, with another proof. */
static int replace_proofs(sip_msg_t *msg, struct cube_str old, const char *proof)
{
	struct cube_str shown;

	for(hdr_field_t *h = msg->record_route; h; h = h->next) {
		if(h->type != HDR_RECORDROUTE_T)
			continue;
		for(rr_t *r = h->parsed; r; r = r->next) {
			if(!cube_proof_find(ksr_cube_str(r->nameaddr.uri), PARAM, &shown) || !cube_str_eq(shown, old))
				continue;
			shown = (struct cube_str){shown.s + 2, CUBE_PROOF_LEN};
			if(headers_replace(msg, shown, cube_str_of(proof)) < 0)
				return -1;
		}
	}
	return 0;
}

/* Whose it is, by a URI of ours, which has no port where that is 5060. */
static socket_info_t *socket_of(const sip_uri_t *uri)
{
	str host = uri->host;
	bool tls = uri->type == SIPS_URI_T || uri->type == TELS_URI_T;

	return grep_sock_info(&host, uri->port_no ? uri->port_no : SIP_PORT, tls ? PROTO_TLS : uri->proto);
}

/* The two of ours are known by what we have put in; above them stand proxies of the called party's. */
static int answered(sip_msg_t *msg, const struct cube_conf *conf, struct cube_str value)
{
	struct cube_str uris[ROUTES_MAX], shown;
	struct cube_proof_place places[3];
	struct cube_proof_leg legs[2];
	struct dialog_sender sender;
	char proof[CUBE_PROOF_LEN + 1];
	sip_uri_t parsed[3];
	int n = routes_of(msg->record_route, uris, ROUTES_MAX), i = 0;

	while(i < n && !(cube_proof_find(uris[i], PARAM, &shown) && cube_str_eq(shown, value)))
		i++;
	if(i + 1 >= n || !dialog_sender(msg, true, &sender))
		return 0; /* the called party has cut them off: it gets no further requests, and nor does the caller */
	for(int k = 0; k < 2; k++) {
		socket_info_t *si = NULL;

		if(place_of(uris[i + k], &parsed[k], &places[k]))
			si = socket_of(&parsed[k]);
		if(!leg_of(conf, si, value.s[1 - k], &legs[1 - k]))
			return 0;
	}
	if(i > 0 && !place_of(uris[i - 1], &parsed[2], &places[2]))
		return 0;
	if(!cube_proof_route(prover(), &sender.dialog, &legs[0], &legs[1], i > 0 ? &places[2] : NULL, proof)
			|| cube_proof_is(proof, (struct cube_str){value.s + 2, value.len - 2}))
		return 0;
	return replace_proofs(msg, value, proof);
}

/* Are there no other Record-Route headers than ours, on neither side? Then what was proven to the called party holds for the
 * caller, too; so it is with most calls. */
static bool only_ours(const sip_msg_t *msg, struct cube_str value)
{
	const struct hdr_field *h = msg->record_route;
	struct cube_str body = ksr_cube_str(h->body), rest;
	unsigned routes = 0;
	bool found = false;

	for(size_t i = 0; i < body.len; i++) {
		rest = (struct cube_str){body.s + i, body.len - i};
		routes += body.s[i] == '<';
		found = found || (body.s[i] == value.s[0] && cube_str_starts(rest, value));
	}
	for(h = h->next; h && h->type != HDR_RECORDROUTE_T; h = h->next)
		;
	return found && routes == 2 && !h;
}

int dialog_answered(sip_msg_t *msg)
{
	struct cube_str value = ksr_text(KSR_LEGS);
	struct cube_snapshot *s;
	int rc;

	if(value.len != DIALOG_VALUE_LEN || parse_headers(msg, HDR_EOH_F, 0) < 0 || !msg->record_route
			|| only_ours(msg, value) || !(s = tenant.acquire()))
		return 0;
	rc = answered(msg, s->conf, value);
	tenant.release(s);
	return rc;
}

/* What a request of a dialog asks for, as far as it was found out. */
struct asked
{
	sip_msg_t *msg;
	const struct cube_conf *conf;
	struct dialog_sender sender;
	struct cube_proof_leg from, to; /* legs, from the sender's side */
	const socket_info_t *out;		/* of the leg to */
	struct cube_str route;			/* behind ours; empty: there is none */
	sip_uri_t next;					/* where it goes */
	char buf[CUBE_PROOF_URI_MAX], text[CUBE_SCHEME_TEXT_MAX];
};

static int refuse(const struct asked *a, enum dialog_result result, const char *why)
{
	static struct cube_limit limit;
	char src[CUBE_ADDR_TEXT_MAX];
	struct cube_addr from = {ksr_cube_ip(&a->msg->rcv.src_ip), a->msg->rcv.src_port};
	unsigned suppressed;
	bool say = cube_limit_allow(&limit, time(NULL), LINES_PERIOD, LINES_MAX, &suppressed);

	if(suppressed)
		LM_NOTICE("%u further requests within dialogs that were refused were not logged\n", suppressed);
	if(say)
		LM_NOTICE("tenant %d: a request within a dialog from %s is refused: %s\n", ksr_number(KSR_TENANT, CUBE_NONE),
				cube_addr_text(&from, src), why);
	return result;
}

/* Is it sent by this side of the dialog? */
static bool proves(struct asked *a, bool caller, struct cube_str value, const struct cube_proof_place *next)
{
	char proof[CUBE_PROOF_LEN + 1];

	a->from.scheme = value.s[caller ? 0 : 1];
	a->to.scheme = value.s[caller ? 1 : 0];
	return dialog_sender(a->msg, caller, &a->sender)
		   && cube_proof_route(
				   prover(), &a->sender.dialog, caller ? &a->from : &a->to, caller ? &a->to : &a->from, next, proof)
		   && cube_proof_is(proof, (struct cube_str){value.s + 2, value.len - 2});
}

static int judge_route(struct asked *a)
{
	struct cube_proof_place places[3];
	struct cube_str uris[3], value;
	sip_uri_t ours[2];
	int n = routes_of(a->msg->route, uris, 3);

	if(n < 2 || !place_of(uris[0], &ours[0], &places[0]) || !place_of(uris[1], &ours[1], &places[1])
			|| (n > 2 && !place_of(uris[2], &a->next, &places[2])))
		return refuse(a, DIALOG_NONE, "its Route headers are not ours");
	a->out = socket_of(&ours[1]);
	if(!leg_of(a->conf, socket_of(&ours[0]), 0, &a->from) || !leg_of(a->conf, a->out, 0, &a->to)
			|| !cube_proof_find(uris[0], PARAM, &value) || value.len != DIALOG_VALUE_LEN)
		return refuse(a, DIALOG_NONE, "its Route headers are not ours");
	if(!proves(a, true, value, n > 2 ? &places[2] : NULL) && !proves(a, false, value, n > 2 ? &places[2] : NULL))
		return refuse(a, DIALOG_NONE, "its Route headers prove no dialog that it is of");
	if(a->from.tenant != ksr_number(KSR_TENANT, CUBE_NONE))
		return refuse(a, DIALOG_REFUSED, "its dialog is another tenant's");
	if(n > 2 && !a->next.lr.s)
		return refuse(a, DIALOG_REFUSED, "it asks for a strict route");
	a->route = n > 2 ? uris[2] : (struct cube_str){NULL, 0};
	return DIALOG_OK;
}

/* A Request-URI within a dialog is a Contact, and no telephone number. */
static enum cube_url contact_scheme(char letter)
{
	return letter == 's' ? CUBE_URL_SIPS : CUBE_URL_SIP;
}

/* Where both legs are sip nothing is changed; where both are sips a Contact is made what it ought to be. */
static enum cube_url scheme_to(const struct asked *a)
{
	return a->from.scheme == a->to.scheme && a->to.scheme != 's' ? CUBE_URL_UNSET : url_of(a->to.scheme);
}

static bool changes_scheme(const struct asked *a, struct cube_str uri, struct cube_uri_parts *parts)
{
	enum cube_url to = contact_scheme(a->to.scheme);

	return scheme_to(a) != CUBE_URL_UNSET && cube_uri_parse(uri, parts) && cube_scheme_of(parts) != to
		   && cube_scheme_of(parts) != CUBE_URL_TEL;
}

/* The Contact that the other side has given, as it has written it; *uri is in a's buffers. */
static int judge_target(struct asked *a, struct cube_str *uri)
{
	struct cube_str received = ksr_cube_str(a->msg->first_line.u.request.uri), shown;
	struct cube_proof_place place;
	char proof[CUBE_PROOF_LEN + 1];
	struct cube_uri_parts parts;
	sip_uri_t parsed;

	if(a->msg->new_uri.s || !cube_proof_unmark(received, a->buf, uri, &shown))
		return refuse(a, DIALOG_REFUSED, "its Request-URI is no Contact that the other side was given by us");
	if(changes_scheme(a, *uri, &parts)) {
		if(!cube_scheme_change(&parts, contact_scheme(a->to.scheme), (struct cube_str){NULL, 0},
				   (struct cube_str){NULL, 0}, a->text, uri))
			return refuse(a, DIALOG_REFUSED, "its Request-URI is too long");
	}
	if(!place_of(*uri, &parsed, &place)
			|| !cube_proof_target(prover(), &a->sender.dialog, !a->sender.caller, &place, proof)
			|| !cube_proof_is(proof, shown))
		return refuse(a, DIALOG_REFUSED, "its Request-URI is not a Contact of the other side");
	if(!a->route.len)
		a->next = parsed;
	return DIALOG_OK;
}

static int apply(struct asked *a, struct cube_str uri)
{
	str text = ksr_str(uri), route = ksr_str(a->route);
	enum cube_url to = scheme_to(a), back = to == CUBE_URL_UNSET ? to : url_of(a->from.scheme);
	socket_info_t *si = apply_dialog_socket(a->conf, a->to.tenant, a->out, &a->next, &tenant);
	struct headers_leg leg = {.url = to, .sender = &a->sender};
	char place[HEADERS_PLACE_MAX];

	if(!si)
		return refuse(a, DIALOG_REFUSED,
				"the tenant of the other side has no open listener of the family and transport that it leads to");
	/* the caller's leg is sips for the sake of its keys */
	if(a->sender.caller && a->from.scheme == 's' && si->proto != PROTO_TLS
			&& cube_sdp_has_keys((struct cube_str){a->msg->buf, a->msg->len}))
		return refuse(a, DIALOG_REFUSED, "its SDP has keys, the call is sips, and the other side's leg is not TLS");
	if(rewrite_uri(a->msg, &text) < 0)
		return DIALOG_FAILED;
	if(a->route.len && set_dst_uri(a->msg, &route) < 0)
		return DIALOG_FAILED;
	if(!a->route.len)
		reset_dst_uri(a->msg);
	ksr_send_from(a->msg, si, false);
	leg.place = headers_place(si, place);
	if(headers_change(a->msg, &leg) < 0 || ksr_set_flag(KSR_REPLY_LEG, (int)back) < 0
			|| ksr_set_flag(KSR_BY_CALLED, !a->sender.caller) < 0
			|| (to != CUBE_URL_UNSET && ksr_set_flag(KSR_SIPS_OUT, to == CUBE_URL_SIPS) < 0))
		return DIALOG_FAILED;
	return DIALOG_OK;
}

int ki_dialpeer_dialog(sip_msg_t *msg)
{
	struct cube_snapshot *s = tenant.acquire();
	struct asked a = {.msg = msg};
	struct cube_str uri;
	int rc;

	if(!s)
		return DIALOG_FAILED;
	a.conf = s->conf;
	rc = judge_route(&a);
	if(rc == DIALOG_OK)
		rc = judge_target(&a, &uri);
	if(rc == DIALOG_OK)
		rc = apply(&a, uri);
	tenant.release(s);
	return rc;
}
