/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_tls.connections, cube_tls.show, cube_tls.clear */
#ifndef CUBE_TLS_CONN_RPC_H
#define CUBE_TLS_CONN_RPC_H

#include "core/rpc.h"

#include "../cube_tenant/api.h"

extern rpc_export_t conn_rpc[];

/* From mod_init. */
void conn_rpc_init(const struct cube_tenant_api *api);

#endif
