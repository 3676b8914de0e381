/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SSL_CTX of each profile and role of a configuration, and what their SSLs are given; shared by all processes. */
#ifndef CUBE_TLS_CONTEXTS_H
#define CUBE_TLS_CONTEXTS_H

#include <openssl/ssl.h>

#include "../libcube/conf/model.h"
#include "../libcube/tls/session.h"

/* As struct cube_tls_ops has them. */
int contexts_prepare(const struct cube_conf *conf, void **tls, struct cube_err *err);
void contexts_discard(void *tls);

/* A new SSL of the profile in this role, without a key; NULL when memory is out. policy gets the digest of all that decides in
 * it, borrowed. */
SSL *contexts_ssl(void *tls, unsigned profile, enum cube_role role, const struct cube_digest **policy);
/* Makes a server's SSL that has read its ClientHello one of another profile. As contexts_ssl; 0, or -1 when OpenSSL refuses. */
int contexts_adopt(
		void *tls, const struct cube_conf *conf, unsigned profile, SSL *ssl, const struct cube_digest **policy);

#endif
