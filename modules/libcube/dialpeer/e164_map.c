/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "e164_map.h"

#include <stdio.h>
#include <string.h>

#include "pattern_private.h"

#define URL_SHOWN 300 /* bytes; a line of cube_err takes 800 */
#define LINE_PATH_MAX (URL_SHOWN + 64)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct cube_str trimmed(struct cube_str line)
{
	while(line.len > 0 && is_blank(line.s[0]))
		line = (struct cube_str){line.s + 1, line.len - 1};
	while(line.len > 0 && is_blank(line.s[line.len - 1]))
		line.len--;
	return line;
}

/* The mark that some editors begin UTF-8 with; cube.conf may have it, too. */
static void skip_mark(const struct cube_file *file, struct cube_e164_cursor *cursor)
{
	if(cursor->at == 0 && cube_str_starts((struct cube_str){file->data, file->len}, CUBE_STR("\xef\xbb\xbf")))
		cursor->at = 3;
}

static bool next_line(const struct cube_file *file, struct cube_e164_cursor *cursor, struct cube_str *line)
{
	const char *begin, *end;

	skip_mark(file, cursor);
	if(cursor->at >= file->len)
		return false;
	begin = file->data + cursor->at;
	end = memchr(begin, '\n', file->len - cursor->at);
	*line = (struct cube_str){begin, end ? (size_t)(end - begin) : file->len - cursor->at};
	cursor->at += line->len + (end ? 1 : 0);
	cursor->line++;
	return true;
}

bool cube_e164_next(const struct cube_e164_map *map, struct cube_e164_cursor *cursor, struct cube_str *pattern)
{
	if(map->url.len == 0) {
		if(cursor->at == map->e164.n)
			return false;
		*pattern = map->e164.v[cursor->at++];
		return true;
	}
	while(next_line(&map->file, cursor, pattern)) {
		*pattern = trimmed(*pattern);
		if(pattern->len > 0 && pattern->s[0] != '!')
			return true;
	}
	return false;
}

/* Of a very long path the end, which has the file's name. */
static void path_of_line(const struct cube_e164_map *map, unsigned line, char path[LINE_PATH_MAX])
{
	size_t from = map->url.len > URL_SHOWN ? map->url.len - URL_SHOWN : 0;

	while(from > 0 && from < map->url.len && ((unsigned char)map->url.s[from] & 0xC0) == 0x80)
		from++; /* not inside a UTF-8 character */
	snprintf(path, LINE_PATH_MAX, "e164-pattern-map %d: url %s%.*s: line %u", map->tag, from > 0 ? "..." : "",
			(int)(map->url.len - from), map->url.s + from, line);
}

bool cube_e164_check(const struct cube_e164_map *map, struct cube_err *err)
{
	struct cube_e164_cursor cursor = {0};
	struct cube_program program;
	struct cube_str pattern;
	char path[LINE_PATH_MAX];
	bool ok = true;

	while(cube_e164_next(map, &cursor, &pattern)) {
		if(map->url.len == 0)
			snprintf(path, sizeof(path), "e164-pattern-map %d: e164", map->tag);
		else
			path_of_line(map, cursor.line, path);
		ok = cube_program_parse(pattern, path, &program, err) == 0 && ok;
	}
	return ok;
}
