/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which dial-peers a call asks for, by one criterion after the other. Only reads. */
#include "plan_private.h"


/* ---- in */

/* The first entry that asks for this URI, or where it would stand. */
static unsigned uris_begin(const struct cube_dial_plan *plan, int tenant, unsigned of)
{
	unsigned low = 0, high = plan->n_uris_in;

	while(low < high) {
		unsigned middle = low + (high - low) / 2;
		const struct cube_dial_uri *u = &plan->uris_in[middle];

		if(u->tenant < tenant || (u->tenant == tenant && u->of < of))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool uri_fits(
		const struct cube_dial_plan *plan, int uri, const struct cube_uri_parts *parts, struct cube_uri_match *match)
{
	return parts && cube_uri_class_match(plan->classes[uri], parts, NULL, 0, false, match);
}

static void find_uri_in(struct cube_dial_search *s, int tenant, unsigned of, const struct cube_uri_parts *parts)
{
	const struct cube_dial_plan *plan = s->conf->dial_plan;
	struct cube_uri_match match;
	unsigned i;

	for(i = uris_begin(plan, tenant, of); i < plan->n_uris_in; i++) {
		const struct cube_dial_uri *u = &plan->uris_in[i];
		const struct cube_dial_peer *peer = &s->conf->dial_peers[u->peer];
		struct cube_dial_hit hit = {.peer = peer, .preference = (uint8_t)peer->preference, .by = s->by};

		if(u->tenant != tenant || u->of != of)
			return;
		if(!uri_fits(plan, (int)u->uri, parts, &match))
			continue;
		hit.rank = (uint8_t)match.rank;
		hit.explicit_digits = match.length;
		cube_dial_offer(s, &hit);
	}
}

bool cube_dial_plan_in(
		const struct cube_conf *conf, int tenant, const struct cube_call *call, struct cube_dial_hit *hit)
{
	struct cube_dial_search s = {.conf = conf, .hits = hit, .max = 1};
	uint32_t root = (uint32_t)(tenant + 1);
	unsigned of;

	for(of = 0; of < CUBE_N_URI_IN && s.n_hits == 0; of++) {
		s.by = (uint8_t)(CUBE_DIAL_BY_INCOMING_URI_VIA + of);
		if(call->uri[of])
			find_uri_in(&s, tenant, of, call->uri[of]);
	}
	if(s.n_hits == 0) {
		s.by = CUBE_DIAL_BY_INCOMING_CALLED;
		cube_dial_find(&s, CUBE_DIAL_IN_CALLED, root, call->called);
	}
	if(s.n_hits == 0) {
		s.by = CUBE_DIAL_BY_INCOMING_CALLING;
		cube_dial_find(&s, CUBE_DIAL_IN_CALLING, root, call->calling);
	}
	if(s.n_hits == 0) {
		s.by = CUBE_DIAL_BY_INCOMING_PATTERN;
		cube_dial_find(&s, CUBE_DIAL_IN_PATTERN, root, call->calling);
	}
	return s.n_hits > 0;
}

/* ---- out */

static __attribute__((noinline)) void find_dpg(struct cube_dial_search *s, const struct cube_dpg *dpg)
{
	for(unsigned i = 0; i < dpg->n_members && s->n_hits < s->max; i++) {
		const struct cube_dial_peer *peer = &s->conf->dial_peers[dpg->members[i].peer];

		if(!cube_dial_takes_out(s->conf, peer))
			continue;
		s->hits[s->n_hits++] = (struct cube_dial_hit){.peer = peer,
				.preference = (uint8_t)dpg->members[i].preference,
				.by = s->by,
				.huntstop = peer->huntstop};
		s->huntstop |= peer->huntstop;
	}
}

/* What a rule of a policy asks for in the call at hand. */
struct rule
{
	const struct cube_call *call;
	unsigned bits;
};

static bool calling_fits(const struct cube_dial_search *s, const struct cube_dial_peer *peer, struct cube_str number)
{
	struct cube_dial_hit hit;
	struct cube_dial_search map = {.conf = s->conf, .hits = &hit, .max = 1};

	if(cube_dial_out(peer)->destination_calling_map.tag)
		cube_dial_find(&map, CUBE_DIAL_OUT_MAP, (uint32_t)cube_dial_out(peer)->destination_calling_map.index, number);
	return map.n_hits > 0;
}

/* Do the URIs of the rule fit, and does the calling number, where the rule asks for it, too? */
static bool rule_allows(const struct cube_dial_search *s, const struct cube_dial_peer *peer)
{
	const struct rule *rule = s->arg;
	struct cube_uri_match match;

	for(unsigned of = 0; of < CUBE_N_URI_OF; of++) {
		const struct cube_name_ref *uri = &cube_dial_out(peer)->destination_uri_of[of];

		if((rule->bits & 1u << of)
				&& (!uri->name.len || !uri_fits(s->conf->dial_plan, uri->index, rule->call->uri[of], &match)))
			return false;
	}
	return !(rule->bits & CUBE_POLICY_CALLING) || calling_fits(s, peer, rule->call->calling);
}

/* By URIs alone there is no length that says which fits better: preference decides. */
static void find_by_uris(struct cube_dial_search *s)
{
	const struct cube_dial_plan *plan = s->conf->dial_plan;

	for(unsigned i = 0; i < plan->n_uris_of; i++) {
		const struct cube_dial_peer *peer = &s->conf->dial_peers[plan->uris_out[plan->n_uris_out + i]];
		struct cube_dial_hit hit = {
				.peer = peer, .preference = (uint8_t)peer->preference, .by = s->by, .huntstop = peer->huntstop};

		if(s->allows(s, peer))
			cube_dial_offer(s, &hit);
	}
}

static __attribute__((noinline)) void find_policy(
		struct cube_dial_search *s, const struct cube_policy *policy, const struct cube_call *call)
{
	struct rule rule = {.call = call};

	s->allows = rule_allows;
	s->arg = &rule;
	for(unsigned i = 0; i < policy->n_rules && s->n_hits == 0; i++) {
		rule.bits = policy->rules[i];
		if(rule.bits & CUBE_POLICY_CALLED)
			cube_dial_find(s, CUBE_DIAL_OUT_CALLED, 0, call->called);
		else if(rule.bits == CUBE_POLICY_CALLING)
			cube_dial_find(s, CUBE_DIAL_OUT_CALLING, 0, call->calling);
		else
			find_by_uris(s);
	}
	s->allows = NULL;
	s->arg = NULL;
}

static __attribute__((noinline)) void find_uri_out(struct cube_dial_search *s, const struct cube_uri_parts *parts)
{
	const struct cube_dial_plan *plan = s->conf->dial_plan;
	struct cube_uri_match match;

	for(unsigned i = 0; i < plan->n_uris_out; i++) {
		const struct cube_dial_peer *peer = &s->conf->dial_peers[plan->uris_out[i]];
		struct cube_dial_hit hit = {
				.peer = peer, .preference = (uint8_t)peer->preference, .by = s->by, .huntstop = peer->huntstop};

		if(!uri_fits(plan, cube_dial_out(peer)->destination_uri.index, parts, &match))
			continue;
		hit.rank = (uint8_t)match.rank;
		hit.explicit_digits = match.length;
		cube_dial_offer(s, &hit);
	}
}

static void find_out(struct cube_dial_search *s, const struct cube_dial_peer *in, const struct cube_call *call)
{
	const struct cube_dial_in *by = in ? cube_dial_in(in) : &cube_dial_in_none;
	const struct cube_dpg *dpg = by->destination_dpg.tag ? &s->conf->dpgs[by->destination_dpg.index] : NULL;

	if(dpg && !dpg->shutdown) {
		s->by = CUBE_DIAL_BY_DPG;
		find_dpg(s, dpg);
		return;
	}
	if(by->destination_policy.tag) {
		s->by = CUBE_DIAL_BY_POLICY;
		find_policy(s, &s->conf->policies[by->destination_policy.index], call);
		return;
	}
	s->by = CUBE_DIAL_BY_URI;
	if(s->conf->dial_plan->n_uris_out > 0)
		find_uri_out(s, call->uri[CUBE_URI_REQUEST]);
	if(s->n_hits == 0) {
		s->by = CUBE_DIAL_BY_CALLED;
		cube_dial_find(s, CUBE_DIAL_OUT_CALLED, 0, call->called);
	}
	if(s->n_hits == 0) {
		s->by = CUBE_DIAL_BY_CALLING;
		cube_dial_find(s, CUBE_DIAL_OUT_CALLING, 0, call->calling);
	}
}

unsigned cube_dial_plan_out(const struct cube_conf *conf, const struct cube_dial_peer *in, const struct cube_call *call,
		struct cube_dial_hit *hits, unsigned max)
{
	struct cube_dial_search s = {
			.conf = conf, .by_lot = conf->sip_ua.dial_peer_hunt_random, .lot = call->lot, .hits = hits, .max = max};

	find_out(&s, in, call);
	for(unsigned i = 0; s.huntstop && i < s.n_hits; i++) {
		if(hits[i].huntstop)
			return i + 1;
	}
	return s.n_hits;
}

const char *cube_dial_by_name(enum cube_dial_by by)
{
	static const char *const names[] = {
			[CUBE_DIAL_BY_NONE] = "nothing",
			[CUBE_DIAL_BY_INCOMING_URI_VIA] = "incoming-uri-via",
			[CUBE_DIAL_BY_INCOMING_URI_REQUEST] = "incoming-uri-request",
			[CUBE_DIAL_BY_INCOMING_URI_TO] = "incoming-uri-to",
			[CUBE_DIAL_BY_INCOMING_URI_FROM] = "incoming-uri-from",
			[CUBE_DIAL_BY_INCOMING_CALLED] = "incoming-called-number",
			[CUBE_DIAL_BY_INCOMING_CALLING] = "answer-address",
			[CUBE_DIAL_BY_INCOMING_PATTERN] = "destination-pattern, by the calling number",
			[CUBE_DIAL_BY_DPG] = "destination-dpg",
			[CUBE_DIAL_BY_POLICY] = "destination-provision-policy",
			[CUBE_DIAL_BY_URI] = "destination-uri",
			[CUBE_DIAL_BY_CALLED] = "destination-pattern",
			[CUBE_DIAL_BY_CALLING] = "destination-calling-e164-pattern-map",
	};

	return names[by];
}

bool cube_dial_by_uri(enum cube_dial_by by)
{
	return (by >= CUBE_DIAL_BY_INCOMING_URI_VIA && by <= CUBE_DIAL_BY_INCOMING_URI_FROM) || by == CUBE_DIAL_BY_URI;
}

bool cube_dial_peer_up(const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	bool target = peer->session_target || peer->server_group.tag;

	if(target && (peer->permission & CUBE_PERMISSION_TERM))
		return cube_dial_takes_out(conf, peer);
	return cube_dial_takes_in(peer);
}

static bool find_target(const struct cube_dial_plan *plan, const struct cube_dial_target *wanted)
{
	unsigned low = 0, high = plan->n_targets;

	while(low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = cube_dial_target_cmp(wanted, &plan->targets[middle]);

		if(order == 0)
			return true;
		if(order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool cube_dial_plan_target(const struct cube_conf *conf, int tenant, const struct cube_ip *ip)
{
	struct cube_dial_target wanted = {.tenant = tenant, .ip = *ip};

	return ip->len > 0 && find_target(conf->dial_plan, &wanted);
}

bool cube_dial_plan_target_name(const struct cube_conf *conf, int tenant, struct cube_str host)
{
	struct cube_dial_target wanted = {.tenant = tenant, .host = host};

	return host.len > 0 && find_target(conf->dial_plan, &wanted);
}
