/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/plan_trie.c and plan_walk.c against a loop over all patterns: plans so large that look-ups start
 * behind the first digits, and numbers with every character in every place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/pattern.h"
#include "../../modules/libcube/dialpeer/plan.h"
#include "calls.h"
#include "helper.h"
#include "random_pattern.h"

Suite *suite_plan_large(void);

#define PEERS_MAX 40000

struct plan
{
	struct cube_conf conf;
	struct cube_err err;
	const struct cube_pattern *patterns[PEERS_MAX];
};

static struct plan plan;

static void plan_init(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.conf.arena = cube_arena_new(&cube_alloc_libc, 65536);
	plan.conf.dial_peers = cube_arena_array(plan.conf.arena, PEERS_MAX, sizeof(*plan.conf.dial_peers));
	ck_assert_ptr_nonnull(plan.conf.dial_peers);
}

static void plan_add(const char *pattern, int preference)
{
	struct cube_dial_peer *peer = &plan.conf.dial_peers[plan.conf.n_dial_peers];
	struct cube_str text = cube_str_of(cube_arena_text(plan.conf.arena, cube_str_of(pattern)));

	peer->destination_pattern = text;
	peer->preference = preference;
	peer->tenant = CUBE_NONE;
	peer->permission = CUBE_PERMISSION_BOTH;
	peer->target = &helper_target;
	plan.patterns[plan.conf.n_dial_peers] = cube_pattern_compile(text, "", plan.conf.arena, &plan.err);
	peer->tag = (int)++plan.conf.n_dial_peers;
	ck_assert_ptr_nonnull(plan.patterns[peer->tag - 1]);
}

static void plan_build(void)
{
	ck_assert_msg(cube_dial_plan_build(&plan.conf, plan.conf.arena, &plan.err) == 0, "%s", plan.err.text);
}

static void plan_end(void)
{
	cube_arena_free(&plan.conf.arena);
}

static unsigned naive(struct cube_str number, struct cube_dial_hit *hits, unsigned max)
{
	unsigned n = 0, i;

	for(unsigned p = 0; p < plan.conf.n_dial_peers; p++) {
		struct cube_dial_hit hit = {.peer = &plan.conf.dial_peers[p]};

		if(!cube_pattern_match(plan.patterns[p], number, &hit.explicit_digits))
			continue;
		if(n == max && !call_tried_before(&hit, &hits[n - 1]))
			continue;
		n += n < max;
		for(i = n - 1; i > 0 && call_tried_before(&hit, &hits[i - 1]); i--)
			hits[i] = hits[i - 1];
		hits[i] = hit;
	}
	return n;
}

/* Returns how many match. */
static unsigned compare(struct cube_str number, unsigned max)
{
	struct cube_dial_hit want[CUBE_HUNT_MAX], got[CUBE_HUNT_MAX];
	struct cube_call call = {.called = number};
	unsigned n = naive(number, want, max), n_got = cube_dial_plan_out(&plan.conf, NULL, &call, got, max);

	ck_assert_msg(n == n_got, "\"%.*s\": got %u, want %u", CUBE_FMT(number), n_got, n);
	for(unsigned i = 0; i < n; i++)
		ck_assert_msg(got[i].peer == want[i].peer && got[i].explicit_digits == want[i].explicit_digits,
				"\"%.*s\": place %u: got %d/%u, want %d/%u", CUBE_FMT(number), i, got[i].peer->tag,
				got[i].explicit_digits, want[i].peer->tag, want[i].explicit_digits);
	return n;
}

/* Numbers of 1 to CUBE_NUMBER_MAX + 1 fives, one of them replaced. Behind them is nothing that may be read. */
START_TEST(test_characters)
{
	static const char *const patterns[] = {"T", "5", "55", "\\+5", "5.T", "*T", "#5", "A", "5*5T", "55\\+5", "5555555A",
			"55555555*5", "555555555.#", "5555555555555\\+", "555555555555555*", "5555555555555555B5", "[^5].T",
			"5[^5]5", "5555[*#]$", "5555555555$", "\\+55555555555$", ".........$", "5555$", "*$"};
	unsigned n_found = 0;

	plan_init();
	for(size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		plan_add(patterns[i], 0);
	plan_build();
	for(size_t len = 1; len <= CUBE_NUMBER_MAX + 1; len += len < 20 ? 1 : 9) {
		char *number = malloc(len);

		for(size_t at = 0; at < len; at++) {
			for(int c = 0; c < 256; c++) {
				memset(number, '5', len);
				number[at] = (char)c;
				n_found += compare((struct cube_str){number, len}, CUBE_HUNT_MAX) > 0;
			}
		}
		free(number);
	}
	ck_assert_uint_gt(n_found, 1000);
	plan_end();
}
END_TEST

static void digits(struct random_source *r, char *text, unsigned n)
{
	for(unsigned i = 0; i < n; i++)
		*text++ = (char)('0' + random_below(r, 10));
	*text = '\0';
}

static void large_pattern(struct random_source *r, char *text, size_t size)
{
	static const char *const tails[] = {"", "", "", "", "T", "$", "T$", ".", "...$", "[1-5]", "[2-9]..", "[6-9]......$",
			"%", "(12)?3", "*", "[3]", "1.2", "..............$", "#$", "A[1-5]6789"};
	const char *tail = tails[random_below(r, sizeof(tails) / sizeof(tails[0]))];
	char prefix[16];

	digits(r, prefix, "1233344445555556"[random_below(r, 16)] - '0');
	snprintf(text, size, "%s%s%s", random_below(r, 8) ? "" : "\\+", prefix, tail);
}

/* A number that begins like a pattern, and goes on for a while. */
static struct cube_str number_like(struct random_source *r, struct cube_str pattern, char *buf)
{
	size_t n = 0, i = pattern.s[0] == '\\';

	for(; i < pattern.len && strchr("0123456789*#+A", pattern.s[i]); i++)
		buf[n++] = pattern.s[i];
	digits(r, buf + n, random_below(r, 4) ? random_below(r, 8) : random_below(r, 14));
	if(n == 0 && !buf[0])
		digits(r, buf, 1);
	return cube_str_of(buf);
}

/* At these sizes look-ups start at the root, behind three digits, and behind four. */
static const unsigned sizes[] = {400, 3000, PEERS_MAX};

START_TEST(test_large)
{
	struct random_source r = {(uint64_t)_i + 1};
	unsigned n = sizes[_i], n_found = 0, tries = 6000000 / n < 3000 ? 6000000 / n : 3000;
	char text[64];

	plan_init();
	for(unsigned i = 0; i < n; i++) {
		large_pattern(&r, text, sizeof(text));
		plan_add(text, (int)random_below(&r, 3));
	}
	plan_build();
	for(unsigned i = 0; i < tries; i++) {
		struct cube_str pattern = plan.conf.dial_peers[random_below(&r, n)].destination_pattern;

		n_found += compare(number_like(&r, pattern, text), 1 + random_below(&r, CUBE_HUNT_MAX));
	}
	ck_assert_uint_gt(n_found, tries / 2);
	plan_end();
}
END_TEST

Suite *suite_plan_large(void)
{
	TCase *tc = tcase_create("plan_large");
	Suite *s = suite_create("plan_large");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_characters);
	tcase_add_loop_test(tc, test_large, 0, sizeof(sizes) / sizeof(sizes[0]));
	suite_add_tcase(s, tc);
	return s;
}
