/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_tls.counters */
#ifndef CUBE_TLS_COUNTERS_RPC_H
#define CUBE_TLS_COUNTERS_RPC_H

#include "core/rpc.h"

#include "../cube_tenant/api.h"

extern rpc_export_t counters_rpc[];

/* From mod_init. */
void counters_rpc_init(const struct cube_tenant_api *api);

#endif
