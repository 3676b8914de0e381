/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/translate.c: rules by a table, sets of rules, their error messages and limits. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/translate.h"
#include "helper.h"

Suite *suite_translate(void);

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
#define REJECTED ((const char *)1)

struct fixture
{
	struct cube_arena *arena;
	struct cube_err err;
};

static void fixture_new(struct fixture *f)
{
	f->arena = cube_arena_new(&cube_alloc_libc, 4096);
	ck_assert_ptr_nonnull(f->arena);
	cube_err_reset(&f->err);
}

/* Where a row comes from. IOS: Cisco's description of voice translation rules and its examples. RFC: numbers as SIP has
 * them. The others are settled in docs/dial-peers.md. */
static const struct
{
	const char *rule, *number, *want; /* NULL: no match */
	const char *why;
} rows[] = {
		{"/123/ /456/", "123", "456", "IOS: replace"},
		{"/123/ /456/", "1234", "4564", "IOS: the rest stays"},
		{"/123/ /456/", "6123", "6456", "IOS: found anywhere"},
		{"/123/ /456/", "6123123", "6456123", "IOS: the first occurrence only"},
		{"/123/ /456/", "1243", NULL, "IOS: no match"},
		{"/^123/ /456/", "123", "456", "IOS: ^"},
		{"/^123/ /456/", "1234", "4564", "IOS: ^"},
		{"/^123/ /456/", "6123", NULL, "IOS: ^"},
		{"/^123$/ /456/", "123", "456", "IOS: ^ and $"},
		{"/^123$/ /456/", "1234", NULL, "IOS: ^ and $"},
		{"/^40..../ /6666/", "4082525", "66665", "IOS: dots; only what matched is replaced"},
		{"/^40..../ /6666/", "408", NULL, "IOS: dots"},
		{"/.*/ /5550100/", "4085551212", "5550100", "IOS: everything"},
		{"/.*/ /5550100/", "", "5550100", "IOS: everything, no digits included"},
		{"/.+/ /5550100/", "1", "5550100", "IOS: everything but no digits"},
		{"/.+/ /5550100/", "", NULL, "IOS: everything but no digits"},
		{"/^$/ /5550100/", "", "5550100", "IOS: no digits"},
		{"/^$/ /5550100/", "0", NULL, "IOS: no digits"},
		{"/^0+/ /909/", "0123", "909123", "IOS: leading zeros"},
		{"/^0+/ /909/", "00123", "909123", "IOS: leading zeros"},
		{"/^0+/ /909/", "123", NULL, "IOS: leading zeros"},
		{"/^[2-4]/ /5/", "2001", "5001", "IOS: set"},
		{"/^[2-4]/ /5/", "6001", NULL, "IOS: set"},
		{"/^\\(12\\)3\\(45\\)$/ /6\\1\\2/", "12345", "61245", "IOS: number slice"},
		{"/^\\(12\\)3\\(45\\)$/ /6\\1\\2/", "123456", NULL, "IOS: number slice"},
		{"/^\\(12\\)3\\(45\\)$/ /\\2\\1/", "12345", "4512", "IOS: number slice, other order"},
		{"/^.*\\(..\\)/ /\\1/", "12345", "45", "IOS: the last two digits"},
		{"/^9\\(.*\\)/ /\\1/", "95551212", "5551212", "IOS: strip a digit"},
		{"/^\\(.*\\)/ /7\\1/", "8208", "78208", "IOS: prefix"},
		{"/^26\\(....\\)/ /\\1/", "268208", "8208", "IOS: strip digits"},
		{"/^\\([0-9]....\\)/ /9\\1/", "12345", "912345", "IOS: prefix five digits and more"},
		{"/^\\([0-9]....\\)/ /9\\1/", "1234", NULL, "IOS: prefix five digits and more"},
		{"/^999$/ /999/", "999", "999", "IOS: a rule that keeps a number from those behind it"},
		{"/^9/ /&/", "911", "911", "IOS: & is the match"},
		{"/^9/ /00&/", "911", "00911", "IOS: & is the match, not the number"},
		{"/^9/ /\\0\\0/", "911", "9911", "IOS: \\0 is the match"},
		{"/^1234/ //", "12345", "5", "IOS: an empty replacement removes"},
		{"/.*/ //", "12345", "", "IOS: an empty replacement removes"},
		{"// /0/", "12", "012", "the empty expression matches in front"},
		{"reject /^900/", "9005551212", REJECTED, "IOS: reject"},
		{"reject /^900/", "5551212", NULL, "IOS: reject"},
		{"reject /408252*/", "40825", REJECTED, "IOS: * is a repeat sign"},
		{"reject //", "12", REJECTED, "IOS: reject all"},
		{"reject //", "", REJECTED, "IOS: reject all"},
		{"/^0\\(.*\\)/ /+49\\1/", "0301234", "+49301234", "national to E.164"},
		{"/^\\+49/ /0/", "+49301234", "0301234", "E.164 to national"},
		{"/^\\(00\\|\\+\\)49/ /0/", "+49301234", "0301234", "alternatives"},
		{"/^\\(00|\\+\\)49/ /0/", "0049301234", "0301234", "alternatives"},
		{"/^\\*67/ //", "*675551212", "5551212", "the star key"},
		{"/#$/ /\\#\\*\\+/", "12#", "12#*+", "keys behind a \\"},
		{"/^\\(1\\)?2/ /9\\1/", "2001", "9001", "a set that took no part is empty"},
		{"/^\\(1\\)?2/ /9\\1/", "12001", "91001", "a set that took part"},
		{"/a/ /b/", "1a1", "1b1", "a-f are digits; their case matters"},
		{"/A/ /B/", "1a1", NULL, "a-f are digits; their case matters"},
		{"  /1/\t/2/  ", "1", "2", "blanks"},
		{"/1//2/", "1", "2", "no blank"},
		/* type and plan */
		{"/^1/ // type any national", "12", "2", "IOS: any type"},
		{"/^1/ // type unknown national", "12", "2", "a SIP number is of unknown type"},
		{"/^1/ // type national unknown", "12", NULL, "a SIP number is not of this type"},
		{"/^1/ // type any unknown plan any isdn", "12", "2", "IOS: any plan"},
		{"/^1/ // type any unknown plan isdn national", "12", NULL, "a SIP number is not of this plan"},
		{"/^1/ // plan unknown isdn", "12", "2", "plan without type"},
		{"reject /^1/ type any plan any", "12", REJECTED, "IOS: reject, any type and plan"},
		{"reject /^1/ type international", "12", NULL, "a SIP number is not of this type"},
		/* what is no number is not touched */
		{"/.*/ /1/", "alice", NULL, "no number"},
		{"/.*/ /1/", "12x", NULL, "no number"},
		{"reject //", "1 2", NULL, "no number"},
		{"reject //", "1\n", NULL, "no number"},
		/* length */
		{"/^/ /1/", "123456789012345678901234567890123456789012345678901234567890123",
				"1123456789012345678901234567890123456789012345678901234567890123", "64 digits"},
		{"/^/ /12/", "123456789012345678901234567890123456789012345678901234567890123", REJECTED, "longer than 64"},
		{"/^1/ /12/", "1234567890123456789012345678901234567890123456789012345678901234", REJECTED, "longer than 64"},
		{"/.*/ /&&/", "123456789012345678901234567890123", REJECTED, "longer than 64"},
		{"/.*/ /&&/", "12345678901234567890123456789012",
				"1234567890123456789012345678901212345678901234567890123456789012", "64 digits"},
		{"/^1/ //", "12345678901234567890123456789012345678901234567890123456789012345", NULL, "no number: too long"},
};

START_TEST(test_rows)
{
	struct cube_str rule = cube_str_of(rows[_i].rule), out = {NULL, 99};
	const struct cube_translation *translation;
	enum cube_translated got;
	char buf[CUBE_NUMBER_MAX];
	struct fixture f;
	unsigned which = 99;

	fixture_new(&f);
	translation = cube_translation_compile(&rule, 1, "p", f.arena, &f.err);
	ck_assert_msg(translation != NULL, "%s", f.err.text);
	got = cube_translation_apply(translation, cube_str_of(rows[_i].number), buf, &out, &which);
	ck_assert_msg(got
						  == (rows[_i].want == REJECTED ? CUBE_TRANSLATED_REJECTED
								  : rows[_i].want		? CUBE_TRANSLATED_CHANGED
														: CUBE_TRANSLATED_NOT),
			"%s, %s: got %d: %s", rows[_i].rule, rows[_i].number, (int)got, rows[_i].why);
	ck_assert_uint_eq(which, got != CUBE_TRANSLATED_NOT);
	if(got == CUBE_TRANSLATED_CHANGED)
		ck_assert_msg(cube_str_eq(out, cube_str_of(rows[_i].want)), "%s, %s: got %.*s: %s", rows[_i].rule,
				rows[_i].number, CUBE_FMT(out), rows[_i].why);
	else if(got == CUBE_TRANSLATED_REJECTED)
		ck_assert_uint_eq(out.len, 0);
	else
		ck_assert(cube_str_eq(out, cube_str_of(rows[_i].number)));
	cube_arena_free(&f.arena);
}
END_TEST

/* The first rule that matches decides, whatever stands behind it. */
START_TEST(test_order)
{
	static const struct cube_str rules[] = {{"/^999$/ /999/", 13}, {"reject /^900/", 13}, {"/^9\\(.*\\)/ /\\1/", 15},
			{"/^1/ /8/ type national national", 31}, {"/^1/ /2/", 8}};
	static const struct
	{
		const char *number, *want;
		unsigned rule;
	} cases[] = {{"999", "999", 1}, {"9001", "", 2}, {"9801", "801", 3}, {"12", "22", 5}, {"5", "5", 0}};
	const struct cube_translation *translation;
	char buf[CUBE_NUMBER_MAX];
	struct cube_str out;
	struct fixture f;
	unsigned rule;

	fixture_new(&f);
	translation = cube_translation_compile(rules, N(rules), "p", f.arena, &f.err);
	ck_assert_msg(translation != NULL, "%s", f.err.text);
	for(int i = 0; i < N(cases); i++) {
		cube_translation_apply(translation, cube_str_of(cases[i].number), buf, &out, &rule);
		ck_assert_uint_eq(rule, cases[i].rule);
		ck_assert(cube_str_eq(out, cube_str_of(cases[i].want)));
		cube_translation_apply(translation, cube_str_of(cases[i].number), buf, &out, NULL);
	}
	cube_arena_free(&f.arena);
}
END_TEST

static const struct
{
	const char *rule, *want;
} bad[] = {
		{"", "t 1: rule 1: \"\": position 1: no / where one must be"},
		{"1 /2/", "position 1: no / where one must be (a rule is /match/ /replacement/ or reject /match/"},
		{"/1", "position 1: no / that ends what begins here"},
		{"/1\\/", "position 1: no / that ends what begins here"},
		{"/1\\", "position 1: no / that ends what begins here"},
		{"/1/", "position 4: no / where one must be"},
		{"/1/ 2", "position 5: no / where one must be"},
		{"/1/ /2", "position 5: no / that ends what begins here"},
		{"/(1)/ /2/", "t 1: rule 1: \"(1)\": position 1: groups are written \\( \\)"},
		{"/1/ /x/", "position 6: no such sign in a replacement (allowed: 0-9 A-F * # + & and \\0 to \\9)"},
		{"/1/ /2 3/", "position 7: no such sign in a replacement"},
		{"/1/ /@/", "position 6: no such sign in a replacement"},
		{"/1/ /\\a/", "position 6: \\ in a replacement stands in front of"},
		{"/1/ /\\1/", "position 6: /match/ has no such group"},
		{"/\\(1\\)/ /3\\2/", "position 11: /match/ has no such group"},
		{"/1/ /2/ tpye any any", "position 9: neither type nor, behind it, plan"},
		{"/1/ /2/ type", "position 13: not a type"},
		{"/1/ /2/ type any", "position 17: not a type"},
		{"/1/ /2/ type any any", "position 18: not a type"},
		{"/1/ /2/ type any isdn", "position 18: not a type"},
		{"/1/ /2/ type any national x", "position 27: neither type nor"},
		{"/1/ /2/ plan national any", "position 23: not a plan"},
		{"/1/ /2/ plan abbreviated isdn", "position 14: not a plan"},
		{"/1/ /2/ plan any isdn type any national", "position 23: neither type nor"},
		{"reject /1/ /2/", "position 12: neither type nor"},
		{"reject /1/ type any national", "position 21: neither type nor"},
		{"reject 1", "position 8: no / where one must be"},
};

START_TEST(test_bad)
{
	struct cube_str rule = cube_str_of(bad[_i].rule);
	struct fixture f;

	fixture_new(&f);
	ck_assert_ptr_null(cube_translation_compile(&rule, 1, "t 1", f.arena, &f.err));
	ck_assert_uint_eq(f.err.count, 1);
	ck_assert_msg(strncmp(f.err.text, "t 1: rule 1: \"", 14) == 0 && strstr(f.err.text, bad[_i].want), "%s: %s",
			bad[_i].rule, f.err.text);
	cube_arena_free(&f.arena);
}
END_TEST

/* Each wrong rule of a set has its line. */
START_TEST(test_all_faults)
{
	static const struct cube_str rules[] = {{"/*/ //", 6}, {"/1/ /2/", 7}, {"/1/ /x/", 7}, {NULL, 0}};
	struct fixture f;

	fixture_new(&f);
	ck_assert_ptr_null(cube_translation_compile(rules, 4, "t 1", f.arena, &f.err));
	ck_assert_uint_eq(f.err.count, 3);
	ck_assert(strstr(f.err.text, "t 1: rule 1: ") && strstr(f.err.text, "\nt 1: rule 3: ")
			  && strstr(f.err.text, "\nt 1: rule 4: "));
	cube_arena_free(&f.arena);
}
END_TEST

START_TEST(test_limits)
{
	struct cube_str rules[CUBE_TRANSLATION_RULES_MAX + 1], out;
	const struct cube_translation *translation;
	char buf[CUBE_NUMBER_MAX], text[CUBE_TRANSLATION_TEXT_MAX + 1];
	struct fixture f;
	unsigned rule;

	fixture_new(&f);
	for(int i = 0; i < CUBE_TRANSLATION_RULES_MAX; i++)
		rules[i] = CUBE_STR("/^7/ /8/");
	rules[CUBE_TRANSLATION_RULES_MAX - 1] = CUBE_STR("/^1/ /2/");
	ck_assert_ptr_null(cube_translation_compile(rules, 0, "t 1", f.arena, &f.err));
	ck_assert_str_eq(f.err.text, "t 1: 0 rules (allowed: 1 to 100)");
	ck_assert_ptr_null(cube_translation_compile(rules, CUBE_TRANSLATION_RULES_MAX + 1, "t 1", f.arena, &f.err));
	translation = cube_translation_compile(rules, CUBE_TRANSLATION_RULES_MAX, "t 1", f.arena, &f.err);
	ck_assert_ptr_nonnull(translation);
	ck_assert_int_eq(cube_translation_apply(translation, CUBE_STR("10"), buf, &out, &rule), CUBE_TRANSLATED_CHANGED);
	ck_assert_uint_eq(rule, 100);

	/* 128 characters between slashes, not 129; 512 of a rule, not 513 */
	memset(text, '1', sizeof(text));
	memcpy(text, "/", 1);
	memcpy(text + 129, "/ /", 3);
	memcpy(text + 260, "/", 1);
	rules[0] = (struct cube_str){text, 261};
	ck_assert_ptr_nonnull(cube_translation_compile(rules, 1, "t 1", f.arena, &f.err));
	memcpy(text + 260, "1/", 2);
	rules[0].len = 262;
	cube_err_reset(&f.err);
	ck_assert_ptr_null(cube_translation_compile(rules, 1, "t 1", f.arena, &f.err));
	ck_assert_ptr_nonnull(strstr(f.err.text, "more than 128 characters between two /"));
	memset(text, ' ', sizeof(text));
	memcpy(text, "/1/ /2/", 7);
	rules[0].len = sizeof(text) - 1;
	ck_assert_ptr_nonnull(cube_translation_compile(rules, 1, "t 1", f.arena, &f.err));
	rules[0].len = sizeof(text);
	ck_assert_ptr_null(cube_translation_compile(rules, 1, "t 1", f.arena, &f.err));
	ck_assert_ptr_nonnull(strstr(f.err.text, "position 513: too long"));
	cube_arena_free(&f.arena);
}
END_TEST

START_TEST(test_no_memory)
{
	static const struct cube_str rules[] = {{"/^\\([0-9]\\)/ /0\\1/", 18}, {"reject /1/", 10}};
	const struct cube_translation *translation = NULL;
	long n;

	for(n = 1; n < 20 && !translation; n++) {
		struct helper_alloc h;
		struct cube_err err = {0};
		struct cube_arena *arena;

		helper_alloc_init(&h, n, _i);
		arena = cube_arena_new(&h.alloc, 0);
		translation = cube_translation_compile(rules, 2, "t 1", arena, &err);
		ck_assert_int_eq(translation == NULL, cube_err_any(&err));
		ck_assert(translation || (strncmp(err.text, "t 1: ", 5) == 0 && strstr(err.text, "out of memory")));
		cube_arena_free(&arena);
		ck_assert_int_eq(h.live, 0);
	}
	ck_assert_int_gt(n, 5);
	ck_assert_int_lt(n, 20);
}
END_TEST

Suite *suite_translate(void)
{
	Suite *s = suite_create("translate");
	TCase *t = tcase_create("translate");

	tcase_add_loop_test(t, test_rows, 0, N(rows));
	tcase_add_test(t, test_order);
	tcase_add_loop_test(t, test_bad, 0, N(bad));
	tcase_add_test(t, test_all_faults);
	tcase_add_test(t, test_limits);
	tcase_add_loop_test(t, test_no_memory, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
