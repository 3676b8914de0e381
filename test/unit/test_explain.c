/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dry runs: the whole text of those in test/conf/explain/calls.txt, what matches against what the index finds in random
 * dial-plans, the summary, and what is no call. Runs in the root of the tree. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/target.h"
#include "../../modules/libcube/dialpeer/explain_private.h"
#include "../../modules/libcube/show/dialpeers.h"
#include "helper.h"
#include "random_pattern.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))
#define PLAN "test/conf/explain/plan.conf"
#define CALLS "test/conf/explain/calls.txt"

Suite *suite_explain(void);

static char text[1 << 18];
static size_t used;

static void take(void *ctx, const char *line)
{
	ck_assert_ptr_eq(ctx, text);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", line);
	ck_assert_uint_lt(used, sizeof(text));
}

static struct cube_conf *load(const char *conf)
{
	struct helper_files files;
	struct cube_conf *loaded;
	struct cube_err err;

	helper_files_init(&files);
	helper_files_pki(&files);
	loaded = helper_load(&files, conf, strlen(conf), &err);
	ck_assert_msg(loaded != NULL, "%s", err.text);
	helper_files_free(&files);
	return loaded;
}

/* What is so at present, by words "now:down=BEGIN" (of the target's address), "now:calls=N" (of each dial-peer), "now:uncounted". */
struct now
{
	bool known, uncounted;
	const char *down; /* NULL: none is */
	unsigned long calls;
};

static bool now_down(void *ctx, const struct cube_watch *watch, int64_t *since)
{
	const struct now *now = ctx;
	char target[CUBE_TARGET_TEXT_MAX];

	cube_target_text(&watch->target, target);
	*since = 1767225600 + watch->target.addr.ip.bytes[3];
	return now->down && strncmp(target, now->down, strlen(now->down)) == 0;
}

static bool now_calls(void *ctx, int tag, unsigned long *calls)
{
	const struct now *now = ctx;

	(void)tag;
	*calls = now->calls;
	return !now->uncounted;
}

static bool now_word(struct now *now, char *word)
{
	if(strncmp(word, "now:", 4) != 0)
		return false;
	now->known = true;
	if(strncmp(word, "now:down=", 9) == 0)
		now->down = word + 9;
	else if(strncmp(word, "now:calls=", 10) == 0)
		now->calls = strtoul(word + 10, NULL, 10);
	else
		now->uncounted = true;
	return true;
}

/* words: with blanks between them; "in" at first. The text is in `text`, with the result as its last line. */
static void dry_run(const struct cube_conf *conf, const char *words)
{
	struct cube_rows_lines lines = {take, text};
	struct cube_rows rows = cube_rows_as_lines(&lines);
	char copy[1024], *word, *state = copy;
	struct now now = {.known = false};
	struct cube_explain_ask ask;
	struct cube_err err;
	int found;

	cube_err_reset(&err);
	cube_explain_begin(&ask);
	ck_assert_uint_lt(strlen(words), sizeof(copy));
	memcpy(copy, words, strlen(words) + 1);
	while((word = strsep(&state, " ")) != NULL) {
		if(strcmp(word, "in") == 0)
			ask.in_only = true;
		else if(!now_word(&now, word))
			ck_assert_msg(cube_explain_word(&ask, cube_str_of(word), &err) == 0, "%s", err.text);
	}
	if(now.known) {
		ask.down = now_down;
		ask.calls = now_calls;
		ask.ctx = &now;
	}
	found = cube_explain(conf, &ask, &rows);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "found %d\n", found);
}

/* "$ words" and the text below it, again and again. Written anew here, and compared as a whole. */
START_TEST(calls)
{
	char *plan = helper_read(PLAN, NULL), *want = helper_read(CALLS, NULL), *line, *end;
	struct cube_conf *conf = load(plan);
	unsigned n = 0;

	used = 0;
	for(line = want; *line; line = end) {
		char words[1024];

		end = strchr(line, '\n') + 1;
		if(strncmp(line, "$ ", 2) != 0)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s", (int)(end - line), line);
		snprintf(words, sizeof(words), "%.*s", (int)(end - line - 3), line + 2);
		dry_run(conf, words);
		n++;
	}
	ck_assert_uint_ge(n, 20);
	if(strcmp(text, want) != 0) {
		FILE *file = fopen("build/explain-calls.txt", "w");

		fputs(text, file);
		fclose(file);
		ck_abort_msg("the text is not that of " CALLS ": diff it with build/explain-calls.txt");
	}
	cube_conf_free(&conf);
	free(plan);
	free(want);
}
END_TEST

#define SIP_UA "sip-ua { listen-non-secure = \"203.0.113.10:5060\" }\n"

static size_t count(const char *what)
{
	size_t n = 0;

	for(const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

/* More than a call is offered to, and more left out than are told of. */
START_TEST(many)
{
	char conf[16384];
	struct cube_conf *loaded;
	size_t at;

	at = (size_t)snprintf(conf, sizeof(conf), SIP_UA);
	for(int i = 1; i <= 60; i++)
		at += (size_t)snprintf(conf + at, sizeof(conf) - at,
				"dial-peer %d { destination-pattern = \"2\" session-target = \"ipv4:192.0.2.%d\" }\n", i, i);
	loaded = load(conf);
	used = 0;
	dry_run(loaded, "2001");
	ck_assert_uint_eq(count("\noutbound\n"), CUBE_HUNT_MAX);
	ck_assert_uint_eq(count("left-out: behind 32 others; no more are tried for a call\n"), CUBE_EXPLAIN_LEFT_OUT_MAX);
	ck_assert_uint_eq(count("outbound-left-out\n    more: 18\nfound 32\n"), 1);
	cube_conf_free(&loaded);
}
END_TEST

/* Control characters of a call do not reach the terminal. */
START_TEST(hostile)
{
	struct cube_conf *conf = load(SIP_UA "dial-peer 1 { destination-pattern = 2 session-target = \"ipv4:192.0.2.1\" }");
	static char long_word[3000];

	used = 0;
	dry_run(conf, "called=\033[2J\r\n2 from=\x7f\x01 via=;;; ruri=sip:%00@[");
	for(const char *c = text; *c; c++)
		ck_assert_msg(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f), "character %d", *c);
	memset(long_word, '2', sizeof(long_word) - 1);
	for(unsigned of = 0; of < CUBE_N_URI_OF; of++) {
		struct cube_rows_lines lines = {take, text};
		struct cube_rows rows = cube_rows_as_lines(&lines);
		struct cube_explain_ask ask;

		cube_explain_begin(&ask);
		ask.called = ask.calling = ask.uri[of] = cube_str_of(long_word);
		ck_assert_int_eq(cube_explain(conf, &ask, &rows), 0);
	}
	cube_conf_free(&conf);
}
END_TEST

static const struct
{
	const char *word, *err;
} wrong[] = {
		{"", ": neither name=value nor a number"},
		{"colour=2", "colour=2: neither name=value nor a number"},
		{"tenant", "tenant: neither name=value nor a number"},
		{"tenant=x", "tenant: must be a tenant's tag, or 0 for sip-ua"},
		{"tenant=10001", "tenant: must be a tenant's tag, or 0 for sip-ua"},
		{"tenant=", "tenant: must be a tenant's tag, or 0 for sip-ua"},
		{"dial-peer=-1", "dial-peer: must be a dial-peer's tag, or 0"},
		{"socket=192.0.2.1", "socket: must be address:port"},
		{"socket=ipv4:", "socket: must be address:port"},
		{"source=example.net", "source: must be an address"},
};

START_TEST(refused)
{
	struct cube_explain_ask ask;
	struct cube_err err;

	cube_err_reset(&err);
	cube_explain_begin(&ask);
	ck_assert_int_eq(cube_explain_word(&ask, cube_str_of(wrong[_i].word), &err), -1);
	ck_assert_str_eq(err.text, wrong[_i].err);
}
END_TEST

static const struct
{
	const char *word;
	struct cube_explain_ask want;
} right[] = {
		{"tenant=0", {.tenant_tag = 0, .peer_tag = CUBE_NONE}},
		{"dial-peer=1073741823", {.tenant_tag = CUBE_NONE, .peer_tag = 1073741823}},
		{"socket=[2001:db8::1]:5061", {.tenant_tag = CUBE_NONE, .peer_tag = CUBE_NONE, .socket = {{16}, 5061}}},
		{"socket=ipv4:0.0.0.0:1", {.tenant_tag = CUBE_NONE, .peer_tag = CUBE_NONE, .socket = {{4}, 1}}},
		{"source=192.0.2.1:5060", {.tenant_tag = CUBE_NONE, .peer_tag = CUBE_NONE, .source = {4}}},
		{"source=2001:db8::1", {.tenant_tag = CUBE_NONE, .peer_tag = CUBE_NONE, .source = {16}}},
};

START_TEST(accepted)
{
	const struct cube_explain_ask *want = &right[_i].want;
	struct cube_explain_ask ask;

	cube_explain_begin(&ask);
	ck_assert_int_eq(cube_explain_word(&ask, cube_str_of(right[_i].word), NULL), 0);
	ck_assert_int_eq(ask.tenant_tag, want->tenant_tag);
	ck_assert_int_eq(ask.peer_tag, want->peer_tag);
	ck_assert_uint_eq(ask.socket.port, want->socket.port);
	ck_assert_uint_eq(ask.socket.ip.len, want->socket.ip.len);
	ck_assert_uint_eq(ask.source.len, want->source.len);
}
END_TEST

#define PEERS 40

/* What the index finds, and nothing else, matches when each dial-peer is asked, and as well. */
static void compare(const struct cube_conf *conf, const char *number)
{
	struct cube_explain_map maps[2][1] = {0};
	struct cube_explain_run run = {
			.conf = conf, .numbers[0].text = cube_str_of(number), .maps = {maps[0], maps[1]}, .tenant = CUBE_NONE};
	struct cube_dial_hit hits[PEERS];
	struct cube_explain_match m;
	unsigned i, k, n;

	cube_explain_numbers(&run);
	n = cube_dial_plan_out(conf, NULL, &run.call, hits, PEERS);
	for(i = 0; i < conf->n_dial_peers; i++) {
		for(k = 0; k < n && hits[k].peer != &conf->dial_peers[i]; k++)
			;
		ck_assert_msg(cube_explain_match_out(&run, &conf->dial_peers[i], &m) == (k < n), "%s, %.*s", number,
				CUBE_FMT(conf->dial_peers[i].destination_pattern));
		if(k < n)
			ck_assert_uint_eq(m.digits, hits[k].explicit_digits);
	}
}

START_TEST(random_plans)
{
	struct random_source r = {.state = (uint64_t)_i + 77};
	static char patterns[PEERS][CUBE_PATTERN_TEXT_MAX];
	struct cube_conf conf = {.arena = cube_arena_new(&cube_alloc_libc, 4096), .n_dial_peers = PEERS};
	struct cube_dial_peer peers[PEERS] = {0};
	struct cube_err err;
	char number[CUBE_NUMBER_MAX + 1];

	conf.dial_peers = peers;
	for(int i = 0; i < PEERS; i++) {
		random_pattern(&r, patterns[i], 30);
		peers[i] = (struct cube_dial_peer){.tag = i + 1,
				.destination_pattern = cube_str_of(patterns[i]),
				.tenant = CUBE_NONE,
				.permission = CUBE_PERMISSION_BOTH,
				.target = &helper_target};
	}
	cube_err_reset(&err);
	ck_assert_msg(cube_dial_plan_build(&conf, conf.arena, &err) == 0, "%s", err.text);
	for(int i = 0; i < 300; i++) {
		random_number_like(&r, patterns[random_below(&r, PEERS)], number);
		compare(&conf, number);
	}
	cube_arena_free(&conf.arena);
}
END_TEST

/* Without trustpoints' files the dial-plan is the same; those of maps must be there all the same. */
START_TEST(plan_alone)
{
	char *plan = helper_read(PLAN, NULL);
	struct helper_files files;
	struct cube_conf *conf, *whole = load(plan);
	struct cube_err err;
	const char *map = "e164-pattern-map 1 { url = \"map.txt\" }";
	char *first;

	helper_files_init(&files);
	helper_files_put(&files, HELPER_CONF, plan, strlen(plan), 0644);
	ck_assert_int_eq(cube_conf_load(HELPER_CONF, &files.files, &cube_alloc_libc, &conf, &err), -1);
	ck_assert_int_eq(cube_conf_load_plan(HELPER_CONF, &files.files, &cube_alloc_libc, &conf, &err), 0);
	used = 0;
	dry_run(whole, "tenant=100 2001");
	first = strdup(text);
	used = 0;
	dry_run(conf, "tenant=100 2001");
	ck_assert_str_eq(text, first);
	cube_conf_free(&conf);
	helper_files_put(&files, HELPER_CONF, map, strlen(map), 0644);
	ck_assert_int_eq(cube_conf_load_plan(HELPER_CONF, &files.files, &cube_alloc_libc, &conf, &err), -1);
	ck_assert_msg(strstr(err.text, "e164-pattern-map 1: url"), "%s", err.text);
	helper_files_free(&files);
	cube_conf_free(&whole);
	free(first);
	free(plan);
}
END_TEST

static const char summary_want[] =
		"dial-peer hunt 0\n"
		"             AD                                    PRE PASS                OUT\n"
		"TAG    TYPE  MIN  OPER PREFIX    DEST-PATTERN      FER THRU SESS-TARGET    STAT PORT    KEEPALIVE    TENANT\n"
		"123    voip  up   up             123                0  syst ipv4:10.10.10.10\n"
		"777    voip  up   up             9...               0  syst ipv4:10.50.244.2                         7\n"
		"778    voip  down down           map:1             10  syst ipv4:10.0.0.1\n"
		"779    voip  up   down           1                  0  syst server-group 1\n"
		"780    voip  up   down           5                  0  syst ipv4:10.0.0.1\n"
		"781    voip  up   up                                0  syst\n"
		"1073741823 voip up down          [0-9][0-9][0-9][0-9][0-9][0-9]  0 syst "
		"dns:a-long-name.of-a-host.example:65535\n";

START_TEST(summary)
{
	struct cube_conf *conf = load(SIP_UA
			"tenant 7 { listen-non-secure = \"203.0.113.10:5070\" }\n"
			"e164-pattern-map 1 { e164 = { 1 } }\n"
			"server-group 1 { server = \"ipv4:192.0.2.1\" shutdown = true }\n"
			"dial-peer 777 { tenant = 7 destination-pattern = \"9...\" session-target = \"ipv4:10.50.244.2\" }\n"
			"dial-peer 123 { destination-pattern = 123 session-target = \"ipv4:10.10.10.10\" }\n"
			"dial-peer 778 { destination-e164-pattern-map = 1 session-target = \"ipv4:10.0.0.1\" preference = 10\n"
			"  shutdown = true }\n"
			"dial-peer 779 { destination-pattern = 1 session-server-group = 1 }\n"
			"dial-peer 780 { destination-pattern = 5 session-target = \"ipv4:10.0.0.1\" permission = none }\n"
			"dial-peer 781 { incoming-called-number = 1 }\n"
			"dial-peer 1073741823 { destination-pattern = \"[0-9][0-9][0-9][0-9][0-9][0-9]\" permission = none\n"
			"  session-target = \"dns:a-long-name.of-a-host.example:65535\" }\n");

	used = 0;
	cube_show_dial_peers(conf, NULL, take, text);
	ck_assert_str_eq(text, summary_want);
	cube_conf_free(&conf);
}
END_TEST

static const char full_want[] = "dial-peer\n"
								"    dial-peer: 5\n"
								"    admin: up\n"
								"    oper: up\n"
								"    description: a \"b\" = { c } \\ d\n"
								"    tenant: 7\n"
								"    destination-pattern: 9...\n"
								"    session-target: dns:sip.example\n"
								"    session-transport: tcp tls\n"
								"    url: sip\n"
								"    sips-downgrade: false\n"
								"    codec: g711ulaw, g729r8\n"
								"    preference: 0\n"
								"    permission: both\n"
								"    voice-hunt: 404, 500 to 599\n"
								"    huntstop: false\n"
								"    shutdown: false\n";

/* Every key that is written, under its name, without the quotes that cube.conf needs. */
START_TEST(one_in_full)
{
	struct cube_conf *conf = load(SIP_UA
			"tenant 7 { listen-secure = \"203.0.113.10:5071\" tls-profile = 1 sip-server = \"dns:sip.example\"\n"
			"  session-transport = \"tcp tls\" }\n"
			"trustpoint t { certificate = \"pki/cube.pem\" private-key = \"pki/cube.key\" ca = \"pki/ca.pem\" }\n"
			"tls-profile 1 { trustpoint = t }\n"
			"dial-peer 5 { tenant = 7 destination-pattern = \"9...\" session-target = \"sip-server\"\n"
			"  description = \"a \\\"b\\\" = { c } \\\\ d\" codec = { g711ulaw, g729r8 } voice-hunt = { 404, \"500 to "
			"599\" } }\n");
	struct cube_rows_lines lines = {take, text};
	struct cube_rows rows = cube_rows_as_lines(&lines);

	used = 0;
	cube_show_dial_peer(conf, &conf->dial_peers[0], &rows);
	ck_assert_str_eq(text, full_want);
	cube_conf_free(&conf);
}
END_TEST

Suite *suite_explain(void)
{
	Suite *s = suite_create("explain");
	TCase *tc = tcase_create("explain");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, calls);
	tcase_add_test(tc, many);
	tcase_add_test(tc, hostile);
	tcase_add_loop_test(tc, refused, 0, N(wrong));
	tcase_add_loop_test(tc, accepted, 0, N(right));
	tcase_add_loop_test(tc, random_plans, 0, 10);
	tcase_add_test(tc, plan_alone);
	tcase_add_test(tc, summary);
	tcase_add_test(tc, one_in_full);
	suite_add_tcase(s, tc);
	return s;
}
