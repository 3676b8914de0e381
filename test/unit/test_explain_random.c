/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random configurations, calls and states of what they lead to: a dry run must name the targets that a call tries if each of them
 * fails, in their order, and the answer if there are none. What may be tried is decided here anew, without usable.c. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/target.h"
#include "../../modules/libcube/dialpeer/explain.h"
#include "../../modules/libcube/dialpeer/hunting.h"
#include "calls.h"
#include "world_load.h"

Suite *suite_explain_random(void);

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

#define TARGETS 5
static struct cube_target targets[TARGETS];
static struct cube_server servers[3];
static struct cube_keepalive keepalive = {.tag = 1};

/* What is so at present. */
static struct
{
	unsigned long calls[WORLD_PEERS];
	bool down[TARGETS];
	bool counted;
} now;

/* "tag target, tag target" in the order of tries; or the answer. */
struct list
{
	char text[4096];
	size_t used;
};

static void list_add(struct list *l, int tag, const char *target)
{
	l->used += (size_t)snprintf(l->text + l->used, sizeof(l->text) - l->used, "%d %s, ", tag, target);
	ck_assert_uint_lt(l->used, sizeof(l->text));
}

/* ---- the configuration: what random_world knows nothing of is set behind it */

static void make_targets(void)
{
	for(unsigned i = 0; i < TARGETS; i++)
		targets[i] = (struct cube_target){.kind = CUBE_TARGET_IP, .addr = {{4, {192, 0, 2, (uint8_t)(10 + i)}}, 0}};
	for(unsigned i = 0; i < N(servers); i++)
		servers[i].target = targets[i + 1];
}

static void vary_peer(struct random_source *r, struct cube_conf *conf, struct cube_dial_peer *peer)
{
	if(peer->target)
		peer->target = &targets[random_below(r, TARGETS)];
	peer->url = random_below(r, 3) ? CUBE_URL_SIP : CUBE_URL_SIPS;
	peer->sips_downgrade = random_below(r, 3) == 0;
	peer->max_conn = (int)(random_below(r, 3) ? 0 : 1 + random_below(r, 3));
	if(random_below(r, 2))
		peer->keepalive = (struct cube_ref){1, 0};
	if(random_below(r, 5))
		return;
	ck_assert((peer->more = cube_arena_get(conf->arena, sizeof(*peer->more))) != NULL);
	peer->more->translation_out = (struct cube_name_ref){CUBE_STR("no-five"), 0};
}

static struct cube_conf *load(struct random_source *r, const struct world *w)
{
	static const char rules[] = "translation-rule 1 { rule = { \"reject /5/\" } }\n"
								"translation-profile no-five { called = 1 }\n";
	struct cube_conf *conf = world_load(r, w, rules);

	conf->keepalives = &keepalive;
	conf->n_keepalives = 1;
	conf->server_groups[0].servers = servers;
	conf->server_groups[0].n_servers = N(servers);
	for(unsigned i = 0; i < conf->n_dial_peers; i++)
		vary_peer(r, conf, &conf->dial_peers[i]);
	return conf;
}

/* ---- the present */

static void vary_now(struct random_source *r)
{
	for(unsigned i = 0; i < WORLD_PEERS; i++)
		now.calls[i] = random_below(r, 4);
	for(unsigned i = 0; i < TARGETS; i++)
		now.down[i] = random_below(r, 3) == 0;
	now.counted = random_below(r, 8) != 0;
}

static bool is_down(const struct cube_target *target)
{
	return now.down[target->addr.ip.bytes[3] - 10];
}

static bool ask_down(void *ctx, const struct cube_watch *watch, int64_t *since)
{
	(void)ctx;
	*since = 1;
	return is_down(&watch->target);
}

static bool ask_calls(void *ctx, int tag, unsigned long *calls)
{
	const struct cube_conf *conf = ctx;

	*calls = now.calls[cube_conf_dial_peer(conf, tag) - conf->dial_peers];
	return now.counted;
}

/* ---- what a call does */

/* A place is taken by the call that comes in by the dial-peer. */
static bool is_full(const struct cube_conf *conf, const struct cube_dial_peer *peer, bool taken)
{
	return peer->max_conn && (!now.counted || now.calls[peer - conf->dial_peers] + taken >= (unsigned)peer->max_conn);
}

struct verdict
{
	bool sips; /* it was for that that it was passed over */
	bool ok;
};

static struct verdict judge(const struct cube_conf *conf, const struct cube_dial_peer *in, const struct cube_call *call,
		const struct cube_dial_peer *peer, const struct cube_target *target)
{
	const struct cube_uri_parts *uri = call->uri[CUBE_URI_REQUEST];
	bool sips = uri && cube_str_eq(uri->scheme, CUBE_STR("sips")), five = memchr(call->called.s, '5', call->called.len);

	if(sips && peer->url == CUBE_URL_SIP && !peer->sips_downgrade)
		return (struct verdict){.sips = true};
	if((peer->more && peer->more->translation_out.name.len && five) || (peer->keepalive.tag && is_down(target))
			|| is_full(conf, peer, peer == in))
		return (struct verdict){.ok = false};
	return (struct verdict){.ok = true};
}

/* As modules/cube_dialpeer/hunt.c goes on, if every target answers 503. */
static void select_all(
		const struct cube_conf *conf, const struct cube_dial_peer *in, const struct cube_call *call, struct list *l)
{
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned n = cube_dial_plan_out(conf, in, call, hits, CUBE_HUNT_MAX);
	char text[CUBE_TARGET_TEXT_MAX];
	struct cube_hunting hunting;
	const char *answer = n == 0 ? "404" : "503";
	bool left = n > 0;

	if(n > 0 && in && is_full(conf, in, false))
		left = false;
	cube_hunting_begin(&hunting, conf, hits, n, 0);
	while(left) {
		const struct cube_dial_peer *peer;
		const struct cube_target *target = cube_hunting_target(&hunting, conf, &peer);
		struct verdict v;

		ck_assert_ptr_nonnull(target);
		v = judge(conf, in, call, peer, target);
		if(v.ok)
			list_add(l, peer->tag, cube_target_text(target, text));
		if(v.sips)
			answer = "480";
		left = cube_hunting_next(&hunting, conf, CUBE_HUNTING_SERVER, 0);
	}
	if(l->used == 0)
		snprintf(l->text, sizeof(l->text), "%s", answer);
}

/* ---- what a dry run says of it */

struct told
{
	struct list list;
	char heading[32], target[64], answer[8];
	size_t begun; /* of the list, with the dial-peer at hand */
	int peer;
	bool passed; /* the target at hand */
};

static void told_end(struct told *t)
{
	if(t->target[0] && !t->passed)
		list_add(&t->list, t->peer, t->target);
	t->target[0] = '\0';
	t->passed = false;
}

static void take_row(void *ctx, const char *heading)
{
	struct told *t = ctx;

	told_end(t);
	snprintf(t->heading, sizeof(t->heading), "%s", heading);
	if(strcmp(heading, "outbound") == 0)
		t->begun = t->list.used;
}

static void take_text(void *ctx, const char *name, const char *value)
{
	const char *gets = strstr(value, "the call gets ");
	struct told *t = ctx;

	if(strcmp(name, "target") == 0 && strncmp(value, "ipv4:", 5) == 0)
		snprintf(t->target, sizeof(t->target), "%s", value + 5);
	else if(strcmp(name, "keepalive") == 0)
		t->passed = strstr(value, "passed over") != NULL;
	else if(strcmp(name, "becomes") == 0 && strstr(value, "passed over"))
		t->list.text[t->list.used = t->begun] = '\0';
	else if(strcmp(t->heading, "outbound") == 0 && gets)
		snprintf(t->answer, sizeof(t->answer), "%s", gets + 14);
}

static void take_number(void *ctx, const char *name, int value)
{
	struct told *t = ctx;

	if(strcmp(name, "dial-peer") == 0)
		t->peer = value;
}

static void explain_all(const struct cube_conf *conf, const struct cube_dial_peer *in, const struct call *call,
		const struct world_call *made, struct told *t)
{
	struct cube_rows rows = {take_row, take_text, take_number, t};
	struct cube_explain_ask ask;

	memset(t, 0, sizeof(*t));
	cube_explain_begin(&ask);
	ask.peer_tag = in ? in->tag : 0;
	ask.called = cube_str_of(made->called);
	ask.calling = cube_str_of(made->calling);
	for(unsigned of = 0; of < CUBE_N_URI_OF; of++) {
		if(call->call.uri[of] && of != CUBE_URI_VIA) /* no criterion of calls that go out by a dial-peer's uri */
			ask.uri[of] = call->call.uri[of]->whole;
	}
	ask.down = ask_down;
	ask.calls = ask_calls;
	ask.ctx = (void *)(uintptr_t)conf;
	ck_assert_int_ge(cube_explain(conf, &ask, &rows), 0);
	told_end(t);
	if(t->list.used == 0)
		snprintf(t->list.text, sizeof(t->list.text), "%s", t->answer);
}

static unsigned n_lists, n_answers[3]; /* lest nothing is said about one */

/* Where there is no number the dry run takes the URI's, a call what a dial-peer in has left. */
static bool is_asked_alike(const struct world_call *made, const struct call *call)
{
	return (made->called[0] || !call->call.uri[CUBE_URI_REQUEST])
		   && (made->calling[0] || !call->call.uri[CUBE_URI_FROM]);
}

static void compare(const struct cube_conf *conf, const struct cube_dial_peer *in, const struct world_call *made)
{
	struct list want = {.used = 0};
	struct told told;
	struct call call;

	call_read(&call, made->line);
	call.call.lot = 0;
	call.call.uri[CUBE_URI_VIA] = NULL;
	if(!is_asked_alike(made, &call))
		return;
	select_all(conf, in, &call.call, &want);
	explain_all(conf, in, &call, made, &told);
	ck_assert_msg(strcmp(want.text, told.list.text) == 0, "in %d: %s:\ntold  %s\ntries %s", in ? in->tag : 0,
			made->line, told.list.text, want.text);
	n_lists += want.used > 0;
	n_answers[0] += strcmp(want.text, "404") == 0;
	n_answers[1] += strcmp(want.text, "480") == 0;
	n_answers[2] += strcmp(want.text, "503") == 0;
}

#define WORLDS 60
#define CALLS 60

START_TEST(test_worlds)
{
	struct random_source r = {(uint64_t)_i + 5000};
	static struct world w;

	make_targets();
	for(unsigned i = 0; i < WORLDS * random_times(); i++) {
		struct cube_conf *conf;

		random_world(&r, &w);
		conf = load(&r, &w);
		for(unsigned k = 0; k < CALLS; k++) {
			unsigned in = random_below(&r, conf->n_dial_peers * 2);
			struct world_call made;

			vary_now(&r);
			random_call(&r, &w, &made);
			compare(conf, in < conf->n_dial_peers ? &conf->dial_peers[in] : NULL, &made);
		}
		cube_conf_free(&conf);
	}
	ck_assert_uint_ge(n_lists, 500);
	for(unsigned i = 0; i < N(n_answers); i++)
		ck_assert_msg(n_answers[i] >= 20, "only %u of answer %u", n_answers[i], i);
}
END_TEST

Suite *suite_explain_random(void)
{
	Suite *s = suite_create("explain_random");
	TCase *t = tcase_create("explain_random");

	tcase_set_timeout(t, 120.0 * random_times());
	tcase_add_loop_test(t, test_worlds, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
