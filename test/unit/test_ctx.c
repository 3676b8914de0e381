/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/ctx.c: what a context is told, without a handshake (those are in test_handshake.c), and its refusals. */
#include <check.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tlspair.h"

Suite *suite_ctx(void);

static struct pki root, sub, leaf, rsa;

static void setup(void)
{
	root = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true});
	sub = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "sub", .ca = true, .issuer = &root});
	leaf = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "cube", .issuer = &sub});
	rsa = pki_make(&(struct pki_spec){.key = PKI_RSA_2048, .cn = "cube", .issuer = &root});
}

static void teardown(void)
{
	pki_free(&root);
	pki_free(&sub);
	pki_free(&leaf);
	pki_free(&rsa);
}

static SSL *make(struct ours *o, enum cube_role role)
{
	struct cube_err err;
	SSL *ssl;

	cube_err_reset(&err);
	ssl = ours_bare_ssl(o, role, &err);
	ck_assert_msg(ssl != NULL, "%s", err.text);
	ck_assert_str_eq(err.text, "");
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return ssl;
}

static void refused(struct ours *o, enum cube_role role, const char *want)
{
	struct cube_err err;

	cube_err_reset(&err);
	ck_assert_ptr_null(ours_bare_ssl(o, role, &err));
	ck_assert_str_eq(err.text, want);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(test_told)
{
	const struct pki *id[] = {&leaf, &sub}, *cas[] = {&root, &sub, &root};
	const uint64_t options = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;
	const long modes = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
					   | SSL_MODE_NO_AUTO_CHAIN;

	for(int role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
		STACK_OF(X509) *chain = NULL;
		struct ours o;
		SSL_CTX *ctx;
		SSL *ssl;

		ours_make(&o, id, 2, cas, 3);
		ours_ready(&o);
		ssl = make(&o, (enum cube_role)role);
		ctx = SSL_get_SSL_CTX(ssl);
		ck_assert((SSL_CTX_get_options(ctx) & options) == options);
		ck_assert((SSL_CTX_get_mode(ctx) & modes) == modes);
		ck_assert_int_eq(SSL_CTX_get_session_cache_mode(ctx),
				(role == CUBE_ROLE_SERVER ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_CLIENT) | SSL_SESS_CACHE_NO_INTERNAL
						| SSL_SESS_CACHE_NO_AUTO_CLEAR);
		ck_assert_int_eq((SSL_CTX_get_options(ctx) & SSL_OP_NO_TICKET) != 0, role == CUBE_ROLE_SERVER);
		ck_assert_uint_eq(SSL_CTX_get_num_tickets(ctx), 1);
		ck_assert_int_eq(SSL_CTX_get_security_level(ctx), 2);
		ck_assert_int_eq(SSL_CTX_get_verify_depth(ctx), CUBE_VERIFY_DEPTH);
		ck_assert_int_eq(SSL_CTX_get_verify_mode(ctx),
				role == CUBE_ROLE_SERVER ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER);
		/* who we are is the connection's own */
		ck_assert_ptr_null(SSL_CTX_get0_certificate(ctx));
		ck_assert_int_eq(X509_cmp(SSL_get_certificate(ssl), leaf.cert), 0);
		ck_assert_ptr_null(SSL_get_privatekey(ssl));
		SSL_get0_chain_certs(ssl, &chain);
		ck_assert_int_eq(sk_X509_num(chain), 1);
		/* each CA is named once in a CertificateRequest */
		ck_assert_int_eq(sk_X509_NAME_num(SSL_get_client_CA_list(ssl)), role == CUBE_ROLE_SERVER ? 2 : 0);
		SSL_free(ssl);
		ours_free(&o);
	}
}
END_TEST

static const struct
{
	const char *version;
	bool ec;
	enum cube_role role;
	int min, max;
	bool legacy;
} ranges[] = {
		{"1.0", false, CUBE_ROLE_SERVER, TLS1_VERSION, TLS1_VERSION, true},
		{"1.1", false, CUBE_ROLE_SERVER, TLS1_1_VERSION, TLS1_1_VERSION, true},
		{"1.2", false, CUBE_ROLE_SERVER, TLS1_2_VERSION, TLS1_2_VERSION, false},
		{"1.3", false, CUBE_ROLE_CLIENT, TLS1_3_VERSION, TLS1_3_VERSION, false},
		{"1.1+", false, CUBE_ROLE_SERVER, TLS1_1_VERSION, TLS1_3_VERSION, true},
		{"1.1+", false, CUBE_ROLE_CLIENT, TLS1_1_VERSION, TLS1_3_VERSION, true},
		{"1.2+", false, CUBE_ROLE_SERVER, TLS1_2_VERSION, TLS1_3_VERSION, false},
		{"1.1+", true, CUBE_ROLE_SERVER, TLS1_2_VERSION, TLS1_3_VERSION, false},
		{"1.1+", true, CUBE_ROLE_CLIENT, TLS1_1_VERSION, TLS1_3_VERSION, true},
};

START_TEST(test_versions)
{
	const struct pki *id[] = {ranges[_i].ec ? &leaf : &rsa}, *cas[] = {&root};
	struct ours o;
	SSL_CTX *ctx, *plain = SSL_CTX_new(TLS_method());
	SSL *ssl;
	bool standard;

	ours_make(&o, id, 1, cas, 1);
	o.profile.tls_versions = cube_tls_versions_parse(cube_str_of(ranges[_i].version));
	ours_ready(&o);
	ssl = make(&o, ranges[_i].role);
	ctx = SSL_get_SSL_CTX(ssl);
	ck_assert_int_eq(SSL_CTX_get_min_proto_version(ctx), ranges[_i].min);
	ck_assert_int_eq(SSL_CTX_get_max_proto_version(ctx), ranges[_i].max);
	/* only who needs it is relaxed, and that is what is told to the log */
	standard = SSL_CTX_get_security_callback(ctx) == SSL_CTX_get_security_callback(plain);
	ck_assert_int_eq(standard, !ranges[_i].legacy);
	ck_assert_int_eq(cube_tls_ctx_legacy(&o.conf, &o.profile, ranges[_i].role), ranges[_i].legacy);
	SSL_CTX_free(plain);
	SSL_free(ssl);
	ours_free(&o);
}
END_TEST

START_TEST(test_refused)
{
	const struct pki *id[] = {&rsa}, *cas[] = {&root};
	struct ours o;

	ours_make(&o, id, 1, cas, 1);
	ours_ready(&o);
	o.profile.n_verify_trustpoints = 0;
	refused(&o, CUBE_ROLE_CLIENT, "tls-profile 100: no verify-trustpoint, so no peer can be verified");
	o.profile.n_verify_trustpoints = 1;
	o.verify_index = 0;
	refused(&o, CUBE_ROLE_SERVER, "trustpoint cube: no ca is given, so it cannot verify a peer");
	o.verify_index = 1;
	o.profile.groups = "P-999";
	refused(&o, CUBE_ROLE_SERVER, "tls-profile 100: curves: this OpenSSL refuses P-999");
	o.profile.groups = "";
	o.profile.cipher_list = "NO-SUCH-SUITE";
	refused(&o, CUBE_ROLE_SERVER, "tls-profile 100: cipher: this OpenSSL has none of NO-SUCH-SUITE");
	o.profile.cipher_list = "";
	o.profile.tls_versions = CUBE_TLS_1_2;
	refused(&o, CUBE_ROLE_SERVER, "tls-profile 100: no TLS version is left that its ciphers and key can serve");
	ours_free(&o);

	ours_make(&o, NULL, 0, cas, 1);
	ours_ready(&o);
	refused(&o, CUBE_ROLE_SERVER, "tls-profile 100: no trustpoint with a certificate, so it cannot accept connections");
	SSL_free(make(&o, CUBE_ROLE_CLIENT));
	ours_free(&o);
}
END_TEST

/* The names of the CAs are one TLS vector of 16-bit length. */
START_TEST(test_many_cas)
{
	enum
	{
		MANY = 500
	};
	const struct pki *id[] = {&rsa}, *cas[MANY];
	struct pki *many = calloc(MANY, sizeof(*many));
	struct cube_err err;
	struct ours o;
	char cn[65];

	for(int i = 0; i < MANY; i++) {
		snprintf(cn, sizeof(cn), "%064d", i);
		many[i] = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = cn, .ca = true});
		/* a subject of three long names */
		for(int n = 0; n < 2; n++)
			X509_NAME_add_entry_by_txt(
					X509_get_subject_name(many[i].cert), "CN", MBSTRING_ASC, (unsigned char *)cn, -1, -1, 0);
		cas[i] = &many[i];
	}
	ours_make(&o, id, 1, cas, MANY);
	ours_ready(&o);
	cube_err_reset(&err);
	ck_assert_ptr_null(ours_bare_ssl(&o, CUBE_ROLE_SERVER, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "tls-profile 100: verify-trustpoint: the CAs' names take "));
	ck_assert_ptr_nonnull(strstr(err.text, " bytes of a CertificateRequest (at most 60000)"));
	SSL_free(make(&o, CUBE_ROLE_CLIENT)); /* a client sends no such list */
	ours_free(&o);
	for(int i = 0; i < MANY; i++)
		pki_free(&many[i]);
	free(many);
}
END_TEST

START_TEST(test_path)
{
	struct cube_tls_profile profiles[3] = {{.tag = 7}, {.tag = 0}, {.tag = 0}};
	struct cube_crypto_signaling entries[] = {
			{.peer = CUBE_STR("default"), .tls_profile = 1}, {.peer = CUBE_STR("1.2.3.0/24"), .tls_profile = 2}};
	struct cube_conf conf = {.tls_profiles = profiles, .n_tls_profiles = 3};
	char buf[96];

	conf.sip_ua.crypto_signaling = entries;
	conf.sip_ua.n_crypto_signaling = 2;
	ck_assert_str_eq(cube_tls_profile_path(&conf, &profiles[0], buf), "tls-profile 7");
	ck_assert_str_eq(cube_tls_profile_path(&conf, &profiles[1], buf), "sip-ua: crypto-signaling default");
	ck_assert_str_eq(cube_tls_profile_path(&conf, &profiles[2], buf), "sip-ua: crypto-signaling 1.2.3.0/24");
}
END_TEST

Suite *suite_ctx(void)
{
	Suite *s = suite_create("ctx");
	TCase *tc = tcase_create("ctx");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_told);
	tcase_add_loop_test(tc, test_versions, 0, sizeof(ranges) / sizeof(ranges[0]));
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_many_cas);
	tcase_add_test(tc, test_path);
	suite_add_tcase(s, tc);
	return s;
}
