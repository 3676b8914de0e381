/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The characters of a cube.conf, before libconfuse sees them: what libconfuse would silently skip, expand or take
 * for complete is refused here, so that its parser only ever gets plain words, strings, braces and commas. */
#ifndef CUBE_CONF_TEXT_H
#define CUBE_CONF_TEXT_H

#include "../base/arena.h"
#include "../base/err.h"

#define CUBE_TEXT_WORD_MAX 1000	   /* bytes of one word or string */
#define CUBE_TEXT_SENTINEL "__eof" /* root option that stands behind the last section */
#define CUBE_TEXT_MARK "\001"	   /* value of the sentinel and of an empty list: cannot be written in a cube.conf */

/* Makes a copy of text in arena for the parser: comments are blanked (line numbers stay), an empty list holds
 * CUBE_TEXT_MARK, the sentinel is appended. Refused, with one line that begins with path: a file that ends inside a
 * section, a string or a comment, or has no section; NUL and control characters; strings over several lines or not
 * in UTF-8; ${...}; escapes other than \" and \\; +=; words with characters that need quotes. */
int cube_text_clean(struct cube_str text, const char *path, struct cube_arena *arena, struct cube_str *clean,
		struct cube_err *err) __attribute__((warn_unused_result));
/* Is text well-formed UTF-8 (RFC 3629)? */
bool cube_text_utf8(struct cube_str text);

#endif
