/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SSL_CTX of each profile and role of a configuration. They hold no private key: see keys.h. */
#include <string.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"

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
	struct cube_source_key staple; /* server: of the OCSP response for its certificate, where it may be had */
};

struct contexts
{
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
	const struct context *c = arg;
	unsigned char *der = NULL;
	size_t len = sources_staple(&c->staple, &der);

	if(len == 0)
		return SSL_TLSEXT_ERR_NOACK;
	if(SSL_set_tlsext_status_ocsp_resp(ssl, der, (long)len) != 1) {
		OPENSSL_free(der);
		return SSL_TLSEXT_ERR_NOACK;
	}
	return SSL_TLSEXT_ERR_OK;
}

static void staple_enable(struct context *c, const struct cube_conf *conf, const struct cube_tls_profile *profile)
{
	int tp = profile->trustpoint[CUBE_ROLE_SERVER];
	char url[CUBE_FETCH_URL_MAX];
	struct cube_serial serial;
	X509 *cert, *issuer;

	if(tp == CUBE_NONE || !cube_trustpoint_responder(&conf->trustpoints[tp], &cert, &issuer, url))
		return;
	if(cube_serial_of(X509_get0_serialNumber(cert), &serial)
			&& cube_source_key_of(CUBE_FETCH_OCSP, issuer, url, &serial, &c->staple) == 0) {
		SSL_CTX_set_tlsext_status_cb(c->ctx, on_status);
		SSL_CTX_set_tlsext_status_arg(c->ctx, c);
	}
	X509_free(cert);
	X509_free(issuer);
}

static int context_make(struct context *c, const struct cube_conf *conf, const struct cube_tls_profile *profile,
		enum cube_role role, struct cube_err *err)
{
	if(cube_tls_policy_digest(conf, profile, role, &c->policy) < 0) {
		cube_err_nomem(err, "digest of a TLS profile");
		return -1;
	}
	c->ctx = cube_tls_ctx_new(conf, profile, role, &c->policy, conn_index(), err);
	if(!c->ctx)
		return -1;
	SSL_CTX_set_info_callback(c->ctx, conn_info_callback);
	if(role == CUBE_ROLE_SERVER) {
		SSL_CTX_set_client_hello_cb(c->ctx, conn_client_hello, NULL);
		staple_enable(c, conf, profile);
	}
	resume_enable(c->ctx, role);
	return 0;
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
	for(i = 0; i < t->n; i++) {
		for(role = 0; role < 2; role++) {
			if(context_make(&t->of[i][role], conf, &conf->tls_profiles[i], role, err) < 0) {
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
	shm_free(t);
}

SSL_CTX *contexts_get(void *tls, unsigned profile, enum cube_role role, const struct cube_digest **policy)
{
	struct contexts *t = tls;

	if(!t || profile >= t->n)
		return NULL;
	*policy = &t->of[profile][role].policy;
	return t->of[profile][role].ctx;
}
