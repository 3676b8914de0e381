/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server's sessions, which any process can resume: a table of fixed size, by session id (TLS 1.2) or ticket (1.3). Peers get
 * no sealed ticket: OpenSSL would put the peer's certificate into it, and parsing that again is half of a resumption. */
#ifndef CUBE_TLS_SESSIONS_H
#define CUBE_TLS_SESSIONS_H

#include <openssl/ssl.h>

/* From mod_init. */
int sessions_init(void);
/* The callbacks of a server's context. A connection that resumes one has its record in conn->offered and the name that its
 * peer had in conn->peer_name. */
void sessions_enable(SSL_CTX *ctx);

#endif
