/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "header.h"

#include <stdint.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct cube_str behind(struct cube_str text, size_t n)
{
	return (struct cube_str){text.s + n, text.len - n};
}

/* The length of "Route :" at the front of text; 0: it is another header. */
static size_t name_length(struct cube_str text, struct cube_str name)
{
	size_t i = name.len;

	if(text.len <= name.len || (text.s[i] != ':' && !is_blank(text.s[i]))
			|| !cube_str_caseeq((struct cube_str){text.s, name.len}, name))
		return 0;
	while(i < text.len && is_blank(text.s[i]))
		i++;
	return i < text.len && text.s[i] == ':' ? i + 1 : 0;
}

/* Up to the LF that no blank follows, and without it; *more: there is one. */
static struct cube_str header_of(struct cube_str text, bool *more)
{
	const char *s = text.s, *end = text.s + text.len, *lf;

	do {
		lf = s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;
		s = lf ? lf + 1 : end;
	} while(s < end && (*s == ' ' || *s == '\t'));
	*more = lf != NULL;
	return (struct cube_str){text.s, (size_t)((lf ? lf : end) - text.s)};
}

/* The bit of a letter, in whatever case; other characters share them. */
static uint32_t letter(char c)
{
	return UINT32_C(1) << (c & 31);
}

/* Each message is looked through more than once, so a line that begins with another letter costs next to nothing. */
bool cube_header_next(
		struct cube_str *rest, const struct cube_str *names, unsigned n, unsigned *which, struct cube_str *body)
{
	const char *s = rest->s, *end = rest->s + rest->len;
	uint32_t letters = 0;
	bool more;

	for(unsigned i = 0; i < n; i++)
		letters |= letter(names[i].s[0]);
	for(;;) {
		s = s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;
		if(!s || ++s == end || *s == '\r' || *s == '\n')
			return false;
		for(unsigned i = 0; letters & letter(*s) && i < n; i++) {
			struct cube_str line = {s, (size_t)(end - s)};
			size_t len = name_length(line, names[i]);

			if(!len)
				continue;
			*which = i;
			*body = header_of(behind(line, len), &more);
			*rest = (struct cube_str){body->s + body->len, (size_t)(end - body->s) - body->len};
			return true;
		}
	}
}

enum kind
{
	OTHER = 0,
	TOKEN = 1, /* RFC 3261 25.1, without what no name of a header has */
	DIGIT = 2,
	TEXT = 4, /* in quotes */
	URI = 8,  /* between < and > */
	TAG = 16,
};

#define ALNUM (TOKEN | TEXT | URI | TAG)

static const uint8_t kinds[256] = {['0' ... '9'] = ALNUM | DIGIT,
		['A' ... 'Z'] = ALNUM,
		['a' ... 'z'] = ALNUM,
		['-'] = ALNUM,
		['.'] = TEXT | URI | TAG,
		['_'] = TEXT | URI | TAG,
		['~'] = TEXT | URI | TAG,
		['!'] = TEXT | URI | TAG,
		['%'] = TEXT | URI | TAG,
		['*'] = TEXT | URI | TAG,
		['+'] = TEXT | URI | TAG,
		['\''] = TEXT | URI | TAG,
		[' '] = TEXT,
		['('] = TEXT | URI,
		[')'] = TEXT | URI,
		['@'] = TEXT | URI,
		[':'] = TEXT | URI,
		['&'] = TEXT | URI,
		['='] = TEXT | URI,
		['$'] = TEXT | URI,
		['/'] = TEXT | URI,
		[';'] = TEXT | URI,
		['['] = TEXT | URI,
		[']'] = TEXT | URI,
		[','] = TEXT};

static size_t span(struct cube_str text, unsigned kind)
{
	size_t i = 0;

	while(i < text.len && kinds[(unsigned char)text.s[i]] & kind)
		i++;
	return i;
}

#define LENGTH_DIGITS_MAX 9

static bool is_length(struct cube_str body)
{
	size_t n;

	while(body.len && body.s[0] == ' ')
		body = behind(body, 1);
	n = span(body, DIGIT);
	return n > 0 && n <= LENGTH_DIGITS_MAX && (n == body.len || (n + 1 == body.len && body.s[n] == '\r'));
}

static bool is_plain(struct cube_str name, struct cube_str body)
{
	static const struct cube_str looked_into[] = {
			{"via", 3}, {"v", 1}, {"to", 2}, {"t", 1}, {"cseq", 4}, {"retry-after", 11}};

	for(unsigned i = 0; i < sizeof(looked_into) / sizeof(*looked_into); i++) {
		if(name.len == looked_into[i].len && cube_str_caseeq(name, looked_into[i]))
			return false;
	}
	if((name.len == 1 && (name.s[0] | 0x20) == 'l')
			|| (name.len == 14 && cube_str_caseeq(name, CUBE_STR("content-length"))))
		return is_length(body);
	return true;
}

bool cube_header_lines_plain(struct cube_str lines)
{
	struct cube_str body;
	size_t name;
	bool more;

	while(lines.len && lines.s[0] != '\r' && lines.s[0] != '\n') {
		name = span(lines, TOKEN);
		if(name == 0 || name == lines.len || lines.s[name] != ':')
			return false;
		body = header_of(behind(lines, name + 1), &more);
		if(!more || !is_plain((struct cube_str){lines.s, name}, body))
			return false;
		lines = behind(lines, name + 1 + body.len + 1);
	}
	return lines.len > 0;
}

/* ";name=value" from the front of text, value may be missing. */
static bool take_param(struct cube_str *text, struct cube_str *name, struct cube_str *value)
{
	if(text->len < 2 || text->s[0] != ';')
		return false;
	*name = (struct cube_str){text->s + 1, span(behind(*text, 1), TOKEN)};
	*text = behind(*text, 1 + name->len);
	*value = (struct cube_str){text->s, 0};
	if(text->len && text->s[0] == '=') {
		value->s++;
		value->len = span(behind(*text, 1), TAG);
		*text = behind(*text, 1 + value->len);
		if(value->len == 0)
			return false;
	}
	return name->len > 0;
}

bool cube_header_tag(struct cube_str body, struct cube_str *tag)
{
	struct cube_str name, value, found = {NULL, 0};
	size_t n;

	while(body.len && is_blank(body.s[body.len - 1]))
		body.len--;
	while(body.len && body.s[0] == ' ')
		body = behind(body, 1);
	if(body.len && body.s[0] == '"') {
		n = 1 + span(behind(body, 1), TEXT);
		if(n + 1 >= body.len || body.s[n] != '"')
			return false;
		body = behind(body, n + 1);
		while(body.len && body.s[0] == ' ')
			body = behind(body, 1);
	}
	if(body.len == 0 || body.s[0] != '<')
		return false;
	n = 1 + span(behind(body, 1), URI);
	if(n == 1 || n >= body.len || body.s[n] != '>')
		return false;
	body = behind(body, n + 1);
	while(body.len) {
		if(!take_param(&body, &name, &value))
			return false;
		if(!cube_str_caseeq(name, CUBE_STR("tag")))
			continue;
		if(found.len || !value.len)
			return false;
		found = value;
	}
	*tag = found;
	return found.len > 0;
}
