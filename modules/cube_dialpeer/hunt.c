/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which dial-peer a call came in by, which it goes out by, and which is tried next. libcube decides; what remains to
 * be tried is kept with the transaction as tags, so that a reload between two tries is harmless. */
#include <string.h>

#include "core/dprint.h"
#include "core/rand/fastrand.h"
#include "core/route.h"

#include "../ksr/vars.h"
#include "../libcube/conf/names.h"
#include "../libcube/conf/target.h"
#include "../libcube/dialpeer/hunting.h"
#include "../libcube/dialpeer/scheme.h"
#include "../libcube/dialpeer/sdp.h"
#include "../libcube/dialpeer/usable.h"
#include "apply.h"
#include "binds.h"
#include "call.h"
#include "dialog.h"
#include "hold.h"
#include "hosts.h"
#include "hunt.h"
#include "keepalive.h"
#include "numbers.h"
#include "peers.h"

static struct cube_tenant_api tenant;

int hunt_init(void)
{
	hold_init();
	return peers_init() < 0 ? -1 : cube_tenant_load_api(&tenant);
}

/* The index of the tenant whose request this is, CUBE_NONE for sip-ua. False: there is none of that tag any more. */
static bool tenant_index(const struct cube_conf *conf, int tag, int *index)
{
	const struct cube_tenant *t = tag ? cube_conf_tenant(conf, tag) : NULL;

	*index = t ? (int)(t - conf->tenants) : CUBE_NONE;
	return !tag || t;
}

/* What else the dial-peer out may be, and what it may do to the numbers. */
static int come_in(sip_msg_t *msg, const struct cube_conf *conf, int tag)
{
	struct cube_dial_hit hit = {.peer = NULL};
	struct call_facts facts;
	int index;

	if(!tenant_index(conf, tag, &index) || !call_read(msg, call_wanted(conf), &facts))
		return ksr_set_number(KSR_DIALPEER_IN, 0) < 0 ? HUNT_NONE : HUNT_OK;
	call_numbers(msg, &facts);
	cube_dial_plan_in(conf, index, &facts.call, &hit);
	if(ksr_set_number(KSR_DIALPEER_IN, hit.peer ? hit.peer->tag : 0) < 0)
		return HUNT_NONE;
	if(hit.peer)
		peers_add(hit.peer->tag, PEER_IN);
	return numbers_in(conf, hit.peer, &facts) ? HUNT_OK : HUNT_REJECTED;
}

int ki_dialpeer_in(sip_msg_t *msg)
{
	int tag = ksr_number(KSR_TENANT, CUBE_NONE), rc;
	struct cube_snapshot *s;

	if(tag == CUBE_NONE) {
		LM_ERR("cube_dialpeer_in() needs a tenant: call cube_tenant_in() first\n");
		return HUNT_NONE;
	}
	if(!(s = tenant.acquire()))
		return HUNT_NONE;
	rc = come_in(msg, s->conf, tag);
	tenant.release(s);
	return rc;
}

static unsigned turn_of(const struct cube_conf *conf, int tag)
{
	const struct cube_dial_peer *peer = cube_conf_dial_peer(conf, tag);

	if(!peer || !peer->server_group.tag || !conf->server_groups[peer->server_group.index].round_robin)
		return 0;
	return peers_turn(peer->server_group.tag);
}

/* A target that may be taken. */
struct taking
{
	sip_msg_t *msg;
	const struct cube_conf *conf;
	char user[CUBE_NUMBER_MAX];
	struct cube_str called; /* as the dial-peer translates it; may be in user */
};

static bool numbers_pass(void *ctx, const struct cube_dial_peer *peer)
{
	struct taking *t = ctx;

	return numbers_out(t->conf, peer, t->msg, t->user, &t->called);
}

static bool may_hold(void *ctx, const struct cube_dial_peer *peer)
{
	(void)ctx;
	return hold_out(peer);
}

static void tell_passed(const struct cube_conf *conf, const struct cube_hunting *hunting,
		const struct cube_dial_peer *peer, enum cube_usable why)
{
	if(why == CUBE_USABLE_SIPS) {
		peers_add(peer->tag, PEER_SIPS);
		LM_NOTICE("dial-peer %d: its url is %s; it is passed over for a sips call of tenant %d\n", peer->tag,
				cube_url_name(peer->url), ksr_number(KSR_TENANT, 0));
	}
	if(why == CUBE_USABLE_KEYS) {
		peers_add(peer->tag, PEER_SIPS);
		LM_NOTICE(
				"dial-peer %d: its session-transport is not tls; it is passed over for a sips call of tenant %d whose "
				"SDP has keys\n",
				peer->tag, ksr_number(KSR_TENANT, 0));
	}
	if(why == CUBE_USABLE_DOWN && hunting->left <= 1 && !keepalive_is_up(conf, peer))
		peers_add(peer->tag, PEER_BUSIED);
	if(why == CUBE_USABLE_FULL)
		LM_NOTICE("dial-peer %d: has %d calls, its max-conn; it is passed over\n", peer->tag, peer->max_conn);
}

/* Is this the one that the call goes to? The dial-peer counts as tried then. */
static bool take(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_hunting *hunting, bool *sips_alone)
{
	struct taking t = {.msg = msg, .conf = conf};
	bool sips = ksr_number(KSR_SIPS, 0) != 0;
	const struct cube_present present = {.sips = sips,
			.keys = sips && cube_sdp_has_keys((struct cube_str){msg->buf, msg->len}),
			.numbers = numbers_pass,
			.down = keepalive_is_down,
			.hold = may_hold,
			.ctx = &t};
	const struct cube_dial_peer *peer;
	const struct cube_target *target = cube_hunting_target(hunting, conf, &peer);
	enum cube_usable why = cube_usable(conf, peer, target, &present);

	*sips_alone |= why == CUBE_USABLE_SIPS || why == CUBE_USABLE_KEYS;
	if(why != CUBE_USABLE) {
		tell_passed(conf, hunting, peer, why);
		return false;
	}
	if(apply_dial_peer(msg, conf, peer, target, t.called, &tenant) < 0)
		return false;
	if(present.sips && peer->url != CUBE_URL_SIPS)
		LM_NOTICE("dial-peer %d: a sips call of tenant %d goes out as %s by it (sips-downgrade)\n", peer->tag,
				ksr_number(KSR_TENANT, 0), cube_url_name(peer->url));
	peers_add(peer->tag, PEER_OUT);
	return true;
}

/* The first target that can be used is applied, what is behind it is kept for the next try. */
static int hunt_on(sip_msg_t *msg, const struct cube_conf *conf, struct cube_hunting *hunting)
{
	char text[CUBE_HUNTING_TEXT_MAX];
	int rc = hunting->n ? HUNT_UNUSABLE : HUNT_NONE;
	bool left = hunting->n > 0, sips_alone = false;

	while(left && !take(msg, conf, hunting, &sips_alone)) {
		int next = hunting->n > 1 ? hunting->tag[1] : 0;

		left = cube_hunting_next(hunting, conf, CUBE_HUNTING_SERVER, turn_of(conf, next));
	}
	if(left)
		rc = HUNT_OK;
	else if(sips_alone)
		rc = HUNT_SIPS;
	return ksr_set_text(KSR_HUNT, cube_str_of(cube_hunting_text(hunting, text))) < 0 ? HUNT_UNUSABLE : rc;
}

/* When a branch is about to be sent, in its process; and when a reply is about to be relayed, in the process that does it, with
 * tm's lock of the transaction's replies held: the first positive one is the answer. Of what is kept with the transaction it only
 * reads. */
static void on_transaction(struct cell *t, int type, struct tmcb_params *params)
{
	sr_xavp_t **before;

	if(type == TMCB_REQUEST_FWDED) {
		hosts_on_forwarded(t, params->req);
		return;
	}
	if(params->code < 200 || params->code > 299 || t->uas.status >= 200)
		return;
	before = xavp_set_list(&t->xavps_list);
	peers_add(ksr_number(KSR_DIALPEER_OUT, 0), PEER_ANSWERED);
	xavp_set_list(before);
}

static bool any_max_conn(const struct cube_dial_peer *in, const struct cube_dial_hit *hits, unsigned n)
{
	bool any = in && in->max_conn;

	for(unsigned i = 0; i < n; i++)
		any = any || hits[i].peer->max_conn;
	return any;
}

static int go_out(sip_msg_t *msg, const struct cube_conf *conf)
{
	const struct cube_dial_peer *in = cube_conf_dial_peer(conf, ksr_number(KSR_DIALPEER_IN, 0));
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	struct cube_hunting hunting;
	enum cube_url url = CUBE_URL_SIP;
	struct call_facts facts;
	unsigned n;

	if(!call_read(msg, call_wanted(conf), &facts))
		return HUNT_NONE;
	if(facts.call.uri[CUBE_URI_REQUEST])
		url = cube_scheme_of(facts.call.uri[CUBE_URI_REQUEST]);
	if(ksr_set_flag(KSR_SIPS, cube_call_is_sips(&facts.call)) < 0 || ksr_set_flag(KSR_TEL, url == CUBE_URL_TEL) < 0)
		return HUNT_UNUSABLE;
	numbers_of_call(&facts);
	facts.call.lot = conf->sip_ua.dial_peer_hunt_random ? fastrand() : 0;
	n = cube_dial_plan_out(conf, in, &facts.call, hits, CUBE_HUNT_MAX);
	if(n == 0)
		return HUNT_NONE;
	(void)hold_begin(msg, any_max_conn(in, hits, n)); /* those that it is for are passed over then */
	if(!hold_in(in)) {
		LM_NOTICE("dial-peer %d: has %d calls, its max-conn; a call that came in by it is refused\n", in->tag,
				in->max_conn);
		return HUNT_UNUSABLE;
	}
	if(binds_tm.register_tmcb(msg, NULL, TMCB_RESPONSE_FWDED | TMCB_REQUEST_FWDED, on_transaction, NULL, NULL) <= 0)
		LM_ERR("tm takes no callback; an answer to this call is not counted, and a name's first host not chosen\n");
	cube_hunting_begin(&hunting, conf, hits, n, turn_of(conf, hits[0].peer->tag));
	/* what is behind the first may have a longer name; what is left to be tried only becomes shorter */
	if((hunting.n > 1 || hunting.left > 1) && ksr_reserve_text(KSR_TARGET, CUBE_TARGET_TEXT_MAX) < 0)
		return HUNT_UNUSABLE;
	return hunt_on(msg, conf, &hunting);
}

int ki_dialpeer_out(sip_msg_t *msg)
{
	struct cube_snapshot *s = tenant.acquire();
	int rc;

	if(!s)
		return HUNT_NONE;
	rc = go_out(msg, s->conf);
	tenant.release(s);
	return rc;
}

/* What the target said; 0: nothing, or it was not reached. */
static int response_of_branch(void)
{
	struct cell *t = binds_tm.t_gett();
	int branch;

	if(get_route_type() != FAILURE_ROUTE || !t || t == T_UNDEFINED)
		return 0;
	branch = binds_tm.t_get_picked_branch();
	if(branch < 0 || branch >= t->nr_of_outgoings || t->uac[branch].reply == FAKED_REPLY)
		return 0;
	return t->uac[branch].last_received;
}

static int go_on(sip_msg_t *msg, const struct cube_conf *conf, struct cube_hunting *hunting)
{
	const struct cube_dial_peer *peer = cube_conf_dial_peer(conf, hunting->n ? hunting->tag[0] : 0);
	enum cube_hunting_step step = peer ? cube_hunting_behind(conf, peer, response_of_branch()) : CUBE_HUNTING_PEER;
	int next = hunting->n > 1 ? hunting->tag[1] : 0;

	if(step == CUBE_HUNTING_ENDS)
		return HUNT_ENDS;
	if(peer)
		peers_add(peer->tag, PEER_FAILED);
	if(!cube_hunting_next(hunting, conf, step, turn_of(conf, next)))
		return HUNT_NONE;
	return hunt_on(msg, conf, hunting);
}

int ki_dialpeer_next(sip_msg_t *msg)
{
	struct cube_hunting hunting;
	struct cube_snapshot *s;
	int rc;

	if(!cube_hunting_parse(ksr_text(KSR_HUNT), &hunting) || !(s = tenant.acquire()))
		return HUNT_NONE;
	rc = go_on(msg, s->conf, &hunting);
	tenant.release(s);
	return rc;
}
