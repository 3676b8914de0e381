/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiled form of a regular expression: regex.c writes it, regex_run.c runs it. */
#ifndef CUBE_DIALPEER_REGEX_PRIVATE_H
#define CUBE_DIALPEER_REGEX_PRIVATE_H

#include "regex.h"

enum cube_regex_op
{
	CUBE_REGEX_CHAR = 0, /* the byte arg */
	CUBE_REGEX_ANY,		 /* any byte */
	CUBE_REGEX_SET,		 /* a byte of sets[arg] */
	CUBE_REGEX_BEGIN,	 /* goes on at the beginning of the text only */
	CUBE_REGEX_END,		 /* goes on at its end only */
	CUBE_REGEX_SAVE,	 /* notes the place in slot arg */
	CUBE_REGEX_SPLIT,	 /* goes on behind and at +jump; at a jump back, which repeats, rather there */
	CUBE_REGEX_JUMP,	 /* goes on at +jump */
};

struct cube_regex_insn
{
	uint8_t op, arg;
	int16_t jump; /* counted in instructions from this one */
};

struct cube_regex_set
{
	uint32_t bits[8];
};

/* A character becomes one instruction; * and | are two. A set takes three characters, "[a]". */
#define CUBE_REGEX_CODE_MAX (CUBE_REGEX_TEXT_MAX * 2)
#define CUBE_REGEX_SETS_MAX (CUBE_REGEX_TEXT_MAX / 3)
#define CUBE_REGEX_GROUPS_MAX (CUBE_REGEX_SPANS - 1)
/* Slot 0: where the match begins; group k: slots 2k-1 and 2k. The end is where the program ends. */
#define CUBE_REGEX_SLOTS (1 + 2 * CUBE_REGEX_GROUPS_MAX)

struct cube_regex
{
	uint16_t n;
	uint8_t n_groups;
	const struct cube_regex_set *sets;
	struct cube_regex_insn code[];
};

#endif
