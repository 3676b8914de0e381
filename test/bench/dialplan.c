/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look-ups in a large dial-plan, without a server:
 *   dialplan time <kind> <patterns> <rounds>   one line of JSON: nanoseconds for a look-up in each round; bytes of the index
 *                                              and of the dial-peers for a pattern; how many patterns match a number, on average;
 *                                              how many were compared with a loop over all patterns, and differed
 *   dialplan list <kind> <patterns>            the patterns, one a line
 * kind: see plan_make(). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/pattern.h"
#include "plans.h"

#define CHECKS 10000000 /* comparisons of a number with a pattern */
#define CHECKED_MAX 1000

static struct plan plan;

static void die(const char *what)
{
	fprintf(stderr, "dialplan: %s\n", what);
	exit(2);
}

struct naive
{
	unsigned n; /* dial-peers that match */
	unsigned explicit_digits;
	const struct cube_dial_peer *best;
};

/* All patterns in turn: tags go up, so an equal match comes later in hunting order. */
static void compare_all(struct naive *found, unsigned n)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 65536);

	for(unsigned p = 0; p < plan.conf.n_dial_peers; p++) {
		const struct cube_dial_peer *peer = &plan.conf.dial_peers[p];
		const struct cube_pattern *pattern =
				arena ? cube_pattern_compile(peer->destination_pattern, "", arena, &plan.err) : NULL;

		if(!pattern)
			die("out of memory");
		for(unsigned i = 0; i < n; i++) {
			unsigned digits;

			if(!cube_pattern_match(pattern, plan.numbers[i], &digits))
				continue;
			found[i].n++;
			if(!found[i].best || digits > found[i].explicit_digits) {
				found[i].best = peer;
				found[i].explicit_digits = digits;
			}
		}
	}
	cube_arena_free(&arena);
}

static unsigned wrong(unsigned n)
{
	static struct naive found[CHECKED_MAX];
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned i, bad = 0;

	compare_all(found, n);
	for(i = 0; i < n; i++) {
		unsigned got = plan_out(&plan, plan.numbers[i], hits);

		if(got != (found[i].n < CUBE_HUNT_MAX ? found[i].n : CUBE_HUNT_MAX)
				|| (got > 0 && hits[0].peer != found[i].best))
			bad++;
	}
	return bad;
}

/* For a number, on average. */
static double matches(void)
{
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned n = 0;

	for(unsigned i = 0; i < PLAN_NUMBERS; i++)
		n += plan_out(&plan, plan.numbers[i], hits);
	return (double)n / PLAN_NUMBERS;
}

static void measure(unsigned n, unsigned rounds)
{
	unsigned checked = CHECKS / n < CHECKED_MAX ? CHECKS / n : CHECKED_MAX;
	size_t peers = 0;
	uint64_t sum;

	plan_time(&plan, plan_find_ours, &plan, PLAN_NUMBERS, &sum);
	printf("{\"ns\": [");
	for(unsigned i = 0; i < rounds; i++)
		printf("%s%.1f", i ? ", " : "", plan_time(&plan, plan_find_ours, &plan, PLAN_NUMBERS, &sum));
	for(unsigned i = 0; i < n; i++)
		peers += sizeof(*plan.conf.dial_peers) + plan.conf.dial_peers[i].destination_pattern.len + 1;
	printf("], \"index\": %.1f, \"peer\": %.1f, \"matches\": %.2f, \"checked\": %u, \"wrong\": %u}\n",
			(double)plan.index_bytes / n, (double)peers / n, matches(), checked, wrong(checked));
}

int main(int argc, char **argv)
{
	bool list = argc == 4 && strcmp(argv[1], "list") == 0;
	unsigned n;

	if(!list && !(argc == 5 && strcmp(argv[1], "time") == 0))
		die("usage: dialplan time <kind> <patterns> <rounds> | dialplan list <kind> <patterns>");
	n = (unsigned)strtoul(argv[3], NULL, 10);
	if(n == 0 || n > CHECKS || plan_make(&plan, &cube_alloc_libc, argv[2], n) < 0)
		die(plan.err.text);
	if(list) {
		for(unsigned i = 0; i < n; i++)
			printf("%.*s\n", CUBE_FMT(plan.conf.dial_peers[i].destination_pattern));
	} else {
		measure(n, (unsigned)strtoul(argv[4], NULL, 10));
	}
	plan_free(&plan);
	return 0;
}
