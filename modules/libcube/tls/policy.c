/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS policy as tables: what IOS calls a version, a suite or a curve and what OpenSSL calls it. Knows no SSL object:
 * the result is text that ctx.c hands to OpenSSL. The rules that combine the tables are in policy_build.c. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "policy.h"

#define TLS_UP_TO_1_2 (CUBE_TLS_1_0 | CUBE_TLS_1_1 | CUBE_TLS_1_2)

/* The 13 names are those of CUBE's "SIP TLS Support" (17.14). Preference inside the built-in lists: forward secrecy
 * first, elliptic curves (cheap) before DHE (costly for a server), AEAD before CBC, 256 bits before 128.
 *
 * strict: RFC 3261 26.2.1 mandates TLS_RSA_WITH_AES_128_CBC_SHA; the current CUBE hardening guide lists it with
 * TLS_DHE_RSA_WITH_AES_128_CBC_SHA and the two ECDHE_RSA GCM suites. It predates TLS 1.3, whose three suites RFC 8446
 * 9.1 mandates or recommends; they are included, as CUBE itself does for ecdsa from 17.14, since otherwise `strict`
 * would keep a trunk from the best version. ecdsa: the two ECDHE_ECDSA suites and those of TLS 1.3. */
#define D CUBE_SUITES_DEFAULT
#define S CUBE_SUITES_STRICT
#define E CUBE_SUITES_ECDSA
/* clang-format off */
const struct cube_suite cube_suites[] = {
	{"AES256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", CUBE_TLS_1_3, CUBE_KEY_NONE, D | S | E},
	{"CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", CUBE_TLS_1_3, CUBE_KEY_NONE, D | S | E},
	{"AES128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", CUBE_TLS_1_3, CUBE_KEY_NONE, D | S | E},
	{"ECDHE_ECDSA_AES256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", CUBE_TLS_1_2, CUBE_KEY_EC, D | E},
	{"ECDHE_RSA_AES256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", CUBE_TLS_1_2, CUBE_KEY_RSA, D | S},
	{"ECDHE_ECDSA_AES128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", CUBE_TLS_1_2, CUBE_KEY_EC, D | E},
	{"ECDHE_RSA_AES128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", CUBE_TLS_1_2, CUBE_KEY_RSA, D | S},
	{"DHE_RSA_AES256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384", CUBE_TLS_1_2, CUBE_KEY_RSA, D},
	{"DHE_RSA_AES128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", CUBE_TLS_1_2, CUBE_KEY_RSA, D},
	{"DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA", TLS_UP_TO_1_2, CUBE_KEY_RSA, D},
	{"DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA", TLS_UP_TO_1_2, CUBE_KEY_RSA, D | S},
	{"RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", TLS_UP_TO_1_2, CUBE_KEY_RSA, D},
	{"RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", TLS_UP_TO_1_2, CUBE_KEY_RSA, D | S},
};
/* clang-format on */
#undef D
#undef S
#undef E

const unsigned cube_n_suites = sizeof(cube_suites) / sizeof(cube_suites[0]);

const char cube_suite_names[] =
		"AES256_GCM_SHA384, CHACHA20_POLY1305_SHA256, AES128_GCM_SHA256, ECDHE_ECDSA_AES256_GCM_SHA384, "
		"ECDHE_RSA_AES256_GCM_SHA384, ECDHE_ECDSA_AES128_GCM_SHA256, ECDHE_RSA_AES128_GCM_SHA256, "
		"DHE_RSA_AES256_GCM_SHA384, DHE_RSA_AES128_GCM_SHA256, DHE_RSA_WITH_AES_256_CBC_SHA, "
		"DHE_RSA_WITH_AES_128_CBC_SHA, RSA_WITH_AES_256_CBC_SHA, RSA_WITH_AES_128_CBC_SHA";

const struct cube_suite *cube_suite_find(struct cube_str ios_name)
{
	for(unsigned i = 0; i < cube_n_suites; i++) {
		if(cube_str_eq(cube_str_of(cube_suites[i].ios), ios_name))
			return &cube_suites[i];
	}
	return NULL;
}

/* CUBE: a bare version is that one only; no version is 1.1 to 1.3; `minimum` exists for 1.2. */
static const struct
{
	const char *name;
	unsigned versions;
} version_sets[] = {
		{"1.0", CUBE_TLS_1_0},
		{"1.1", CUBE_TLS_1_1},
		{"1.2", CUBE_TLS_1_2},
		{"1.3", CUBE_TLS_1_3},
		{"1.1+", CUBE_TLS_1_1 | CUBE_TLS_1_2 | CUBE_TLS_1_3},
		{"1.2+", CUBE_TLS_1_2 | CUBE_TLS_1_3},
};

const char cube_tls_version_names[] = "1.0, 1.1, 1.2, 1.3, 1.1+, 1.2+";

unsigned cube_tls_versions_parse(struct cube_str text)
{
	for(size_t i = 0; i < sizeof(version_sets) / sizeof(version_sets[0]); i++) {
		if(cube_str_eq(cube_str_of(version_sets[i].name), text))
			return version_sets[i].versions;
	}
	return 0;
}

const char *cube_tls_versions_text(unsigned versions, char buf[64])
{
	size_t used = 0;

	buf[0] = '\0';
	for(unsigned minor = 0; minor <= 3; minor++) {
		if(versions & (1u << minor))
			used += (size_t)snprintf(buf + used, 64 - used, "%sTLSv1.%u", used ? ", " : "", minor);
	}
	return buf;
}

/* IOS names the NIST curves P-256, P-384 and P-521 in its show commands; OpenSSL takes the same names. */
static const char *const curves[] = {"X25519", "P-256", "P-384", "P-521"};
static const char hybrid_curve[] = "X25519MLKEM768";

const char cube_curve_names[] = "X25519, P-256, P-384, P-521, and X25519MLKEM768 with OpenSSL 3.5 or later";

/* Asked at run time: the same build runs on OpenSSL 3.0 and 3.5. */
static bool hybrid_available(void)
{
	EVP_KEYMGMT *keymgmt;

	ERR_set_mark();
	keymgmt = EVP_KEYMGMT_fetch(NULL, hybrid_curve, NULL);
	ERR_pop_to_mark();
	EVP_KEYMGMT_free(keymgmt);
	return keymgmt != NULL;
}

const char *cube_curve_openssl(struct cube_str name)
{
	for(size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if(cube_str_eq(cube_str_of(curves[i]), name))
			return curves[i];
	}
	if(cube_str_eq(CUBE_STR("X25519MLKEM768"), name) && hybrid_available())
		return hybrid_curve;
	return NULL;
}
