/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/write.c. */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../modules/libcube/base/write.h"

Suite *suite_write(void);

START_TEST(test_pieces)
{
	char buf[16];
	struct cube_writing w = CUBE_WRITE_IN(buf);

	cube_write(&w, CUBE_STR("sip:"));
	cube_write(&w, (struct cube_str){NULL, 0});
	cube_write_number(&w, 0);
	cube_write(&w, CUBE_STR("@h:"));
	cube_write_number(&w, 65535);
	ck_assert(cube_write_end(&w) && w.len == 13);
	ck_assert_str_eq(buf, "sip:0@h:65535");
}
END_TEST

/* What does not fit is left out whole, as is all that follows; a heap block of just that size shows a byte too much. */
START_TEST(test_full)
{
	char *buf = malloc(4);
	struct cube_writing w = {.s = buf, .size = 4};

	cube_write(&w, CUBE_STR("abc"));
	cube_write(&w, CUBE_STR("de"));
	ck_assert(w.full && w.len == 3);
	cube_write(&w, CUBE_STR("f"));
	ck_assert(w.len == 3 && !cube_write_end(&w));
	w = (struct cube_writing){.s = buf, .size = 4};
	cube_write(&w, CUBE_STR("abcd"));
	ck_assert(!w.full && w.len == 4 && !cube_write_end(&w));
	free(buf);
}
END_TEST

START_TEST(test_numbers)
{
	static const unsigned long numbers[] = {0, 9, 10, 99, 100, 4294967295ul, ULONG_MAX};

	for(size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char buf[32], want[32];
		struct cube_writing w = CUBE_WRITE_IN(buf);

		snprintf(want, sizeof(want), "%lu", numbers[i]);
		cube_write_number(&w, numbers[i]);
		ck_assert(cube_write_end(&w));
		ck_assert_str_eq(buf, want);
	}
}
END_TEST

Suite *suite_write(void)
{
	Suite *s = suite_create("write");
	TCase *tc = tcase_create("write");

	tcase_add_test(tc, test_pieces);
	tcase_add_test(tc, test_full);
	tcase_add_test(tc, test_numbers);
	suite_add_tcase(s, tc);
	return s;
}
