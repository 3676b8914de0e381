/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects the lines of a failure in a fixed buffer: it needs no memory, so that running out of memory can be
 * reported. Whatever is printed into a line, it stays one line. */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 800

void cube_err_reset(struct cube_err *err)
{
	if(!err)
		return;
	err->count = 0;
	err->used = 0;
	err->text[0] = '\0';
}

/* Cut text ends in "..." and never inside a UTF-8 character. */
static size_t line_cut(char *line, size_t room)
{
	size_t len = room - 3;

	while(len > 0 && ((unsigned char)line[len] & 0xC0) == 0x80)
		len--;
	memcpy(line + len, "...", 3);
	return len + 3;
}

/* A value from a file or a peer may hold line breaks and terminal escapes. */
static void line_clean(char *line, size_t len)
{
	size_t i;

	for(i = 0; i < len; i++) {
		if((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
}

void cube_err_add(struct cube_err *err, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	size_t separator, room, len;
	va_list ap;
	int n;

	if(!err)
		return;
	separator = err->used > 0 ? 1 : 0;
	room = sizeof(err->text) - 1 - err->used;
	if(err->count++ >= CUBE_ERR_LINES_MAX || room < separator + 16)
		return;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	len = n < 0 ? 0 : (size_t)n;
	room -= separator;
	if(room > sizeof(line) - 1)
		room = sizeof(line) - 1;
	if(len > room)
		len = line_cut(line, room);
	line_clean(line, len);
	if(separator)
		err->text[err->used++] = '\n';
	memcpy(err->text + err->used, line, len);
	err->used += len;
	err->text[err->used] = '\0';
}

void cube_err_nomem(struct cube_err *err, const char *path)
{
	cube_err_add(err, "%s: out of memory", path);
}

bool cube_err_any(const struct cube_err *err)
{
	return err && err->count > 0;
}
