/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the text of a cube.conf to its sections as text: title, and the values of each key. Nothing is judged but
 * the form: brackets, known names, no key twice in a section. */
#ifndef CUBE_CONF_READ_H
#define CUBE_CONF_READ_H

#include <stdbool.h>

#include "../base/arena.h"
#include "../base/err.h"
#include "schema.h"

struct cube_raw_key
{
	unsigned first, n; /* its values in cube_raw.values */
	bool given;		   /* also true for an empty list */
};

/* One section as read; valid only during the callback. */
struct cube_raw
{
	const struct cube_section *section;
	struct cube_str title;					 /* empty when the section has none */
	struct cube_raw_key keys[CUBE_KEYS_MAX]; /* by index in section->keys */
	const struct cube_str *values;
};

/* Called at the end of each section, an inner one before its outer one. Its faults go to the err given to
 * cube_read; nothing but memory running out (-1) ends the reading. */
struct cube_read_sink
{
	int (*section)(void *ctx, const struct cube_raw *raw);
	void *ctx;
};

/* text: what cube_text_clean made. arena: for the time of reading. 0 when all of the text was read, though a
 * section may have faults in err; -1 when reading ended early, with a line in err. path: for messages. */
int cube_read(struct cube_str text, const char *path, const struct cube_read_sink *sink, struct cube_arena *arena,
		struct cube_err *err) __attribute__((warn_unused_result));
/* "tenant 100", "sip-ua: crypto-signaling default": how messages name a section; returns buf. */
#define CUBE_PATH_MAX 192
const char *cube_section_path(const struct cube_section *section, struct cube_str title, char buf[CUBE_PATH_MAX]);

#endif
