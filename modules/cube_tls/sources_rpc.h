/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CUBE_TLS_SOURCES_RPC_H
#define CUBE_TLS_SOURCES_RPC_H

#include "../cube_tenant/api.h"

/* From mod_init. */
void sources_rpc_init(const struct cube_tenant_api *api);

/* cube_tls.trustpoints and cube_tls.crl_request. */
extern rpc_export_t sources_rpc[];

#endif
