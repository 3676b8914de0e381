/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds SSL_CTX objects. All decisions are in the profile (policy) and in verify.c (who is accepted); here they are only
 * told to OpenSSL. Identity and trust come with each SSL (creds.c). Sets nothing that outlives the context. */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "ctx.h"
#include "policy.h"
#include "session.h"
#include "verify.h"

/* What Debian's OpenSSL has by default: 112 bits, so RSA 2048, no SHA-1 in certificates. Set here so that neither
 * openssl.cnf nor another build of OpenSSL changes whom a trunk trusts. */
#define SECURITY_LEVEL 2

const char *cube_tls_profile_path(const struct cube_conf *conf, const struct cube_tls_profile *profile, char buf[96])
{
	if(profile->tag > 0) {
		snprintf(buf, 96, "tls-profile %d", profile->tag);
		return buf;
	}
	for(unsigned i = 0; i < conf->sip_ua.n_crypto_signaling; i++) {
		const struct cube_crypto_signaling *entry = &conf->sip_ua.crypto_signaling[i];

		if(entry->tls_profile >= 0 && &conf->tls_profiles[entry->tls_profile] == profile) {
			snprintf(buf, 96, "sip-ua: crypto-signaling %.*s", CUBE_FMT(entry->peer));
			return buf;
		}
	}
	snprintf(buf, 96, "sip-ua: crypto-signaling");
	return buf;
}

static const struct cube_trustpoint *identity(
		const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role)
{
	int index = profile->trustpoint[role];

	return index >= 0 ? &conf->trustpoints[index] : NULL;
}

/* The versions (CUBE_TLS_* bits) that its context negotiates: the profile's, as server without those that its key has no
 * suite for. */
static unsigned versions_of(const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role)
{
	const struct cube_trustpoint *tp = identity(conf, profile, role);

	return cube_tls_versions_served(profile, role, tp != NULL ? tp->key_type : CUBE_KEY_NONE);
}

bool cube_tls_ctx_legacy(const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role)
{
	return (versions_of(conf, profile, role) & (CUBE_TLS_1_0 | CUBE_TLS_1_1)) != 0;
}

/* OpenSSL 3 wants security level 0 for TLS 1.0 and 1.1, since their handshakes are signed with MD5 and SHA-1; but level 0
 * would also take a 512-bit certificate. So the level stays, and only what these two versions need is let through: the
 * version itself, and such signatures once one of them is negotiated. ex: OpenSSL's own callback. */
static int legacy_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other, void *ex)
{
	int (*standard)(const SSL *, const SSL_CTX *, int, int, int, void *, void *) = 0;

	if(op == SSL_SECOP_VERSION && nid >= TLS1_VERSION)
		return 1;
	if(((unsigned)op & SSL_SECOP_OTHER_TYPE) == SSL_SECOP_OTHER_SIGALG && ssl != NULL
			&& SSL_version(ssl) >= TLS1_VERSION && SSL_version(ssl) <= TLS1_1_VERSION
			&& (nid == NID_md5_sha1 || nid == NID_sha1))
		return 1;
	*(void **)&standard = ex;
	return standard(ssl, ctx, op, bits, nid, other, NULL);
}

static void relax(SSL_CTX *ctx)
{
	int (*standard)(const SSL *, const SSL_CTX *, int, int, int, void *, void *) = SSL_CTX_get_security_callback(ctx);

	SSL_CTX_set0_security_ex_data(ctx, *(void **)&standard);
	SSL_CTX_set_security_callback(ctx, legacy_security);
}

static bool set_versions(SSL_CTX *ctx, unsigned versions)
{
	static const struct
	{
		unsigned bit;
		int openssl;
	} table[] = {{CUBE_TLS_1_0, TLS1_VERSION}, {CUBE_TLS_1_1, TLS1_1_VERSION}, {CUBE_TLS_1_2, TLS1_2_VERSION},
			{CUBE_TLS_1_3, TLS1_3_VERSION}};
	int min = 0, max = 0;

	/* a range is enough: permitted versions and those that suites serve are both without holes */
	for(size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if((versions & table[i].bit) == 0)
			continue;
		min = min == 0 ? table[i].openssl : min;
		max = table[i].openssl;
	}
	/* openssl.cnf may have excluded some */
	SSL_CTX_clear_options(ctx, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3);
	return min != 0 && SSL_CTX_set_min_proto_version(ctx, min) == 1 && SSL_CTX_set_max_proto_version(ctx, max) == 1;
}

static int set_policy(
		SSL_CTX *ctx, const struct cube_tls_profile *profile, unsigned versions, const char *path, struct cube_err *err)
{
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	if(versions & (CUBE_TLS_1_0 | CUBE_TLS_1_1))
		relax(ctx);
	if(!set_versions(ctx, versions)) {
		cube_err_add(err, "%s: no TLS version is left that its ciphers and key can serve", path);
		return -1;
	}
	/* an empty list is not told: OpenSSL would refuse it, and its versions are excluded above */
	if((profile->cipher_list[0] != '\0' && SSL_CTX_set_cipher_list(ctx, profile->cipher_list) != 1)
			|| (profile->ciphersuites[0] != '\0' && SSL_CTX_set_ciphersuites(ctx, profile->ciphersuites) != 1)) {
		cube_err_add(err, "%s: cipher: this OpenSSL has none of %s", path,
				profile->cipher_list[0] != '\0' ? profile->cipher_list : profile->ciphersuites);
		return -1;
	}
	if(profile->groups[0] != '\0' && SSL_CTX_set1_groups_list(ctx, profile->groups) != 1) {
		cube_err_add(err, "%s: curves: this OpenSSL refuses %s", path, profile->groups);
		return -1;
	}
	SSL_CTX_set_dh_auto(ctx, 1);
	return 0;
}

static void set_behaviour(SSL_CTX *ctx, enum cube_role role)
{
	long cache = role == CUBE_ROLE_SERVER ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_CLIENT;

	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	/* no context keeps sessions: the caller does, for all processes. A sealed ticket would hold the client's certificate. */
	SSL_CTX_set_session_cache_mode(ctx, cache | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
	if(role == CUBE_ROLE_SERVER)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_timeout(ctx, CUBE_SESSION_SECONDS);
	/* The stock tls module's read and write code queues clear text and retries it from another address, and writes
	 * what fits. Its read-ahead is off, OpenSSL's default: its BIO buffers. */
	SSL_CTX_set_mode(
			ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	/* The chain is the certificate file's, not completed from whatever CAs verify peers. */
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
}

bool cube_tls_ctx_same(const struct cube_conf *conf, const struct cube_tls_profile *a, const struct cube_tls_profile *b,
		enum cube_role role)
{
	return versions_of(conf, a, role) == versions_of(conf, b, role) && strcmp(a->cipher_list, b->cipher_list) == 0
		   && strcmp(a->ciphersuites, b->ciphersuites) == 0 && strcmp(a->groups, b->groups) == 0;
}

/* X509_V_FLAG_X509_STRICT stays off: it refuses what CAs on trunks issue, certificates without key identifiers and
 * roots without basic constraints (IOS's own CA server among them), and it lets CRLs fail whose issuer is fine. */
SSL_CTX *cube_tls_ctx_new(const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role,
		int peer_index, struct cube_err *err)
{
	char path[96];
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	int verify = SSL_VERIFY_PEER;

	cube_tls_profile_path(conf, profile, path);
	if(ctx == NULL) {
		cube_err_nomem(err, path);
		goto failed;
	}
	if(role == CUBE_ROLE_SERVER)
		verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	set_behaviour(ctx, role);
	if(set_policy(ctx, profile, versions_of(conf, profile, role), path, err) < 0)
		goto failed;
	SSL_CTX_set_verify(ctx, verify, NULL);
	SSL_CTX_set_verify_depth(ctx, CUBE_VERIFY_DEPTH);
	SSL_CTX_set_cert_verify_callback(ctx, cube_tls_verify, cube_tls_verify_arg(peer_index));
	if(role == CUBE_ROLE_CLIENT) {
		SSL_CTX_set_tlsext_status_cb(ctx, cube_tls_verify_status);
		SSL_CTX_set_tlsext_status_arg(ctx, cube_tls_verify_arg(peer_index));
	}
	ERR_clear_error();
	return ctx;

failed:
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

/* SSL_set_SSL_CTX() alone takes over the verify callback and the ciphers, but leaves what SSL_new() has copied from the first
 * context. */
int cube_tls_adopt(SSL *ssl, SSL_CTX *ctx, const struct cube_tls_profile *profile)
{
	const char *groups = profile->groups[0] != '\0' ? profile->groups : "X25519:P-256:P-384:P-521";

	if(SSL_get_SSL_CTX(ssl) == ctx)
		return 0;
	if(SSL_set_SSL_CTX(ssl, ctx) != ctx)
		return -1;
	if(SSL_set_min_proto_version(ssl, (int)SSL_CTX_get_min_proto_version(ctx)) != 1
			|| SSL_set_max_proto_version(ssl, (int)SSL_CTX_get_max_proto_version(ctx)) != 1)
		return -1;
	if((profile->ciphersuites[0] != '\0' && SSL_set_ciphersuites(ssl, profile->ciphersuites) != 1)
			|| (profile->cipher_list[0] != '\0' && SSL_set_cipher_list(ssl, profile->cipher_list) != 1)
			|| SSL_set1_groups_list(ssl, groups) != 1)
		return -1;
	SSL_set_verify(ssl, SSL_CTX_get_verify_mode(ctx), NULL);
	SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(ctx));
	return 0;
}
