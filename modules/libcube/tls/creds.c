/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and trust stores by trustpoint and profile. What is here does not change once it is added, but for what
 * OpenSSL keeps in these objects under locks of its own. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "creds.h"
#include "ctx.h"
#include "trustpoint.h"

/* The list of CA names is a vector of at most 65535 bytes in every TLS version. */
#define CA_NAMES_MAX 60000

#define NOT_ADDED (-2)

/* named: one certificate of each CA name. */
struct trust
{
	X509_STORE *store;
	STACK_OF(X509) * named;
};

struct cube_tls_creds
{
	const struct cube_conf *conf;
	unsigned n_trustpoints, n_profiles;
	STACK_OF(X509) * *chain; /* by trustpoint; leaf first */
	struct trust *trust;	 /* by trustpoint; behind them by profile, for those that verify by several trustpoints */
	int (*identity)[2];		 /* by profile, by role: the trustpoint, CUBE_NONE, NOT_ADDED */
	unsigned *trusts;		 /* by profile: which trust */
};

static void *table(size_t n, size_t size)
{
	return OPENSSL_zalloc((n > 0 ? n : 1) * size);
}

struct cube_tls_creds *cube_tls_creds_new(const struct cube_conf *conf)
{
	struct cube_tls_creds *c = OPENSSL_zalloc(sizeof(*c));

	if(c == NULL)
		return NULL;
	c->conf = conf;
	c->n_trustpoints = conf->n_trustpoints;
	c->n_profiles = conf->n_tls_profiles;
	c->chain = table(c->n_trustpoints, sizeof(STACK_OF(X509) *));
	c->trust = table((size_t)c->n_trustpoints + c->n_profiles, sizeof(*c->trust));
	c->identity = table(c->n_profiles, sizeof(*c->identity));
	c->trusts = table(c->n_profiles, sizeof(*c->trusts));
	if(c->chain == NULL || c->trust == NULL || c->identity == NULL || c->trusts == NULL) {
		cube_tls_creds_free(c);
		return NULL;
	}
	for(unsigned i = 0; i < c->n_profiles; i++)
		c->identity[i][CUBE_ROLE_SERVER] = c->identity[i][CUBE_ROLE_CLIENT] = NOT_ADDED;
	return c;
}

void cube_tls_creds_free(struct cube_tls_creds *c)
{
	if(c == NULL)
		return;
	for(unsigned i = 0; c->chain != NULL && i < c->n_trustpoints; i++)
		sk_X509_pop_free(c->chain[i], X509_free);
	for(unsigned i = 0; c->trust != NULL && i < c->n_trustpoints + c->n_profiles; i++) {
		X509_STORE_free(c->trust[i].store);
		sk_X509_pop_free(c->trust[i].named, X509_free);
	}
	OPENSSL_free(c->chain);
	OPENSSL_free(c->trust);
	OPENSSL_free(c->identity);
	OPENSSL_free(c->trusts);
	OPENSSL_free(c);
}

/* Otherwise OpenSSL does this at the first handshake, in whichever process that is. */
static void fill_caches(STACK_OF(X509) * certs)
{
	for(int i = 0; i < sk_X509_num(certs); i++)
		X509_check_purpose(sk_X509_value(certs, i), -1, 0);
}

static int add_identity(struct cube_tls_creds *c, const struct cube_tls_profile *profile, enum cube_role role,
		const char *path, struct cube_err *err)
{
	int index = profile->trustpoint[role];
	const struct cube_trustpoint *tp = index >= 0 ? &c->conf->trustpoints[index] : NULL;
	int *identity = &c->identity[profile - c->conf->tls_profiles][role];

	*identity = CUBE_NONE;
	if(tp == NULL || tp->certificate.len == 0) {
		if(role == CUBE_ROLE_CLIENT)
			return 0; /* a client without a certificate: the server decides */
		cube_err_add(err, "%s: no trustpoint with a certificate, so it cannot accept connections", path);
		return -1;
	}
	if(c->chain[index] == NULL) {
		c->chain[index] = cube_trustpoint_chain(tp, err);
		if(c->chain[index] == NULL)
			return -1;
		fill_caches(c->chain[index]);
	}
	*identity = index;
	return 0;
}

static size_t names_bytes(STACK_OF(X509) * named)
{
	size_t bytes = 0;

	for(int i = 0; i < sk_X509_num(named); i++) {
		int len = i2d_X509_NAME(X509_get_subject_name(sk_X509_value(named, i)), NULL);

		bytes += 2 + (size_t)(len > 0 ? len : 0);
	}
	return bytes;
}

/* The trust stays half made when it fails: the configuration is not taken then. */
static int make_trust(struct cube_tls_creds *c, struct trust *t, const int *trustpoints, unsigned n, const char *path,
		struct cube_err *err)
{
	int rc = 0;

	if(t->store != NULL)
		return 0;
	t->store = X509_STORE_new();
	t->named = sk_X509_new_null();
	if(t->store == NULL || t->named == NULL) {
		cube_err_nomem(err, path);
		return -1;
	}
	for(unsigned i = 0; i < n; i++) {
		if(cube_trustpoint_trust(&c->conf->trustpoints[trustpoints[i]], t->store, t->named, err) < 0)
			rc = -1;
	}
	fill_caches(t->named);
	return rc;
}

static int add_trust(struct cube_tls_creds *c, const struct cube_tls_profile *profile, enum cube_role role,
		const char *path, struct cube_err *err)
{
	unsigned number = (unsigned)(profile - c->conf->tls_profiles), n = profile->n_verify_trustpoints;
	unsigned which = n == 1 ? (unsigned)profile->verify_trustpoints[0] : c->n_trustpoints + number;
	struct trust *t = &c->trust[which];

	if(n == 0) {
		cube_err_add(err, "%s: no verify-trustpoint, so no peer can be verified", path);
		return -1;
	}
	if(make_trust(c, t, profile->verify_trustpoints, n, path, err) < 0)
		return -1;
	if(role == CUBE_ROLE_SERVER && names_bytes(t->named) > CA_NAMES_MAX) {
		cube_err_add(err, "%s: verify-trustpoint: the CAs' names take %zu bytes of a CertificateRequest (at most %d)",
				path, names_bytes(t->named), CA_NAMES_MAX);
		return -1;
	}
	c->trusts[number] = which;
	return 0;
}

/* Would OpenSSL take it for a connection? Its security level refuses weak certificates. */
static int prove(const struct cube_tls_creds *c, const struct cube_tls_profile *profile, enum cube_role role,
		SSL_CTX *ctx, const char *path, struct cube_err *err)
{
	static const struct cube_digest no_policy;
	unsigned number = (unsigned)(profile - c->conf->tls_profiles);
	int tp = c->identity[number][role];
	SSL *ssl = SSL_new(ctx);
	int rc = ssl != NULL ? cube_tls_creds_give(c, number, role, ssl, &no_policy) : -1;
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	SSL_free(ssl);
	if(rc == 0)
		return 0;
	if(tp != CUBE_NONE && reason != NULL)
		cube_err_add(err, "trustpoint %.*s: certificate %.*s: OpenSSL refuses the certificate (%s)",
				CUBE_FMT(c->conf->trustpoints[tp].name), CUBE_FMT(c->conf->trustpoints[tp].certificate), reason);
	else
		cube_err_nomem(err, path);
	return -1;
}

int cube_tls_creds_add(struct cube_tls_creds *creds, const struct cube_tls_profile *profile, enum cube_role role,
		SSL_CTX *ctx, struct cube_err *err)
{
	char path[96];
	int rc;

	cube_tls_profile_path(creds->conf, profile, path);
	ERR_clear_error();
	rc = add_identity(creds, profile, role, path, err) == 0 && add_trust(creds, profile, role, path, err) == 0 ? 0 : -1;
	if(rc == 0)
		rc = prove(creds, profile, role, ctx, path, err);
	ERR_clear_error();
	return rc;
}

static bool give_identity(STACK_OF(X509) * chain, SSL *ssl)
{
	if(SSL_use_certificate(ssl, sk_X509_value(chain, 0)) != 1)
		return false;
	for(int i = 1; i < sk_X509_num(chain); i++) {
		if(SSL_add1_chain_cert(ssl, sk_X509_value(chain, i)) != 1)
			return false;
	}
	return true;
}

static bool give_names(STACK_OF(X509) * named, SSL *ssl)
{
	SSL_set_client_CA_list(ssl, NULL);
	for(int i = 0; i < sk_X509_num(named); i++) {
		if(SSL_add_client_CA(ssl, sk_X509_value(named, i)) != 1)
			return false;
	}
	return true;
}

int cube_tls_creds_give(const struct cube_tls_creds *c, unsigned profile, enum cube_role role, SSL *ssl,
		const struct cube_digest *policy)
{
	const struct trust *t = &c->trust[c->trusts[profile]];
	int tp = c->identity[profile][role];

	if(tp == NOT_ADDED || t->store == NULL)
		return -1;
	SSL_certs_clear(ssl); /* or another key type's certificate would stay, and be shown */
	if(tp != CUBE_NONE && !give_identity(c->chain[tp], ssl))
		return -1;
	if(SSL_set1_verify_cert_store(ssl, t->store) != 1)
		return -1;
	if(role == CUBE_ROLE_SERVER && !give_names(t->named, ssl))
		return -1;
	if(role == CUBE_ROLE_CLIENT && cube_revocation_uses(c->conf, &c->conf->tls_profiles[profile], CUBE_REVOCATION_OCSP))
		SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp); /* and ctx.c has the callback for it */
	return SSL_set_session_id_context(ssl, policy->bytes, sizeof(policy->bytes)) == 1 ? 0 : -1;
}
