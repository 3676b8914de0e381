/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connection a call would leave on. */
#ifndef CUBE_TLS_REACH_H
#define CUBE_TLS_REACH_H

#include "../cube_tenant/api.h"

/* As struct cube_tls_ops has it. */
bool reach_find(int tenant, const struct cube_target *target, struct cube_reach *reach);

#endif
