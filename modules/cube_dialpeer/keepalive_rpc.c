/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list is the running configuration's; what is known of each comes from the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/dprint.h"

#include "../libcube/conf/names.h"
#include "../libcube/show/state.h"
#include "keepalive_rpc.h"
#include "peers.h"
#include "trunks.h"

#define ROW_BYTES 310 /* of an answer, without target and dial-peers */
#define TAGS_MAX 20	  /* of a target's dial-peers are named */

static const struct cube_tenant_api *tenant;

/* ---- cube_dialpeer.keepalive */

static const char *state_name(const struct trunk_state *s)
{
	if(s->result == CUBE_KEEPALIVE_NOTHING)
		return "unknown";
	return s->keepalive.down ? "down" : "up";
}

static const char *tags_text(const struct cube_conf *conf, const struct cube_watched *w, char *buf, size_t size)
{
	size_t used = 0;
	unsigned i;

	for(i = 0; i < w->n_peers && i < TAGS_MAX; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%d", i ? "," : "", conf->dial_peers[w->peers[i]].tag);
	if(w->n_peers > TAGS_MAX)
		snprintf(buf + used, size - used, " and %u others", w->n_peers - TAGS_MAX);
	return buf;
}

static const char *time_text(int64_t at, char buf[32])
{
	time_t t = (time_t)at;
	struct tm utc;

	strftime(buf, 32, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&t, &utc));
	return buf;
}

/* Seconds until the next question; 0: it is on its way, or about to be. */
static int seconds_left(const struct cube_keepalive_state *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return s->asking || s->next <= now.tv_sec ? 0 : (int)(s->next - now.tv_sec);
}

static const char *ms_text(int ms, char buf[16])
{
	if(ms < 0)
		return "-";
	snprintf(buf, 16, "%d ms", ms);
	return buf;
}

struct answer
{
	rpc_t *rpc;
	void *ctx;
	const struct cube_conf *conf;
	size_t room;
	int more; /* that did not fit */
};

static bool row_add(struct answer *a, const struct cube_watched *w, const struct trunk_state *s)
{
	char target[CUBE_TARGET_TEXT_MAX], number[16], took[16], since[32], tags[CUBE_STATE_PEERS_MAX];
	size_t bytes;
	void *row;

	cube_target_text(&w->watch.target, target);
	tags_text(a->conf, w, tags, sizeof(tags));
	bytes = ROW_BYTES + strlen(target) + strlen(tags);
	if(a->room < bytes || a->rpc->add(a->ctx, "{", &row) < 0)
		return false;
	a->room -= bytes;
	return a->rpc->struct_add(row, "dssdssssdds", "tenant", w->watch.tenant, "target", target, "transport",
				   cube_transport_name(w->watch.transport), "options-keepalive", w->watch.profile, "state",
				   state_name(s), "last-answer", cube_keepalive_result_name(s->result, number), "round-trip",
				   ms_text(s->ms, took), "since", time_text(s->since, since), "failures", s->keepalive.failures,
				   "next-question", seconds_left(&s->keepalive), "dial-peers", tags)
		   >= 0;
}

/* Those that are down, or the others. */
static void rows_add(struct answer *a, const struct cube_watch_list *list, bool down)
{
	unsigned i;

	for(i = 0; i < list->n; i++) {
		struct trunk_state s = {.result = CUBE_KEEPALIVE_NOTHING, .ms = -1};

		if(!trunks_get(&list->v[i].watch, &s))
			s.since = time(NULL); /* a reload has just brought it */
		if(s.keepalive.down == down && (a->more > 0 || !row_add(a, &list->v[i], &s)))
			a->more++;
	}
}

static const char *keepalive_doc[] = {
		"The targets that are asked by OPTIONS whether they are there, those that are down "
		"first: state (up, down, unknown before the first answer, which counts as up), what "
		"the last question came to and how long that took, since when, how many failed in a row, seconds until the "
		"next one",
		NULL};

static void rpc_keepalive(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *s = tenant->acquire();
	struct answer a = {.rpc = rpc, .ctx = ctx, .room = ksr_rpc_room()};
	struct cube_watch_list list;
	void *row;

	if(!s) {
		rpc->fault(ctx, 500, "no configuration is running");
		return;
	}
	a.conf = s->conf;
	if(cube_watch_list_make(s->conf, &list) < 0) {
		rpc->fault(ctx, 500, "no memory");
	} else {
		rows_add(&a, &list, true);
		rows_add(&a, &list, false);
		if(a.more > 0 && rpc->add(ctx, "{", &row) == 0)
			rpc->struct_add(row, "ds", "more", a.more, "remedy", "kamcmd's socket carries no more: ask over JSON-RPC");
	}
	cube_watch_list_free(&list);
	tenant->release(s);
}

/* clang-format off */
rpc_export_t keepalive_rpc[] = {
	{"cube_dialpeer.keepalive", rpc_keepalive, keepalive_doc, RPC_RET_ARRAY},
	{0, 0, 0, 0}
};
/* clang-format on */

/* ---- for cube_tls's metrics */

/* What became of calls to the dial-peers that have it. */
static void hunted(const struct cube_conf *conf, const struct cube_watched *w, struct cube_state_trunk *t)
{
	unsigned long counts[N_PEER_COUNTS];

	for(unsigned i = 0; i < w->n_peers; i++) {
		if(!peers_get(conf->dial_peers[w->peers[i]].tag, counts))
			continue;
		t->sent += counts[PEER_OUT];
		t->answered += counts[PEER_ANSWERED];
		t->failed += counts[PEER_FAILED];
	}
}

static void trunk_fill(const struct cube_conf *conf, const struct cube_watched *w, struct cube_state_trunk *t)
{
	struct trunk_state state = {.result = CUBE_KEEPALIVE_NOTHING, .ms = -1, .since = time(NULL)};
	char number[16];

	(void)trunks_get(&w->watch, &state); /* else a reload has just brought it */
	t->tenant = w->watch.tenant;
	t->profile = w->watch.profile;
	t->transport = w->watch.transport;
	t->up = !state.keepalive.down;
	t->known = state.result != CUBE_KEEPALIVE_NOTHING;
	t->since = state.since;
	t->response = state.result >= 200 ? state.result : 0;
	t->ms = state.ms;
	cube_target_text(&w->watch.target, t->target);
	snprintf(t->answer, sizeof(t->answer), "%s", cube_keepalive_result_name(state.result, number));
	tags_text(conf, w, t->peers, sizeof(t->peers));
	hunted(conf, w, t);
}

static int trunks(const struct cube_conf *conf, struct cube_state_trunk **out)
{
	struct cube_watch_list list;
	int rc = cube_watch_list_make(conf, &list);

	*out = rc == 0 ? calloc(list.n + 1, sizeof(**out)) : NULL;
	for(unsigned i = 0; *out && i < list.n; i++)
		trunk_fill(conf, &list.v[i], &(*out)[i]);
	rc = *out ? (int)list.n : -1;
	cube_watch_list_free(&list);
	return rc;
}

static const struct cube_dialpeer_ops ops = {.trunks = trunks};

void keepalive_rpc_init(const struct cube_tenant_api *api)
{
	tenant = api;
	api->register_dialpeer(&ops);
}
