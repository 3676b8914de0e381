/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a TLS profile to an SSL_CTX: versions, suites, groups, mutual authentication. Identity and trust are not in it, so
 * profiles of one policy can share it: creds.h gives them to each SSL, and the caller its own process's key. */
#ifndef CUBE_TLS_CTX_H
#define CUBE_TLS_CTX_H

#include <openssl/ssl.h>

#include "../base/err.h"
#include "../conf/model.h"

#define CUBE_VERIFY_DEPTH 10 /* CA certificates between a peer's own and the trusted one */

/* A context for one profile in one role. As server it always demands and verifies a client certificate; as client it
 * always verifies the server's, and shows its own if it has one. Peers are judged by tls/verify.h, which finds its
 * struct cube_tls_peer in the SSL's ex_data at peer_index (SSL_get_ex_new_index). Sessions are resumed with the caller's
 * callbacks: as server from those that new-session and get-session keep, as client by the new-session callback. The info
 * callback and app data are the caller's. The caller frees it (SSL_CTX_free). On failure NULL and err, with lines that begin with the profile's path. */
SSL_CTX *cube_tls_ctx_new(const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role,
		int peer_index, struct cube_err *err) __attribute__((warn_unused_result));
/* Would both get the same context? */
bool cube_tls_ctx_same(const struct cube_conf *conf, const struct cube_tls_profile *a, const struct cube_tls_profile *b,
		enum cube_role role);
/* Makes an SSL that has read its ClientHello go on by the context of profile: versions, suites, groups. Its identity and trust
 * are to be given behind this. For SSL_CTX_set_client_hello_cb; both contexts are servers'. 0, or -1 when OpenSSL refuses. */
int cube_tls_adopt(SSL *ssl, SSL_CTX *ctx, const struct cube_tls_profile *profile) __attribute__((warn_unused_result));
/* Is OpenSSL's security level relaxed for TLS 1.0 or 1.1 in it? It is where the profile's versions, named or by
 * default (CUBE: 1.1 to 1.3), contain them, and only for the version and for the SHA-1 and MD5 signatures in handshakes
 * of these versions. Worth a line in the log. */
bool cube_tls_ctx_legacy(const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role);
/* "tls-profile 100" or "sip-ua: crypto-signaling default"; returns buf. */
const char *cube_tls_profile_path(const struct cube_conf *conf, const struct cube_tls_profile *profile, char buf[96]);

#endif
