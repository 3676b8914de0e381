/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two TLS ends joined by a BIO pair. */
#include <check.h>
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tlspair.h"

static int peer_index(void)
{
	static int index = -1;

	if(index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static struct cube_file file_of(const char *text)
{
	return (struct cube_file){.data = text, .len = strlen(text), .mode = 0600, .uid = 1000};
}

void ours_make(struct ours *o, const struct pki *const *id, unsigned n, const struct pki *const *cas, unsigned n_cas)
{
	struct cube_err err;

	memset(o, 0, sizeof(*o));
	o->arena = cube_arena_new(&cube_alloc_libc, 4096);
	o->trustpoints[0].name = CUBE_STR("cube");
	o->trustpoints[1].name = CUBE_STR("verify");
	for(int i = 0; i < 2; i++) { /* as it is when cube.conf says nothing of it */
		o->trustpoints[i].revocation[0] = CUBE_REVOCATION_CRL;
		o->trustpoints[i].n_revocation = 1;
	}
	if(n > 0) {
		o->texts[0] = pki_certs_pem(id, n);
		o->texts[1] = pki_key_pem(id[0]->key, NULL);
		o->trustpoints[0].certificate = CUBE_STR("/cube.pem");
		o->trustpoints[0].private_key = CUBE_STR("/cube.key");
		o->trustpoints[0].certificate_pem = file_of(o->texts[0]);
		o->trustpoints[0].private_key_pem = file_of(o->texts[1]);
	}
	if(n_cas > 0) {
		o->texts[2] = pki_certs_pem(cas, n_cas);
		o->trustpoints[1].ca = CUBE_STR("/ca.pem");
		o->trustpoints[1].ca_pem = file_of(o->texts[2]);
	}
	cube_err_reset(&err);
	for(int i = 0; i < 2; i++)
		ck_assert_msg(cube_trustpoint_check(&o->trustpoints[i], o->arena, &err) == 0, "%s", err.text);
	o->verify_index = 1;
	o->profile = (struct cube_tls_profile){.tag = 100,
			.trustpoint_name = CUBE_STR("cube"),
			.trustpoint = {n > 0 ? 0 : CUBE_NONE, n > 0 ? 0 : CUBE_NONE},
			.verify_trustpoints = &o->verify_index,
			.n_verify_trustpoints = 1,
			.tls_versions = cube_tls_versions_parse(CUBE_STR("1.1+"))};
	o->conf = (struct cube_conf){
			.trustpoints = o->trustpoints, .n_trustpoints = 2, .tls_profiles = &o->profile, .n_tls_profiles = 1};
}

void ours_ready(struct ours *o)
{
	const enum cube_key_type keys[2] = {o->trustpoints[0].key_type, o->trustpoints[0].key_type};
	struct cube_err err;

	cube_err_reset(&err);
	ck_assert_msg(
			cube_tls_policy_build(&o->profile, NULL, keys, "tls-profile 100", o->arena, &err) == 0, "%s", err.text);
}

void ours_free(struct ours *o)
{
	for(size_t i = 0; i < sizeof(o->texts) / sizeof(o->texts[0]); i++)
		free(o->texts[i]);
	cube_arena_free(&o->arena);
}

SSL *ours_bare_ssl(struct ours *o, enum cube_role role, struct cube_err *err)
{
	struct cube_digest policy;
	struct cube_tls_creds *creds = cube_tls_creds_new(&o->conf);
	SSL_CTX *ctx = cube_tls_ctx_new(&o->conf, &o->profile, role, peer_index(), err);
	SSL *ssl = NULL;

	ck_assert_ptr_nonnull(creds);
	ck_assert_int_eq(cube_tls_policy_digest(&o->conf, &o->profile, role, &policy), 0);
	if(ctx != NULL && cube_tls_creds_add(creds, &o->profile, role, ctx, err) == 0) {
		ssl = SSL_new(ctx);
		ck_assert_ptr_nonnull(ssl);
		ck_assert_int_eq(cube_tls_creds_give(creds, 0, role, ssl, &policy), 0);
	}
	cube_tls_creds_free(creds);
	SSL_CTX_free(ctx);
	return ssl;
}

SSL *ours_ssl(struct ours *o, enum cube_role role, struct cube_err *err)
{
	EVP_PKEY *key = cube_trustpoint_key(&o->trustpoints[0]);
	SSL *ssl = ours_bare_ssl(o, role, err);

	if(ssl == NULL)
		goto out;
	if(key != NULL)
		ck_assert_int_eq(SSL_use_PrivateKey(ssl, key), 1);
	o->peer.conf = &o->conf;
	o->peer.profile = &o->profile;
	o->peer.role = role;
	ck_assert_int_eq(SSL_set_ex_data(ssl, peer_index(), &o->peer), 1);
	if(role == CUBE_ROLE_SERVER)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
out:
	EVP_PKEY_free(key);
	return ssl;
}

SSL *plain_ssl(bool server, const struct pki *const *id, unsigned n, const struct pki *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	ck_assert_int_eq(SSL_CTX_set_cipher_list(ctx, "ALL"), 1);
	ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	if(n > 0) {
		ck_assert_int_eq(SSL_CTX_use_certificate(ctx, id[0]->cert), 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, id[0]->key), 1);
	}
	for(unsigned i = 1; i < n; i++)
		ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, id[i]->cert), 1);
	if(ca != NULL) {
		ck_assert_int_eq(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca->cert), 1);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	ck_assert_ptr_nonnull(ssl);
	if(server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

/* One step of one end. True while it may go on; *done when it has the other's byte. */
static bool step(SSL *ssl, bool *sent, bool *done)
{
	char byte = 'x';
	int rc = 1, error;

	ERR_clear_error();
	if(!*sent && (rc = SSL_write(ssl, &byte, 1)) == 1)
		*sent = true;
	if(rc == 1 && !*done && (rc = SSL_read(ssl, &byte, 1)) == 1)
		*done = true;
	error = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, rc);
	if(error == SSL_ERROR_NONE || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return true;
	SSL_set_app_data(ssl, (void *)(uintptr_t)ERR_peek_error());
	return false;
}

bool tls_meet(SSL *a, SSL *b)
{
	bool a_sent = false, b_sent = false, a_done = false, b_done = false, a_alive = true, b_alive = true;
	BIO *a_bio = NULL, *b_bio = NULL;

	ck_assert_int_eq(BIO_new_bio_pair(&a_bio, 1 << 17, &b_bio, 1 << 17), 1);
	SSL_set_bio(a, a_bio, a_bio);
	SSL_set_bio(b, b_bio, b_bio);
	for(int turn = 0; turn < 50 && (a_alive || b_alive) && !(a_done && b_done); turn++) {
		/* an end that failed has sent its alert, which the other one still reads */
		if(a_alive)
			a_alive = step(a, &a_sent, &a_done);
		if(b_alive)
			b_alive = step(b, &b_sent, &b_done);
	}
	ERR_clear_error();
	return a_alive && b_alive && a_done && b_done;
}

static unsigned long error_of(const SSL *ssl)
{
	return (unsigned long)(uintptr_t)SSL_get_app_data(ssl);
}

int tls_reason(const SSL *ssl)
{
	return ERR_GET_REASON(error_of(ssl));
}

const char *tls_reason_text(const SSL *ssl)
{
	const char *reason = ERR_reason_error_string(error_of(ssl));

	return reason != NULL ? reason : "";
}
