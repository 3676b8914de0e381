/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/number.c: user part of a URI to number. */
#include <check.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/number.h"

Suite *suite_number(void);

static const struct
{
	const char *user, *want, *why;
} rows[] = {
		{"1000", "1000", "as it is"},
		{"+12015550123", "+12015550123", "a leading + belongs to the number"},
		{"+1-201-555-0123", "+12015550123", "RFC 3966 visual separators"},
		{"+1(201)555.0123", "+12015550123", "RFC 3966 visual separators"},
		{"7042;phone-context=example.com", "7042", "RFC 3261 19.1.6: parameters are not digits"},
		{"1000;cpc=ordinary;oli=0", "1000", "several parameters"},
		{"%2A67%231", "*67#1", "# must be escaped in a user part"},
		{"A1bc", "A1bc", "letters A-F are digits; their case is the pattern's affair"},
		{"alice", "alice", "a name stays"},
		{"john.doe", "john.doe", "dots of a name stay"},
		{"1+2", "1+2", "+ inside is no number: as it is"},
		{"", "", "no user"},
		{";x=1", "", "parameters alone"},
		{"-.-", "-.-", "separators alone are no number"},
		{"%4", "", "half an escape"},
		{"%", "", "half an escape"},
		{"%zz", "", "not hexadecimal"},
		{"12%34", "124", "an escape at the very end"},
};

START_TEST(test_rows)
{
	char buf[CUBE_NUMBER_MAX];
	struct cube_str got = cube_number_from_user(cube_str_of(rows[_i].user), buf);

	ck_assert_msg(cube_str_eq(got, cube_str_of(rows[_i].want)), "\"%s\": got \"%.*s\", want \"%s\": %s", rows[_i].user,
			CUBE_FMT(got), rows[_i].want, rows[_i].why);
}
END_TEST

START_TEST(test_length)
{
	char user[CUBE_NUMBER_MAX + 1], buf[CUBE_NUMBER_MAX];

	memset(user, '7', sizeof(user));
	ck_assert_uint_eq(cube_number_from_user((struct cube_str){user, CUBE_NUMBER_MAX}, buf).len, CUBE_NUMBER_MAX);
	ck_assert_uint_eq(cube_number_from_user((struct cube_str){user, CUBE_NUMBER_MAX + 1}, buf).len, 0);
}
END_TEST

Suite *suite_number(void)
{
	Suite *s = suite_create("number");
	TCase *tc = tcase_create("number");

	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, test_length);
	suite_add_tcase(s, tc);
	return s;
}
