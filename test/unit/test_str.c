/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/str.c: equality with and without case, prefixes, the empty text in all its forms. */
#include <check.h>

#include "../../modules/libcube/base/str.h"

static const struct
{
	const char *a, *b;
	bool eq, caseeq, starts; /* starts: a begins with b */
} rows[] = {
		{"", "", true, true, true}, {NULL, "", true, true, true}, {"", NULL, true, true, true},
		{NULL, NULL, true, true, true}, {"a", "", false, false, true}, {"", "a", false, false, false},
		{"sip.acme.co", "sip.acme.co", true, true, true}, {"sip.acme.co", "SIP.ACME.CO", false, true, false},
		{"sip.acme.co", "sip.acme", false, false, true}, {"sip.acme", "sip.acme.co", false, false, false},
		{"[", "{", false, false, false}, /* apart by the bit that makes letters small */
		{"@", "`", false, false, false}, {"A", "a", false, true, false}, {"Z", "z", false, true, false},
		{"\xC3\x84", "\xC3\xA4", false, false, false}, /* ASCII only */
};

START_TEST(compare)
{
	struct cube_str a = cube_str_of(rows[_i].a), b = cube_str_of(rows[_i].b);

	ck_assert_int_eq(cube_str_eq(a, b), rows[_i].eq);
	ck_assert_int_eq(cube_str_eq(b, a), rows[_i].eq);
	ck_assert_int_eq(cube_str_caseeq(a, b), rows[_i].caseeq);
	ck_assert_int_eq(cube_str_caseeq(b, a), rows[_i].caseeq);
	ck_assert_int_eq(cube_str_starts(a, b), rows[_i].starts);
}
END_TEST

START_TEST(counted)
{
	struct cube_str nul = CUBE_STR("a\0b"), cut = {"abc", 2};

	ck_assert_uint_eq(nul.len, 3);
	ck_assert(!cube_str_eq(nul, CUBE_STR("a\0c")));
	ck_assert(!cube_str_eq(nul, CUBE_STR("a")));
	ck_assert(cube_str_eq(cut, CUBE_STR("ab")));
}
END_TEST

Suite *suite_str(void);
Suite *suite_str(void)
{
	Suite *suite = suite_create("str");
	TCase *tcase = tcase_create("str");

	tcase_add_loop_test(tcase, compare, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, counted);
	suite_add_tcase(suite, tcase);
	return suite;
}
