/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dial-plans and numbers for the bench. The same kind and size make the same patterns and numbers in every program. */
#ifndef CUBE_BENCH_PLANS_H
#define CUBE_BENCH_PLANS_H

#include "../../modules/libcube/dialpeer/plan.h"

#define PLAN_NUMBERS 65536 /* random numbers of each plan; one look-up of each is a round */

/* conf has a dial-peer for each pattern, tags from 1. */
struct plan
{
	struct cube_conf conf;
	struct cube_err err;
	size_t index_bytes; /* of the compiled dial-plan */
	struct cube_str numbers[PLAN_NUMBERS];
};

/* kind: "literal", prefixes of 3 to 9 digits; "mix", two fifths of them and the rest with T, dots and $, ranges; a
 * number L, literal patterns and numbers of L digits. -1 with a line in plan->err. Release with plan_free(), in both
 * cases. */
int plan_make(struct plan *plan, const struct cube_alloc *alloc, const char *kind, unsigned n);
void plan_free(struct plan *plan);

/* The dial-peers that a call to this number is offered to, as cube_dialpeer_out() asks for them. */
unsigned plan_out(const struct plan *plan, struct cube_str number, struct cube_dial_hit hits[CUBE_HUNT_MAX]);

/* Nanoseconds of this thread's CPU time for one look-up, if find() looks the first n numbers up and returns the sum of the
 * tags that it found, 0 for none. */
typedef uint64_t plan_find(void *ctx, const struct cube_str *numbers, unsigned n);
double plan_time(const struct plan *plan, plan_find *find, void *ctx, unsigned n, uint64_t *sum);
/* All dial-peers that match, in hunting order; counts the first. */
plan_find plan_find_ours; /* ctx: struct plan */

#endif
