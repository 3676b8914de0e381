/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's commands on dial-peers: cube_dialpeer.list, .summary, .match. */
#ifndef CUBE_DIALPEER_DIALPEER_RPC_H
#define CUBE_DIALPEER_DIALPEER_RPC_H

#include "../cube_tenant/api.h"

/* From mod_init. */
int dialpeer_rpc_init(void);

extern rpc_export_t dialpeer_rpc[];

#endif
