/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tenants never share a connection. What is sent from a tenant's socket is bound to that socket's address, so that
 * the core's connection look-up can only find that tenant's; and a message that was nevertheless led to another
 * tenant's connection (by a connection id: a reply's Via, a script) is not sent. */
#ifndef CUBE_TLS_ISOLATE_H
#define CUBE_TLS_ISOLATE_H

#include "conn.h"

/* From mod_init. */
int isolate_init(const struct cube_tenant_api *api);
/* May this process's message at hand be sent on connection c (conn: NULL for the stock module's)? False: logged. With
 * c->write_lock held. */
bool isolate_allows(const struct tcp_connection *c, const struct cube_conn *conn);
/* The session target that the message at hand is for, if it goes to c's address: *host its name, or *ip its address (the
 * other one is empty). False for what is for no configured target: then whoever is known at the address will do. */
bool isolate_target(const struct tcp_connection *c, struct cube_str *host, struct cube_ip *ip);
/* The same of a request of which it is still to be asked, under c's write_lock, whether c's certificate is that target's, too. True once
 * for each message. */
bool isolate_undecided(const struct tcp_connection *c, struct cube_str *host, struct cube_ip *ip);
/* The log line of a request for a target whose certificate the far end's is not. */
void isolate_uncovered(int tenant_tag, const struct cube_addr *remote, struct cube_str host, const struct cube_ip *ip);

#endif
