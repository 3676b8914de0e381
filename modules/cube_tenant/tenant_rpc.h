/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_tenant.list, .check, .reload, .dump */
#ifndef CUBE_TENANT_RPC_H
#define CUBE_TENANT_RPC_H

#include "core/rpc.h"

extern rpc_export_t tenant_rpc[];

#endif
