/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over the bytes of a cube.conf. Knows words, strings, comments and braces, and whether the file is whole;
 * knows nothing of sections' and keys' names. */
#include "text.h"

#include <string.h>

#define DEPTH_MAX 8

enum token
{
	TOKEN_NONE = 0,
	TOKEN_WORD, /* or string */
	TOKEN_EQUALS,
	TOKEN_COMMA,
	TOKEN_OPEN,
	TOKEN_CLOSE,
};

/* The words in front of a section's brace. */
struct head
{
	struct cube_str words[2];
	unsigned n, line;
};

struct scan
{
	const char *p, *end;
	const char *path;
	struct cube_err *err;
	unsigned line;
	char *out;
	size_t used;
	enum token last, before; /* the last two tokens */
	unsigned depth;
	struct head head;		/* being read, at the root */
	struct head open, done; /* the section that is open at the root; the last one that was closed */
};

static void put(struct scan *s, char c)
{
	s->out[s->used++] = c;
}

static void token(struct scan *s, enum token token)
{
	s->before = s->last;
	s->last = token;
}

static int cut_off(struct scan *s, const char *inside, unsigned line, const char *or_else)
{
	struct cube_str name = s->done.n ? s->done.words[0] : CUBE_STR("none");

	cube_err_add(s->err,
			"%s: the file ends inside %s that begins on line %u: it is cut off%s (last complete section: %.*s%s%.*s)",
			s->path, inside, line, or_else, CUBE_FMT(name), s->done.n > 1 ? " " : "", CUBE_FMT(s->done.words[1]));
	return -1;
}

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-.:/[]", c));
}

static int head_add(struct scan *s, struct cube_str word)
{
	if(word.len > CUBE_TEXT_WORD_MAX) {
		cube_err_add(s->err, "%s: line %u: a word of %zu characters (at most %d)", s->path, s->line, word.len,
				CUBE_TEXT_WORD_MAX);
		return -1;
	}
	token(s, TOKEN_WORD);
	if(s->depth > 0)
		return 0;
	if(s->head.n == 0)
		s->head.line = s->line;
	if(s->head.n < 2)
		s->head.words[s->head.n++] = word;
	return 0;
}

static int scan_word(struct scan *s)
{
	const char *start = s->p;

	for(; s->p < s->end && word_char(*s->p); s->p++) {
		/* libconfuse is not of one mind on what a // or a / * inside a word means */
		if(*s->p == '/' && s->p + 1 < s->end && (s->p[1] == '/' || s->p[1] == '*')) {
			cube_err_add(s->err, "%s: line %u: %.2s inside a word; write the value in quotes", s->path, s->line, s->p);
			return -1;
		}
		put(s, *s->p);
	}
	return head_add(s, (struct cube_str){start, (size_t)(s->p - start)});
}

/* Looks at one character of a string, or two. -1: not allowed there. */
static int string_char(struct scan *s, char quote)
{
	unsigned char c = (unsigned char)*s->p, next = s->p + 1 < s->end ? (unsigned char)s->p[1] : 0;

	if(c == '\n' || (c == '\r' && next == '\n')) {
		cube_err_add(s->err, "%s: line %u: the string has no closing %c on its line", s->path, s->line, quote);
		return -1;
	}
	if(c < 0x20 || c == 0x7f) {
		cube_err_add(s->err, "%s: line %u: control character 0x%02x in a string", s->path, s->line, c);
		return -1;
	}
	if(c == '$' && next == '{' && quote == '"') {
		cube_err_add(s->err, "%s: line %u: ${...} is not expanded here; write the value itself", s->path, s->line);
		return -1;
	}
	if(c == '\\' && s->p + 1 < s->end) {
		if(next != '\\' && next != (unsigned char)quote) {
			cube_err_add(s->err, "%s: line %u: \\%c in a string (known are \\%c and \\\\; write \\\\ for a backslash)",
					s->path, s->line, next, quote);
			return -1;
		}
		put(s, *s->p++);
	}
	put(s, *s->p++);
	return 0;
}

static int scan_string(struct scan *s)
{
	const char *start = s->p + 1;
	char quote = *s->p++;
	struct cube_str word;

	put(s, quote);
	while(s->p < s->end && *s->p != quote) {
		if(string_char(s, quote) != 0)
			return -1;
	}
	if(s->p == s->end)
		return cut_off(s, "a string", s->line, "");
	word = (struct cube_str){start, (size_t)(s->p - start)};
	put(s, *s->p++);
	if(!cube_text_utf8(word)) {
		cube_err_add(s->err, "%s: line %u: the string is not UTF-8", s->path, s->line);
		return -1;
	}
	return head_add(s, word);
}

/* Blanks the comment, so that libconfuse, which counts a comment's line three times, never sees one. */
static int scan_comment(struct scan *s)
{
	unsigned line = s->line;

	if(*s->p == '#' || s->p[1] == '/') {
		while(s->p < s->end && *s->p != '\n')
			s->p++;
		return 0;
	}
	for(s->p += 2; s->p < s->end; s->p++) {
		if(*s->p == '*' && s->p + 1 < s->end && s->p[1] == '/') {
			s->p += 2;
			put(s, ' ');
			return 0;
		}
		if(*s->p == '\n') {
			s->line++;
			put(s, '\n');
		}
	}
	return cut_off(s, "a comment", line, "");
}

static int scan_open(struct scan *s)
{
	if(s->depth == DEPTH_MAX) {
		cube_err_add(s->err, "%s: line %u: { inside %d others; is a } missing above?", s->path, s->line, DEPTH_MAX);
		return -1;
	}
	if(s->depth++ == 0) {
		s->open = s->head;
		if(s->open.n == 0)
			s->open.line = s->line;
		memset(&s->head, 0, sizeof(s->head));
	}
	token(s, TOKEN_OPEN);
	put(s, '{');
	s->p++;
	return 0;
}

static int scan_close(struct scan *s)
{
	if(s->depth == 0) {
		cube_err_add(s->err, "%s: line %u: } closes nothing; is there one too many above?", s->path, s->line);
		return -1;
	}
	/* libconfuse tells nobody of an empty list */
	if(s->last == TOKEN_OPEN && s->before == TOKEN_EQUALS) {
		put(s, '"');
		put(s, CUBE_TEXT_MARK[0]);
		put(s, '"');
	}
	if(--s->depth == 0)
		s->done = s->open;
	token(s, TOKEN_CLOSE);
	put(s, '}');
	s->p++;
	return 0;
}

static int scan_other(struct scan *s)
{
	unsigned char c = (unsigned char)*s->p;

	switch(c) {
		case '\n':
			s->line++;
			break;
		case ' ':
		case '\t':
			break;
		case '\r':
			put(s, ' ');
			s->p++;
			return 0;
		case '=':
			token(s, TOKEN_EQUALS);
			break;
		case ',':
			token(s, TOKEN_COMMA);
			break;
		case '+':
			cube_err_add(s->err, "%s: line %u: unexpected + (lists are not added to; write values with + in quotes)",
					s->path, s->line);
			return -1;
		default:
			if(c > 0x20 && c < 0x7f)
				cube_err_add(s->err, "%s: line %u: unexpected %c; write the value in quotes", s->path, s->line, c);
			else
				cube_err_add(s->err, "%s: line %u: unexpected byte 0x%02x", s->path, s->line, c);
			return -1;
	}
	put(s, *s->p++);
	return 0;
}

static int scan_next(struct scan *s)
{
	char c = *s->p, next = s->p + 1 < s->end ? s->p[1] : '\0';

	if(c == '#' || (c == '/' && (next == '/' || next == '*')))
		return scan_comment(s);
	if(c == '"' || c == '\'')
		return scan_string(s);
	if(c == '{')
		return scan_open(s);
	if(c == '}')
		return scan_close(s);
	if(word_char(c))
		return scan_word(s);
	return scan_other(s);
}

static int scan_end(struct scan *s)
{
	if(s->depth > 0)
		return cut_off(s, "the section", s->open.line, " or a } is missing");
	if(s->last == TOKEN_NONE) {
		cube_err_add(s->err, "%s: nothing is configured in it", s->path);
		return -1;
	}
	if(s->last != TOKEN_CLOSE)
		return cut_off(s, "the section", s->head.n ? s->head.line : s->line, "");
	return 0;
}

static int check_nul(struct cube_str text, const char *path, struct cube_err *err)
{
	const char *nul = text.len ? memchr(text.s, '\0', text.len) : NULL, *p;
	unsigned line = 1;

	if(!nul)
		return 0;
	for(p = text.s; p < nul; p++) {
		if(*p == '\n')
			line++;
	}
	cube_err_add(err, "%s: line %u: a NUL byte; this is not a text file", path, line);
	return -1;
}

int cube_text_clean(
		struct cube_str text, const char *path, struct cube_arena *arena, struct cube_str *clean, struct cube_err *err)
{
	static const char sentinel[] = "\n" CUBE_TEXT_SENTINEL " = \"" CUBE_TEXT_MARK "\"\n";
	struct scan s = {.path = path, .err = err, .line = 1};
	size_t i, marks = 0;

	if(check_nul(text, path, err) != 0)
		return -1;
	if(cube_str_starts(text, CUBE_STR("\xEF\xBB\xBF")))
		text = (struct cube_str){text.s + 3, text.len - 3}; /* some editors begin UTF-8 files like this */
	for(i = 0; i < text.len; i++)
		marks += text.s[i] == '}' ? 3 : 0;
	if(!(s.out = cube_arena_get(arena, text.len + marks + sizeof(sentinel)))) {
		cube_err_nomem(err, path);
		return -1;
	}
	s.p = text.s;
	s.end = text.len ? text.s + text.len : text.s;
	while(s.p < s.end) {
		if(scan_next(&s) != 0)
			return -1;
	}
	if(scan_end(&s) != 0)
		return -1;
	memcpy(s.out + s.used, sentinel, sizeof(sentinel));
	*clean = (struct cube_str){s.out, s.used + sizeof(sentinel) - 1};
	return 0;
}

bool cube_text_utf8(struct cube_str text)
{
	size_t i, n;

	for(i = 0; i < text.len; i += n) {
		if(!(n = cube_utf8_next(text.s + i, text.len - i)))
			return false;
	}
	return true;
}
