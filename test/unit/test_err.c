/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/err.c: lines stay lines, limits hold, the count goes on. */
#include <check.h>
#include <string.h>

#include "../../modules/libcube/base/err.h"

static unsigned lines(const struct cube_err *err)
{
	unsigned n = err->used > 0;
	const char *p;

	for(p = err->text; *p; p++)
		n += *p == '\n';
	return n;
}

START_TEST(one_line_per_fault)
{
	struct cube_err err;

	cube_err_reset(&err);
	ck_assert(!cube_err_any(&err));
	ck_assert_str_eq(err.text, "");
	cube_err_add(&err, "tenant %d: wrong", 100);
	ck_assert_str_eq(err.text, "tenant 100: wrong");
	cube_err_nomem(&err, "tenant 200");
	ck_assert_str_eq(err.text, "tenant 100: wrong\ntenant 200: out of memory");
	ck_assert_uint_eq(err.used, strlen(err.text));
	ck_assert_uint_eq(err.count, 2);
	ck_assert(cube_err_any(&err));
	cube_err_reset(&err);
	ck_assert(!cube_err_any(&err));
	ck_assert_str_eq(err.text, "");
}
END_TEST

START_TEST(nobody_listens)
{
	cube_err_add(NULL, "%s", "x");
	cube_err_nomem(NULL, "x");
	cube_err_reset(NULL);
	ck_assert(!cube_err_any(NULL));
}
END_TEST

START_TEST(values_cannot_break_lines)
{
	struct cube_err err;

	cube_err_reset(&err);
	cube_err_add(&err, "description \"%s\"", "a\nb\r\x1b[31m\x7f");
	ck_assert_str_eq(err.text, "description \"a?b??[31m?\"");
}
END_TEST

START_TEST(at_most_20_lines)
{
	struct cube_err err;
	unsigned i;

	cube_err_reset(&err);
	for(i = 0; i < 100; i++)
		cube_err_add(&err, "line %u", i);
	ck_assert_uint_eq(err.count, 100);
	ck_assert_uint_eq(lines(&err), CUBE_ERR_LINES_MAX);
	ck_assert_ptr_nonnull(strstr(err.text, "line 19"));
	ck_assert_ptr_null(strstr(err.text, "line 20"));
}
END_TEST

START_TEST(long_lines_are_cut)
{
	char big[8000];
	struct cube_err err;
	unsigned i;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	cube_err_reset(&err);
	for(i = 0; i < 30; i++)
		cube_err_add(&err, "%u %s", i, big);
	ck_assert_uint_eq(err.count, 30);
	ck_assert_uint_lt(err.used, CUBE_ERR_TEXT_MAX);
	ck_assert_uint_eq(err.used, strlen(err.text));
	ck_assert_str_eq(err.text + err.used - 3, "...");
	ck_assert_uint_ge(lines(&err), 5);
}
END_TEST

/* Every length around the cut: no half character is left. */
START_TEST(utf8_is_not_halved)
{
	char text[900];
	struct cube_err err;
	size_t i;

	memset(text, 'x', (size_t)_i);
	for(i = (size_t)_i; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xA4", 2);
	text[i] = '\0';
	cube_err_reset(&err);
	cube_err_add(&err, "%s", text);
	ck_assert_str_eq(err.text + err.used - 3, "...");
	ck_assert_int_ne((unsigned char)err.text[err.used - 4], 0xC3);
}
END_TEST

Suite *suite_err(void);
Suite *suite_err(void)
{
	Suite *suite = suite_create("err");
	TCase *tcase = tcase_create("err");

	tcase_add_test(tcase, one_line_per_fault);
	tcase_add_test(tcase, nobody_listens);
	tcase_add_test(tcase, values_cannot_break_lines);
	tcase_add_test(tcase, at_most_20_lines);
	tcase_add_test(tcase, long_lines_are_cut);
	tcase_add_loop_test(tcase, utf8_is_not_halved, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite;
}
