/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends a connection from any process that can talk to the TCP main process. */
#ifndef CUBE_TLS_CLOSE_H
#define CUBE_TLS_CLOSE_H

#include "core/tcp_conn.h"

/* Closes connection id (with close_notify if its handshake is done); a process that works on it finishes that first.
 * 0, or -1 when there is no such connection or the calling process has no channel to TCP main. */
int close_connection(int id);

#endif
