/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a chosen dial-peer does to a request. */
#ifndef CUBE_DIALPEER_APPLY_H
#define CUBE_DIALPEER_APPLY_H

#include "../cube_tenant/api.h"

/* Points the request at a target of the dial-peer: host and port of the Request-URI, user as its user part, destination
 * with transport, send socket of the dial-peer's tenant; sets $cube(dialpeer_out) and $cube(route). 0, or -1 (logged) when
 * its tenant has no open listener to send from. */
int apply_dial_peer(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer,
		const struct cube_target *target, struct cube_str user, const struct cube_tenant_api *tenant);

#endif
