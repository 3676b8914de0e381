/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks a number up in the dial-plan and puts what matches into hunting order. Only reads. */
#include "plan_private.h"

#include <string.h>

struct search
{
	const struct cube_conf *conf;
	const struct cube_dial_trie *trie;
	/* the dial-peers that may be found; NULL: all */
	bool (*allows)(const struct search *s, const struct cube_dial_peer *peer);
	const void *arg;
	bool by_lot; /* between equals, not by tag */
	uint32_t lot;
	uint8_t by;
	uint8_t digits[CUBE_NUMBER_MAX];
	unsigned n_digits;
	struct cube_dial_hit *hits; /* sorted, at most max */
	unsigned n_hits, max;
};

/* What a dial-peer draws. It need not be hard to guess. */
static uint32_t draw(uint32_t lot, const struct cube_dial_peer *peer)
{
	uint32_t x = lot * 0x9e3779b1u ^ (uint32_t)peer->tag;

	for(int i = 0; i < 3; i++) {
		x *= 0x85ebca6bu;
		x ^= x >> 15;
	}
	return x;
}

static bool equal_hits(const struct cube_dial_hit *a, const struct cube_dial_hit *b)
{
	return a->rank == b->rank && a->explicit_digits == b->explicit_digits && a->preference == b->preference;
}

/* Longest match, preference, then by lot or the lower tag; dial-peers are sorted by tag. The lot decides here, not when
 * the list is complete, so that those which a full list leaves out are chosen by lot, too. */
static bool tried_before(const struct search *s, const struct cube_dial_hit *a, const struct cube_dial_hit *b)
{
	uint32_t x, y;

	if(a->rank != b->rank)
		return a->rank < b->rank;
	if(a->explicit_digits != b->explicit_digits)
		return a->explicit_digits > b->explicit_digits;
	if(a->preference != b->preference)
		return a->preference < b->preference;
	if(s->by_lot && (x = draw(s->lot, a->peer)) != (y = draw(s->lot, b->peer)))
		return x < y;
	return a->peer < b->peer;
}

/* A dial-peer with several patterns is found once, by the best of them. True: it is in the list, with this or a better one,
 * and the other one is gone. */
static bool is_there(struct search *s, const struct cube_dial_hit *hit)
{
	unsigned i;

	for(i = 0; i < s->n_hits && s->hits[i].peer != hit->peer; i++)
		;
	if(i == s->n_hits)
		return false;
	if(!tried_before(s, hit, &s->hits[i]))
		return true;
	s->n_hits--;
	memmove(&s->hits[i], &s->hits[i + 1], (s->n_hits - i) * sizeof(s->hits[0]));
	return false;
}

static bool is_full_of_better(const struct search *s, const struct cube_dial_hit *hit)
{
	return s->n_hits == s->max && (s->max == 0 || !tried_before(s, hit, &s->hits[s->max - 1]));
}

static void offer(struct search *s, const struct cube_dial_hit *hit)
{
	unsigned i;

	if(is_full_of_better(s, hit) || is_there(s, hit))
		return;
	if(s->n_hits < s->max)
		s->n_hits++;
	for(i = s->n_hits - 1; i > 0 && tried_before(s, hit, &s->hits[i - 1]); i--)
		s->hits[i] = s->hits[i - 1];
	s->hits[i] = *hit;
}

/* Those of the same key come one after the other in hunting order, but equals by tag: can none behind this one be
 * wanted? */
static bool is_last_wanted(const struct search *s, const struct cube_dial_hit *hit)
{
	return is_full_of_better(s, hit) && (!s->by_lot || !equal_hits(hit, &s->hits[s->max - 1]));
}

/* The patterns that end at this node, `at` digits into the number. */
static void offer_entries(struct search *s, const struct cube_dial_node *node, unsigned at)
{
	const struct cube_dial_choice *choice = &node->first;
	const struct cube_dial_entry *entry = &s->trie->entries[node->entries];
	unsigned extra = 0;
	uint32_t i;

	for(i = 0; i < node->n_entries; i++, choice = &entry[i].choice) {
		struct cube_dial_hit hit = {.peer = &s->conf->dial_peers[choice->peer],
				.preference = choice->preference,
				.huntstop = choice->huntstop,
				.by = s->by};

		if(choice->has_rest && !cube_pattern_run(entry[i].rest, s->digits + at, s->n_digits - at, &extra))
			continue;
		hit.explicit_digits = choice->literals + extra;
		if(!choice->has_rest && is_last_wanted(s, &hit))
			return;
		if(!s->allows || s->allows(s, hit.peer))
			offer(s, &hit);
	}
}

/* Does the label fit the number from *at on? Moves *at behind it. */
static bool label_fits(const struct search *s, const struct cube_dial_node *node, unsigned *at)
{
	unsigned pos = *at;

	for(unsigned i = 0; i < node->n_label; i++) {
		unsigned token = node->label[i];

		if(token >= CUBE_TOKEN_REST) {
			if((token == CUBE_TOKEN_END && pos < s->n_digits)
					|| (token == CUBE_TOKEN_UPTO && s->n_digits - pos > CUBE_T_MAX))
				return false;
			continue;
		}
		if(pos == s->n_digits)
			return false;
		if(token < CUBE_TOKEN_SET ? token != s->digits[pos]
								  : !(s->conf->dial_plan->sets[token - CUBE_TOKEN_SET] >> s->digits[pos] & 1))
			return false;
		pos++;
	}
	*at = pos;
	return true;
}

/* How many bits are set. The compiler's own is a call of a function where every x86-64 must do. */
static unsigned count_bits(uint32_t bits)
{
	bits -= bits >> 1 & 0x55555555;
	bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
	return ((bits + (bits >> 4)) & 0x0f0f0f0f) * 0x01010101 >> 24;
}

/* The child that begins with the number's next digit. */
static const struct cube_dial_node *next_node(const struct search *s, const struct cube_dial_node *node, unsigned at)
{
	uint32_t bit = at < s->n_digits ? 1u << s->digits[at] : 0;

	if(!(node->digits & bit))
		return NULL;
	return &s->trie->nodes[node->children + count_bits(node->digits & (bit - 1))];
}

/* Recursion is as deep as the number is long, and one more: every label but a key's last has a token that eats a
 * digit. */
static void walk(struct search *s, const struct cube_dial_node *node, unsigned at)
{
	const struct cube_dial_node *next, *others;

	for(; node && label_fits(s, node, &at); node = next) {
		/* large plans wait for memory more than for anything else */
		others = &s->trie->nodes[node->children + count_bits(node->digits)];
		if(node->n_others)
			__builtin_prefetch(others);
		next = next_node(s, node, at);
		if(next)
			__builtin_prefetch(next);
		offer_entries(s, node, at);
		for(unsigned i = 0; i < node->n_others; i++)
			walk(s, &others[i], at);
	}
}

/* Adds to what s->hits has. */
static void find(struct search *s, enum cube_dial_index index, uint32_t root, struct cube_str number)
{
	s->trie = &s->conf->dial_plan->index[index];
	s->n_digits = cube_digits_of(number, s->digits);
	if(s->n_digits > 0 && s->max > 0)
		walk(s, &s->trie->nodes[root], 0);
}

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

static void find_uri_in(struct search *s, int tenant, unsigned of, const struct cube_uri_parts *parts)
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
		offer(s, &hit);
	}
}

bool cube_dial_plan_in(
		const struct cube_conf *conf, int tenant, const struct cube_call *call, struct cube_dial_hit *hit)
{
	struct search s = {.conf = conf, .hits = hit, .max = 1};
	uint32_t root = (uint32_t)(tenant + 1);
	unsigned of;

	for(of = 0; of < CUBE_N_URI_IN && s.n_hits == 0; of++) {
		s.by = (uint8_t)(CUBE_DIAL_BY_INCOMING_URI_VIA + of);
		if(call->uri[of])
			find_uri_in(&s, tenant, of, call->uri[of]);
	}
	if(s.n_hits == 0) {
		s.by = CUBE_DIAL_BY_INCOMING_CALLED;
		find(&s, CUBE_DIAL_IN_CALLED, root, call->called);
	}
	if(s.n_hits == 0) {
		s.by = CUBE_DIAL_BY_INCOMING_CALLING;
		find(&s, CUBE_DIAL_IN_CALLING, root, call->calling);
	}
	if(s.n_hits == 0) {
		s.by = CUBE_DIAL_BY_INCOMING_PATTERN;
		find(&s, CUBE_DIAL_IN_PATTERN, root, call->calling);
	}
	return s.n_hits > 0;
}

/* ---- out */

static void find_dpg(struct search *s, const struct cube_dpg *dpg)
{
	for(unsigned i = 0; i < dpg->n_members && s->n_hits < s->max; i++) {
		const struct cube_dial_peer *peer = &s->conf->dial_peers[dpg->members[i].peer];

		if(cube_dial_takes_out(s->conf, peer))
			s->hits[s->n_hits++] = (struct cube_dial_hit){.peer = peer,
					.preference = (uint8_t)dpg->members[i].preference,
					.by = s->by,
					.huntstop = peer->huntstop};
	}
}

/* What a rule of a policy asks for in the call at hand. */
struct rule
{
	const struct cube_call *call;
	unsigned bits;
};

static bool calling_fits(const struct search *s, const struct cube_dial_peer *peer, struct cube_str number)
{
	struct cube_dial_hit hit;
	struct search map = {.conf = s->conf, .hits = &hit, .max = 1};

	if(cube_dial_out(peer)->destination_calling_map.tag)
		find(&map, CUBE_DIAL_OUT_MAP, (uint32_t)cube_dial_out(peer)->destination_calling_map.index, number);
	return map.n_hits > 0;
}

/* Do the URIs of the rule fit, and does the calling number, where the rule asks for it, too? */
static bool rule_allows(const struct search *s, const struct cube_dial_peer *peer)
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
static void find_by_uris(struct search *s)
{
	const struct cube_dial_plan *plan = s->conf->dial_plan;

	for(unsigned i = 0; i < plan->n_uris_of; i++) {
		const struct cube_dial_peer *peer = &s->conf->dial_peers[plan->uris_out[plan->n_uris_out + i]];
		struct cube_dial_hit hit = {
				.peer = peer, .preference = (uint8_t)peer->preference, .by = s->by, .huntstop = peer->huntstop};

		if(s->allows(s, peer))
			offer(s, &hit);
	}
}

static void find_policy(struct search *s, const struct cube_policy *policy, const struct cube_call *call)
{
	struct rule rule = {.call = call};

	s->allows = rule_allows;
	s->arg = &rule;
	for(unsigned i = 0; i < policy->n_rules && s->n_hits == 0; i++) {
		rule.bits = policy->rules[i];
		if(rule.bits & CUBE_POLICY_CALLED)
			find(s, CUBE_DIAL_OUT_CALLED, 0, call->called);
		else if(rule.bits == CUBE_POLICY_CALLING)
			find(s, CUBE_DIAL_OUT_CALLING, 0, call->calling);
		else
			find_by_uris(s);
	}
	s->allows = NULL;
	s->arg = NULL;
}

static void find_uri_out(struct search *s, const struct cube_uri_parts *parts)
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
		offer(s, &hit);
	}
}

static void find_out(struct search *s, const struct cube_dial_peer *in, const struct cube_call *call)
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
	find_uri_out(s, call->uri[CUBE_URI_REQUEST]);
	if(s->n_hits == 0) {
		s->by = CUBE_DIAL_BY_CALLED;
		find(s, CUBE_DIAL_OUT_CALLED, 0, call->called);
	}
	if(s->n_hits == 0) {
		s->by = CUBE_DIAL_BY_CALLING;
		find(s, CUBE_DIAL_OUT_CALLING, 0, call->calling);
	}
}

unsigned cube_dial_plan_out(const struct cube_conf *conf, const struct cube_dial_peer *in, const struct cube_call *call,
		struct cube_dial_hit *hits, unsigned max)
{
	struct search s = {
			.conf = conf, .by_lot = conf->sip_ua.dial_peer_hunt_random, .lot = call->lot, .hits = hits, .max = max};

	find_out(&s, in, call);
	for(unsigned i = 0; i < s.n_hits; i++) {
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
