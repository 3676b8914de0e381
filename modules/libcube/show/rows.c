/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rows.h"

#include <stdarg.h>
#include <stdio.h>

void cube_rows_say(const struct cube_rows *rows, const char *name, const char *fmt, ...)
{
	char text[CUBE_ROWS_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	rows->text(rows->ctx, name, text);
}

static void line_heading(void *ctx, const char *heading)
{
	const struct cube_rows_lines *lines = ctx;

	lines->line(lines->ctx, heading);
}

static void line_text(void *ctx, const char *name, const char *value)
{
	const struct cube_rows_lines *lines = ctx;
	char line[CUBE_ROWS_TEXT_MAX + 64], *c;

	snprintf(line, sizeof(line), "    %s: %s", name, value);
	for(c = line; *c; c++) {
		if((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	lines->line(lines->ctx, line);
}

static void line_number(void *ctx, const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	line_text(ctx, name, text);
}

struct cube_rows cube_rows_as_lines(struct cube_rows_lines *lines)
{
	return (struct cube_rows){line_heading, line_text, line_number, lines};
}
