/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 40
#define WHOLE 11 /* digits of a whole number, for patterns that say how many */

static const char *const countries[] = {"1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41",
		"43", "44", "45", "46", "47", "48", "49", "52", "54", "55", "56", "57", "60", "61", "62", "63", "65", "66",
		"81", "82", "86", "90", "91", "351", "353", "358", "380", "420", "421", "971", "972"};
#define N_COUNTRIES (sizeof(countries) / sizeof(countries[0]))

static unsigned below(uint64_t *seed, unsigned n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (unsigned)((*seed >> 16) % n);
}

static void add_digits(uint64_t *seed, char *text, size_t len)
{
	size_t i;

	for(i = strlen(text); i < len; i++)
		text[i] = (char)('0' + below(seed, 10));
	text[i] = '\0';
}

static void prefix(uint64_t *seed, char *text, size_t len)
{
	snprintf(text, TEXT_MAX, "%s", countries[below(seed, N_COUNTRIES)]);
	add_digits(seed, text, len);
}

/* As prefixes of the public network are: few short ones. */
static unsigned prefix_len(uint64_t *seed)
{
	return (unsigned)"3445555566666667777777788888888899999999"[below(seed, 40)] - '0';
}

/* The text with one digit replaced by a range or a dot, and what may follow. Ranges share a place as those of real plans
 * do, without overlap. */
static void vary(uint64_t *seed, char *text)
{
	static const char *const ranges[] = {"[0-2]", "[3-5]", "[6-9]"};
	size_t len = strlen(text);
	unsigned what = below(seed, 12);

	if(what < 3) { /* 4420T */
		snprintf(text + len, TEXT_MAX - len, "T");
		return;
	}
	if(what == 3) { /* 44.07 */
		text[len - 2] = '.';
		return;
	}
	if(what < 8) { /* 442[3-5] */
		snprintf(text + len - 1, TEXT_MAX - len + 1, "%s", ranges[below(seed, 3)]);
		if(what < 6)
			return;
	}
	snprintf(text + strlen(text), TEXT_MAX - strlen(text), "%.*s$", (int)(WHOLE - len), "..........");
}

static void make_pattern(uint64_t *seed, const char *kind, char *text)
{
	unsigned len = (unsigned)strtoul(kind, NULL, 10);

	prefix(seed, text, len ? len : prefix_len(seed));
	if(strcmp(kind, "mix") == 0 && below(seed, 5) >= 2)
		vary(seed, text);
}

/* Open addressing by the text; n_slots is a power of two. False: it is there already. */
static bool note(struct cube_str *slots, size_t n_slots, struct cube_str text)
{
	uint64_t hash = 14695981039346656037u;
	size_t i;

	for(i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.s[i]) * 1099511628211u;
	for(i = hash & (n_slots - 1); slots[i].s; i = (i + 1) & (n_slots - 1)) {
		if(cube_str_eq(slots[i], text))
			return false;
	}
	slots[i] = text;
	return true;
}

static const struct cube_target target = {.kind = CUBE_TARGET_DNS};

static int make_peers(struct plan *plan, const char *kind, unsigned n, uint64_t *seed)
{
	size_t n_slots = 16;
	struct cube_str *slots, text;
	char buf[TEXT_MAX];
	int result = -1;

	while(n_slots < (size_t)n * 2)
		n_slots *= 2;
	slots = calloc(n_slots, sizeof(*slots));
	plan->conf.dial_peers = cube_arena_array(plan->conf.arena, n, sizeof(*plan->conf.dial_peers));
	if(!slots || !plan->conf.dial_peers)
		goto out;
	while(plan->conf.n_dial_peers < n) {
		struct cube_dial_peer *peer = &plan->conf.dial_peers[plan->conf.n_dial_peers];

		make_pattern(seed, kind, buf);
		text = cube_str_of(cube_arena_text(plan->conf.arena, cube_str_of(buf)));
		if(!text.s)
			goto out;
		if(!note(slots, n_slots, text))
			continue;
		peer->tag = (int)++plan->conf.n_dial_peers;
		peer->destination_pattern = text;
		peer->tenant = CUBE_NONE;
		peer->permission = CUBE_PERMISSION_BOTH;
		peer->target = &target;
	}
	result = 0;
out:
	free(slots);
	return result;
}

/* A number that the pattern matches. */
static void number_like(uint64_t *seed, struct cube_str pattern, bool whole, char *text)
{
	size_t n = 0;

	for(size_t i = 0; i < pattern.len && pattern.s[i] != 'T' && pattern.s[i] != '$'; i++) {
		if(pattern.s[i] == '[') { /* [a-b] */
			unsigned span = (unsigned)(pattern.s[i + 3] - pattern.s[i + 1] + 1);

			text[n++] = (char)(pattern.s[i + 1] + (char)below(seed, span));
			i += 4;
		} else {
			text[n++] = pattern.s[i] == '.' ? (char)('0' + below(seed, 10)) : pattern.s[i];
		}
	}
	text[n] = '\0';
	if(!whole && pattern.s[pattern.len - 1] != '$')
		add_digits(seed, text, 10 + below(seed, 5));
}

/* One in eight begins with a country alone: most of those match nothing, or only something short. */
static int make_numbers(struct plan *plan, const char *kind, uint64_t *seed)
{
	bool whole = strtoul(kind, NULL, 10) > 0;
	char buf[TEXT_MAX];

	for(unsigned i = 0; i < PLAN_NUMBERS; i++) {
		const struct cube_dial_peer *peer = &plan->conf.dial_peers[below(seed, plan->conf.n_dial_peers)];

		if(!whole && i % 8 == 0)
			prefix(seed, buf, 10 + below(seed, 5));
		else
			number_like(seed, peer->destination_pattern, whole, buf);
		plan->numbers[i] = cube_str_of(cube_arena_text(plan->conf.arena, cube_str_of(buf)));
		if(!plan->numbers[i].s)
			return -1;
	}
	return 0;
}

int plan_make(struct plan *plan, const struct cube_alloc *alloc, const char *kind, unsigned n)
{
	uint64_t seed = 88172645463325252u;
	struct cube_arena *scratch = cube_arena_new(&cube_alloc_libc, 65536);
	size_t before;
	int result = -1;

	memset(plan, 0, sizeof(*plan));
	plan->conf.arena = cube_arena_new(alloc, 65536);
	if(!scratch || !plan->conf.arena || make_peers(plan, kind, n, &seed) < 0 || make_numbers(plan, kind, &seed) < 0) {
		cube_err_nomem(&plan->err, "bench");
	} else {
		before = cube_arena_bytes(plan->conf.arena);
		result = cube_dial_plan_build(&plan->conf, scratch, &plan->err);
		plan->index_bytes = cube_arena_bytes(plan->conf.arena) - before;
	}
	cube_arena_free(&scratch);
	return result;
}

void plan_free(struct plan *plan)
{
	cube_arena_free(&plan->conf.arena);
}

static double thread_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double plan_time(const struct plan *plan, plan_find *find, void *ctx, unsigned n, uint64_t *sum)
{
	double began = thread_cpu();

	*sum = find(ctx, plan->numbers, n);
	return (thread_cpu() - began) / n;
}

unsigned plan_out(const struct plan *plan, struct cube_str number, struct cube_dial_hit hits[CUBE_HUNT_MAX])
{
	struct cube_call call = {.called = number};

	return cube_dial_plan_out(&plan->conf, NULL, &call, hits, CUBE_HUNT_MAX);
}

uint64_t plan_find_ours(void *ctx, const struct cube_str *numbers, unsigned n)
{
	const struct plan *plan = ctx;
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	struct cube_call call = {.lot = 0};
	uint64_t sum = 0;

	for(unsigned i = 0; i < n; i++) {
		call.called = numbers[i];
		if(cube_dial_plan_out(&plan->conf, NULL, &call, hits, CUBE_HUNT_MAX) > 0)
			sum += (uint64_t)(hits[0].peer - plan->conf.dial_peers) + 1;
	}
	return sum;
}
