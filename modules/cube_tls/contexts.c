/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SSL_CTX of each profile and role of a configuration, one for all profiles that would get the same, and the certificates
 * that their SSLs are given. They hold no private key: see keys.h. */
#include <string.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"

#include "../libcube/tls/creds.h"
#include "../libcube/tls/ctx.h"
#include "../libcube/tls/trustpoint.h"
#include "conn.h"
#include "contexts.h"
#include "counters.h"
#include "resume.h"
#include "sources.h"

struct context
{
	SSL_CTX *ctx;
	struct cube_digest policy;
	bool staples; /* server: an OCSP response for its certificate may be had, by this key: */
	struct cube_source_key staple;
};

struct contexts
{
	struct cube_tls_creds *creds;
	unsigned n;
	struct context of[][2]; /* by profile, by role */
};

/* The operator should know where old versions are permitted, and that no other profile is touched by it. */
static void note_legacy(const struct cube_conf *conf)
{
	const struct cube_tls_profile *first = NULL;
	char path[96];
	unsigned i, n = 0;

	for(i = 0; i < conf->n_tls_profiles; i++) {
		const struct cube_tls_profile *p = &conf->tls_profiles[i];

		if(!cube_tls_ctx_legacy(conf, p, CUBE_ROLE_SERVER) && !cube_tls_ctx_legacy(conf, p, CUBE_ROLE_CLIENT))
			continue;
		first = first ? first : p;
		n++;
	}
	if(n)
		LM_NOTICE("%u of %u TLS profiles (%s%s) permit TLS 1.0 or 1.1: OpenSSL's security level is relaxed in them for "
				  "these "
				  "versions' handshake signatures; tls-version = \"1.2+\" ends that\n",
				n, conf->n_tls_profiles, cube_tls_profile_path(conf, first, path), n > 1 ? " and others" : "");
}

/* The client has asked for a stapled response. */
static int on_status(SSL *ssl, void *arg)
{
	const struct cube_conn *conn = SSL_get_ex_data(ssl, conn_index());
	const struct contexts *t = conn ? conn->snapshot->tls : NULL;
	const struct context *c = t ? &t->of[conn->profile - conn->snapshot->conf->tls_profiles][CUBE_ROLE_SERVER] : NULL;
	unsigned char *der = NULL;
	size_t len = c && c->staples ? sources_staple(&c->staple, &der) : 0;

	if(len == 0)
		return SSL_TLSEXT_ERR_NOACK;
	if(SSL_set_tlsext_status_ocsp_resp(ssl, der, (long)len) != 1) {
		OPENSSL_free(der);
		return SSL_TLSEXT_ERR_NOACK;
	}
	return SSL_TLSEXT_ERR_OK;
}

static void staple_prepare(struct context *c, const struct cube_trustpoint *tp)
{
	char url[CUBE_FETCH_URL_MAX];
	struct cube_serial serial;
	X509 *cert, *issuer;

	if(!cube_trustpoint_responder(tp, &cert, &issuer, url))
		return;
	c->staples = cube_serial_of(X509_get0_serialNumber(cert), &serial)
				 && cube_source_key_of(CUBE_FETCH_OCSP, false, issuer, url, &serial, &c->staple) == 0;
	X509_free(cert);
	X509_free(issuer);
}

static SSL_CTX *context_new(const struct cube_conf *conf, unsigned profile, enum cube_role role, struct cube_err *err)
{
	SSL_CTX *ctx = cube_tls_ctx_new(conf, &conf->tls_profiles[profile], role, conn_index(), err);

	if(!ctx)
		return NULL;
	SSL_CTX_set_info_callback(ctx, conn_info_callback);
	if(role == CUBE_ROLE_SERVER) {
		SSL_CTX_set_client_hello_cb(ctx, conn_client_hello, NULL);
		SSL_CTX_set_tlsext_status_cb(ctx, on_status);
	}
	resume_enable(ctx, role);
	return ctx;
}

/* That of an earlier profile, where it would be the same: a thousand tenants differ in their certificates, not in policy. */
static SSL_CTX *context_find(
		struct contexts *t, const struct cube_conf *conf, unsigned profile, enum cube_role role, struct cube_err *err)
{
	unsigned i;

	for(i = 0; i < profile; i++) {
		if(!cube_tls_ctx_same(conf, &conf->tls_profiles[i], &conf->tls_profiles[profile], role))
			continue;
		SSL_CTX_up_ref(t->of[i][role].ctx);
		return t->of[i][role].ctx;
	}
	return context_new(conf, profile, role, err);
}

static int context_make(
		struct contexts *t, const struct cube_conf *conf, unsigned profile, enum cube_role role, struct cube_err *err)
{
	struct context *c = &t->of[profile][role];
	int tp = conf->tls_profiles[profile].trustpoint[role];

	if(cube_tls_policy_digest(conf, &conf->tls_profiles[profile], role, &c->policy) < 0) {
		cube_err_nomem(err, "digest of a TLS profile");
		return -1;
	}
	if(role == CUBE_ROLE_SERVER && tp != CUBE_NONE)
		staple_prepare(c, &conf->trustpoints[tp]);
	c->ctx = context_find(t, conf, profile, role, err);
	return c->ctx ? cube_tls_creds_add(t->creds, &conf->tls_profiles[profile], role, c->ctx, err) : -1;
}

int contexts_prepare(const struct cube_conf *conf, void **tls, struct cube_err *err)
{
	size_t size = sizeof(struct contexts) + conf->n_tls_profiles * sizeof(((struct contexts *)0)->of[0]);
	struct contexts *t;
	unsigned i, role;

	if(counters_prepare(conf, err) < 0)
		return -1;
	t = shm_malloc(size);
	if(!t) {
		cube_err_nomem(err, "TLS contexts");
		return -1;
	}
	memset(t, 0, size);
	t->n = conf->n_tls_profiles;
	t->creds = cube_tls_creds_new(conf);
	if(!t->creds) {
		cube_err_nomem(err, "TLS certificates");
		contexts_discard(t);
		return -1;
	}
	for(i = 0; i < t->n; i++) {
		for(role = 0; role < 2; role++) {
			if(context_make(t, conf, i, role, err) < 0) {
				contexts_discard(t);
				return -1;
			}
		}
	}
	note_legacy(conf);
	*tls = t;
	return 0;
}

void contexts_discard(void *tls)
{
	struct contexts *t = tls;
	unsigned i;

	for(i = 0; i < t->n; i++) {
		SSL_CTX_free(t->of[i][CUBE_ROLE_SERVER].ctx);
		SSL_CTX_free(t->of[i][CUBE_ROLE_CLIENT].ctx);
	}
	cube_tls_creds_free(t->creds);
	shm_free(t);
}

SSL *contexts_ssl(void *tls, unsigned profile, enum cube_role role, const struct cube_digest **policy)
{
	struct contexts *t = tls;
	struct context *c = &t->of[profile][role];
	SSL *ssl = SSL_new(c->ctx);

	*policy = &c->policy;
	if(ssl && cube_tls_creds_give(t->creds, profile, role, ssl, &c->policy) == 0)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

int contexts_adopt(
		void *tls, const struct cube_conf *conf, unsigned profile, SSL *ssl, const struct cube_digest **policy)
{
	struct contexts *t = tls;
	struct context *c = &t->of[profile][CUBE_ROLE_SERVER];

	*policy = &c->policy;
	if(cube_tls_adopt(ssl, c->ctx, &conf->tls_profiles[profile]) < 0)
		return -1;
	return cube_tls_creds_give(t->creds, profile, CUBE_ROLE_SERVER, ssl, &c->policy);
}
