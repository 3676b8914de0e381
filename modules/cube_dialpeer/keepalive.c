/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Once a second: follows the configuration, takes what questions came to, asks who is due. There are two such processes, one
 * for addresses and one for names, since a resolver that is dead holds up who asks it. Each alone changes its own entries of
 * the table, so it reads them without the lock. */
#include <stdlib.h>
#include <time.h>

#include "core/dprint.h"
#include "core/pt.h"
#include "core/timer_proc.h"

#include "../libcube/dialpeer/usable.h"
#include "ask.h"
#include "keepalive.h"
#include "tell.h"

#define ROUND_SECONDS 1 /* after which nobody else is asked in a round: a resolver may be dead */

static const struct cube_tenant_api *tenant;

/* ---- for everybody */

bool keepalive_is_down(void *ctx, const struct cube_watch *watch)
{
	struct trunk_state state;

	return trunks_get(watch, &state) && state.keepalive.down;
}

bool keepalive_is_up(const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	return cube_usable_up(conf, peer, NULL, keepalive_is_down, NULL);
}

/* ---- the process */

/* What it asks. Made anew with each generation of the configuration, to which it points. */
static struct
{
	enum cube_target_kind kind;
	unsigned generation;
	struct cube_watch_list list; /* of both kinds */
	struct trunk **trunks;		 /* one for each of list; NULL: the other process's, or there was no memory for it */
	unsigned *changed;			 /* room for the dial-peers of one */
} asked;

static int64_t clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void gone(const struct trunk_state *state)
{
	if(state->keepalive.asking)
		ask_forget(state->place);
}

static void follow_trunks(int64_t now)
{
	struct trunk_state begin = {.since = time(NULL), .ms = -1};
	unsigned i, n_new = 0;
	bool known;

	for(i = 0; i < asked.list.n; i++) {
		if(asked.list.v[i].watch.target.kind != asked.kind)
			continue;
		cube_keepalive_begin(&begin.keepalive, now, n_new);
		asked.trunks[i] = trunks_put(&asked.list.v[i].watch, &begin, &known);
		n_new += !known;
	}
	trunks_sweep(asked.kind, gone);
}

/* False: there is no memory, and what there is points to a configuration that may be gone. */
static bool follow(const struct cube_snapshot *s, int64_t now)
{
	unsigned i, most = 1;
	int rc;

	if(s->generation == asked.generation)
		return true;
	free(asked.trunks);
	free(asked.changed);
	cube_watch_list_free(&asked.list);
	rc = cube_watch_list_make(s->conf, &asked.list);
	for(i = 0; i < asked.list.n; i++)
		most = asked.list.v[i].n_peers > most ? asked.list.v[i].n_peers : most;
	asked.trunks = calloc(asked.list.n + 1, sizeof(struct trunk *));
	asked.changed = calloc(most, sizeof(*asked.changed));
	if(rc < 0 || !asked.trunks || !asked.changed) {
		asked.generation = 0;
		LM_ERR("no memory for the targets that are asked by OPTIONS\n");
		return false;
	}
	asked.generation = s->generation;
	follow_trunks(now);
	return true;
}

static const struct cube_keepalive *profile_of(const struct cube_conf *conf, const struct cube_watched *w)
{
	return &conf->keepalives[conf->dial_peers[w->peers[0]].keepalive.index];
}

/* A dial-peer changes with its last server that is up, or its first one. */
static void tell_of(const struct cube_conf *conf, const struct cube_watched *w, bool up, int result)
{
	struct tell t = {.conf = conf,
			.watch = &w->watch,
			.up = up,
			.result = result,
			.n_peers = w->n_peers,
			.changed = asked.changed};
	unsigned i;

	for(i = 0; i < w->n_peers; i++) {
		if(!cube_usable_up(conf, &conf->dial_peers[w->peers[i]], &w->watch, keepalive_is_down, NULL))
			asked.changed[t.n_changed++] = w->peers[i];
	}
	tell(&t);
}

static void take(const struct cube_conf *conf, unsigned i, int result, int ms, int64_t now)
{
	const struct cube_watched *w = &asked.list.v[i];
	struct trunk_state state = *trunks_state(asked.trunks[i]);
	enum cube_keepalive_change change = cube_keepalive_answered(&state.keepalive, profile_of(conf, w), result, now);

	state.result = result;
	state.ms = result >= 200 ? ms : -1;
	if(change != CUBE_KEEPALIVE_SAME)
		state.since = time(NULL);
	trunks_change(asked.trunks[i], &state);
	if(change != CUBE_KEEPALIVE_SAME)
		tell_of(conf, w, change == CUBE_KEEPALIVE_UP, result);
}

static void take_results(const struct cube_conf *conf, int64_t now)
{
	unsigned i;

	for(i = 0; i < asked.list.n; i++) {
		const struct trunk_state *state = asked.trunks[i] ? trunks_state(asked.trunks[i]) : NULL;
		int result, ms;

		if(!state || !state->keepalive.asking)
			continue;
		result = ask_result(state->place, &ms);
		if(result == CUBE_KEEPALIVE_NOTHING && cube_keepalive_overdue(&state->keepalive, now)) {
			ask_forget(state->place);
			result = CUBE_KEEPALIVE_NO_ANSWER;
		}
		if(result != CUBE_KEEPALIVE_NOTHING)
			take(conf, i, result, ms, now);
	}
}

static bool is_due(const struct cube_conf *conf, unsigned i, int64_t now)
{
	return asked.trunks[i]
		   && cube_keepalive_due(&trunks_state(asked.trunks[i])->keepalive, profile_of(conf, &asked.list.v[i]), now);
}

static void ask(const struct cube_conf *conf, unsigned i, int place, int64_t now)
{
	struct trunk_state state = *trunks_state(asked.trunks[i]);
	bool again = state.keepalive.failures > 0; /* the core has said why */
	int result;

	cube_keepalive_asked(&state.keepalive, now);
	state.place = place;
	trunks_change(asked.trunks[i], &state);
	if(again)
		ksr_quiet_begin();
	result = ask_send(place, conf, &asked.list.v[i].watch);
	if(again)
		ksr_quiet_end();
	if(result != CUBE_KEEPALIVE_NOTHING)
		take(conf, i, result, -1, now);
}

/* Those of one kind. Where not all get their turn, the next round goes on behind the last one. */
static void ask_due(const struct cube_conf *conf, enum ask_kind kind, int64_t now)
{
	static unsigned at[ASK_KINDS];
	unsigned i, k;
	int place;

	for(k = 0; k < asked.list.n; k++) {
		i = (at[kind] + k) % asked.list.n;
		if(ask_kind_of(&asked.list.v[i].watch) != kind || !is_due(conf, i, now))
			continue;
		place = ask_place(kind);
		if(place < 0 || clock_seconds() > now + ROUND_SECONDS) {
			at[kind] = i;
			return;
		}
		ask(conf, i, place, now);
	}
}

static void keepalive_round(unsigned int ticks, void *param)
{
	const enum cube_target_kind *kind = param;
	struct cube_snapshot *s = tenant->acquire();
	int64_t now = clock_seconds();

	if(!s)
		return;
	asked.kind = *kind;
	if(follow(s, now)) {
		take_results(s->conf, now);
		ask_due(s->conf, *kind == CUBE_TARGET_DNS ? ASK_NAME_UDP : ASK_ADDRESS_UDP, now);
		ask_due(s->conf, *kind == CUBE_TARGET_DNS ? ASK_NAME_STREAM : ASK_ADDRESS_STREAM, now);
	}
	tenant->release(s);
}

int keepalive_init(const struct cube_tenant_api *api)
{
	tenant = api;
	if(trunks_init() < 0 || ask_init(api) < 0)
		return -1;
	tell_init();
	return register_basic_timers(2) < 0 ? -1 : 0;
}

int keepalive_start(void)
{
	static enum cube_target_kind address = CUBE_TARGET_IP, name = CUBE_TARGET_DNS;

	if(fork_basic_timer(PROC_TIMER, "cube_dialpeer keepalive", 1, keepalive_round, &address, 1) < 0
			|| fork_basic_timer(PROC_TIMER, "cube_dialpeer keepalive names", 1, keepalive_round, &name, 1) < 0) {
		LM_ERR("the keepalive processes cannot be started\n");
		return -1;
	}
	return 0;
}
