/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/signed.c: times, and algorithms that are told by their names. Those that sign are tested on CRLs, in test_crl.c. */
#include <check.h>
#include <openssl/asn1t.h>
#include <openssl/rsa.h>
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

static bool strong(ASN1_OBJECT *object, int type, void *parameter)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();
	bool result;

	ck_assert_int_eq(X509_ALGOR_set0(algorithm, object, type, parameter), 1);
	result = cube_signature_strong(algorithm);
	X509_ALGOR_free(algorithm);
	return result;
}

/* With a digest that OpenSSL does not know. */
static ASN1_STRING *pss_of_unknown(void)
{
	RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
	ASN1_STRING *made = NULL;

	pss->hashAlgorithm = X509_ALGOR_new();
	X509_ALGOR_set0(pss->hashAlgorithm, OBJ_txt2obj("1.2.3.4.5", 1), V_ASN1_NULL, NULL);
	made = ASN1_item_pack(pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
	RSA_PSS_PARAMS_free(pss);
	return made;
}

/* Ed25519 has a digest of its own; what is not known, as a whole or its digest, is not strong. */
START_TEST(test_algorithms)
{
	ck_assert(strong(OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL));
	ck_assert(strong(OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF, NULL));
	ck_assert(!strong(OBJ_nid2obj(NID_ecdsa_with_SHA1), V_ASN1_UNDEF, NULL));
	ck_assert(!strong(OBJ_txt2obj("1.2.3.4.5", 1), V_ASN1_UNDEF, NULL));
	ck_assert(!strong(OBJ_nid2obj(NID_sha256), V_ASN1_UNDEF, NULL));
	ck_assert(!strong(OBJ_nid2obj(NID_rsassaPss), V_ASN1_UNDEF, NULL)); /* SHA-1 */
	ck_assert(!strong(OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, pss_of_unknown()));
}
END_TEST

Suite *suite_signed(void)
{
	Suite *s = suite_create("signed");
	TCase *tc = tcase_create("signed");

	tcase_add_test(tc, test_time);
	tcase_add_test(tc, test_nomem);
	tcase_add_test(tc, test_algorithms);
	suite_add_tcase(s, tc);
	return s;
}
