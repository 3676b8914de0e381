/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions of translation rules and URI classes, compiled. Knows text, not numbers or URIs.
 * docs/dial-peers.md has the tables of both spellings. The C library's cannot be used: what is compiled here is shared
 * by all processes, and matching must not allocate nor take longer than it may. */
#ifndef CUBE_DIALPEER_REGEX_H
#define CUBE_DIALPEER_REGEX_H

#include <stdint.h>

#include "../base/arena.h"
#include "../base/err.h"
#include "../base/str.h"

#define CUBE_REGEX_TEXT_MAX 128		/* characters of an expression */
#define CUBE_REGEX_DEPTH_MAX 8		/* groups inside groups */
#define CUBE_REGEX_SPANS 10			/* the match, and what \1 to \9 stand for */
#define CUBE_REGEX_SEARCH_MAX 65535 /* bytes that are searched; nothing is found in a longer text */

/* Both have . [...] [^...] * + ? ^ $ and | between alternatives, and stand for bytes. A group is \( \) in rules and ( )
 * in URI classes; \ makes another sign a plain character. */
enum cube_regex_spelling
{
	CUBE_REGEX_RULE,
	CUBE_REGEX_URI,
};

struct cube_regex; /* immutable after compiling */

struct cube_regex_span
{
	int32_t from, to; /* bytes of the text: [from, to); -1 and -1 for a group that took no part */
};

/* NULL + one line in err that begins with path and says what is wrong and where. The empty expression matches
 * everything. The result lives in arena; text is not kept. */
const struct cube_regex *cube_regex_compile(struct cube_str text, enum cube_regex_spelling spelling, const char *path,
		struct cube_arena *arena, struct cube_err *err) __attribute__((warn_unused_result));

/* Groups that \1 to \9 may name: 0 to 9. Further groups only hold together. */
unsigned cube_regex_groups(const struct cube_regex *regex);

/* Is there a match anywhere in text? Of several the one that begins first, and of those the longest, as POSIX says. Case
 * matters. spans (may be NULL, which is faster): [0] the match, [1] to [9] what the groups matched the last time. Where
 * the same match comes about in several ways, an earlier repeat sign takes as much as it can, and an earlier alternative
 * is preferred.
 * Time is bounded by length of expression x length of text x groups; nothing is allocated, and 50 KB of stack are used. */
bool cube_regex_search(
		const struct cube_regex *regex, struct cube_str text, struct cube_regex_span spans[CUBE_REGEX_SPANS]);

#endif
