/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's table of connections, looked through a part at a time, so that no worker waits for long: what is found is no
 * single moment's. */
#ifndef CUBE_TLS_CONN_WALK_H
#define CUBE_TLS_CONN_WALK_H

#include <stdbool.h>

#include "core/tcp_conn.h"

/* Calls visit for each connection of the next part, tenants' or not, with tcpconn_lock held. at: 0 at first; it is moved on.
 * False, and nothing was visited: there was no part left. */
bool conn_walk(int *at, void (*visit)(struct tcp_connection *c, void *arg), void *arg);

#endif
