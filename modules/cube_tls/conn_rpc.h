/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_tls.connections */
#ifndef CUBE_TLS_CONN_RPC_H
#define CUBE_TLS_CONN_RPC_H

#include "core/rpc.h"

extern rpc_export_t conn_rpc[];

/* As struct cube_tls_ops has it. */
int conn_older(unsigned generation);

#endif
