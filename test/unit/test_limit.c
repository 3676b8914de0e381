/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/limit.c. */
#include <check.h>

#include "../../modules/libcube/base/limit.h"

Suite *suite_limit(void);

START_TEST(test_limit)
{
	struct cube_limit limit = {0};
	unsigned suppressed, i, said = 0;

	for(i = 0; i < 100; i++)
		said += cube_limit_allow(&limit, 1000, 10, 5, &suppressed);
	ck_assert_uint_eq(said, 5);
	ck_assert_uint_eq(suppressed, 0);
	ck_assert(!cube_limit_allow(&limit, 1009, 10, 5, &suppressed));
	ck_assert(cube_limit_allow(&limit, 1010, 10, 5, &suppressed));
	ck_assert_uint_eq(suppressed, 96);
	ck_assert(cube_limit_allow(&limit, 1011, 10, 5, &suppressed));
	ck_assert_uint_eq(suppressed, 0);
	ck_assert(cube_limit_allow(&limit, 1020, 10, 5, &suppressed)); /* nothing was kept back */
	ck_assert_uint_eq(suppressed, 0);
	ck_assert(cube_limit_allow(&limit, 5, 10, 5, &suppressed)); /* a clock that was set back */
}
END_TEST

Suite *suite_limit(void)
{
	Suite *s = suite_create("limit");
	TCase *tc = tcase_create("limit");

	tcase_add_test(tc, test_limit);
	suite_add_tcase(s, tc);
	return s;
}
