/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiled form of a pattern, for the files of this folder alone: pattern.c writes it, pattern_run.c runs it,
 * plan.c turns its straight beginning into edges of the index. */
#ifndef CUBE_DIALPEER_PATTERN_PRIVATE_H
#define CUBE_DIALPEER_PATTERN_PRIVATE_H

#include "pattern.h"

/* A digit as a small number: 0-9, A-F 10-15, * 16, # 17, + 18. Sets of digits are bits. */
#define CUBE_DIGITS 19
#define CUBE_DIGIT_STAR 16
#define CUBE_DIGIT_PLUS 18
#define CUBE_DIGITS_ALL ((1u << CUBE_DIGITS) - 1)
#define CUBE_T_MAX 32 /* digits that T stands for */

enum cube_op
{
	CUBE_OP_LITERAL = 0, /* one digit of set, which has one bit; counts as explicit */
	CUBE_OP_DIGIT,		 /* one digit of set */
	CUBE_OP_SPLIT,		 /* goes on behind and at +jump */
	CUBE_OP_JUMP,		 /* goes on at +jump */
};

struct cube_insn
{
	uint32_t set;
	int16_t jump; /* counted in instructions from this one */
	uint8_t op;
};

/* A repeatable item is a character or more and becomes an instruction or none; its repeat sign adds two at most. */
#define CUBE_PROGRAM_MAX (CUBE_PATTERN_TEXT_MAX * 3 / 2)

struct cube_program
{
	unsigned n;
	unsigned rest_max; /* digits that may follow the matched part: 0 for $, CUBE_T_MAX for T$, else any */
	struct cube_insn code[CUBE_PROGRAM_MAX];
};

struct cube_pattern
{
	uint16_t n;
	uint16_t rest_max;
	struct cube_insn code[];
};

/* CUBE_DIGITS or more: not a digit. */
unsigned cube_digit_of(char c);
/* The digits of a number; how many, 0 when it is not a number or too long. */
unsigned cube_digits_of(struct cube_str number, uint8_t digits[CUBE_NUMBER_MAX]);

int cube_program_parse(struct cube_str text, const char *path, struct cube_program *program, struct cube_err *err)
		__attribute__((warn_unused_result));
/* The end of a program, from instruction `from`, as a pattern of its own. No jump may leave it. NULL: out of memory. */
const struct cube_pattern *cube_program_keep(const struct cube_program *program, unsigned from,
		struct cube_arena *arena) __attribute__((warn_unused_result));
bool cube_pattern_run(const struct cube_pattern *pattern, const uint8_t *digits, unsigned n, unsigned *explicit_digits);
/* The same with a program that is not kept. */
bool cube_program_run(const struct cube_program *program, const uint8_t *digits, unsigned n, unsigned *explicit_digits);

#endif
