/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that cube.conf opens: given to the core at start, known by what became of them afterwards. */
#ifndef CUBE_TENANT_LISTEN_H
#define CUBE_TENANT_LISTEN_H

#include "api.h"

/* Gives every listener of conf to the core and sets tcp_reuse_port and tcp.new_conn_alias_flags. While kamailio.cfg is parsed. */
int listen_add(const struct cube_conf *conf, struct cube_err *err);
/* From mod_init: is a server already on one of our ports? SO_REUSEPORT would let both run. A secure listener that is
 * taken is marked down; one that is not secure is an error, since the core could not be kept from opening it. */
int listen_probe(void);
/* From child_init(PROC_INIT), when the core has opened what it could: finds the sockets, and proves that TLS
 * connections can leave from them. */
int listen_opened(void);

struct cube_socket *listen_find(const struct cube_ip *ip, uint16_t port, bool secure);
void listen_failed(struct cube_socket *sock, int error);

/* The whole table. */
struct cube_socket *listen_all(unsigned *n);
/* Is this listener of a (reloaded) configuration open? If not it waits for a restart, or is down. */
const struct cube_socket *listen_of(const struct cube_listener *listener);
/* The core's socket from which a call leaves: of the tenant (index) or, for CUBE_NONE or a tenant without listeners of
 * its own, of sip-ua. NULL when there is none that is open. */
socket_info_t *listen_send_socket(
		const struct cube_conf *conf, int tenant, enum cube_transport transport, uint8_t ip_len);

#endif
