/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which session target's name stands behind an address. A target is a name before DNS and an address behind it; TLS
 * connects to the address but must verify the name, also when the connection is made again for a request that carries
 * no name (a BYE to the far end's Contact), by any process. */
#ifndef CUBE_TLS_TARGETS_H
#define CUBE_TLS_TARGETS_H

#include "../libcube/base/net.h"

#define TARGET_HOST_MAX 256

/* For tables that are keyed like this one. */
uint32_t targets_hash(int tenant, const struct cube_addr *addr);

/* From mod_init. */
int targets_init(void);
/* A request for host, a configured session target of tenant (tag), goes to addr. */
void targets_learn(int tenant, const struct cube_addr *addr, struct cube_str host);
/* The name last learnt for it; empty when none is known (any more). Returns host. */
const char *targets_name(int tenant, const struct cube_addr *addr, char host[TARGET_HOST_MAX]);

#endif
