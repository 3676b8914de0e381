/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: a translation rule in the first line, numbers in the others. Its text is an expression of both spellings as
 * well, which is searched for in the numbers. Beyond crashes: a failure has its message; groups lie within the text, and
 * whoever does not ask for them hears the same; a number stays a number. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/regex.h"
#include "../../modules/libcube/dialpeer/translate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if(!holds)
		abort();
}

static struct cube_str next_line(struct cube_str *rest)
{
	const char *end = rest->len ? memchr(rest->s, '\n', rest->len) : NULL;
	struct cube_str line = {rest->s, end ? (size_t)(end - rest->s) : rest->len};

	rest->s += end ? line.len + 1 : line.len;
	rest->len -= end ? line.len + 1 : line.len;
	return line;
}

static void search(const struct cube_regex *regex, struct cube_str text)
{
	struct cube_regex_span spans[CUBE_REGEX_SPANS];
	bool found = cube_regex_search(regex, text, spans);

	must(found == cube_regex_search(regex, text, NULL));
	for(int i = 0; found && i < CUBE_REGEX_SPANS; i++) {
		must(i > 0 || spans[i].from >= 0);
		must((spans[i].from < 0) == (spans[i].to < 0) && spans[i].from <= spans[i].to && spans[i].to <= (int)text.len);
		must(spans[i].from < 0 || (spans[i].from >= spans[0].from && spans[i].to <= spans[0].to));
		must(spans[i].from < 0 || i <= (int)cube_regex_groups(regex));
	}
}

static void translate(const struct cube_translation *translation, struct cube_str number)
{
	char buf[CUBE_NUMBER_MAX];
	struct cube_str out;
	unsigned rule;
	enum cube_translated got = cube_translation_apply(translation, number, buf, &out, &rule);

	must(rule == (got != CUBE_TRANSLATED_NOT));
	must(out.len <= CUBE_NUMBER_MAX || got == CUBE_TRANSLATED_NOT);
	for(size_t i = 0; got == CUBE_TRANSLATED_CHANGED && i < out.len; i++)
		must(out.s[i] && strchr("0123456789ABCDEFabcdef*#+", out.s[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cube_str rest = {(const char *)data, size}, text = next_line(&rest);
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	const struct cube_translation *translation;
	const struct cube_regex *regex[2];
	struct cube_err err = {0};

	if(!arena)
		return 0;
	regex[0] = cube_regex_compile(text, CUBE_REGEX_RULE, "p", arena, &err);
	must((regex[0] != NULL) != cube_err_any(&err));
	cube_err_reset(&err);
	regex[1] = cube_regex_compile(text, CUBE_REGEX_URI, "p", arena, &err);
	must((regex[1] != NULL) != cube_err_any(&err));
	cube_err_reset(&err);
	translation = cube_translation_compile(&text, 1, "p", arena, &err);
	must((translation != NULL) != cube_err_any(&err));
	for(int i = 0; rest.len > 0 && i < 8; i++) {
		struct cube_str line = next_line(&rest);

		for(int k = 0; k < 2; k++) {
			if(regex[k])
				search(regex[k], line);
		}
		if(translation)
			translate(translation, line);
	}
	cube_arena_free(&arena);
	return 0;
}
