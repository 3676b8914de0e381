/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/plan*.c and sort.c: hunting order by a table, random dial-plans against a loop over all patterns,
 * size, and memory that runs out. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/pattern.h"
#include "../../modules/libcube/dialpeer/plan.h"
#include "calls.h"
#include "helper.h"
#include "random_pattern.h"

Suite *suite_plan(void);

#define TENANTS 3
#define PEERS_MAX 400

/* A configuration without a file: dial-peers with tags 1, 2, ... in tenants 0 to TENANTS - 1 or none. */
struct fixture
{
	struct cube_conf conf;
	struct cube_err err;
};

static void fixture_init(struct fixture *f, const struct cube_alloc *alloc, unsigned n)
{
	memset(f, 0, sizeof(*f));
	f->conf.arena = cube_arena_new(alloc, 4096);
	if(!f->conf.arena)
		return;
	f->conf.n_tenants = TENANTS;
	f->conf.dial_peers = cube_arena_array(f->conf.arena, n, sizeof(*f->conf.dial_peers));
}

static struct cube_dial_peer *fixture_add(struct fixture *f, const char *out, const char *in)
{
	struct cube_dial_peer *peer = &f->conf.dial_peers[f->conf.n_dial_peers++];

	peer->tag = (int)f->conf.n_dial_peers;
	peer->destination_pattern = cube_str_of(out);
	if(in && (peer->in = cube_arena_get(f->conf.arena, sizeof(*peer->in))))
		peer->in->incoming_called_number = cube_str_of(in);
	peer->tenant = CUBE_NONE;
	peer->permission = CUBE_PERMISSION_BOTH;
	peer->target = &helper_target;
	return peer;
}

static void fixture_free(struct fixture *f)
{
	cube_arena_free(&f->conf.arena);
}

static void fixture_build(struct fixture *f)
{
	ck_assert_msg(cube_dial_plan_build(&f->conf, f->conf.arena, &f->err) == 0, "%s", f->err.text);
}

static unsigned call_out(const struct fixture *f, const char *called, struct cube_dial_hit *hits, unsigned max)
{
	return cube_dial_plan_out(&f->conf, NULL, &(struct cube_call){.called = cube_str_of(called)}, hits, max);
}

static const struct cube_dial_peer *call_in(const struct fixture *f, int tenant, const char *called)
{
	struct cube_dial_hit hit;

	return cube_dial_plan_in(&f->conf, tenant, &(struct cube_call){.called = cube_str_of(called)}, &hit) ? hit.peer
																										 : NULL;
}

/* "tag/digits tag/digits", in hunting order; returns buf. */
static const char *hunt(const struct fixture *f, const char *number, unsigned max, char buf[256])
{
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned n = call_out(f, number, hits, max);
	size_t used = 0;

	ck_assert_uint_le(n, max);
	buf[0] = '\0';
	for(unsigned i = 0; i < n; i++)
		used += (size_t)snprintf(
				buf + used, 256 - used, "%s%d/%u", i ? " " : "", hits[i].peer->tag, hits[i].explicit_digits);
	return buf;
}

static int incoming(const struct fixture *f, int tenant, const char *number)
{
	const struct cube_dial_peer *peer = call_in(f, tenant, number);

	return peer ? peer->tag : 0;
}

/* Up to six dial-peers, written "pattern [p<preference>] [huntstop] [shutdown] [no-target] [t<tenant>]". */
static const struct
{
	const char *number, *want, *peers[6], *why;
} rows[] = {
		{"2001", "3/4 2/3 1/1", {"2...", "200.", "2001"}, "CUBE: longest match first"},
		{"2001", "1/4 2/3 3/1", {"2001", "200.", "2..."}, "CUBE: longest match first"},
		{"2002", "2/3 1/1", {"2...", "200.", "2001"}, "what does not match is not tried"},
		{"3001", "", {"2...", "200.", "2001"}, "no match"},
		{"2001", "2/3 1/1", {"2T p0", "200T p10"}, "CUBE: longest match before preference"},
		{"2001", "2/1 1/1", {"2... p1", "2... p0"}, "CUBE: then preference"},
		{"2001", "2/1 3/1 1/1", {"2... p10", "2..T p2", "2[0-4].. p9"}, "CUBE: preference among equals, 0 is best"},
		{"2001", "1/1 2/1 3/1", {"2...", "2...", "2..."}, "then the lower tag"},
		{"2001", "1/1 2/1 3/1 4/1", {"2...", "2T", "2[0-1]..", "2"},
				"then the lower tag, also among different patterns"},
		{"2001", "1/1", {"2... huntstop", "2..."}, "huntstop ends the list behind its dial-peer"},
		{"2001", "3/2 1/1", {"2... huntstop", "2...", "20.."}, "huntstop does not hide what is tried before"},
		{"2001", "2/1", {"2... huntstop shutdown", "2..."}, "huntstop of a shut dial-peer is void"},
		{"2001", "2/1", {"2... huntstop no-target", "2..."}, "huntstop of a dial-peer without target is void"},
		{"2001", "2/1", {"2001 shutdown", "2..."}, "CUBE: shutdown excludes"},
		{"2001", "2/1", {"2001 no-target", "2..."}, "CUBE: a dial-peer without target is down"},
		{"2001", "1/1 2/1", {"2... t2", "2..."}, "CUBE: outbound the tenant is no filter"},
		{"2001", "1/4 2/4", {"2001$", "2001"}, "$ makes no match longer"},
		{"20015", "2/4", {"2001$", "2001"}, "$ is the end"},
		{"20015", "2/5 1/4", {"2001", "20015T$"}, "T$"},
		{"0021933", "1/4 2/4", {"(0)%21T", "(0)+21"}, "repeats count as they match"},
		{"021933", "2/3 3/2", {"021 p3 shutdown", "(1)?021", "0(3)?2", "1"}, "optional groups count as they match"},
		{"55512", "3/4 2/3 4/3", {"5+12 no-target", "555T", "5+1", "5%.."}, "the most explicit way counts"},
		{"5551", "2/4 1/3", {"555T", "5+1", "6+1"}, "repeats count as they match"},
		{"+12015550123", "3/5 2/2 1/0", {".T", "+1[2-9]..[2-9]......$", "+1201T", "1201T"}, "E.164"},
		{"#9", "1/2", {"#9", "*9"}, "keys"},
		{"55", "2/2 4/2 3/1 1/0", {"[5][5]", "55", "5[5]", "55"}, "a set of one digit is not explicit"},
		{"12", "4/2 1/1 3/1 2/0", {"1", "T", "1.", "12$"}, "T alone"},
		{"", "", {"T", "5%"}, "no number"},
		{"alice", "", {"T", ".T"}, "a name is no number"},
};

static void add_row(struct fixture *f, const char *spec, char *text)
{
	struct cube_dial_peer *peer;
	char *word = text;

	snprintf(text, 64, "%s", spec);
	word[strcspn(word, " ")] = '\0';
	peer = fixture_add(f, text, NULL);
	peer->huntstop = strstr(spec, " huntstop") != NULL;
	peer->shutdown = strstr(spec, " shutdown") != NULL;
	if(strstr(spec, " no-target"))
		peer->target = NULL;
	if(strstr(spec, " p"))
		peer->preference = (int)strtol(strstr(spec, " p") + 2, NULL, 10);
	if(strstr(spec, " t"))
		peer->tenant = (int)strtol(strstr(spec, " t") + 2, NULL, 10);
}

START_TEST(test_order)
{
	struct fixture f;
	char texts[6][64], got[256];

	fixture_init(&f, &cube_alloc_libc, 6);
	for(int i = 0; i < 6 && rows[_i].peers[i]; i++)
		add_row(&f, rows[_i].peers[i], texts[i]);
	fixture_build(&f);
	ck_assert_msg(strcmp(hunt(&f, rows[_i].number, CUBE_HUNT_MAX, got), rows[_i].want) == 0,
			"row %d, %s: got %s, want %s: %s", _i, rows[_i].number, got, rows[_i].want, rows[_i].why);
	fixture_free(&f);
}
END_TEST

START_TEST(test_inbound)
{
	struct fixture f;

	fixture_init(&f, &cube_alloc_libc, 10);
	fixture_add(&f, NULL, "2...");
	fixture_add(&f, NULL, "2...")->tenant = 0;
	fixture_add(&f, NULL, "20..")->tenant = 1;
	fixture_add(&f, NULL, ".T")->tenant = 1;
	fixture_add(&f, NULL, "2001")->shutdown = true;
	fixture_add(&f, NULL, "3T")->preference = 1;
	fixture_add(&f, NULL, "3T")->target = NULL;
	fixture_add(&f, NULL, "3T");
	fixture_add(&f, "4...", NULL);
	fixture_build(&f);
	ck_assert_int_eq(incoming(&f, CUBE_NONE, "2001"), 1); /* not 2 to 4: theirs is a tenant; not 5: shut down */
	ck_assert_int_eq(incoming(&f, 0, "2001"), 2);
	ck_assert_int_eq(incoming(&f, 0, "3001"), 0);
	ck_assert_int_eq(incoming(&f, 1, "2001"), 3);
	ck_assert_int_eq(incoming(&f, 1, "2101"), 4);
	ck_assert_int_eq(incoming(&f, 2, "2001"), 0);
	ck_assert_int_eq(incoming(&f, CUBE_NONE, "3001"), 7); /* preference, then tag; needs no target */
	ck_assert_int_eq(incoming(&f, CUBE_NONE, "4001"), 0); /* destination-pattern is not for calls that come in */
	ck_assert_int_eq(incoming(&f, CUBE_NONE, ""), 0);
	fixture_free(&f);
}
END_TEST

START_TEST(test_max)
{
	static const char *const lists[] = {"", "97/4", "97/4 98/4", "97/4 98/4 99/4"};
	char got[256];
	struct fixture f;

	fixture_init(&f, &cube_alloc_libc, 100);
	for(int i = 0; i < 96; i++)
		fixture_add(&f, "200.", NULL);
	for(int i = 0; i < 4; i++)
		fixture_add(&f, "2001", NULL);
	fixture_build(&f);
	for(unsigned max = 0; max < 4; max++)
		ck_assert_str_eq(hunt(&f, "2001", max, got), lists[max]);
	ck_assert_str_eq(hunt(&f, "2001", 7, got), "97/4 98/4 99/4 100/4 1/3 2/3 3/3");
	fixture_free(&f);
}
END_TEST

START_TEST(test_empty)
{
	struct fixture f;
	char got[256];

	fixture_init(&f, &cube_alloc_libc, 0);
	fixture_build(&f);
	ck_assert_str_eq(hunt(&f, "2001", 8, got), "");
	ck_assert_int_eq(incoming(&f, CUBE_NONE, "2001"), 0);
	ck_assert_int_eq(incoming(&f, TENANTS - 1, "2001"), 0);
	fixture_free(&f);
}
END_TEST

START_TEST(test_bad_patterns)
{
	struct fixture f;

	fixture_init(&f, &cube_alloc_libc, 4);
	fixture_add(&f, "20)", NULL);
	fixture_add(&f, "200.", "[]")->shutdown = true;
	fixture_add(&f, "2000", "20");
	fixture_add(&f, "T5", NULL)->target = NULL;
	ck_assert_int_eq(cube_dial_plan_build(&f.conf, f.conf.arena, &f.err), -1);
	ck_assert_ptr_null(f.conf.dial_plan);
	ck_assert_str_eq(f.err.text,
			"dial-peer 1: destination-pattern: \"20)\": position 3: ) without (\n"
			"dial-peer 2: incoming-called-number: \"[]\": position 1: no digit between the brackets\n"
			"dial-peer 4: destination-pattern: \"T5\": position 1: T and $ only at the end, as T, $ or T$");
	fixture_free(&f);
}
END_TEST

/* More different sets of digits than the index has names for. */
START_TEST(test_many_sets)
{
	static char texts[PEERS_MAX][32];
	struct fixture f;
	char number[8], got[256];

	fixture_init(&f, &cube_alloc_libc, PEERS_MAX);
	for(unsigned i = 0; i < PEERS_MAX; i++) {
		size_t used = (size_t)snprintf(texts[i], sizeof(texts[i]), "%u[AB", i % 10);

		for(unsigned bit = 0; bit < 9; bit++)
			if((i + 1) >> bit & 1)
				used += (size_t)snprintf(texts[i] + used, sizeof(texts[i]) - used, "%u", bit);
		snprintf(texts[i] + used, sizeof(texts[i]) - used, "]%03u$", i);
		fixture_add(&f, texts[i], NULL);
	}
	fixture_build(&f);
	for(unsigned i = 0; i < PEERS_MAX; i++) {
		char want[16];

		snprintf(number, sizeof(number), "%uA%03u", i % 10, i);
		snprintf(want, sizeof(want), "%u/4", i + 1);
		ck_assert_str_eq(hunt(&f, number, 8, got), want);
	}
	fixture_free(&f);
}
END_TEST

/* What a loop over all patterns finds, sorted by insertion. */
struct naive
{
	const struct cube_pattern *out[PEERS_MAX], *in[PEERS_MAX];
};

static unsigned insert(struct cube_dial_hit *hits, unsigned n, struct cube_dial_hit hit)
{
	unsigned i;

	for(i = n; i > 0 && call_tried_before(&hit, &hits[i - 1]); i--)
		hits[i] = hits[i - 1];
	hits[i] = hit;
	return n + 1;
}

static void compare_out(const struct fixture *f, const struct naive *naive, const char *number, unsigned max)
{
	struct cube_dial_hit want[PEERS_MAX], got[CUBE_HUNT_MAX];
	unsigned n = 0, digits, n_got = call_out(f, number, got, max);

	for(unsigned i = 0; i < f->conf.n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &f->conf.dial_peers[i];

		if(naive->out[i] && !peer->shutdown && peer->target
				&& cube_pattern_match(naive->out[i], cube_str_of(number), &digits))
			n = insert(want, n, (struct cube_dial_hit){.peer = peer, .explicit_digits = digits});
	}
	for(unsigned i = 0; i < n; i++)
		if(want[i].peer->huntstop)
			n = i + 1;
	ck_assert_uint_eq(n_got, n < max ? n : max);
	for(unsigned i = 0; i < n_got; i++)
		ck_assert_msg(got[i].peer == want[i].peer && got[i].explicit_digits == want[i].explicit_digits,
				"%s: place %u: got %d/%u, want %d/%u", number, i, got[i].peer->tag, got[i].explicit_digits,
				want[i].peer->tag, want[i].explicit_digits);
}

static void compare_in(const struct fixture *f, const struct naive *naive, const char *number, int tenant)
{
	struct cube_dial_hit want[PEERS_MAX];
	const struct cube_dial_peer *got, *expected;
	unsigned n = 0, digits;

	for(unsigned i = 0; i < f->conf.n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &f->conf.dial_peers[i];

		if(naive->in[i] && !peer->shutdown && peer->tenant == tenant
				&& cube_pattern_match(naive->in[i], cube_str_of(number), &digits))
			n = insert(want, n, (struct cube_dial_hit){.peer = peer, .explicit_digits = digits});
	}
	got = call_in(f, tenant, number);
	expected = n ? want[0].peer : NULL;
	ck_assert_msg(got == expected, "%s, tenant %d: got %d \"%s\", want %d \"%s\"", number, tenant, got ? got->tag : 0,
			got ? cube_dial_in(got)->incoming_called_number.s : "", expected ? expected->tag : 0,
			expected ? cube_dial_in(expected)->incoming_called_number.s : "");
}

static void random_peer(struct fixture *f, struct naive *naive, struct random_source *r, char texts[2][48])
{
	struct cube_dial_peer *peer;
	unsigned i = f->conf.n_dial_peers;

	random_plan_pattern(r, texts[0], sizeof(texts[0]));
	random_plan_pattern(r, texts[1], sizeof(texts[1]));
	peer = fixture_add(f, random_below(r, 8) ? texts[0] : NULL, random_below(r, 3) ? texts[1] : NULL);
	peer->preference = (int)random_below(r, 3);
	peer->huntstop = random_below(r, 40) == 0;
	peer->shutdown = random_below(r, 15) == 0;
	peer->tenant = (int)random_below(r, TENANTS + 1) - 1;
	if(random_below(r, 15) == 0)
		peer->target = NULL;
	naive->out[i] = naive->in[i] = NULL;
	if(peer->destination_pattern.len)
		naive->out[i] = cube_pattern_compile(peer->destination_pattern, "out", f->conf.arena, &f->err);
	if(peer->in)
		naive->in[i] = cube_pattern_compile(peer->in->incoming_called_number, "in", f->conf.arena, &f->err);
}

START_TEST(test_random)
{
	static char texts[PEERS_MAX][2][48];
	static struct naive naive;
	struct random_source r = {(uint64_t)_i + 1};
	struct fixture f;
	unsigned n;

	for(int plan = 0; plan < 40; plan++) {
		n = plan == 0 ? PEERS_MAX : 1 + random_below(&r, 60);
		fixture_init(&f, &cube_alloc_libc, n);
		for(unsigned i = 0; i < n; i++)
			random_peer(&f, &naive, &r, texts[i]);
		fixture_build(&f);
		for(int i = 0; i < 300; i++) {
			char number[80];

			if(random_below(&r, 2))
				random_number_like(&r, texts[random_below(&r, n)][random_below(&r, 2)], number);
			else
				random_number(&r, number, 9);
			compare_out(&f, &naive, number, 1 + random_below(&r, CUBE_HUNT_MAX));
			for(int tenant = CUBE_NONE; tenant < TENANTS; tenant++)
				compare_in(&f, &naive, number, tenant);
		}
		fixture_free(&f);
	}
}
END_TEST

/* Keys that are hard to sort: in order, backwards, all the same, like organ pipes. Found in the same order by all. */
START_TEST(test_sorted_input)
{
	enum
	{
		N = 20000
	};
	static char texts[N][8];
	struct fixture f;
	char got[256], want[32];

	fixture_init(&f, &cube_alloc_libc, N);
	for(unsigned i = 0; i < N; i++) {
		unsigned number[] = {i, N - 1 - i, 7, i < N / 2 ? 2 * i : 2 * (N - 1 - i) + 1};

		snprintf(texts[i], sizeof(texts[i]), "%06u", number[_i]);
		fixture_add(&f, texts[i], NULL);
	}
	fixture_build(&f);
	for(unsigned i = 0; i < N; i += 97) {
		snprintf(want, sizeof(want), "%u/6", _i == 2 ? 1 : i + 1);
		ck_assert_str_eq(hunt(&f, texts[i], 1, got), want);
	}
	fixture_free(&f);
}
END_TEST

/* Every allocation fails once; each time there is one message, and nothing is left behind. */
START_TEST(test_no_memory)
{
	static char texts[PEERS_MAX][2][48];
	static struct naive naive;
	long fail_at;
	int built = -1;

	for(fail_at = 0; built < 0; fail_at++) {
		struct random_source r = {99};
		struct helper_alloc h;
		struct fixture f;

		helper_alloc_init(&h, HELPER_NEVER, false);
		fixture_init(&f, &h.alloc, PEERS_MAX);
		for(unsigned i = 0; i < PEERS_MAX; i++)
			random_peer(&f, &naive, &r, texts[i]);
		h.fail_at = h.calls + fail_at;
		built = cube_dial_plan_build(&f.conf, f.conf.arena, &f.err);
		ck_assert_uint_eq(f.err.count, built < 0 ? 1 : 0);
		ck_assert((f.conf.dial_plan != NULL) == (built == 0));
		fixture_free(&f);
		ck_assert_int_eq(h.live, 0);
	}
	ck_assert_int_gt(fail_at, 5); /* it did need memory more than once */
}
END_TEST

Suite *suite_plan(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_order, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, test_inbound);
	tcase_add_test(t, test_max);
	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_bad_patterns);
	tcase_add_test(t, test_many_sets);
	tcase_add_loop_test(t, test_random, 0, 6);
	tcase_add_loop_test(t, test_sorted_input, 0, 4);
	tcase_add_test(t, test_no_memory);
	suite_add_tcase(s, t);
	return s;
}
