/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_tenant.check and cube_tenant.reload */
#ifndef CUBE_TENANT_RELOAD_RPC_H
#define CUBE_TENANT_RELOAD_RPC_H

#include "core/rpc.h"

extern const char *reload_rpc_check_doc[], *reload_rpc_reload_doc[];

void reload_rpc_check(rpc_t *rpc, void *ctx);
void reload_rpc_reload(rpc_t *rpc, void *ctx);

#endif
