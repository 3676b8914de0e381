/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that waited for a handshake which failed, or whose certificate is not good for them: their transactions learn of it at
 * once, instead of by a timer. */
#ifndef CUBE_TLS_UNSENT_H
#define CUBE_TLS_UNSENT_H

#include <stdbool.h>

#include "core/tcp_conn.h"

/* Answers each request that the connection still holds in clear text with a 503, as if it came from the far end, so that
 * hunting goes on. For the process that read the failure, without a lock held: the answers run through the script. */
void unsent_answer(struct tcp_connection *c);
/* Likewise answers one request, which this connection must not take. */
void unsent_answer_one(struct tcp_connection *c, struct cube_str request);
/* Is this process at it? Then the connection cannot be closed before what it now sends is sent. */
bool unsent_answering(const struct tcp_connection *c);

#endif
