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
/* The host of the Request-URI of the message at hand, if it is a request that goes to c's address. Borrowed from the
 * send buffer. */
bool isolate_request_host(const struct tcp_connection *c, struct cube_str *host);

#endif
