/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions that any process can resume: as server by sessions.h; as client from a table by tenant, policy and target. */
#ifndef CUBE_TLS_RESUME_H
#define CUBE_TLS_RESUME_H

#include "conn.h"

/* From mod_init. */
int resume_init(void);
/* The callbacks of a context. */
void resume_enable(SSL_CTX *ctx, enum cube_role role);
/* Gives a client's SSL the session of the last connection to the same target by the same policy, if it still fits. */
void resume_offer(SSL *ssl, struct cube_conn *conn);
/* The handshake resumed a session: what was found out about the peer then is put into conn. */
void resume_done(const SSL *ssl, struct cube_conn *conn);

#endif
