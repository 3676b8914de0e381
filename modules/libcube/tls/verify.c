/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate verify callback of every context. OpenSSL judges the chain; here are added what peer-eku and
 * cn-san-validate ask for, and the words for the operator. Does not log. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>

#include "signed.h"
#include "verify.h"

void *cube_tls_verify_arg(int peer_index)
{
	return (void *)(intptr_t)peer_index;
}

/* What follows the name of the certificate in a reason. */
static const struct
{
	int error;
	const char *text;
} words[] = {
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
				"comes from a CA that is not in the ca of the verify-trustpoint"},
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "has an issuer that is not in the ca of the verify-trustpoint"},
		{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "comes from a CA that is not in the ca of the verify-trustpoint"},
		{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "is self-signed and not in the ca of the verify-trustpoint"},
		{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "is a root that is not in the ca of the verify-trustpoint"},
		{X509_V_ERR_CERT_UNTRUSTED, "is not trusted"},
		{X509_V_ERR_CERT_HAS_EXPIRED, "has expired"},
		{X509_V_ERR_CERT_SIGNATURE_FAILURE, "has a signature that is wrong"},
		{X509_V_ERR_CERT_CHAIN_TOO_LONG, "is at the end of a chain that is too long"},
		{X509_V_ERR_INVALID_CA, "is no CA certificate but issued one"},
		{X509_V_ERR_PATH_LENGTH_EXCEEDED, "is below a CA whose path length does not allow it"},
		{X509_V_ERR_CERT_REVOKED, "is revoked"},
		{X509_V_ERR_CERT_REJECTED, "is rejected by its CA's trust settings"},
		{X509_V_ERR_EE_KEY_TOO_SMALL, "has a key that is too small"},
		{X509_V_ERR_CA_KEY_TOO_SMALL, "has a CA key that is too small"},
		{X509_V_ERR_CA_MD_TOO_WEAK, "is signed with a digest that is too weak"},
		{X509_V_ERR_PERMITTED_VIOLATION, "has a name that its CA is not permitted to issue"},
		{X509_V_ERR_EXCLUDED_VIOLATION, "has a name that its CA is excluded from"},
		{X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, "has a critical extension that is not understood"},
};

static const char *error_words(int error)
{
	for(size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if(words[i].error == error)
			return words[i].text;
	}
	return X509_verify_cert_error_string(error);
}

/* The usual trouble deserves its own name: which use the certificate lacks, and what the operator can do. */
static const char *purpose_words(X509 *cert, int depth, const struct cube_tls_peer *peer)
{
	enum cube_role role = peer->role;
	uint32_t wanted = role == CUBE_ROLE_SERVER ? XKU_SSL_CLIENT : XKU_SSL_SERVER;
	bool has_eku = (X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) != 0;

	if(!peer->profile->peer_eku_any && has_eku && (X509_get_extended_key_usage(cert) & (wanted | XKU_ANYEKU)) == 0)
		return role == CUBE_ROLE_SERVER ? "lacks clientAuth in its extended key usage (peer-eku any permits that)"
										: "lacks serverAuth in its extended key usage (peer-eku any permits that)";
	return depth > 0 ? "may not issue certificates by its key usage" : "may not be used for TLS by its key usage";
}

/* Who would have to be in ca (or whose certificate the peer forgot to send), for the errors where that is the question. */
static void issuer_words(X509 *cert, int error, char *buf, size_t size)
{
	char cn[48];
	size_t i;

	buf[0] = '\0';
	if(error != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY && error != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
			&& error != X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)
		return;
	if(X509_NAME_get_text_by_NID(X509_get_issuer_name(cert), NID_commonName, cn, sizeof(cn)) <= 0)
		return;
	for(i = 0; cn[i] != '\0'; i++) {
		if(cn[i] < ' ' || cn[i] > '~' || cn[i] == '%' || cn[i] == '"')
			cn[i] = '?';
	}
	snprintf(buf, size, "; issued by CN %s", cn);
}

static const char *early_words(X509 *cert, char buf[CUBE_EARLY_TEXT_MAX])
{
	int64_t start;

	if(!cube_time_of(X509_get0_notBefore(cert), &start))
		return "has no time from which it is valid";
	return cube_early_text(start, buf);
}

static void refuse(struct cube_tls_peer *peer, X509_STORE_CTX *store, int error, int depth, X509 *cert)
{
	char names[72] = "", issuer[64] = "", early[CUBE_EARLY_TEXT_MAX];
	const char *text;

	X509_STORE_CTX_set_error(store, error);
	X509_STORE_CTX_set_error_depth(store, depth);
	peer->verify_error = error;
	peer->verify_depth = depth;
	if(cert != NULL) {
		cube_identity_text(cert, names, sizeof(names));
		issuer_words(cert, error, issuer, sizeof(issuer));
	}
	if(error == X509_V_ERR_INVALID_PURPOSE && cert != NULL)
		text = purpose_words(cert, depth, peer);
	else if(error == X509_V_ERR_CERT_NOT_YET_VALID && cert != NULL)
		text = early_words(cert, early);
	else
		text = error_words(error);
	/* the names come last: they are the peer's own choice and may be cut */
	snprintf(peer->reason, sizeof(peer->reason), "%s %s (%s%s)",
			depth == 0 ? "the peer's certificate" : "a CA certificate of the peer's chain", text, names, issuer);
}

/* As X509_check_purpose would for the peer's role, without the extended key usage. */
static bool key_usage_fits(X509 *cert, enum cube_role role)
{
	uint32_t wanted = KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT;

	if(role == CUBE_ROLE_CLIENT)
		wanted |= KU_KEY_ENCIPHERMENT;
	return (X509_get_key_usage(cert) & wanted) != 0;
}

static bool name_fits(struct cube_tls_peer *peer, X509 *cert)
{
	static const struct cube_str no_host;
	static const struct cube_ip no_ip;
	bool client = peer->role == CUBE_ROLE_CLIENT;

	return cube_identity_match(cert, &peer->profile->cn_san, client ? peer->target_host : no_host,
			client ? &peer->target_ip : &no_ip, peer->matched);
}

static void refuse_name(struct cube_tls_peer *peer, X509_STORE_CTX *store, X509 *cert)
{
	char names[72];

	refuse(peer, store, X509_V_ERR_HOSTNAME_MISMATCH, 0, cert);
	cube_identity_text(cert, names, sizeof(names));
	if(peer->profile->cn_san.n == 0 && peer->role == CUBE_ROLE_SERVER)
		snprintf(peer->reason, sizeof(peer->reason), "cn-san permits nobody: its list is empty (%s)", names);
	else if(peer->role == CUBE_ROLE_SERVER)
		snprintf(peer->reason, sizeof(peer->reason), "no name of the peer's certificate is in cn-san (%s)", names);
	else
		snprintf(peer->reason, sizeof(peer->reason),
				"no name of the peer's certificate is the session target or in cn-san (%s)", names);
}

static bool name_wanted(const struct cube_tls_peer *peer)
{
	/* server and client name the peer's role */
	unsigned wanted = peer->role == CUBE_ROLE_CLIENT ? CUBE_CN_SAN_SERVER : CUBE_CN_SAN_CLIENT;

	return ((unsigned)peer->profile->cn_san_validate & wanted) != 0;
}

static struct cube_tls_peer *peer_of(const SSL *ssl, void *arg)
{
	struct cube_tls_peer *peer = ssl != NULL ? SSL_get_ex_data(ssl, (int)(intptr_t)arg) : NULL;
	enum cube_role role;

	if(peer == NULL || peer->profile == NULL || peer->conf == NULL)
		return NULL;
	role = SSL_is_server(ssl) ? CUBE_ROLE_SERVER : CUBE_ROLE_CLIENT;
	return peer->role == role ? peer : NULL;
}

static int64_t chain_not_after(const STACK_OF(X509) * chain)
{
	int64_t earliest = INT64_MAX;

	for(int i = 0; i < sk_X509_num(chain); i++) {
		int64_t end;

		if(!cube_time_of(X509_get0_notAfter(sk_X509_value(chain, i)), &end))
			end = 0;
		earliest = end < earliest ? end : earliest;
	}
	return earliest;
}

static bool name_verified(struct cube_tls_peer *peer, X509_STORE_CTX *store, X509 *cert)
{
	if(!cube_identity_permitted(X509_STORE_CTX_get0_chain(store))) {
		refuse(peer, store, X509_V_ERR_PERMITTED_VIOLATION, 0, cert);
		return false;
	}
	if(!name_fits(peer, cert)) {
		refuse_name(peer, store, cert);
		return false;
	}
	peer->cn_san_verified = true;
	return true;
}

/* Sets the verdict, as refuse() does; the alert is the caller's. */
static bool revocation_passes(struct cube_tls_peer *peer, SSL *ssl, STACK_OF(X509) * chain)
{
	struct cube_revocation_by by = {.ask = peer->ask, .ctx = peer->ask_ctx};
	struct cube_revocation_result result;
	const unsigned char *staple = NULL;
	long len = peer->role == CUBE_ROLE_CLIENT ? SSL_get_tlsext_status_ocsp_resp(ssl, &staple) : 0;
	char names[72];

	if(staple != NULL && len > 0) {
		by.staple = staple;
		by.staple_len = (size_t)len;
	}
	cube_revocation_check(peer->conf, peer->profile, chain, &by, &result);
	peer->revocation_checked = true;
	peer->checks = result.checks;
	if(result.error == X509_V_OK)
		return true;
	peer->verify_error = result.error;
	peer->verify_depth = result.depth;
	cube_identity_text(sk_X509_value(chain, result.depth), names, sizeof(names));
	/* cut so that the names fit behind it */
	snprintf(peer->reason, sizeof(peer->reason), "%s %.*s (%s)",
			result.depth == 0 ? "the peer's certificate" : "a CA certificate of the peer's chain",
			(int)(sizeof(peer->reason) - 128), result.text, names);
	return false;
}

/* TLS 1.3 has the stapled response beside the certificate, the versions before in a message of its own behind it. */
static bool staple_comes_later(SSL *ssl, const struct cube_tls_peer *peer)
{
	return peer->role == CUBE_ROLE_CLIENT && SSL_version(ssl) < TLS1_3_VERSION
		   && SSL_get_tlsext_status_type(ssl) == TLSEXT_STATUSTYPE_ocsp;
}

int cube_tls_verify_status(SSL *ssl, void *arg)
{
	struct cube_tls_peer *peer = peer_of(ssl, arg);

	if(peer == NULL)
		return 0;
	/* a session that is resumed was asked about before it was offered */
	if(peer->revocation_checked || SSL_session_reused(ssl))
		return 1;
	if(peer->verify_error == X509_V_OK && revocation_passes(peer, ssl, SSL_get0_verified_chain(ssl)))
		return 1;
	ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
	return 0;
}

int cube_tls_verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct cube_tls_peer *peer = peer_of(ssl, arg);
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	int error;

	if(peer == NULL) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	peer->cn_san_verified = false;
	peer->verify_error = X509_V_OK;
	peer->verify_depth = 0;
	peer->not_after = 0;
	peer->revocation_checked = false;
	peer->checks.n = 0;
	peer->reason[0] = peer->matched[0] = '\0';
	/* a CN that counts as a name must be one that the CA may issue */
	if(name_wanted(peer))
		X509_VERIFY_PARAM_set_hostflags(param, CUBE_IDENTITY_HOST_FLAGS);
	if(peer->profile->peer_eku_any)
		X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	if(X509_verify_cert(store) <= 0) {
		error = X509_STORE_CTX_get_error(store);
		refuse(peer, store, error != X509_V_OK ? error : X509_V_ERR_UNSPECIFIED, X509_STORE_CTX_get_error_depth(store),
				X509_STORE_CTX_get_current_cert(store));
		return 0;
	}
	if(peer->profile->peer_eku_any && !key_usage_fits(cert, peer->role)) {
		refuse(peer, store, X509_V_ERR_INVALID_PURPOSE, 0, cert);
		return 0;
	}
	peer->not_after = chain_not_after(X509_STORE_CTX_get0_chain(store));
	if(name_wanted(peer) && !name_verified(peer, store, cert))
		return 0;
	/* last, since it may take time */
	if(!staple_comes_later(ssl, peer) && !revocation_passes(peer, ssl, X509_STORE_CTX_get0_chain(store))) {
		X509_STORE_CTX_set_error(store, peer->verify_error);
		X509_STORE_CTX_set_error_depth(store, peer->verify_depth);
		return 0;
	}
	return 1;
}
