/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a chosen dial-peer does to a request. */
#ifndef CUBE_DIALPEER_APPLY_H
#define CUBE_DIALPEER_APPLY_H

#include "core/parser/msg_parser.h"

#include "../cube_tenant/api.h"

/* As a URI has it; not of CUBE_TRANSPORT_UNSET. */
const char *apply_transport(enum cube_transport transport);
/* From where a tenant (index) sends to this target; NULL: it has no open listener for that. A name may resolve to either
 * family: the tenant's own decides. */
socket_info_t *apply_send_socket(const struct cube_conf *conf, int index, enum cube_transport transport,
		const struct cube_target *target, const struct cube_tenant_api *tenant);
/* From where a request of a dialog leaves: own, the socket of its leg, or another one of that leg's tenant (tag; CUBE_NONE: there is
 * none) where the URI that it goes to has another transport or family. NULL: it has none. */
socket_info_t *apply_dialog_socket(const struct cube_conf *conf, int tag, const socket_info_t *own,
		const sip_uri_t *next, const struct cube_tenant_api *tenant);
/* The name of a dns: target that is resolved: where no port is given, the one whose SRV records NAPTR says are its own; with a
 * port there is nothing to ask but its addresses (RFC 3263 4.2). Valid until the next call. */
struct cube_str apply_resolved_name(const struct cube_target *target, enum cube_transport transport);
/* Points the request at a target of the dial-peer: host and port of the Request-URI, user as its user part, destination
 * with transport, send socket of the dial-peer's tenant; sets $cube(dialpeer_out) and $cube(route). 0, or -1 (logged) when
 * its tenant has no open listener to send from. */
int apply_dial_peer(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer,
		const struct cube_target *target, struct cube_str user, const struct cube_tenant_api *tenant);

#endif
