/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random configurations and calls: libcube, from the text of cube.conf on, must choose the dial-peers that loops over all of
 * them choose. The loops go by sections 2.1 and 2.2 of what was found out about IOS, and share no code with libcube. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "world_load.h"

Suite *suite_select_random(void);

#define NO (-1)

struct found
{
	const struct world_peer *peer;
	int rank, length, preference; /* rank and preference: lower is better */
};

struct founds
{
	enum cube_dial_by by;
	unsigned n;
	struct found v[WORLD_PEERS];
};

static bool is_before(const struct found *a, const struct found *b)
{
	if(a->rank != b->rank)
		return a->rank < b->rank;
	if(a->length != b->length)
		return a->length > b->length;
	if(a->preference != b->preference)
		return a->preference < b->preference;
	return a->peer->tag < b->peer->tag;
}

static void add(struct founds *f, const struct world_peer *peer, int rank, int length)
{
	struct found new = {peer, rank, length, peer->preference};
	unsigned i;

	if(length == NO)
		return;
	for(i = f->n++; i > 0 && is_before(&new, &f->v[i - 1]); i--)
		f->v[i] = f->v[i - 1];
	f->v[i] = new;
}

/* The most explicit digits that a pattern, or one of a map, has in the number; NO: none matches. */
static int length_of(const struct world *w, const char *pattern, int map, const char *number)
{
	unsigned digits = 0;
	int best = NO;

	if(pattern[0] && naive_match(pattern, number, &digits))
		best = (int)digits;
	for(unsigned i = 0; map != WORLD_NONE && !w->maps[map].shutdown && i < w->maps[map].n; i++)
		if(naive_match(w->maps[map].patterns[i], number, &digits) && (int)digits > best)
			best = (int)digits;
	return best;
}

/* Like length_of, of a URI; *rank by what the class asks for. */
static int uri_length(const struct world *w, int uri, const struct world_call *call, enum world_header of, int *rank)
{
	static const int ranks[] = {0, 1, 1, 0, 2, 3}; /* by enum world_uri_kind */
	const struct world_uri *u = &w->uris[uri < 0 ? 0 : uri];
	size_t length = strlen(u->digits);
	const char *user = call->uri[of].user, *host = call->uri[of].host;

	if(uri == WORLD_NONE || !call->uri[of].there)
		return NO;
	*rank = ranks[u->kind];
	if(u->kind == WORLD_URI_WHOLE_HAS)
		return strstr(call->uri[of].whole, u->digits) ? 0 : NO;
	if(call->uri[of].tel != (u->kind == WORLD_URI_TEL_BEGINS))
		return NO;
	switch(u->kind) {
		case WORLD_URI_HOST:
			return strcmp(host, u->host) == 0 ? (int)strlen(host) : NO;
		case WORLD_URI_USER_HAS:
			return strstr(user, u->digits) ? (int)length : NO;
		case WORLD_URI_HOST_AND_USER:
			return strcmp(host, u->host) == 0 && strncmp(user, u->digits, length) == 0 ? (int)(length + strlen(host))
																					   : NO;
		default:
			return strncmp(user, u->digits, length) == 0 ? (int)length : NO;
	}
}

/* ---- in */

static void add_in(struct founds *f, const struct world *w, const struct world_peer *p, const struct world_call *call)
{
	int rank = 0;

	switch(f->by) {
		case CUBE_DIAL_BY_INCOMING_URI_VIA:
		case CUBE_DIAL_BY_INCOMING_URI_REQUEST:
		case CUBE_DIAL_BY_INCOMING_URI_TO:
		case CUBE_DIAL_BY_INCOMING_URI_FROM: {
			enum world_header of = (enum world_header)(f->by - CUBE_DIAL_BY_INCOMING_URI_VIA);
			int length = uri_length(w, p->in_uri[of], call, of, &rank);

			add(f, p, rank, length);
			return;
		}
		case CUBE_DIAL_BY_INCOMING_CALLED:
			add(f, p, 0, length_of(w, p->called, p->called_map, call->called));
			return;
		case CUBE_DIAL_BY_INCOMING_CALLING:
			add(f, p, 0, length_of(w, p->answer, p->calling_map, call->calling));
			return;
		default:
			add(f, p, 0, length_of(w, p->destination, WORLD_NONE, call->calling));
	}
}

static void naive_in(const struct world *w, int tenant, const struct world_call *call, struct founds *f)
{
	f->n = 0;
	for(f->by = CUBE_DIAL_BY_INCOMING_URI_VIA; f->by <= CUBE_DIAL_BY_INCOMING_PATTERN; f->by++) {
		for(unsigned i = 0; i < w->n_peers; i++)
			if(w->peers[i].tenant == tenant && w->peers[i].may_in && !w->peers[i].shutdown)
				add_in(f, w, &w->peers[i], call);
		if(f->n > 0)
			return;
	}
}

/* ---- out */

static bool is_up(const struct world_peer *p)
{
	return p->may_out && !p->shutdown && p->target && !p->group_shut;
}

/* In each round the lowest preference that is left, as written: the position in a dpg is worth most. */
static void naive_dpg(const struct world *w, const struct world_dpg *dpg, struct founds *f)
{
	for(int preference = 0; preference < 3; preference++)
		for(unsigned i = 0; i < dpg->n; i++)
			if(dpg->preferences[i] == preference && is_up(&w->peers[dpg->peers[i]]))
				f->v[f->n++] = (struct found){&w->peers[dpg->peers[i]], 0, 0, preference};
}

/* The length by which a rule takes the dial-peer, NO if it does not. */
static int rule_length(const struct world *w, unsigned rule, const struct world_peer *p, const struct world_call *call)
{
	int called = length_of(w, p->destination, p->destination_map, call->called), rank;
	int calling = length_of(w, "", p->destination_calling_map, call->calling);

	for(unsigned of = 0; of < WORLD_HEADERS; of++)
		if((rule & 1u << of) && uri_length(w, p->destination_uri_of[of], call, (enum world_header)of, &rank) == NO)
			return NO;
	if((rule & 1u << WORLD_CALLED && called == NO) || (rule & 1u << WORLD_CALLING && calling == NO))
		return NO;
	if(rule & 1u << WORLD_CALLED)
		return called;
	return rule == 1u << WORLD_CALLING ? calling : 0;
}

static void naive_policy(const struct world *w, int policy, const struct world_call *call, struct founds *f)
{
	for(unsigned k = 0; k < w->policies[policy].n && f->n == 0; k++)
		for(unsigned i = 0; i < w->n_peers; i++)
			if(is_up(&w->peers[i]))
				add(f, &w->peers[i], 0, rule_length(w, w->policies[policy].rules[k], &w->peers[i], call));
}

static void naive_search(const struct world *w, const struct world_call *call, struct founds *f)
{
	for(f->by = CUBE_DIAL_BY_URI; f->by <= CUBE_DIAL_BY_CALLING; f->by++) {
		for(unsigned i = 0; i < w->n_peers; i++) {
			const struct world_peer *p = &w->peers[i];
			int rank = 0, length;

			if(f->by == CUBE_DIAL_BY_URI)
				length = uri_length(w, p->destination_uri, call, WORLD_REQUEST, &rank);
			else if(f->by == CUBE_DIAL_BY_CALLED)
				length = length_of(w, p->destination, p->destination_map, call->called);
			else
				length = length_of(w, "", p->destination_calling_map, call->calling);
			if(is_up(p))
				add(f, p, rank, length);
		}
		if(f->n > 0)
			return;
	}
}

static void naive_out(
		const struct world *w, const struct world_peer *in, const struct world_call *call, struct founds *f)
{
	f->n = 0;
	if(in && in->dpg != WORLD_NONE && !w->dpgs[in->dpg].shutdown) {
		f->by = CUBE_DIAL_BY_DPG;
		naive_dpg(w, &w->dpgs[in->dpg], f);
	} else if(in && in->policy != WORLD_NONE) {
		f->by = CUBE_DIAL_BY_POLICY;
		naive_policy(w, in->policy, call, f);
	} else {
		naive_search(w, call, f);
	}
}

/* ---- against libcube */

static unsigned counts[CUBE_DIAL_BY_CALLING + 1]; /* by what dial-peers were found, lest nothing is said about one */

static void compare_in(const struct cube_conf *conf, const struct world *w, const struct world_call *call,
		const struct cube_call *facts)
{
	for(int tenant = 0; tenant < 3; tenant++) { /* two tenants, sorted by tag */
		struct cube_dial_hit hit = {.peer = NULL};
		struct founds want;
		bool got = cube_dial_plan_in(conf, tenant - 1, facts, &hit);

		naive_in(w, tenant * 100, call, &want);
		ck_assert_msg(got == (want.n > 0) && (!got || (hit.peer->tag == want.v[0].peer->tag && hit.by == want.by)),
				"in %d: %s: got %d by %s, want %d by %s", tenant * 100, call->line, got ? hit.peer->tag : 0,
				cube_dial_by_name(hit.by), want.n ? want.v[0].peer->tag : 0,
				want.n ? cube_dial_by_name(want.by) : "nothing");
		counts[want.n ? want.by : CUBE_DIAL_BY_NONE]++;
	}
}

static bool are_equal(const struct found *a, const struct found *b)
{
	return a->rank == b->rank && a->length == b->length && a->preference == b->preference;
}

/* Is this hit the one that has place i, or, with lots, one of its equals that has no place yet? */
static bool fits(const struct founds *want, unsigned i, const struct cube_dial_hit *hit, bool lots, bool *used)
{
	for(unsigned k = 0; k < want->n; k++) {
		if(want->v[k].peer->tag != hit->peer->tag)
			continue;
		if(used[k] || hit->by != want->by || (lots ? !are_equal(&want->v[k], &want->v[i]) : k != i))
			return false;
		used[k] = true;
		return want->by == CUBE_DIAL_BY_DPG
			   || (hit->rank == want->v[k].rank && (int)hit->explicit_digits == want->v[k].length);
	}
	return false;
}

static void compare_out(const struct cube_conf *conf, const struct world *w, const struct world_peer *in,
		const struct world_call *call, const struct cube_call *facts, unsigned max)
{
	const struct cube_dial_peer *peer = in ? cube_conf_dial_peer(conf, in->tag) : NULL;
	bool used[WORLD_PEERS] = {false}, stopped = false;
	struct cube_dial_hit got[CUBE_HUNT_MAX];
	struct founds want;
	unsigned n = cube_dial_plan_out(conf, peer, facts, got, max), i;

	naive_out(w, in, call, &want);
	for(i = 0; i < n; i++) {
		ck_assert_msg(i < want.n && !stopped && fits(&want, i, &got[i], w->by_lot && want.by != CUBE_DIAL_BY_DPG, used),
				"out %d: %s: %d at place %u, by %s; want %d, by %s", in ? in->tag : 0, call->line, got[i].peer->tag, i,
				cube_dial_by_name(got[i].by), i < want.n ? want.v[i].peer->tag : 0, cube_dial_by_name(want.by));
		stopped = got[i].peer->huntstop;
	}
	ck_assert_msg(stopped || n == (want.n < max ? want.n : max), "out %d: %s: %u found, want %u, at most %u",
			in ? in->tag : 0, call->line, n, want.n, max);
	counts[want.n ? want.by : CUBE_DIAL_BY_NONE]++;
}

#define WORLDS 200
#define CALLS 100

START_TEST(test_worlds)
{
	struct random_source r = {(uint64_t)_i + 1000};
	static struct world w;

	for(unsigned i = 0; i < WORLDS * random_times(); i++) {
		struct cube_conf *conf;

		random_world(&r, &w);
		conf = world_load(&r, &w, "");
		for(unsigned k = 0; k < CALLS; k++) {
			unsigned in = random_below(&r, w.n_peers * 4 / 3 + 1);
			struct world_call made;
			struct call call;

			random_call(&r, &w, &made);
			call_read(&call, made.line);
			compare_in(conf, &w, &made, &call.call);
			compare_out(conf, &w, in < w.n_peers ? &w.peers[in] : NULL, &made, &call.call,
					1 + random_below(&r, CUBE_HUNT_MAX));
		}
		cube_conf_free(&conf);
	}
	for(int by = 0; by <= CUBE_DIAL_BY_CALLING; by++)
		ck_assert_msg(counts[by] >= 50, "only %u times by %s", counts[by], cube_dial_by_name((enum cube_dial_by)by));
}
END_TEST

Suite *suite_select_random(void)
{
	Suite *s = suite_create("select_random");
	TCase *t = tcase_create("select_random");

	tcase_set_timeout(t, 120.0 * random_times());
	tcase_add_loop_test(t, test_worlds, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
