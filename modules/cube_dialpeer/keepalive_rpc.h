/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operators and cube_tls are told of the targets that are asked by OPTIONS. */
#ifndef CUBE_DIALPEER_KEEPALIVE_RPC_H
#define CUBE_DIALPEER_KEEPALIVE_RPC_H

#include "../cube_tenant/api.h"

extern rpc_export_t keepalive_rpc[];

/* From mod_init. */
void keepalive_rpc_init(const struct cube_tenant_api *api);

#endif
