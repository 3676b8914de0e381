/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random patterns and numbers for property tests, always the same sequence for a seed, and a matcher that is slow but
 * plainly follows the language's definition. Shares no code with libcube. */
#ifndef TEST_RANDOM_PATTERN_H
#define TEST_RANDOM_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random_source
{
	uint64_t state; /* not 0 */
};

/* How many times as long as usual property tests run: TIMES of the environment, 1 to 10000; make unit TIMES=50. */
unsigned random_times(void);
unsigned random_below(struct random_source *r, unsigned n);
/* A valid pattern of few different digits, so that numbers often match. text: NUL-terminated. */
void random_pattern(struct random_source *r, char *text, size_t size);
/* Patterns as operators write them, many with the same beginnings, or any that there may be. */
void random_plan_pattern(struct random_source *r, char *text, size_t size);
void random_number(struct random_source *r, char *text, unsigned max_len);
/* A number that may well match the pattern. text: 61 bytes. */
void random_number_like(struct random_source *r, const char *pattern, char *text);

/* Does the valid pattern match the number? *digits: explicit digits. */
bool naive_match(const char *pattern, const char *number, unsigned *digits);

#endif
