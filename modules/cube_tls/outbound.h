/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client connections of tenants, from birth until their socket has let go of its addresses. A tenant has one port to
 * leave from, so a connection to a target can be made again only when the one before is gone from the kernel. */
#ifndef CUBE_TLS_OUTBOUND_H
#define CUBE_TLS_OUTBOUND_H

#include "conn.h"

#define OUTBOUND_WAIT_MS 100 /* how long a sender waits, at most, for a connection that is made or closed just now */

/* From mod_init, and, when the number of processes is known, from child_init(PROC_INIT). */
int outbound_init(void);
int outbound_init_processes(void);
/* The core knows no open connection of tenant (tag) to addr: may this process make one? False while one is there that the
 * core has given up but not closed, and while another process is about to make one: of two connects from one port, one
 * fails, and the core's table of addresses would keep the wrong one. True holds until this process's next message. */
bool outbound_reserve(int tenant, const struct cube_addr *addr);
void outbound_unreserve(void);
/* Both once per connection; adding ends the reservation, removing one that is not there does nothing. */
void outbound_add(struct cube_conn *conn);
void outbound_remove(struct cube_conn *conn);
/* Frees the addresses of a client connection's socket at once, in whatever state TCP is: behind a close_notify, a reset.
 * The states that a close() leaves (LAST_ACK, FIN_WAIT) would keep them for a round trip, or for a minute. */
void outbound_release(int fd);

#endif
