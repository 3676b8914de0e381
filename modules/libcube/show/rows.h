/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An answer in rows, each of them a heading with names and values below it: what an RPC gives as structures, and a command
 * as text. */
#ifndef CUBE_SHOW_ROWS_H
#define CUBE_SHOW_ROWS_H

#include "connections.h"

#define CUBE_ROWS_TEXT_MAX 1024 /* bytes of a value, with its NUL; longer ones are cut */

/* Takes a row, then what it has: no name twice in a row. Texts are valid during the call. */
struct cube_rows
{
	void (*row)(void *ctx, const char *heading);
	void (*text)(void *ctx, const char *name, const char *value);
	void (*number)(void *ctx, const char *name, int value);
	void *ctx;
};

/* rows->text with a format. */
void cube_rows_say(const struct cube_rows *rows, const char *name, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

/* Rows as lines: "heading", and "    name: value" below it. Control characters come out as "?". */
struct cube_rows_lines
{
	cube_show_line_f line;
	void *ctx;
};
struct cube_rows cube_rows_as_lines(struct cube_rows_lines *lines); /* lines: kept, not copied */

#endif
