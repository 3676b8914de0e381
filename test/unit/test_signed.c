/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/signed.c: times. Which digests are too weak is tested on CRLs, in test_crl.c. */
#include <check.h>
#include <openssl/err.h>

#include "../../modules/libcube/tls/signed.h"

Suite *suite_signed(void);

START_TEST(test_time)
{
	ASN1_TIME *time = ASN1_TIME_new();
	char text[32];
	int64_t at = 0;

	ck_assert(!cube_time_of(NULL, &at));
	ck_assert_int_eq(ASN1_TIME_set_string(time, "700101000100Z"), 1);
	ck_assert(cube_time_of(time, &at));
	ck_assert_int_eq(at, 60);
	ck_assert_int_eq(ASN1_TIME_set_string(time, "99991231235959Z"), 1);
	ck_assert(cube_time_of(time, &at));
	ck_assert_int_eq(at, 253402300799);
	ck_assert_str_eq(cube_time_text(at, text), "9999-12-31 23:59:59 UTC");
	ck_assert_str_eq(cube_time_text(INT64_MAX, text), "9223372036854775807");
	ASN1_STRING_set(time, "nonsense", -1);
	ck_assert(!cube_time_of(time, &at));
	ASN1_TIME_free(time);
}
END_TEST

START_TEST(test_nomem)
{
	ck_assert(!cube_openssl_nomem());
	ERR_raise(ERR_LIB_ASN1, ERR_R_NESTED_ASN1_ERROR);
	ck_assert(!cube_openssl_nomem());
	ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_ASN1, ERR_R_NESTED_ASN1_ERROR);
	ck_assert(cube_openssl_nomem());
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

Suite *suite_signed(void)
{
	Suite *s = suite_create("signed");
	TCase *tc = tcase_create("signed");

	tcase_add_test(tc, test_time);
	tcase_add_test(tc, test_nomem);
	suite_add_tcase(s, tc);
	return s;
}
