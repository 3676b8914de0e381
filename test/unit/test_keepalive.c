/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/keepalive*.c: sequences of answers by a table; which targets a configuration has watched. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../modules/libcube/conf/target.h"
#include "../../modules/libcube/dialpeer/keepalive.h"
#include "helper.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

Suite *suite_keepalive(void);

/* results: what each question comes to, 0 for silence, which takes 5 s; all others come at once. want: the state behind
 * each: u(p) or d(own). times: when the questions are asked, up-interval 60 and down-interval 30. */
static const struct
{
	int retry, results[8];
	const char *want;
	int times[8];
	const char *why;
} rows[] = {
		{5, {200, 200, 200}, "uuu", {1, 61, 121}, "up all the time"},
		{5, {0, 0, 0, 0, 0, 200}, "uuuudu", {1, 31, 61, 91, 121, 151}, "CUBE: starts active; retry in a row"},
		{5, {0, 0, 0, 0, 200, 0, 0}, "uuuuuuu", {1, 31, 61, 91, 121, 181, 211}, "a good answer makes it begin anew"},
		{1, {0, 200}, "du", {1, 31}, "CSCuw63102: not before the first question"},
		{1, {503, 200, 503}, "dud", {1, 31, 91}, "503 busies out, the first good answer restores"},
		{2, {503, 505, 404}, "udu", {1, 31, 61}, "CUBE: 503 and 505 only"},
		{1, {400, 401, 403, 404, 405, 408, 500, 600}, "uuuuuuuu", {1, 61, 121, 181, 241, 301, 361, 421},
				"whoever answers is there"},
		{2, {0, 200, 0, 200, 503, 302, 0, 200}, "uuuuuuuu", {1, 31, 91, 121, 181, 211, 271, 301},
				"one lost now and then does not flap"},
		{2, {0, 0, 0, 503, 0, 200}, "uddddu", {1, 31, 61, 91, 121, 151}, "it stays down, and is told of once"},
};

START_TEST(test_sequence)
{
	struct cube_keepalive profile = {.up_interval = 60, .down_interval = 30, .retry = rows[_i].retry};
	struct cube_keepalive_state state;
	int64_t now = 0;
	size_t n = strlen(rows[_i].want);

	cube_keepalive_begin(&state, now, 0);
	for(size_t i = 0; i < n; i++) {
		bool was = state.down;
		int result = rows[_i].results[i] ? rows[_i].results[i] : CUBE_KEEPALIVE_NO_ANSWER;
		enum cube_keepalive_change change;

		while(!cube_keepalive_due(&state, &profile, now))
			now++;
		ck_assert_msg(now == rows[_i].times[i], "%s: question %zu at %d", rows[_i].why, i, (int)now);
		cube_keepalive_asked(&state, now);
		ck_assert(!cube_keepalive_due(&state, &profile, now + 1000)); /* not two at a time */
		now += result == CUBE_KEEPALIVE_NO_ANSWER ? 5 : 0;
		ck_assert(!cube_keepalive_overdue(&state, now));
		change = cube_keepalive_answered(&state, &profile, result, now);
		ck_assert_msg(
				state.down == (rows[_i].want[i] == 'd'), "%s: behind question %zu: %d", rows[_i].why, i, state.down);
		ck_assert_int_eq(change, state.down == was ? CUBE_KEEPALIVE_SAME
								 : state.down	   ? CUBE_KEEPALIVE_DOWN
												   : CUBE_KEEPALIVE_UP);
	}
}
END_TEST

/* Thousands that begin together are not asked together. */
START_TEST(test_first)
{
	struct cube_keepalive profile = {.up_interval = 60, .down_interval = 30, .retry = 5};
	unsigned per_second[200] = {0};

	for(unsigned i = 0; i < 5000; i++) {
		struct cube_keepalive_state state;
		int64_t now = 1000;

		cube_keepalive_begin(&state, now, i);
		ck_assert(!cube_keepalive_due(&state, &profile, now));
		while(!cube_keepalive_due(&state, &profile, now))
			now++;
		per_second[now - 1000]++;
	}
	ck_assert_uint_eq(per_second[1], CUBE_KEEPALIVE_FIRST);
	for(unsigned i = 0; i < N(per_second); i++)
		ck_assert_uint_le(per_second[i], CUBE_KEEPALIVE_FIRST);
}
END_TEST

START_TEST(test_reloaded)
{
	struct cube_keepalive slow = {.up_interval = 1200, .down_interval = 600, .retry = 5}, fast = slow;
	struct cube_keepalive_state state;

	fast.up_interval = 10;
	fast.down_interval = 5;
	fast.retry = 2;
	cube_keepalive_begin(&state, 0, 0);
	cube_keepalive_asked(&state, 1);
	cube_keepalive_answered(&state, &slow, 200, 1);
	ck_assert(!cube_keepalive_due(&state, &slow, 500));
	ck_assert(cube_keepalive_due(&state, &fast, 11)); /* at once by the new interval */
	for(int i = 0; i < 3; i++) {
		cube_keepalive_asked(&state, 600 * i + 1201);
		ck_assert_int_eq(cube_keepalive_answered(&state, &slow, 503, 600 * i + 1201), CUBE_KEEPALIVE_SAME);
	}
	/* more failures than the new retry: the next one counts, the reload itself does not */
	ck_assert(!state.down);
	cube_keepalive_asked(&state, 3001);
	ck_assert_int_eq(cube_keepalive_answered(&state, &fast, 503, 3001), CUBE_KEEPALIVE_DOWN);
	/* a higher retry does not bring it back; an answer does */
	cube_keepalive_asked(&state, 3006);
	ck_assert_int_eq(cube_keepalive_answered(&state, &slow, 503, 3006), CUBE_KEEPALIVE_SAME);
	ck_assert(state.down);
}
END_TEST

START_TEST(test_late)
{
	struct cube_keepalive profile = {.up_interval = 10, .down_interval = 5, .retry = 2};
	struct cube_keepalive_state state;
	char buf[16];

	cube_keepalive_begin(&state, 0, 0);
	ck_assert(!cube_keepalive_overdue(&state, 1000000)); /* nothing was asked */
	cube_keepalive_asked(&state, 1);
	ck_assert(!cube_keepalive_overdue(&state, CUBE_KEEPALIVE_LIMIT));
	ck_assert(cube_keepalive_overdue(&state, 1 + CUBE_KEEPALIVE_LIMIT));
	cube_keepalive_answered(&state, &profile, CUBE_KEEPALIVE_NO_ANSWER, 500);
	ck_assert(cube_keepalive_due(
			&state, &profile, 500)); /* not in the past, or it would be asked for each that was missed */
	ck_assert_int_eq(state.next, 500);
	ck_assert_str_eq(cube_keepalive_result_name(503, buf), "503");
	ck_assert_str_eq(cube_keepalive_result_name(CUBE_KEEPALIVE_NO_ANSWER, buf), "no answer");
	ck_assert(!cube_keepalive_good(CUBE_KEEPALIVE_NOTHING) && !cube_keepalive_good(CUBE_KEEPALIVE_TLS_HANDSHAKE));
}
END_TEST

static const char conf_text[] =
		"sip-ua { listen-non-secure = { \"192.0.2.100:5060\" } }\n"
		"trustpoint \"t\" { certificate = \"pki/cube.pem\" private-key = \"pki/cube.key\" ca = \"pki/ca.pem\" }\n"
		"tls-profile 1 { trustpoint = \"t\" }\n"
		"tenant 100 { tls-profile = 1 listen-secure = \"192.0.2.100:5100\" listen-non-secure = \"192.0.2.100:5101\"\n"
		"  session-transport = \"tcp tls\" }\n"
		"tenant 200 { tls-profile = 1 listen-secure = \"192.0.2.100:5200\" session-transport = \"tcp tls\" }\n"
		"options-keepalive 1 { }\n"
		"options-keepalive 2 { session-transport = \"udp\" }\n"
		"server-group 1 { server = { \"ipv4:192.0.2.1:5061\", \"dns:SIP.acme.co\" } }\n"
		"server-group 2 { server = { \"ipv4:192.0.2.9\" } shutdown = true }\n"
		/* two of one tenant to one target, one of another tenant, one by another profile, one of sip-ua */
		"dial-peer 1 { tenant = 100 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.1:5061\"\n"
		"  options-keepalive-profile = 1 }\n"
		"dial-peer 2 { tenant = 100 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.1:5061\"\n"
		"  options-keepalive-profile = 1 }\n"
		"dial-peer 3 { tenant = 200 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.1:5061\"\n"
		"  options-keepalive-profile = 1 }\n"
		"dial-peer 4 { tenant = 100 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.1:5061\"\n"
		"  options-keepalive-profile = 2 }\n"
		"dial-peer 5 { destination-pattern = \"1\" session-target = \"ipv4:192.0.2.1\"\n"
		"  options-keepalive-profile = 1 }\n"
		/* each server of a group, one of them shared with the first two; a name in other letters is the same */
		"dial-peer 6 { tenant = 100 destination-pattern = \"1\" session-server-group = 1 options-keepalive-profile = 1 "
		"}\n"
		"dial-peer 7 { tenant = 100 destination-pattern = \"1\" session-target = \"dns:sip.acme.co\"\n"
		"  options-keepalive-profile = 1 }\n"
		/* none of these */
		"dial-peer 8 { tenant = 100 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.8\" }\n"
		"dial-peer 9 { tenant = 100 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.8\"\n"
		"  options-keepalive-profile = 1 shutdown = true }\n"
		"dial-peer 10 { tenant = 100 destination-pattern = \"1\" session-server-group = 2 options-keepalive-profile = "
		"1 }\n"
		"dial-peer 11 { tenant = 100 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.8\"\n"
		"  incoming-called-number = \"1\" options-keepalive-profile = 1 permission = \"orig\" }\n";

static struct cube_conf *load(struct helper_files *files, const char *text)
{
	struct cube_err err;
	struct cube_conf *conf;

	cube_err_reset(&err);
	helper_files_init(files);
	helper_files_pki(files);
	conf = helper_load(files, text, strlen(text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	return conf;
}

START_TEST(test_list)
{
	static const char *const transports[] = {"-", "udp", "tcp", "tls"};
	static const char want[] = "0 192.0.2.1 udp 1: 5\n"
							   "100 192.0.2.1:5061 udp 2: 4\n"
							   "100 192.0.2.1:5061 tls 1: 1 2 6\n"
							   "100 SIP.acme.co tls 1: 6 7\n"
							   "200 192.0.2.1:5061 tls 1: 3\n";
	struct helper_files files;
	struct cube_conf *conf = load(&files, conf_text);
	struct cube_watch_list list;
	char text[1024], target[CUBE_TARGET_TEXT_MAX];
	size_t used = 0;

	ck_assert_int_eq(cube_watch_list_make(conf, &list), 0);
	for(unsigned i = 0; i < list.n; i++) {
		const struct cube_watch *w = &list.v[i].watch;

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d %s %s %d:", w->tenant,
				cube_target_text(&w->target, target), transports[w->transport], w->profile);
		for(unsigned k = 0; k < list.v[i].n_peers; k++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %d", conf->dial_peers[list.v[i].peers[k]].tag);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "\n");
	}
	ck_assert_str_eq(text, want);
	cube_watch_list_free(&list);
	cube_conf_free(&conf);
	helper_files_free(&files);
}
END_TEST

START_TEST(test_empty)
{
	struct helper_files files;
	struct cube_conf *conf = load(&files, "sip-ua { listen-non-secure = { \"192.0.2.100:5060\" } }\n");
	struct cube_watch_list list;

	ck_assert_int_eq(cube_watch_list_make(conf, &list), 0);
	ck_assert_uint_eq(list.n, 0);
	cube_watch_list_free(&list);
	cube_conf_free(&conf);
	helper_files_free(&files);
}
END_TEST

Suite *suite_keepalive(void)
{
	Suite *s = suite_create("keepalive");
	TCase *tc = tcase_create("keepalive");

	tcase_add_loop_test(tc, test_sequence, 0, (int)N(rows));
	tcase_add_test(tc, test_first);
	tcase_add_test(tc, test_reloaded);
	tcase_add_test(tc, test_late);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_empty);
	suite_add_tcase(s, tc);
	return s;
}
