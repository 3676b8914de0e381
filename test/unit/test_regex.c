/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/regex.c and regex_run.c: both spellings by tables, their error messages, random expressions against
 * the C library's matcher, and expressions that would take a backtracking matcher for ever. */
#include <check.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../modules/libcube/dialpeer/regex.h"
#include "helper.h"
#include "random_pattern.h"

Suite *suite_regex(void);

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
#define RULE CUBE_REGEX_RULE
#define URI CUBE_REGEX_URI

struct fixture
{
	struct cube_arena *arena;
	struct cube_err err;
};

static void fixture_new(struct fixture *f)
{
	f->arena = cube_arena_new(&cube_alloc_libc, 1 << 16);
	ck_assert_ptr_nonnull(f->arena);
	cube_err_reset(&f->err);
}

/* "0-4 1-2 -": match, group 1, group 2, as far as the expression has groups; "" without a match. */
static const char *spans_text(const struct cube_regex *regex, struct cube_str text, char *buf, size_t size)
{
	struct cube_regex_span spans[CUBE_REGEX_SPANS];
	size_t used = 0;

	buf[0] = '\0';
	if(!cube_regex_search(regex, text, spans))
		return buf;
	for(unsigned i = 0; i <= cube_regex_groups(regex); i++) {
		if(spans[i].from < 0)
			used += (size_t)snprintf(buf + used, size - used, "%s-", i ? " " : "");
		else
			used += (size_t)snprintf(buf + used, size - used, "%s%d-%d", i ? " " : "", spans[i].from, spans[i].to);
	}
	return buf;
}

static const struct
{
	enum cube_regex_spelling spelling;
	const char *regex, *text, *want;
} rows[] = {
		/* plain characters; found anywhere */
		{RULE, "123", "123", "0-3"},
		{RULE, "123", "6123", "1-4"},
		{RULE, "123", "6123123", "1-4"},
		{RULE, "123", "1243", ""},
		{RULE, "123", "", ""},
		{RULE, "", "123", "0-0"},
		{RULE, "", "", "0-0"},
		{URI, "sip:", "sip:bob@b", "0-4"},
		{URI, "Bob", "bob", ""},
		{URI, "bob", "BOB", ""},
		/* ends */
		{RULE, "^123", "1234", "0-3"},
		{RULE, "^123", "6123", ""},
		{RULE, "^123$", "123", "0-3"},
		{RULE, "^123$", "1234", ""},
		{RULE, "23$", "123", "1-3"},
		{RULE, "23$", "1234", ""},
		{RULE, "^$", "", "0-0"},
		{RULE, "^$", "1", ""},
		{RULE, "$", "12", "2-2"},
		{RULE, "1^2", "12", ""},
		{RULE, "1$2", "12", ""},
		{URI, "(^a|b)c", "bc", "0-2 0-1"},
		{URI, "(^a|b)c", "xac", ""},
		{URI, "a(b$|c)", "acab", "0-2 1-2"},
		{URI, "^^a$$", "a", "0-1"},
		/* . */
		{RULE, "4....", "4123", ""},
		{RULE, "^4....", "408252", "0-5"},
		{RULE, ".", "", ""},
		{RULE, ".", "*", "0-1"},
		{URI, "a.b", "a\nb", "0-3"},
		/* repeat signs */
		{RULE, ".*", "12345", "0-5"},
		{RULE, ".*", "", "0-0"},
		{RULE, ".+", "12345", "0-5"},
		{RULE, ".+", "", ""},
		{RULE, "^0+", "0011", "0-2"},
		{RULE, "^0+", "1100", ""},
		{RULE, "00*", "1002", "1-3"},
		{RULE, "0*", "1002", "0-0"},
		{RULE, "^0?1", "01", "0-2"},
		{RULE, "^0?1", "1", "0-1"},
		{RULE, "^0?1", "001", ""},
		{RULE, "12*3", "13", "0-2"},
		{RULE, "12*3", "12223", "0-5"},
		{RULE, "12+3", "13", ""},
		/* sets */
		{RULE, "^[2-4]", "31", "0-1"},
		{RULE, "^[2-4]", "51", ""},
		{RULE, "[^0]", "0007", "3-4"},
		{RULE, "[^0]", "000", ""},
		{RULE, "[246]+", "12463", "1-4"},
		{RULE, "[0-9*#]*$", "12*#", "0-4"},
		{URI, "[]a]+", "x]a]", "1-4"},
		{URI, "[^]a]+", "]bca", "1-3"},
		{URI, "[a-]+", "b-a-", "1-4"},
		{URI, "[-a]+", "b-a-", "1-4"},
		{URI, "[\\.]", "\\", "0-1"},
		{URI, "[\\.]", ".", "0-1"},
		{URI, "[a^]", "^", "0-1"},
		{URI, "[.*+?|()$]+", "a.*+?|()$", "1-9"},
		{URI, "[A-Ca-c]+", "xBbDd", "1-3"},
		{URI, "[\x80-\xff]+", "a\xc3\xa4", "1-3"},
		/* groups */
		{RULE, "^\\(12\\)3\\(45\\)$", "12345", "0-5 0-2 3-5"},
		{RULE, "^0\\(.*\\)", "0897", "0-4 1-4"},
		{RULE, "^0\\(.*\\)", "0", "0-1 1-1"},
		{RULE, "^.*\\(..\\)$", "12345", "0-5 3-5"},
		{RULE, "^\\(.*\\)\\(..\\)$", "12345", "0-5 0-3 3-5"},
		{RULE, "\\(1\\(2\\)\\)3", "123", "0-3 0-2 1-2"},
		{RULE, "\\(1\\)?2", "2", "0-1 -"},
		{RULE, "\\(1\\)?2", "12", "0-2 0-1"},
		{RULE, "\\(.\\)*", "123", "0-3 2-3"},
		{RULE, "^\\(12\\)+3", "12123", "0-5 2-4"},
		{RULE, "^\\(12\\)*$", "1212", "0-4 2-4"},
		{RULE, "\\(\\)1", "21", "1-2 1-1"},
		{RULE, "\\(1\\)\\(2\\)\\(3\\)\\(4\\)\\(5\\)\\(6\\)\\(7\\)\\(8\\)\\(9\\)", "123456789",
				"0-9 0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8 8-9"},
		{URI, "(1)(2)(3)(4)(5)(6)(7)(8)(9)(0)*x", "12345678900x", "0-12 0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8 8-9"},
		{URI, "((((((((a))))))))", "a", "0-1 0-1 0-1 0-1 0-1 0-1 0-1 0-1 0-1"},
		{URI, "(ab)+", "xababa", "1-5 3-5"},
		/* alternatives: the longest, wherever it is written */
		{RULE, "^\\(00\\|\\+\\)", "+49", "0-1 0-1"},
		{RULE, "^\\(00|\\+\\)", "0049", "0-2 0-2"},
		{RULE, "2|21", "121", "1-3"},
		{RULE, "21|2", "121", "1-3"},
		{URI, "a|b|c", "c", "0-1"},
		{URI, "^(alice|bob)$", "bob", "0-3 0-3"},
		{URI, "^(alice|bob)$", "bobby", ""},
		{URI, "(a|ab)(c|bcd)(d*)", "abcd", "0-4 0-1 1-4 4-4"},
		{URI, "a||b", "b", "0-1"},
		{URI, "x(a|)y", "xy", "0-2 1-1"},
		{URI, "x(|a)y", "xay", "0-3 1-2"},
		{URI, "(a|b)*c|x", "abac", "0-4 2-3"},
		{URI, "((a|b)|(c|d))+", "adcb", "0-4 3-4 3-4 2-3"},
		{URI, "xy|yzzz", "xyzzz", "0-2"},
		{URI, "xyq|yz", "xyz", "1-3"},
		/* \ */
		{RULE, "^\\+49", "+4930", "0-3"},
		{RULE, "\\*67", "*67", "0-3"},
		{RULE, "1\\.2", "132", ""},
		{RULE, "\\/", "1/2", "1-2"},
		{RULE, "\\\\", "\\", "0-1"},
		{RULE, "\\^\\$\\[\\]", "^$[]", "0-4"},
		{URI, "\\(a\\)", "(a)", "0-3"},
		{URI, "a\\|b", "a|b", "0-3"},
		{URI, "\\{1}", "{1}", "0-3"},
		{URI, "sip\\.acme\\.co", "sipXacme.co", ""},
		{RULE, "#", "12#", "2-3"},
		{RULE, "]", "]", "0-1"},
};

START_TEST(test_rows)
{
	struct fixture f;
	const struct cube_regex *regex;
	char buf[128];

	fixture_new(&f);
	regex = cube_regex_compile(cube_str_of(rows[_i].regex), rows[_i].spelling, "p", f.arena, &f.err);
	ck_assert_msg(regex != NULL, "%s", f.err.text);
	ck_assert_str_eq(spans_text(regex, cube_str_of(rows[_i].text), buf, sizeof(buf)), rows[_i].want);
	ck_assert_int_eq(cube_regex_search(regex, cube_str_of(rows[_i].text), NULL), rows[_i].want[0] != '\0');
	cube_arena_free(&f.arena);
}
END_TEST

static const struct
{
	enum cube_regex_spelling spelling;
	const char *regex;
	int position;
	const char *why;
} bad[] = {
		{RULE, "*67", 1, "nothing to repeat"},
		{RULE, "+49", 1, "\\ in front makes the sign a character"},
		{RULE, "^+49", 2, "nothing to repeat"},
		{RULE, "1**", 3, "nothing to repeat"},
		{RULE, "1+?", 3, "nothing to repeat"},
		{RULE, "1|*", 3, "nothing to repeat"},
		{RULE, "1$*", 3, "nothing to repeat"},
		{RULE, "\\(*1\\)", 3, "nothing to repeat"},
		{RULE, "(12)3", 1, "groups are written \\( \\)"},
		{RULE, "12)", 3, "groups are written \\( \\)"},
		{RULE, "1\\(23", 3, "the group is not closed"},
		{RULE, "123\\)", 5, "closed that was not opened"},
		{RULE, "\\(1\\)\\1", 6, "letter or digit means nothing"},
		{RULE, "12\\", 3, "nothing behind \\"},
		{RULE, "1[23", 2, "[ is not closed by ]"},
		{RULE, "1[", 2, "[ is not closed by ]"},
		{RULE, "[^", 1, "[ is not closed by ]"},
		{RULE, "[]", 1, "[ is not closed by ]"},
		{RULE, "[^]", 1, "[ is not closed by ]"},
		{RULE, "[]12", 1, "[ is not closed by ]"},
		{RULE, "[1-", 1, "[ is not closed by ]"},
		{RULE, "[4-2]", 2, "not a range"},
		{RULE, "[[:digit:]]", 2, "no named classes"},
		{RULE, "1{3}", 2, "no repeat sign"},
		{URI, "a)", 2, "closed that was not opened"},
		{URI, "((a)", 1, "the group is not closed"},
		{RULE, "\\(00\\|+\\)", 7, "nothing to repeat"},
		{URI, "(((((((((a)))))))))", 9, "too many groups inside each other"},
		{URI, "\\d", 1, "letter or digit means nothing"},
		{URI, "?a", 1, "nothing to repeat"},
		{URI, "\x01*\xff*{", 5, "\"?*?*{\""},
};

START_TEST(test_bad)
{
	struct fixture f;
	char where[40];

	fixture_new(&f);
	ck_assert_ptr_null(cube_regex_compile(cube_str_of(bad[_i].regex), bad[_i].spelling, "rule 7", f.arena, &f.err));
	snprintf(where, sizeof(where), "position %d: ", bad[_i].position);
	ck_assert_uint_eq(f.err.count, 1);
	ck_assert_msg(strncmp(f.err.text, "rule 7: \"", 9) == 0 && strstr(f.err.text, where)
						  && strstr(f.err.text, bad[_i].why) && strstr(f.err.text, "(allowed: "),
			"%s: %s", bad[_i].regex, f.err.text);
	cube_arena_free(&f.arena);
}
END_TEST

/* The longest of each kind compile and the next longer one does not. */
START_TEST(test_limits)
{
	static const char *const pieces[] = {"a", "|", "a*", "a+", "[a]", "(a)", "(|", "()*"};
	char text[CUBE_REGEX_TEXT_MAX + 2] = "", subject[70] = "";
	size_t len = strlen(pieces[_i]), n = 0;
	const struct cube_regex *regex;
	struct fixture f;

	fixture_new(&f);
	while(n + len <= CUBE_REGEX_TEXT_MAX) {
		memcpy(text + n, pieces[_i], len);
		n += len;
	}
	memset(subject, 'a', sizeof(subject) - 1);
	regex = cube_regex_compile((struct cube_str){text, n}, URI, "p", f.arena, &f.err);
	ck_assert_int_eq(regex != NULL, strcmp(pieces[_i], "(|") != 0);
	if(regex)
		cube_regex_search(regex, cube_str_of(subject), (struct cube_regex_span[CUBE_REGEX_SPANS]){{0, 0}});
	memset(text, 'a', sizeof(text) - 1);
	cube_err_reset(&f.err);
	ck_assert_ptr_null(cube_regex_compile(cube_str_of(text), URI, "p", f.arena, &f.err));
	ck_assert_ptr_nonnull(strstr(f.err.text, "position 129: too long"));
	cube_arena_free(&f.arena);
}
END_TEST

START_TEST(test_long_text)
{
	const struct cube_regex *regex;
	struct cube_regex_span spans[CUBE_REGEX_SPANS];
	struct fixture f;
	char *text = calloc(1, CUBE_REGEX_SEARCH_MAX + 1); /* NULs are bytes like others */

	fixture_new(&f);
	regex = cube_regex_compile(CUBE_STR("x.*"), URI, "p", f.arena, &f.err);
	ck_assert_ptr_nonnull(text);
	text[7] = 'x';
	ck_assert(cube_regex_search(regex, (struct cube_str){text, CUBE_REGEX_SEARCH_MAX}, spans));
	ck_assert_int_eq(spans[0].from, 7);
	ck_assert_int_eq(spans[0].to, CUBE_REGEX_SEARCH_MAX);
	ck_assert(!cube_regex_search(regex, (struct cube_str){text, CUBE_REGEX_SEARCH_MAX + 1}, spans));
	ck_assert(!cube_regex_search(regex, (struct cube_str){NULL, 0}, spans));
	free(text);
	cube_arena_free(&f.arena);
}
END_TEST

/* ---- random expressions against regexec */

static void put(char *text, size_t size, const char *piece)
{
	size_t len = strlen(text);

	if(len + strlen(piece) < size)
		memcpy(text + len, piece, strlen(piece) + 1);
}

#define PICK(r, list) list[random_below((r), sizeof(list) / sizeof((list)[0]))]

/* simple: no alternatives, and what is repeated is one character; then all matchers agree about the groups. */
static void put_items(struct random_source *r, char *text, size_t size, unsigned depth, bool simple)
{
	static const char *const atoms[] = {"a", "b", "c", "a", "b", "ab", ".", "[ab]", "[^a]", "[b-c]", "\\.", "."};
	static const char *const signs[] = {"*", "+", "?"};
	unsigned n = random_below(r, 4) + (depth == 0);

	for(unsigned i = 0; i < n; i++) {
		bool group = depth < 3 && random_below(r, 4) == 0;

		if(group) {
			put(text, size, "(");
			put_items(r, text, size, depth + 1, simple);
			put(text, size, ")");
		} else {
			put(text, size, PICK(r, atoms));
		}
		if(random_below(r, 3) == 0 && !(simple && group))
			put(text, size, PICK(r, signs));
		if(!simple && random_below(r, 6) == 0)
			put(text, size, "|");
	}
}

static void random_regex(struct random_source *r, char *text, size_t size, bool simple)
{
	text[0] = '\0';
	if(random_below(r, 5) == 0)
		put(text, size, "^");
	put_items(r, text, size, 0, simple);
	if(random_below(r, 5) == 0)
		put(text, size, "$");
}

/* Both spellings say the same. */
static void as_rule(const char *uri, char *rule)
{
	for(; *uri; uri++) {
		if(*uri == '(' || *uri == ')')
			*rule++ = '\\';
		*rule++ = *uri;
	}
	*rule = '\0';
}

static bool agree(
		const char *text, const struct cube_regex *regex, const regex_t *libc, struct random_source *r, bool groups)
{
	struct cube_regex_span got[CUBE_REGEX_SPANS];
	regmatch_t want[CUBE_REGEX_SPANS];
	char subject[12] = "";
	unsigned n = random_below(r, sizeof(subject)), n_spans = groups ? 1 + cube_regex_groups(regex) : 1;
	bool hit;

	for(unsigned i = 0; i < n; i++)
		subject[i] = "aabbc."[random_below(r, 6)];
	hit = regexec(libc, subject, n_spans, want, 0) == 0;
	ck_assert_msg(
			cube_regex_search(regex, cube_str_of(subject), got) == hit, "%s against %s: want %d", text, subject, hit);
	for(unsigned i = 0; hit && i < n_spans; i++)
		ck_assert_msg(got[i].from == want[i].rm_so && got[i].to == want[i].rm_eo,
				"%s against %s, group %u: got %d-%d, want %d-%d", text, subject, i, got[i].from, got[i].to,
				want[i].rm_so, want[i].rm_eo);
	return hit;
}

#define RANDOM_REGEXES 40000 /* times eight texts */

/* _i: 0 match and its place; 1 groups as well, of simple expressions. */
START_TEST(test_random)
{
	struct random_source r = {20240611 + (unsigned)_i};
	struct fixture f;
	unsigned hits = 0, tried = 0;

	fixture_new(&f);
	for(int i = 0; i < RANDOM_REGEXES; i++) {
		const struct cube_regex *regex, *same;
		char text[48], rule[96];
		regex_t libc;

		random_regex(&r, text, sizeof(text), _i == 1);
		cube_err_reset(&f.err);
		as_rule(text, rule);
		regex = cube_regex_compile(cube_str_of(text), URI, "p", f.arena, &f.err);
		same = cube_regex_compile(cube_str_of(rule), RULE, "p", f.arena, &f.err);
		ck_assert_int_eq(regex != NULL, same != NULL);
		if(!regex || regcomp(&libc, text, REG_EXTENDED) != 0)
			continue; /* cut inside a group by the size of text */
		for(int k = 0; k < 8; k++)
			hits += agree(text, k % 2 ? same : regex, &libc, &r, _i == 1);
		tried += 8;
		regfree(&libc);
	}
	ck_assert_msg(
			tried > RANDOM_REGEXES * 6 && hits > tried / 4 && hits < tried - tried / 8, "%u of %u match", hits, tried);
	cube_arena_free(&f.arena);
}
END_TEST

/* Any string of the language's signs either has exactly one message or compiles, and then can be searched for. */
START_TEST(test_random_signs)
{
	static const char signs[] = "aab1.*+?()()[]^-|$\\{}";
	struct random_source r = {77};
	unsigned good = 0;
	struct fixture f;

	fixture_new(&f);
	for(int i = 0; i < RANDOM_REGEXES * 4; i++) {
		struct cube_regex_span spans[CUBE_REGEX_SPANS];
		const struct cube_regex *regex;
		char text[12] = "";
		unsigned n = random_below(&r, sizeof(text));

		for(unsigned k = 0; k < n; k++)
			text[k] = signs[random_below(&r, sizeof(signs) - 1)];
		cube_err_reset(&f.err);
		regex = cube_regex_compile(cube_str_of(text), i % 2 ? URI : RULE, "p", f.arena, &f.err);
		ck_assert_uint_eq(f.err.count, regex ? 0 : 1);
		if(!regex)
			continue;
		good++;
		if(cube_regex_search(regex, CUBE_STR("aab1(a.*+b"), spans))
			ck_assert(spans[0].from >= 0 && spans[0].from <= spans[0].to && spans[0].to <= 10);
	}
	ck_assert_uint_gt(good, RANDOM_REGEXES / 10);
	cube_arena_free(&f.arena);
}
END_TEST

/* ---- time and memory */

static const char *const evil[] = {
		"(a*)*b",
		"(a|aa)+$",
		"(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x",
		"((((((((a*)*)*)*)*)*)*)*)*b",
		"(a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaaaa)*b",
		"(a|b|ab|ba|aab|aba|baa|abb|bab|bba|a*b*|b*a*)*c",
		"a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*a.*b",
		"(()*)*(()*)*(()*)*(()*)*b",
};

#define EVIL_TEXT 10240
#define EVIL_SECONDS 5 /* a tenth would do; the sanitizers and a busy machine may take ten times as long */

START_TEST(test_evil)
{
	struct cube_regex_span spans[CUBE_REGEX_SPANS];
	const struct cube_regex *regex;
	char text[EVIL_TEXT];
	struct fixture f;
	clock_t began;

	fixture_new(&f);
	memset(text, 'a', sizeof(text));
	regex = cube_regex_compile(cube_str_of(evil[_i]), URI, "p", f.arena, &f.err);
	ck_assert_msg(regex != NULL, "%s", f.err.text);
	began = clock();
	ck_assert_int_eq(cube_regex_search(regex, (struct cube_str){text, sizeof(text)}, spans), _i == 1);
	ck_assert_msg(clock() - began < EVIL_SECONDS * CLOCKS_PER_SEC, "%.2f seconds",
			(double)(clock() - began) / CLOCKS_PER_SEC);
	cube_arena_free(&f.arena);
}
END_TEST

/* At each allocation once. */
START_TEST(test_no_memory)
{
	const struct cube_regex *regex = NULL;
	long n;

	for(n = 1; n < 10 && !regex; n++) {
		struct helper_alloc h;
		struct cube_err err = {0};
		struct cube_arena *arena;

		helper_alloc_init(&h, n, false);
		arena = cube_arena_new(&h.alloc, 0);
		regex = cube_regex_compile(CUBE_STR("^[0-9]"), RULE, "rule 7", arena, &err);
		ck_assert_uint_eq(err.count, regex ? 0 : 1);
		ck_assert(regex || strcmp(err.text, "rule 7: out of memory") == 0);
		cube_arena_free(&arena);
		ck_assert_int_eq(h.live, 0);
	}
	ck_assert_int_gt(n, 3);
	ck_assert_int_lt(n, 10);
}
END_TEST

Suite *suite_regex(void)
{
	Suite *s = suite_create("regex");
	TCase *t = tcase_create("regex");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_rows, 0, N(rows));
	tcase_add_loop_test(t, test_bad, 0, N(bad));
	tcase_add_loop_test(t, test_limits, 0, 8);
	tcase_add_test(t, test_long_text);
	tcase_add_loop_test(t, test_random, 0, 2);
	tcase_add_test(t, test_random_signs);
	tcase_add_loop_test(t, test_evil, 0, N(evil));
	tcase_add_test(t, test_no_memory);
	suite_add_tcase(s, t);
	return s;
}
