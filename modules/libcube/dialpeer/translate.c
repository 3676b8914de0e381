/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation rules: reads their texts and applies them. What /.../ may contain, regex.c says. */
#include "translate.h"

#include <stdio.h>
#include <string.h>

#include "pattern_private.h"
#include "regex.h"

#define FORM "a rule is /match/ /replacement/ or reject /match/, then perhaps type and plan"

/* What of a replacement is not a character but a group: GROUP + its number, 0 for the whole match. */
#define GROUP 256

struct rule
{
	const struct cube_regex *match;
	bool reject;
	bool never; /* asks for an ISDN type or plan, which no SIP number has */
	uint8_t n;	/* of the replacement; each piece was a character of a text of CUBE_REGEX_TEXT_MAX */
	const uint16_t *pieces;
};

struct cube_translation
{
	unsigned n;
	struct rule rules[];
};

struct reader
{
	struct cube_str text;
	size_t at;		  /* next character */
	const char *path; /* of the rule */
	struct cube_arena *arena;
	struct cube_err *err;
};

/* Reports what is wrong with the character at `at`. Always -1. */
static int refuse(const struct reader *r, size_t at, const char *why)
{
	char shown[CUBE_TRANSLATION_TEXT_MAX + 1];
	size_t i;

	for(i = 0; i < r->text.len && i < CUBE_TRANSLATION_TEXT_MAX; i++)
		shown[i] = (r->text.s[i] >= ' ' && r->text.s[i] <= '~') ? r->text.s[i] : '?';
	shown[i] = '\0';
	cube_err_add(r->err, "%s: \"%s\": position %zu: %s", r->path, shown, at + 1, why);
	return -1;
}

static void skip_blanks(struct reader *r)
{
	while(r->at < r->text.len && (r->text.s[r->at] == ' ' || r->text.s[r->at] == '\t'))
		r->at++;
}

/* The next word, up to a blank; empty at the end. */
static struct cube_str read_word(struct reader *r)
{
	size_t from;

	skip_blanks(r);
	for(from = r->at; r->at < r->text.len && r->text.s[r->at] != ' ' && r->text.s[r->at] != '\t';)
		r->at++;
	return (struct cube_str){r->text.s + from, r->at - from};
}

/* What stands between two slashes. A slash of its own is written \/. */
static int read_slashes(struct reader *r, struct cube_str *inside)
{
	size_t from;

	skip_blanks(r);
	from = r->at;
	if(from == r->text.len || r->text.s[from] != '/')
		return refuse(r, from, "no / where one must be (" FORM ")");
	for(r->at++; r->at < r->text.len && r->text.s[r->at] != '/'; r->at++)
		r->at += r->text.s[r->at] == '\\';
	if(r->at >= r->text.len)
		return refuse(r, from, "no / that ends what begins here (" FORM "; a / of its own is \\/)");
	*inside = (struct cube_str){r->text.s + from + 1, r->at++ - from - 1};
	if(inside->len > CUBE_REGEX_TEXT_MAX)
		return refuse(r, from, "more than 128 characters between two /");
	return 0;
}

/* The group or character that stands behind a \ in a replacement. */
static int read_escaped(struct reader *r, size_t at, char c, unsigned n_groups, uint16_t *piece)
{
	if(c == '+' || c == '*' || c == '#') {
		*piece = (uint16_t)c;
		return 0;
	}
	if(c < '0' || c > '9')
		return refuse(r, at, "\\ in a replacement stands in front of 0 to 9, +, * or #");
	if((unsigned)(c - '0') > n_groups)
		return refuse(r, at, "/match/ has no such group");
	*piece = (uint16_t)(GROUP + c - '0');
	return 0;
}

static int read_replacement(struct reader *r, struct rule *rule)
{
	uint16_t pieces[CUBE_REGEX_TEXT_MAX], *kept;
	struct cube_str text;
	size_t i, first;

	if(read_slashes(r, &text) < 0)
		return -1;
	first = (size_t)(text.s - r->text.s);
	for(i = 0; i < text.len; i++) {
		uint16_t *piece = &pieces[rule->n++];

		if(text.s[i] == '&') {
			*piece = GROUP;
		} else if(text.s[i] == '\\') { /* never the last: the / would be its */
			if(read_escaped(r, first + i, text.s[i + 1], cube_regex_groups(rule->match), piece) < 0)
				return -1;
			i++;
		} else if(cube_digit_of(text.s[i]) < CUBE_DIGITS) {
			*piece = (uint16_t)text.s[i];
		} else {
			return refuse(r, first + i, "no such sign in a replacement (allowed: 0-9 A-F * # + & and \\0 to \\9)");
		}
	}
	if(!(kept = cube_arena_array(r->arena, rule->n, sizeof(*kept)))) {
		cube_err_nomem(r->err, r->path);
		return -1;
	}
	memcpy(kept, pieces, rule->n * sizeof(*kept));
	rule->pieces = kept;
	return 0;
}

/* "any" can only be matched. */
#define TYPES "any abbreviated international national network reserved subscriber unknown"
#define PLANS "any data ermes isdn national private reserved telex unknown"

static bool is_in(struct cube_str word, const char *words)
{
	size_t len;

	for(; *words; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		if(cube_str_eq(word, (struct cube_str){words, len}))
			return true;
	}
	return false;
}

/* One or, with a replacement, two names behind "type" or "plan". A number of SIP is of unknown type and plan, and what
 * it would become has nowhere to go. */
static int read_isdn(struct reader *r, struct rule *rule, const char *names, const char *why)
{
	struct cube_str match = read_word(r), replacement = rule->reject ? CUBE_STR("unknown") : read_word(r);

	if(!is_in(match, names))
		return refuse(r, (size_t)(match.s - r->text.s), why);
	if(!is_in(replacement, names) || cube_str_eq(replacement, CUBE_STR("any")))
		return refuse(r, (size_t)(replacement.s - r->text.s), why);
	if(!cube_str_eq(match, CUBE_STR("any")) && !cube_str_eq(match, CUBE_STR("unknown")))
		rule->never = true;
	return 0;
}

static int read_tail(struct reader *r, struct rule *rule)
{
	struct cube_str word = read_word(r);

	if(cube_str_eq(word, CUBE_STR("type"))) {
		if(read_isdn(r, rule, TYPES,
				   "not a type to match, then, unless the rule rejects, one to replace it (" TYPES
				   "; any is only matched)")
				< 0)
			return -1;
		word = read_word(r);
	}
	if(cube_str_eq(word, CUBE_STR("plan"))) {
		if(read_isdn(r, rule, PLANS,
				   "not a plan to match, then, unless the rule rejects, one to replace it (" PLANS
				   "; any is only matched)")
				< 0)
			return -1;
		word = read_word(r);
	}
	return word.len ? refuse(r, (size_t)(word.s - r->text.s), "neither type nor, behind it, plan (" FORM ")") : 0;
}

static int read_rule(struct reader *r, struct rule *rule)
{
	struct cube_str match;

	if(r->text.len > CUBE_TRANSLATION_TEXT_MAX)
		return refuse(r, CUBE_TRANSLATION_TEXT_MAX, "too long: at most 512 characters");
	skip_blanks(r);
	if(cube_str_starts((struct cube_str){r->text.s + r->at, r->text.len - r->at}, CUBE_STR("reject"))) {
		rule->reject = true;
		r->at += 6;
	}
	if(read_slashes(r, &match) < 0)
		return -1;
	if(!(rule->match = cube_regex_compile(match, CUBE_REGEX_RULE, r->path, r->arena, r->err)))
		return -1;
	if(!rule->reject && read_replacement(r, rule) < 0)
		return -1;
	return read_tail(r, rule);
}

const struct cube_translation *cube_translation_compile(
		const struct cube_str *rules, unsigned n, const char *path, struct cube_arena *arena, struct cube_err *err)
{
	struct cube_translation *translation;
	bool good = true;
	unsigned i;

	if(n == 0 || n > CUBE_TRANSLATION_RULES_MAX) {
		cube_err_add(err, "%s: %u rules (allowed: 1 to %d)", path, n, CUBE_TRANSLATION_RULES_MAX);
		return NULL;
	}
	if(!(translation = cube_arena_get(arena, sizeof(*translation) + n * sizeof(translation->rules[0])))) {
		cube_err_nomem(err, path);
		return NULL;
	}
	translation->n = n;
	for(i = 0; i < n; i++) {
		char rule_path[256];
		struct reader r = {
				.text = rules[i].len ? rules[i] : CUBE_STR(""), .path = rule_path, .arena = arena, .err = err};

		snprintf(rule_path, sizeof(rule_path), "%s: rule %u", path, i + 1);
		good &= read_rule(&r, &translation->rules[i]) == 0;
	}
	return good ? translation : NULL;
}

/* Appends; false when it no longer fits. */
static bool put(char buf[CUBE_NUMBER_MAX], size_t *len, const char *s, size_t n)
{
	if(n > CUBE_NUMBER_MAX - *len)
		return false;
	if(n > 0)
		memcpy(buf + *len, s, n);
	*len += n;
	return true;
}

static bool put_span(char buf[CUBE_NUMBER_MAX], size_t *len, struct cube_str number, struct cube_regex_span span)
{
	return span.from < 0 || put(buf, len, number.s + span.from, (size_t)(span.to - span.from));
}

/* The number with what the rule matched replaced; false when that is too long. */
static bool replace(const struct rule *rule, struct cube_str number, const struct cube_regex_span *spans,
		char buf[CUBE_NUMBER_MAX], size_t *len)
{
	struct cube_regex_span before = {0, spans[0].from}, behind = {spans[0].to, (int32_t)number.len};
	bool fits;
	unsigned i;

	*len = 0;
	fits = put_span(buf, len, number, before);
	for(i = 0; fits && i < rule->n; i++) {
		char c = (char)rule->pieces[i];

		fits = rule->pieces[i] >= GROUP ? put_span(buf, len, number, spans[rule->pieces[i] - GROUP])
										: put(buf, len, &c, 1);
	}
	return fits && put_span(buf, len, number, behind);
}

enum cube_translated cube_translation_apply(const struct cube_translation *translation, struct cube_str number,
		char buf[CUBE_NUMBER_MAX], struct cube_str *out, unsigned *rule)
{
	struct cube_regex_span spans[CUBE_REGEX_SPANS];
	uint8_t digits[CUBE_NUMBER_MAX];
	const struct rule *found = NULL;
	unsigned i;

	if(number.len == 0)
		number = CUBE_STR("");
	for(i = 0; i < translation->n && !found && (number.len == 0 || cube_digits_of(number, digits)); i++) {
		if(!translation->rules[i].never && cube_regex_search(translation->rules[i].match, number, spans))
			found = &translation->rules[i];
	}
	if(rule)
		*rule = found ? i : 0;
	*out = number;
	if(!found)
		return CUBE_TRANSLATED_NOT;
	out->s = buf;
	if(!found->reject && replace(found, number, spans, buf, &out->len))
		return CUBE_TRANSLATED_CHANGED;
	out->len = 0;
	return CUBE_TRANSLATED_REJECTED;
}
