/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where one SIP message ends and the next begins in a stream. */
#include "sip_frame.h"

#include <string.h>

#define BODY_MAX (1u << 20)

/* The line at the beginning of text, without its CRLF; false when there is no CRLF. */
static bool first_line(struct cube_str text, struct cube_str *line)
{
	size_t i;

	for(i = 0; i + 1 < text.len; i++) {
		if(text.s[i] == '\r' && text.s[i + 1] == '\n') {
			*line = (struct cube_str){text.s, i};
			return true;
		}
	}
	return false;
}

static struct cube_str skip_blanks(struct cube_str text)
{
	while(text.len && (text.s[0] == ' ' || text.s[0] == '\t')) {
		text.s++;
		text.len--;
	}
	return text;
}

/* 1: line is a Content-Length and *length its value, 0: it is another header, -1: its value is none. */
static int content_length(struct cube_str line, size_t *length)
{
	const char *colon = line.len ? memchr(line.s, ':', line.len) : NULL;
	struct cube_str name, value;
	size_t i;

	if(!colon)
		return 0;
	name = (struct cube_str){line.s, (size_t)(colon - line.s)};
	while(name.len && (name.s[name.len - 1] == ' ' || name.s[name.len - 1] == '\t'))
		name.len--;
	if(!cube_str_caseeq(name, CUBE_STR("Content-Length")) && !cube_str_caseeq(name, CUBE_STR("l")))
		return 0;
	value = skip_blanks((struct cube_str){colon + 1, line.len - (size_t)(colon + 1 - line.s)});
	*length = 0;
	for(i = 0; i < value.len && value.s[i] >= '0' && value.s[i] <= '9'; i++) {
		*length = *length * 10 + (size_t)(value.s[i] - '0');
		if(*length > BODY_MAX)
			return -1;
	}
	return i > 0 && skip_blanks((struct cube_str){value.s + i, value.len - i}).len == 0 ? 1 : -1;
}

size_t cube_sip_frame(struct cube_str stream)
{
	struct cube_str rest = stream, line;
	size_t body = 0;

	while(first_line(rest, &line)) {
		rest.s += line.len + 2;
		rest.len -= line.len + 2;
		if(line.len == 0)
			return rest.len >= body && rest.s - stream.s > 2 ? (size_t)(rest.s - stream.s) + body : 0;
		if(content_length(line, &body) < 0)
			return 0;
	}
	return 0;
}
