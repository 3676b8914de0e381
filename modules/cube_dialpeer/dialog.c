/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/dprint.h"
#include "core/dset.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"

#include "../ksr/vars.h"
#include "../libcube/base/limit.h"
#include "../libcube/base/write.h"
#include "../libcube/dialpeer/header.h"
#include "../libcube/dialpeer/sdp.h"
#include "apply.h"
#include "binds.h"
#include "dialog.h"
#include "dialog_key.h"
#include "headers.h"
#include "routes.h"

#define LINES_MAX 10	/* that a process writes about such requests in each period */
#define LINES_PERIOD 10 /* seconds */

#define ROUTES_MAX 64
#define PARAM_MAX (sizeof(";" ROUTES_PARAM "=") + 2 + CUBE_PROOF_LEN)

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

/* The core takes To apart with the other headers, From when it is asked to: of requests it always is, of responses seldom. */
static struct cube_str tag_of(sip_msg_t *msg, bool from)
{
	struct cube_str tag = {NULL, 0};

	if(!from)
		return ksr_cube_str(get_to(msg)->tag_value);
	if(msg->from && !msg->from->parsed && cube_header_tag(ksr_cube_str(msg->from->body), &tag))
		return tag;
	return parse_from_header(msg) < 0 ? tag : ksr_cube_str(get_from(msg)->tag_value);
}

/* Which dialog, but for its legs. by_caller: was the request, or the one that is answered, sent by who sent the INVITE? */
static bool name_dialog(sip_msg_t *msg, bool by_caller, struct cube_proof_dialog *dialog)
{
	if(!msg->callid || !msg->to || !get_to(msg))
		return false;
	dialog->call_id = ksr_cube_str(msg->callid->body);
	dialog->caller_tag = tag_of(msg, by_caller);
	return dialog->call_id.len > 0 && dialog->caller_tag.len > 0;
}

bool dialog_mark(const struct dialog_sender *sender, struct cube_str uri, const struct cube_uri_parts *parts,
		char buf[CUBE_PROOF_URI_MAX], struct cube_str *marked)
{
	struct cube_proof_place place;
	char proof[CUBE_PROOF_LEN + 1];
	sip_uri_t parsed;

	if(!(parts && cube_proof_place(parts, &place)) && !routes_place(uri, &parsed, &place))
		return false;
	return cube_proof_target(prover(), &sender->dialog, sender->caller, sender->behind, &place, proof)
		   && cube_proof_mark(uri, place.host, proof, buf, marked);
}

/* ";cube-legs=sp0123456789abcdef". Where both legs are sip and nobody is behind us there is nothing to say, and so it is with
 * most dialogs: our Record-Route headers are as the module rr makes them. */
static struct cube_str param_of(const char schemes[2], const char *proof, char buf[PARAM_MAX])
{
	struct cube_writing w = {.s = buf, .size = PARAM_MAX};

	if(schemes[0] == 'p' && schemes[1] == 'p' && !proof[0])
		return (struct cube_str){buf, 0};
	cube_write(&w, CUBE_STR(";" ROUTES_PARAM "="));
	cube_write(&w, (struct cube_str){schemes, 2});
	cube_write(&w, cube_str_of(proof));
	return (struct cube_str){buf, w.len};
}

int dialog_begin(
		sip_msg_t *msg, const struct cube_conf *conf, enum cube_url in, enum cube_url out, struct dialog_sender *sender)
{
	const char schemes[2] = {letter(in), letter(out)};
	char proof[CUBE_PROOF_LEN + 1] = "", text[PARAM_MAX];
	struct cube_proof_leg legs[2];
	struct cube_proof_place next;
	struct cube_str routes[ROUTES_MAX];
	int n = routes_of(msg->record_route, routes, ROUTES_MAX); /* proxies of the caller's */
	sip_uri_t uri;
	str param;

	if(!name_dialog(msg, true, &sender->dialog) || !routes_leg(conf, msg->rcv.bind_address, schemes[0], &legs[0])
			|| !routes_leg(conf, msg->force_send_socket, schemes[1], &legs[1]))
		return -1;
	sender->caller = true;
	sender->dialog.legs = cube_proof_legs(&legs[0], &legs[1], sender->legs);
	sender->behind = n > 0;
	if(n < 0 || n == ROUTES_MAX || (n > 0 && !routes_place(routes[0], &uri, &next))
			|| (n > 0 && !cube_proof_route(prover(), &sender->dialog, &next, proof)) || ksr_set_flag(KSR_ROUTES, n) < 0)
		return -1;
	param = ksr_str(param_of(schemes, proof, text));
	if(param.len && binds_rr.add_rr_param(msg, &param) < 0)
		return -1;
	return ksr_set_text(KSR_LEGS, sender->dialog.legs);
}

/* Are these the entries of our legs? */
static bool are_ours(const struct cube_conf *conf, const struct cube_str entries[2], struct cube_str legs)
{
	struct cube_proof_leg out, in;
	char schemes[2], buf[CUBE_PROOF_LEGS_MAX];

	cube_proof_schemes(legs, schemes);
	return routes_leg(conf, routes_socket(entries[0]), schemes[1], &out)
		   && routes_leg(conf, routes_socket(entries[1]), schemes[0], &in)
		   && cube_str_eq(cube_proof_legs(&in, &out, buf), legs);
}

/* In the entry of the header as it came; it gets the parameter anew. */
static int set_param(sip_msg_t *msg, struct cube_str uri, struct cube_str param)
{
	struct cube_str value, old = {uri.s + uri.len, 0};

	if(cube_proof_find(uri, ROUTES_PARAM, &value)) {
		old.s = value.s - sizeof(";" ROUTES_PARAM "=") + 1;
		old.len = (size_t)(value.s + value.len - old.s);
	}
	return headers_replace(msg, old, param);
}

/* Above our two entries, of which the first is i, stand proxies of the called party's: a request of the caller's goes on there. */
static int note_behind(sip_msg_t *msg, const struct cube_conf *conf, int i, struct dialog_sender *sender)
{
	char proof[CUBE_PROOF_LEN + 1], schemes[2], text[PARAM_MAX];
	struct cube_str uris[ROUTES_MAX], param;
	struct cube_proof_place next;
	sip_uri_t uri;

	/* else somebody has cut them off, and gets no further requests, as does the caller */
	if(routes_of(msg->record_route, uris, ROUTES_MAX) < i + 2 || !are_ours(conf, uris + i, sender->dialog.legs)
			|| !routes_place(uris[i - 1], &uri, &next))
		return 0;
	sender->behind = true;
	if(!cube_proof_route(prover(), &sender->dialog, &next, proof))
		return 0;
	cube_proof_schemes(sender->dialog.legs, schemes);
	param = param_of(schemes, proof, text);
	return set_param(msg, uris[i], param) < 0 || set_param(msg, uris[i + 1], param) < 0 ? -1 : 0;
}

int dialog_answered(sip_msg_t *msg, unsigned n_routes, struct dialog_sender *sender)
{
	int behind = ksr_number(KSR_BEHIND, CUBE_NONE), i = (int)n_routes - 2 - ksr_number(KSR_ROUTES, 0), rc;
	struct cube_snapshot *s;

	sender->caller = ksr_number(KSR_BY_CALLED, 0) != 0;
	sender->dialog.legs = ksr_text(KSR_LEGS);
	sender->behind = behind > 0;
	if(!sender->dialog.legs.len || !name_dialog(msg, !sender->caller, &sender->dialog))
		return -1;
	if(behind != CUBE_NONE || i <= 0) /* it is not the INVITE's that made the dialog, or nobody is behind us */
		return 0;
	if(parse_headers(msg, HDR_EOH_F, 0) < 0 || !(s = tenant.acquire()))
		return -1;
	rc = note_behind(msg, s->conf, i, sender);
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
	unsigned suppressed;
	bool say = cube_limit_allow(&limit, time(NULL), LINES_PERIOD, LINES_MAX, &suppressed);

	if(suppressed)
		LM_NOTICE("%u further requests within dialogs that were refused were not logged\n", suppressed);
	if(say)
		LM_NOTICE("tenant %d: a request within a dialog from %s is refused: %s\n", ksr_number(KSR_TENANT, CUBE_NONE),
				cube_addr_text(&from, src), why);
	return result;
}

/* Where a request goes that leaves its dialog's routes behind: the Contact of the other side, with its proof. */
struct target
{
	struct cube_proof_place place;
	struct cube_str proof;
};

/* Is it sent by this side of the dialog? next: where the route goes on behind us, by this proof; NULL: it does not. */
static bool is_sent_by(struct asked *a, bool caller, const char schemes[2], const struct cube_proof_place *next,
		struct cube_str route_proof)
{
	struct cube_proof_dialog *dialog = &a->sender.dialog;
	char proof[CUBE_PROOF_LEN + 1];

	a->from.scheme = schemes[!caller];
	a->to.scheme = schemes[caller];
	a->sender.caller = caller;
	dialog->legs = cube_proof_legs(caller ? &a->from : &a->to, caller ? &a->to : &a->from, a->sender.legs);
	if(!name_dialog(a->msg, caller, dialog))
		return false;
	return !next || (cube_proof_route(prover(), dialog, next, proof) && cube_proof_is(proof, route_proof));
}

/* Has the other side given that as its Contact? Who is behind proxies is not reached without them. */
static bool is_contact(const struct asked *a, bool behind, const struct target *target)
{
	char proof[CUBE_PROOF_LEN + 1];

	return cube_proof_target(prover(), &a->sender.dialog, !a->sender.caller, behind, &target->place, proof)
		   && cube_proof_is(proof, target->proof);
}

/* Either side may have sent it; where there is a route behind ours that tells which one, else the Contact does. */
static int find_sender(struct asked *a, const char schemes[2], const struct cube_proof_place *next,
		struct cube_str route_proof, const struct target *target)
{
	bool of_dialog = false;

	for(int caller = 1; caller >= 0; caller--) {
		if(!is_sent_by(a, caller, schemes, next, route_proof))
			continue;
		of_dialog = next != NULL;
		if(target->proof.len && ((next && is_contact(a, true, target)) || is_contact(a, false, target)))
			return DIALOG_OK;
	}
	if(next && !of_dialog)
		return refuse(a, DIALOG_NONE, "its Route headers prove no dialog that it is of");
	if(!target->proof.len)
		return refuse(a, DIALOG_REFUSED, "its Request-URI is no Contact that the other side was given by us");
	return refuse(a, of_dialog ? DIALOG_REFUSED : DIALOG_NONE,
			"its Request-URI is no Contact of the other side of a dialog that it is of");
}

/* *uri: the Contact of the other side, without its proof; in a's buffers. */
static int judge(struct asked *a, struct cube_str *uri)
{
	struct cube_str uris[3], received = ksr_cube_str(a->msg->first_line.u.request.uri), route_proof;
	struct cube_proof_place next;
	struct target target = {.proof = {NULL, 0}};
	char schemes[2];
	int n = routes_of(a->msg->route, uris, 3), rc;

	a->out = n < 2 ? NULL : routes_socket(uris[1]);
	if(!a->out || !routes_leg(a->conf, routes_socket(uris[0]), 0, &a->from) || !routes_leg(a->conf, a->out, 0, &a->to)
			|| !routes_value(uris[0], schemes, &route_proof) || (n > 2 && !routes_place(uris[2], &a->parsed, &next)))
		return refuse(a, DIALOG_NONE, "its Route headers are not ours");
	if(a->msg->new_uri.s || parse_sip_msg_uri(a->msg) < 0 || !cube_proof_unmark(received, a->buf, uri, &target.proof))
		target.proof.len = 0;
	target.place = routes_place_of(&a->msg->parsed_uri);
	rc = find_sender(a, schemes, n > 2 ? &next : NULL, route_proof, &target);
	if(rc != DIALOG_OK)
		return rc;
	if(a->from.tenant != ksr_number(KSR_TENANT, CUBE_NONE))
		return refuse(a, DIALOG_REFUSED, "its dialog is another tenant's");
	a->next = n > 2 ? &a->parsed : &a->msg->parsed_uri;
	if(n > 2 && !a->parsed.lr.s)
		return refuse(a, DIALOG_REFUSED, "it asks for a strict route");
	a->route = n > 2 ? uris[2] : (struct cube_str){NULL, 0};
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
	leg.place = headers_place(si, place);
	a->sender.behind = a->msg->via2 != NULL; /* proxies that are not in its way have seen the INVITE alone */
	if(headers_change(a->msg, &leg) < 0 || ksr_set_flag(KSR_REPLY_LEG, (int)back) < 0
			|| ksr_set_flag(KSR_BY_CALLED, !a->sender.caller) < 0 || ksr_set_text(KSR_LEGS, a->sender.dialog.legs) < 0
			|| ksr_set_number(KSR_BEHIND, a->route.len > 0) < 0
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
	rc = judge(&a, &uri);
	if(rc == DIALOG_OK)
		rc = change_target(&a, &uri);
	if(rc == DIALOG_OK)
		rc = apply(&a, uri);
	tenant.release(s);
	return rc;
}
