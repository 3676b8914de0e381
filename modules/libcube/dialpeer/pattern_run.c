/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a compiled pattern over the digits of a number: all ways to match at once, step by step, so that no pattern
 * can make it backtrack. Owns the digits' alphabet. */
#include "pattern_private.h"

#include <string.h>

/* Digit + 1 by character; 0: not a digit. */
/* clang-format off */
static const uint8_t digit_plus_1[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['*'] = CUBE_DIGIT_STAR + 1, ['#'] = CUBE_DIGIT_STAR + 2, ['+'] = CUBE_DIGIT_PLUS + 1,
};
/* clang-format on */

unsigned cube_digit_of(char c)
{
	return digit_plus_1[(unsigned char)c] - 1u;
}

unsigned cube_digits_of(struct cube_str number, uint8_t digits[CUBE_NUMBER_MAX])
{
	unsigned i;

	if(number.len > CUBE_NUMBER_MAX)
		return 0;
	for(i = 0; i < number.len; i++) {
		uint8_t digit = digit_plus_1[(unsigned char)number.s[i]];

		if(digit == 0)
			return 0;
		digits[i] = (uint8_t)(digit - 1);
	}
	return i;
}

/* The places in a program that are reached: per instruction the most explicit digits on the way there, -1 where
 * there is no way. The place behind the last instruction is the match. */
struct places
{
	int8_t best[CUBE_PROGRAM_MAX + 1];
};

/* Raises one place; true if that was news. */
static bool reach(struct places *at, long place, int8_t best)
{
	if(at->best[place] >= best)
		return false;
	at->best[place] = best;
	return true;
}

/* Follows SPLIT and JUMP. One pass in order follows all that lead forward; each level of repeats inside repeats may
 * take one more for those that lead back, so the passes are bounded by the depth of groups. */
static void follow(const struct cube_pattern *pattern, struct places *at)
{
	bool again;
	unsigned i;

	do {
		again = false;
		for(i = 0; i < pattern->n; i++) {
			const struct cube_insn *insn = &pattern->code[i];

			if(at->best[i] < 0 || insn->op < CUBE_OP_SPLIT)
				continue;
			if(insn->op == CUBE_OP_SPLIT)
				reach(at, (long)i + 1, at->best[i]);
			if(reach(at, (long)i + insn->jump, at->best[i]) && insn->jump < 0)
				again = true;
		}
	} while(again);
}

/* Eats one digit. False: no place is left. */
static bool step(const struct cube_pattern *pattern, const struct places *from, uint8_t digit, struct places *to)
{
	bool alive = false;
	unsigned i;

	memset(to->best, -1, pattern->n + 1u);
	for(i = 0; i < pattern->n; i++) {
		const struct cube_insn *insn = &pattern->code[i];

		if(from->best[i] < 0 || insn->op >= CUBE_OP_SPLIT || !(insn->set >> digit & 1))
			continue;
		reach(to, (long)i + 1, (int8_t)(from->best[i] + (insn->op == CUBE_OP_LITERAL)));
		alive = true;
	}
	return alive;
}

bool cube_pattern_run(const struct cube_pattern *pattern, const uint8_t *digits, unsigned n, unsigned *explicit_digits)
{
	struct places places[2], *now = &places[0], *next = &places[1], *old;
	int best = -1;
	unsigned i;

	memset(now->best, -1, pattern->n + 1u);
	now->best[0] = 0;
	for(i = 0;; i++) {
		follow(pattern, now);
		if(n - i <= pattern->rest_max && now->best[pattern->n] > best)
			best = now->best[pattern->n];
		if(i == n || !step(pattern, now, digits[i], next))
			break;
		old = now;
		now = next;
		next = old;
	}
	if(best >= 0)
		*explicit_digits = (unsigned)best;
	return best >= 0;
}

bool cube_program_run(const struct cube_program *program, const uint8_t *digits, unsigned n, unsigned *explicit_digits)
{
	union
	{
		struct cube_pattern pattern;
		unsigned char room[sizeof(struct cube_pattern) + sizeof(program->code)];
	} whole = {.pattern = {(uint16_t)program->n, (uint16_t)program->rest_max}};

	memcpy(whole.room + offsetof(struct cube_pattern, code), program->code, program->n * sizeof(program->code[0]));
	return cube_pattern_run(&whole.pattern, digits, n, explicit_digits);
}

bool cube_pattern_match(const struct cube_pattern *pattern, struct cube_str number, unsigned *explicit_digits)
{
	uint8_t digits[CUBE_NUMBER_MAX];
	unsigned n = cube_digits_of(number, digits), explicit_here;

	if(n == 0 || !cube_pattern_run(pattern, digits, n, &explicit_here))
		return false;
	if(explicit_digits)
		*explicit_digits = explicit_here;
	return true;
}
