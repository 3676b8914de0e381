/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pattern language of destination-pattern and incoming-called-number, compiled. Knows digits, not dial-peers.
 * docs/dial-peers.md has the table of the language. */
#ifndef CUBE_DIALPEER_PATTERN_H
#define CUBE_DIALPEER_PATTERN_H

#include "../base/arena.h"
#include "../base/err.h"
#include "../base/str.h"

#define CUBE_PATTERN_TEXT_MAX 128 /* characters of a pattern */
#define CUBE_PATTERN_DEPTH_MAX 8  /* groups inside groups */
#define CUBE_NUMBER_MAX 64		  /* digits of a number that are looked at; longer ones match nothing */

struct cube_pattern; /* immutable after compiling */

/* NULL + one line in err that begins with path ("dial-peer 100: destination-pattern") and says what is wrong and
 * where. The pattern lives in arena; text is not kept. */
const struct cube_pattern *cube_pattern_compile(struct cube_str text, const char *path, struct cube_arena *arena,
		struct cube_err *err) __attribute__((warn_unused_result));

/* Does number match? A number is 1 to CUBE_NUMBER_MAX of 0-9 A-F a-f * # +; anything else matches nothing (removing
 * visual separators is the caller's work). a-f are A-F in numbers and in patterns. A pattern without $ matches a
 * prefix of the number, as IOS does with digits sent en bloc.
 * explicit_digits (may be NULL) is set when the number matches: how many of its digits a literal of the pattern
 * matched; where the pattern can match in several ways, the most. Not counted: what . [...] or T matched, also [5].
 * This is the "longest match" that decides between patterns: 2... loses to 200., both lose to 2001; 5+ has 3 in 555.
 * Time is bounded by length of pattern x length of number x CUBE_PATTERN_DEPTH_MAX. */
bool cube_pattern_match(const struct cube_pattern *pattern, struct cube_str number, unsigned *explicit_digits);

#endif
