/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CUBE_TLS_TRUSTPOINTS_RPC_H
#define CUBE_TLS_TRUSTPOINTS_RPC_H

#include "../cube_tenant/api.h"

/* From mod_init. */
void trustpoints_rpc_init(const struct cube_tenant_api *api);

/* cube_tls.trustpoints and cube_tls.crl_request. */
extern rpc_export_t trustpoints_rpc[];

#endif
