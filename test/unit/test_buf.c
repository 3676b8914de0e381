/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/buf.c: what was put in is there, whatever the pieces, and there is an end to it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/base/buf.h"

Suite *suite_buf(void);

START_TEST(test_pieces)
{
	static char piece[10000];
	struct cube_buf buf = {0};
	size_t at = 0;

	for(size_t i = 0; i < sizeof(piece); i++)
		piece[i] = (char)(i % 251);
	cube_buf_put(&buf, "", 0);
	ck_assert(!buf.failed && buf.len == 0);
	for(size_t len = 1; len <= sizeof(piece); len += len < 20 ? 1 : 997)
		cube_buf_put(&buf, piece, len);
	for(size_t len = 1; len <= sizeof(piece); len += len < 20 ? 1 : 997) {
		ck_assert_mem_eq(buf.s + at, piece, len);
		at += len;
	}
	ck_assert(!buf.failed);
	ck_assert_uint_eq(buf.len, at);
	/* another text in the same memory */
	buf.len = 0;
	cube_buf_put(&buf, "new", 3);
	ck_assert_uint_eq(buf.len, 3);
	ck_assert_mem_eq(buf.s, "new", 3);
	free(buf.s);
}
END_TEST

START_TEST(test_limit)
{
	char *piece = calloc(1, CUBE_BUF_MAX);
	struct cube_buf buf = {0};

	cube_buf_put(&buf, "a", 1);
	cube_buf_put(&buf, piece, CUBE_BUF_MAX - 1);
	ck_assert(!buf.failed);
	ck_assert_uint_eq(buf.len, CUBE_BUF_MAX);
	cube_buf_put(&buf, "b", 1);
	ck_assert(buf.failed);
	ck_assert_uint_eq(buf.len, CUBE_BUF_MAX);
	/* a piece that is missing is not followed by others */
	buf.len = 0;
	cube_buf_put(&buf, "c", 1);
	ck_assert(buf.failed);
	ck_assert_uint_eq(buf.len, 0);
	free(buf.s);
	buf = (struct cube_buf){0};
	cube_buf_put(&buf, piece, SIZE_MAX); /* nothing is read of it */
	ck_assert(buf.failed);
	free(buf.s);
	free(piece);
}
END_TEST

Suite *suite_buf(void)
{
	Suite *s = suite_create("buf");
	TCase *tc = tcase_create("buf");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_pieces);
	tcase_add_test(tc, test_limit);
	suite_add_tcase(s, tc);
	return s;
}
