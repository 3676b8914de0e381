/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/policy.c and tls/policy_build.c: the tables against OpenSSL's own, and the rules that combine them. */
#include <check.h>
#include <openssl/ssl.h>
#include <string.h>

#include "../../modules/libcube/tls/policy.h"

Suite *suite_policy(void);

#define ALL_1_1 (CUBE_TLS_1_1 | CUBE_TLS_1_2 | CUBE_TLS_1_3)
#define ALL_1_2 (CUBE_TLS_1_2 | CUBE_TLS_1_3)

#define SUITES_13 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define SUITES_ECDSA "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
#define SUITES_STRICT "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-SHA:AES128-SHA"
#define SUITES_DEFAULT                                                                                    \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:"            \
	"ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA:" \
	"DHE-RSA-AES128-SHA:AES256-SHA:AES128-SHA"

struct row
{
	const char *ciphers; /* space-separated names of tls-cipher 100; NULL: built-in */
	const char *cipher_name;
	unsigned versions;	 /* permitted */
	const char *version; /* as the profile itself has it; NULL: inherited */
	enum cube_key_type server, client;
	const char *curves;
	/* wanted */
	const char *list, *suites, *groups;
	unsigned left, served; /* versions of the profile; of its server role */
	const char *err;	   /* whole text when it fails */
};

#define R CUBE_KEY_RSA
#define E CUBE_KEY_EC
#define N CUBE_KEY_NONE

/* clang-format off */
static const struct row rows[] = {
	/* built-in lists */
	{NULL, "", ALL_1_1, NULL, R, R, "", SUITES_DEFAULT, SUITES_13, "", ALL_1_1, ALL_1_1, NULL},
	{NULL, "", ALL_1_1, NULL, E, E, "", SUITES_DEFAULT, SUITES_13, "", ALL_1_1, ALL_1_2, NULL},
	{NULL, "", ALL_1_1, "1.1+", E, E, "", SUITES_DEFAULT, SUITES_13, "", ALL_1_1, ALL_1_2, NULL},
	{NULL, "", ALL_1_1, NULL, N, N, "", SUITES_DEFAULT, SUITES_13, "", ALL_1_1, ALL_1_1, NULL},
	{NULL, "", CUBE_TLS_1_0, "1.0", R, R, "", SUITES_DEFAULT, SUITES_13, "", CUBE_TLS_1_0, CUBE_TLS_1_0, NULL},
	{NULL, "strict", ALL_1_1, NULL, R, R, "", SUITES_STRICT, SUITES_13, "", ALL_1_1, ALL_1_1, NULL},
	{NULL, "strict", ALL_1_1, NULL, E, E, "", SUITES_STRICT, SUITES_13, "", ALL_1_1, CUBE_TLS_1_3, NULL},
	{NULL, "ecdsa", ALL_1_1, NULL, E, E, "", SUITES_ECDSA, SUITES_13, "", ALL_1_2, ALL_1_2, NULL},
	{NULL, "ecdsa", ALL_1_1, "1.1+", R, R, "", SUITES_ECDSA, SUITES_13, "", ALL_1_2, CUBE_TLS_1_3, NULL},
	{NULL, "ecdsa", CUBE_TLS_1_1, "1.1", E, E, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher ecdsa has no cipher for the permitted versions (TLSv1.1)"},
	{NULL, "ecdsa", CUBE_TLS_1_2, "1.2", R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher ecdsa has no cipher for TLSv1.2 with the RSA key of trustpoint cube"},
	{NULL, "strict", CUBE_TLS_1_2, "1.2", E, E, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher strict has no cipher for TLSv1.2 with the EC key of trustpoint cube"},
	{NULL, "", CUBE_TLS_1_1, NULL, E, E, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: default ciphers has no cipher for TLSv1.1 with the EC key of trustpoint cube"},
	/* a list orders both halves */
	{"AES128_GCM_SHA256 ECDHE_RSA_AES128_GCM_SHA256 AES256_GCM_SHA384 RSA_WITH_AES_128_CBC_SHA", "100", ALL_1_1, "1.1+", R, R, "",
		"ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384", "", ALL_1_1, ALL_1_1, NULL},
	/* the documents' sample: one TLS 1.2 suite under the default versions */
	{"DHE_RSA_AES128_GCM_SHA256", "100", ALL_1_1, NULL, R, R, "", "DHE-RSA-AES128-GCM-SHA256", "", "", CUBE_TLS_1_2, CUBE_TLS_1_2, NULL},
	{"AES128_GCM_SHA256", "100", ALL_1_1, NULL, E, R, "", "", "TLS_AES_128_GCM_SHA256", "", CUBE_TLS_1_3, CUBE_TLS_1_3, NULL},
	{"DHE_RSA_AES128_GCM_SHA256", "100", ALL_1_2, "1.2+", R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher 100 has no cipher for TLSv1.3, which tls-version 1.2+ permits (add one, or narrow tls-version)"},
	{"AES128_GCM_SHA256", "100", ALL_1_1, "1.1+", R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher 100 has no cipher for TLSv1.1, TLSv1.2, which tls-version 1.1+ permits (add one, or narrow tls-version)"},
	{"AES128_GCM_SHA256", "100", CUBE_TLS_1_2, "1.2", R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher 100 has no cipher for the permitted versions (TLSv1.2)"},
	/* keys */
	{"ECDHE_ECDSA_AES128_GCM_SHA256", "100", CUBE_TLS_1_2, "1.2", R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher 100: ECDHE_ECDSA_AES128_GCM_SHA256 needs an EC key, but trustpoint cube has an RSA key "
		"(remove the cipher, or use a trustpoint with an EC key)"},
	{"AES128_GCM_SHA256 RSA_WITH_AES_128_CBC_SHA", "100", ALL_1_1, NULL, E, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher 100: RSA_WITH_AES_128_CBC_SHA needs an RSA key, but trustpoint cube has an EC key "
		"(remove the cipher, or use a trustpoint with an RSA key)"},
	{"ECDHE_ECDSA_AES128_GCM_SHA256", "100", CUBE_TLS_1_2, "1.2", E, R, "", "ECDHE-ECDSA-AES128-GCM-SHA256", "", "", CUBE_TLS_1_2, CUBE_TLS_1_2, NULL},
	{"ECDHE_ECDSA_AES128_GCM_SHA256", "100", CUBE_TLS_1_2, "1.2", N, R, "", "ECDHE-ECDSA-AES128-GCM-SHA256", "", "", CUBE_TLS_1_2, CUBE_TLS_1_2, NULL},
	/* ECDSA with TLS 1.0 */
	{"ECDHE_ECDSA_AES128_GCM_SHA256 RSA_WITH_AES_128_CBC_SHA", "100", CUBE_TLS_1_0, "1.0", R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher 100: ECDHE_ECDSA_AES128_GCM_SHA256 cannot be used with tls-version 1.0 (ECDSA is not supported with TLS 1.0; use tls-version 1.2+)\n"
		"tls-profile 100: cipher 100: ECDHE_ECDSA_AES128_GCM_SHA256 needs an EC key, but trustpoint cube has an RSA key "
		"(remove the cipher, or use a trustpoint with an EC key)"},
	{NULL, "", CUBE_TLS_1_0, NULL, E, E, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: tls-version 1.0 needs an RSA key, but trustpoint cube has an EC key (ECDSA is not supported with TLS 1.0; use tls-version 1.2+)"},
	{NULL, "ecdsa", CUBE_TLS_1_0, "1.0", R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher ecdsa has no cipher for the permitted versions (TLSv1.0)"},
	/* names */
	{"AES128_GCM_SHA256 AES_128", "100", ALL_1_1, NULL, R, R, "", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: cipher 100: no such cipher: AES_128 (allowed: AES256_GCM_SHA384, CHACHA20_POLY1305_SHA256, "
		"AES128_GCM_SHA256, ECDHE_ECDSA_AES256_GCM_SHA384, ECDHE_RSA_AES256_GCM_SHA384, ECDHE_ECDSA_AES128_GCM_SHA256, "
		"ECDHE_RSA_AES128_GCM_SHA256, DHE_RSA_AES256_GCM_SHA384, DHE_RSA_AES128_GCM_SHA256, DHE_RSA_WITH_AES_256_CBC_SHA, "
		"DHE_RSA_WITH_AES_128_CBC_SHA, RSA_WITH_AES_256_CBC_SHA, RSA_WITH_AES_128_CBC_SHA)"},
	/* curves */
	{NULL, "", ALL_1_1, NULL, R, R, "P-384 X25519", SUITES_DEFAULT, SUITES_13, "P-384:X25519", ALL_1_1, ALL_1_1, NULL},
	{NULL, "", ALL_1_1, NULL, R, R, "P-256 P-521", SUITES_DEFAULT, SUITES_13, "P-256:P-521", ALL_1_1, ALL_1_1, NULL},
	{NULL, "", ALL_1_1, NULL, R, R, "P-192", NULL, NULL, NULL, 0, 0,
		"tls-profile 100: curves: no such curve: P-192 (allowed: X25519, P-256, P-384, P-521, and X25519MLKEM768 with OpenSSL 3.5 or later)"},
};
/* clang-format on */

static struct cube_list split(char *text, struct cube_str *v, unsigned max)
{
	struct cube_list list = {v, 0};

	for(char *at = text; *at != '\0' && list.n < max;) {
		size_t len = strcspn(at, " ");

		v[list.n++] = (struct cube_str){at, len};
		at += len;
		at += *at == ' ';
	}
	return list;
}

START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	struct cube_str cipher_v[16], curve_v[8];
	char ciphers[1024], curves[256];
	struct cube_tls_cipher cipher = {.tag = 100};
	struct cube_tls_profile profile = {.tag = 100,
			.trustpoint_name = CUBE_STR("cube"),
			.cipher_name = cube_str_of(row->cipher_name),
			.tls_version_text = cube_str_of(row->version),
			.tls_versions = row->versions};
	const enum cube_key_type keys[2] = {row->server, row->client};
	struct cube_err err;
	int rc;

	snprintf(ciphers, sizeof(ciphers), "%s", row->ciphers != NULL ? row->ciphers : "");
	snprintf(curves, sizeof(curves), "%s", row->curves);
	cipher.cipher = split(ciphers, cipher_v, 16);
	profile.curves = split(curves, curve_v, 8);
	cube_err_reset(&err);
	rc = cube_tls_policy_build(&profile, row->ciphers != NULL ? &cipher : NULL, keys, "tls-profile 100", arena, &err);
	ck_assert_msg(rc == (row->err != NULL ? -1 : 0), "row %d: rc %d, %s", _i, rc, err.text);
	ck_assert_str_eq(err.text, row->err != NULL ? row->err : "");
	if(row->err == NULL) {
		ck_assert_str_eq(profile.cipher_list, row->list);
		ck_assert_str_eq(profile.ciphersuites, row->suites);
		ck_assert_str_eq(profile.groups, row->groups);
		ck_assert_msg(profile.tls_versions == row->left, "row %d: versions %#x", _i, profile.tls_versions);
		ck_assert_uint_eq(cube_tls_versions_served(&profile, CUBE_ROLE_SERVER, row->server), row->served);
		ck_assert_uint_eq(cube_tls_versions_served(&profile, CUBE_ROLE_CLIENT, row->client), row->left);
	}
	cube_arena_free(&arena);
}
END_TEST

/* A misspelt name would silently be left out by SSL_CTX_set_cipher_list. */
START_TEST(test_openssl_names)
{
	const struct cube_suite *suite = &cube_suites[_i];
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	STACK_OF(SSL_CIPHER) * list;
	bool found = false;

	SSL_CTX_set_security_level(ctx, 0);
	if(suite->tls_versions == CUBE_TLS_1_3)
		ck_assert_int_eq(SSL_CTX_set_ciphersuites(ctx, suite->openssl), 1);
	else
		ck_assert_int_eq(SSL_CTX_set_cipher_list(ctx, suite->openssl), 1);
	list = SSL_CTX_get_ciphers(ctx);
	for(int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(list, i);

		if(strcmp(SSL_CIPHER_get_name(cipher), suite->openssl) != 0)
			continue;
		found = true;
		if(suite->key == CUBE_KEY_EC)
			ck_assert_int_eq(SSL_CIPHER_get_auth_nid(cipher), NID_auth_ecdsa);
		if(suite->key == CUBE_KEY_RSA)
			ck_assert_int_eq(SSL_CIPHER_get_auth_nid(cipher), NID_auth_rsa);
		if(suite->tls_versions == CUBE_TLS_1_2)
			ck_assert_str_eq(SSL_CIPHER_get_version(cipher), "TLSv1.2");
		if(suite->tls_versions == CUBE_TLS_1_3)
			ck_assert_str_eq(SSL_CIPHER_get_version(cipher), "TLSv1.3");
	}
	ck_assert(found);
	SSL_CTX_free(ctx);
}
END_TEST

START_TEST(test_names)
{
	char all[2048] = "", buf[64];
	size_t used = 0;

	ck_assert_uint_eq(cube_n_suites, 13);
	for(unsigned i = 0; i < cube_n_suites; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? ", " : "", cube_suites[i].ios);
	ck_assert_str_eq(all, cube_suite_names);
	ck_assert_ptr_null(cube_suite_find(CUBE_STR("aes128_gcm_sha256")));
	ck_assert_ptr_null(cube_suite_find(CUBE_STR("")));
	ck_assert_uint_eq(cube_tls_versions_parse(CUBE_STR("1.0")), CUBE_TLS_1_0);
	ck_assert_uint_eq(cube_tls_versions_parse(CUBE_STR("1.3")), CUBE_TLS_1_3);
	ck_assert_uint_eq(cube_tls_versions_parse(CUBE_STR("1.1+")), ALL_1_1);
	ck_assert_uint_eq(cube_tls_versions_parse(CUBE_STR("1.2+")), ALL_1_2);
	ck_assert_uint_eq(cube_tls_versions_parse(CUBE_STR("1.0+")), 0); /* CUBE: 1.0 only exclusively */
	ck_assert_uint_eq(cube_tls_versions_parse(CUBE_STR("1.3+")), 0);
	ck_assert_uint_eq(cube_tls_versions_parse(CUBE_STR("")), 0);
	ck_assert_str_eq(cube_tls_versions_text(ALL_1_2, buf), "TLSv1.2, TLSv1.3");
	ck_assert_str_eq(cube_tls_versions_text(15, buf), "TLSv1.0, TLSv1.1, TLSv1.2, TLSv1.3");
	ck_assert_str_eq(cube_tls_versions_text(0, buf), "");
	ck_assert_ptr_null(cube_curve_openssl(CUBE_STR("p-256")));
}
END_TEST

/* The hybrid group is a name exactly where OpenSSL can negotiate it. */
START_TEST(test_hybrid_curve)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	bool works = SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768") == 1;

	ck_assert_int_eq(cube_curve_openssl(CUBE_STR("X25519MLKEM768")) != NULL, works);
	SSL_CTX_free(ctx);
}
END_TEST

static void *limited_alloc(void *ctx, size_t size)
{
	unsigned *left = ctx;

	if(*left == 0)
		return NULL;
	--*left;
	return cube_alloc_libc.alloc(cube_alloc_libc.ctx, size);
}

static void limited_free(void *ctx, void *block)
{
	(void)ctx;
	cube_alloc_libc.free(cube_alloc_libc.ctx, block);
}

START_TEST(test_no_memory)
{
	unsigned failures = 0;

	for(unsigned blocks = 1; blocks < 20; blocks++) {
		struct cube_tls_profile profile = {.tls_versions = ALL_1_2};
		unsigned left = blocks;
		const struct cube_alloc alloc = {limited_alloc, limited_free, &left};
		struct cube_arena *arena = cube_arena_new(&alloc, 64);
		struct cube_err err;
		int rc;

		cube_err_reset(&err);
		rc = cube_tls_policy_build(&profile, NULL, (enum cube_key_type[2]){N, N}, "tls-profile 1", arena, &err);
		cube_arena_free(&arena);
		if(rc == 0)
			break;
		failures++;
		ck_assert_ptr_null(profile.cipher_list);
		ck_assert_msg(strstr(err.text, "tls-profile 1: ") == err.text, "%s", err.text);
	}
	ck_assert_uint_gt(failures, 0);
	ck_assert_uint_lt(failures, 19);
}
END_TEST

Suite *suite_policy(void)
{
	Suite *s = suite_create("policy");
	TCase *tc = tcase_create("policy");

	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tc, test_openssl_names, 0, (int)cube_n_suites);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_hybrid_curve);
	tcase_add_test(tc, test_no_memory);
	suite_add_tcase(s, tc);
	return s;
}
