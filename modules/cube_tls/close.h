/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Letting go of connections, and ending them, from any process that can talk to the TCP main process. */
#ifndef CUBE_TLS_CLOSE_H
#define CUBE_TLS_CLOSE_H

#include "core/tcp_conn.h"

/* Closes connection id; a process that works on it finishes that first.
 * 0, or -1 when there is no such connection or the calling process has no channel to TCP main. */
int close_connection(int id);
/* The same for an established one that an operator, or what is known of its peer now, ends: it is counted as that. */
int close_cleared(int id);
/* Connection id will be closed CLOSE_GRACE_MS from now, or later: who has found it may still send on it, nobody finds it any
 * more. */
#define CLOSE_GRACE_MS 20 /* less than OUTBOUND_WAIT_MS, for which senders wait */
void close_announce(int id);
/* In TCP main, before the core closes the socket fd: tells the far end, if it has not ended the connection itself and the
 * handshake is done, that this is the end and nothing was cut off (RFC 8446 6.1). Not when another process has c->write_lock. */
void close_notify(struct tcp_connection *c, int fd);
/* Gives back a reference that tcpconn_get() took. If it was the last one, TCP main frees the connection. */
void put_connection(struct tcp_connection *c);

#endif
