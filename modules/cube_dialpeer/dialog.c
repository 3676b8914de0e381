/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/dprint.h"
#include "core/dset.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"

#include "../ksr/vars.h"
#include "../libcube/dialpeer/sdp.h"
#include "apply.h"
#include "binds.h"
#include "dialog.h"
#include "dialog_key.h"
#include "headers.h"
#include "legs.h"
#include "routes.h"

#define PARAM "cube-legs" /* in the first of our Record-Route headers, that of the leg out */
#define VALUE_LEN (2 + CUBE_PROOF_LEN)
#define ROUTES_MAX 80 /* more than Max-Forwards lets a request meet */
#define ENTRIES 2	  /* ours, of a dialog */

static struct cube_tenant_api tenant;
static unsigned char key[CUBE_PROOF_KEY]; /* made before the first fork, so all processes have it */

int dialog_init(void)
{
	struct cube_snapshot *s;
	int rc;

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

/* Which dialog. by_caller: was the request, or the one that is answered, sent by who sent the INVITE? The core takes To apart with
 * the other headers, From when it is asked to: of requests it always is, of responses seldom. */
static bool name_dialog(sip_msg_t *msg, bool by_caller, struct cube_proof_dialog *dialog)
{
	if(!msg->callid || !msg->to || !get_to(msg) || (by_caller && parse_from_header(msg) < 0))
		return false;
	dialog->call_id = ksr_cube_str(msg->callid->body);
	dialog->caller_tag = ksr_cube_str((by_caller ? get_from(msg) : get_to(msg))->tag_value);
	return dialog->call_id.len > 0 && dialog->caller_tag.len > 0;
}

/* The request that a reply is to, whose Call-ID and tags are those of the dialog whatever the reply has; where its From is not
 * parsed the reply has to do. */
static sip_msg_t *answered(sip_msg_t *reply)
{
	sip_msg_t *request = binds_request();

	return request && request->from && request->from->parsed ? request : reply;
}

bool dialog_mark(const struct dialog_sender *sender, struct cube_str uri, const struct cube_uri_parts *parts,
		struct cube_proof_mark *mark)
{
	struct cube_proof_place place;
	char proof[CUBE_PROOF_LEN + 1];
	sip_uri_t parsed;

	if(!(parts && cube_proof_place(parts, &place)) && !routes_place(uri, &parsed, &place))
		return false;
	return cube_proof_target(prover(), &sender->dialog, sender->caller, &place, proof)
		   && cube_proof_mark(uri, place.host, proof, mark);
}

/* The letters of the legs' schemes, the caller's first, and the proof. False: it has none that we have made. */
static bool value_of(struct cube_str uri, struct cube_str *value)
{
	return cube_proof_find(uri, PARAM, value) && value->len == VALUE_LEN;
}

static struct cube_str proof_in(struct cube_str value)
{
	return (struct cube_str){value.s + 2, CUBE_PROOF_LEN};
}

int dialog_begin(
		sip_msg_t *msg, const struct cube_conf *conf, enum cube_url in, enum cube_url out, struct dialog_sender *sender)
{
	char text[sizeof(";" PARAM "=") + VALUE_LEN] = ";" PARAM "=", *value = text + sizeof(";" PARAM "=") - 1;
	struct cube_proof_place next;
	struct cube_proof_leg legs[2];
	struct cube_str first;
	sip_uri_t uri;
	int behind = routes_of(msg->record_route, &first, 1); /* proxies of the caller's */

	value[0] = letter(in);
	value[1] = letter(out);
	sender->caller = true;
	if(!name_dialog(msg, true, &sender->dialog) || !routes_leg(conf, msg->rcv.bind_address, value[0], &legs[0])
			|| !routes_leg(conf, msg->force_send_socket, value[1], &legs[1]) || behind < 0
			|| (behind > 0 && !routes_place(first, &uri, &next)))
		return -1;
	sender->dialog.in = legs[0].tenant;
	sender->dialog.out = legs[1].tenant;
	if(!cube_proof_route(prover(), &sender->dialog, &legs[0], &legs[1], behind ? &next : NULL, value + 2)
			|| ksr_set_flag(KSR_TENANT_TO, legs[1].tenant) < 0)
		return -1;
	return legs_add_param(msg, (struct cube_str){text, sizeof(text) - 1});
}

/* Where the first of our two entries is, and what legs they are of; they are known by what we have put into the INVITE, behind
 * which the caller's proxies stand. -1: the called party has cut them off, and gets no further requests, as does the caller. */
static int find_ours(const struct cube_conf *conf, const struct cube_str *uris, int n,
		const struct cube_proof_dialog *dialog, struct cube_proof_leg legs[2])
{
	char proof[CUBE_PROOF_LEN + 1];
	struct cube_proof_place next;
	struct cube_str value;
	sip_uri_t uri;

	for(int i = 0; i + ENTRIES <= n; i++) {
		const struct cube_proof_place *behind = i + ENTRIES < n ? &next : NULL;

		if(value_of(uris[i], &value) && routes_leg(conf, routes_socket(uris[i]), value.s[1], &legs[1])
				&& routes_leg(conf, routes_socket(uris[i + 1]), value.s[0], &legs[0])
				&& (!behind || routes_place(uris[i + ENTRIES], &uri, &next))
				&& cube_proof_route(prover(), dialog, &legs[0], &legs[1], behind, proof)
				&& cube_proof_is(proof, proof_in(value)))
			return i;
	}
	return -1;
}

/* Above our entries stand proxies of the called party's: there goes what the caller sends. */
static int prove_called(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_proof_dialog *dialog)
{
	struct cube_str uris[ROUTES_MAX], value;
	char proof[CUBE_PROOF_LEN + 1];
	struct cube_proof_leg legs[2];
	struct cube_proof_place next;
	sip_uri_t uri;
	int n = routes_of(msg->record_route, uris, ROUTES_MAX), i;

	if(n == ROUTES_MAX || (i = find_ours(conf, uris, n, dialog, legs)) < 0
			|| (i > 0 && !routes_place(uris[i - 1], &uri, &next))
			|| !cube_proof_route(prover(), dialog, &legs[0], &legs[1], i > 0 ? &next : NULL, proof))
		return 0;
	return value_of(uris[i], &value) ? headers_replace(msg, proof_in(value), cube_str_of(proof)) : 0;
}

int dialog_answered(sip_msg_t *msg, unsigned n_routes, struct dialog_sender *sender)
{
	int from = ksr_number(KSR_TENANT, CUBE_NONE), to = ksr_number(KSR_TENANT_TO, 0), rc;
	struct cube_snapshot *s;

	sender->caller = ksr_number(KSR_BY_CALLED, 0) != 0;
	sender->dialog.in = sender->caller ? to : from;
	sender->dialog.out = sender->caller ? from : to;
	if(!name_dialog(answered(msg), !sender->caller, &sender->dialog))
		return -1;
	/* with ours alone what was proven to the called party holds for the caller, too */
	if(sender->caller || n_routes <= ENTRIES)
		return 0;
	if(parse_headers(msg, HDR_EOH_F, 0) < 0 || !(s = tenant.acquire()))
		return -1;
	rc = prove_called(msg, s->conf, &sender->dialog);
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
	const sip_uri_t *next;			/* where it goes */
	sip_uri_t parsed;				/* room for that */
	char buf[CUBE_PROOF_URI_MAX], text[CUBE_SCHEME_TEXT_MAX];
};

static int refuse(const struct asked *a, enum dialog_result result, const char *why)
{
	static struct cube_limit limit;
	char src[CUBE_ADDR_TEXT_MAX];
	struct cube_addr from = {ksr_cube_ip(&a->msg->rcv.src_ip), a->msg->rcv.src_port};

	if(ksr_may_log(&limit, "requests within dialogs that were refused"))
		LM_NOTICE("tenant %d: a request within a dialog from %s is refused: %s\n", ksr_number(KSR_TENANT, CUBE_NONE),
				cube_addr_text(&from, src), why);
	return result;
}

/* Is it sent by this side of the dialog? next: where the route goes on behind us; NULL: it does not. */
static bool is_sent_by(struct asked *a, bool caller, struct cube_str value, const struct cube_proof_place *next)
{
	char proof[CUBE_PROOF_LEN + 1];

	a->from.scheme = value.s[!caller];
	a->to.scheme = value.s[caller];
	a->sender.caller = caller;
	a->sender.dialog.in = caller ? a->from.tenant : a->to.tenant;
	a->sender.dialog.out = caller ? a->to.tenant : a->from.tenant;
	return name_dialog(a->msg, caller, &a->sender.dialog)
		   && cube_proof_route(
				   prover(), &a->sender.dialog, caller ? &a->from : &a->to, caller ? &a->to : &a->from, next, proof)
		   && cube_proof_is(proof, proof_in(value));
}

static int judge_route(struct asked *a)
{
	struct cube_proof_place place, *next;
	struct cube_str uris[3], value;
	int n = routes_of(a->msg->route, uris, 3);

	a->out = n < 2 ? NULL : routes_socket(uris[1]);
	if(!a->out || !routes_leg(a->conf, routes_socket(uris[0]), 0, &a->from) || !routes_leg(a->conf, a->out, 0, &a->to)
			|| !(value_of(uris[1], &value) || value_of(uris[0], &value))
			|| (n > 2 && !routes_place(uris[2], &a->parsed, &place)))
		return refuse(a, DIALOG_NONE, "its Route headers are not ours");
	next = n > 2 ? &place : NULL;
	if(!is_sent_by(a, true, value, next) && !is_sent_by(a, false, value, next))
		return refuse(a, DIALOG_NONE, "its Route headers prove no dialog that it is of");
	if(a->from.tenant != ksr_number(KSR_TENANT, CUBE_NONE))
		return refuse(a, DIALOG_REFUSED, "its dialog is another tenant's");
	if(n > 2 && !a->parsed.lr.s)
		return refuse(a, DIALOG_REFUSED, "it asks for a strict route");
	a->route = n > 2 ? uris[2] : (struct cube_str){NULL, 0};
	a->next = n > 2 ? &a->parsed : &a->msg->parsed_uri;
	return DIALOG_OK;
}

/* The Contact that the other side has given. *uri: without its proof; in a's buffers. */
static int judge_target(struct asked *a, struct cube_str *uri)
{
	struct cube_str received = ksr_cube_str(a->msg->first_line.u.request.uri), shown;
	struct cube_proof_place place;
	char proof[CUBE_PROOF_LEN + 1];

	if(a->msg->new_uri.s || parse_sip_msg_uri(a->msg) < 0 || !cube_proof_unmark(received, a->buf, uri, &shown))
		return refuse(a, DIALOG_REFUSED, "its Request-URI is no Contact that the other side was given by us");
	place = routes_place_of(&a->msg->parsed_uri);
	if(!cube_proof_target(prover(), &a->sender.dialog, !a->sender.caller, &place, proof)
			|| !cube_proof_is(proof, shown))
		return refuse(a, DIALOG_REFUSED, "its Request-URI is not a Contact of the other side");
	return DIALOG_OK;
}

/* Where both legs are sip nothing is changed; where both are sips a Contact is made what it ought to be. */
static enum cube_url scheme_to(const struct asked *a)
{
	return a->from.scheme == a->to.scheme && a->to.scheme != 's' ? CUBE_URL_UNSET : url_of(a->to.scheme);
}

/* The Request-URI gets the scheme of the leg that it goes to. It is a Contact, and no telephone number. */
static int change_target(struct asked *a, struct cube_str *uri)
{
	enum cube_url to = cube_scheme_plain(url_of(a->to.scheme));
	struct cube_proof_place place;
	struct cube_uri_parts parts;

	if(scheme_to(a) == CUBE_URL_UNSET || !cube_uri_parse(*uri, &parts) || cube_scheme_of(&parts) == to
			|| cube_scheme_of(&parts) == CUBE_URL_TEL)
		return DIALOG_OK;
	if(!cube_scheme_change(&parts, to, (struct cube_str){NULL, 0}, (struct cube_str){NULL, 0}, a->text, uri))
		return refuse(a, DIALOG_REFUSED, "its Request-URI is too long");
	if(a->route.len)
		return DIALOG_OK;
	a->next = &a->parsed;
	return routes_place(*uri, &a->parsed, &place) ? DIALOG_OK : DIALOG_FAILED;
}

static int apply(struct asked *a, struct cube_str uri)
{
	str text = ksr_str(uri), route = ksr_str(a->route);
	enum cube_url to = scheme_to(a), back = to == CUBE_URL_UNSET ? to : url_of(a->from.scheme);
	socket_info_t *si = apply_dialog_socket(a->conf, a->to.tenant, a->out, a->next, &tenant);
	/* behind BYE nobody sends anything any more */
	struct headers_leg leg = {.url = to, .sender = a->msg->REQ_METHOD == METHOD_BYE ? NULL : &a->sender};
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
	if(to != CUBE_URL_UNSET)
		leg.place = headers_place(si, place);
	if(headers_change(a->msg, &leg) < 0 || ksr_set_flag(KSR_REPLY_LEG, (int)back) < 0
			|| ksr_set_flag(KSR_BY_CALLED, !a->sender.caller) < 0 || ksr_set_flag(KSR_TENANT_TO, a->to.tenant) < 0
			|| (to != CUBE_URL_UNSET && ksr_set_flag(KSR_SIPS_OUT, to == CUBE_URL_SIPS) < 0))
		return DIALOG_FAILED;
	return DIALOG_OK;
}

int ki_dialpeer_dialog(sip_msg_t *msg)
{
	struct cube_snapshot *s = tenant.acquire();
	struct asked a; /* of which most is room */
	struct cube_str uri;
	int rc;

	if(!s)
		return DIALOG_FAILED;
	a.msg = msg;
	a.conf = s->conf;
	rc = judge_route(&a);
	if(rc == DIALOG_OK)
		rc = judge_target(&a, &uri);
	if(rc == DIALOG_OK)
		rc = change_target(&a, &uri);
	if(rc == DIALOG_OK)
		rc = apply(&a, uri);
	tenant.release(s);
	return rc;
}
