/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages for a connection whose handshake waits for word of revocation. The process that waits is within an SSL function, but
 * without the connection's write_lock, so that nobody stands behind it: who sends meanwhile leaves the message here. */
#ifndef CUBE_TLS_HELD_H
#define CUBE_TLS_HELD_H

#include "conn.h"

/* All of these with the connection's write_lock held, but for held_full and held_free. */

/* Must a message be added, since SSL is not to be touched or others came before? */
bool held_wanted(const struct cube_conn *conn);
/* 0; -1: there is no memory, or far too much is here already. */
int held_add(struct cube_conn *conn, const char *text, size_t len);
/* The first one and its length, NULL when there is none; held_drop frees it. */
const char *held_first(const struct cube_conn *conn, size_t *len);
void held_drop(struct cube_conn *conn);
/* Moves the first ones into buf, as many as fit; returns how many bytes that is. */
size_t held_take(struct cube_conn *conn, char *buf, size_t size);
/* Is so much here that nothing more should be sent? */
bool held_full(const struct cube_conn *conn);
void held_free(struct cube_conn *conn);

#endif
