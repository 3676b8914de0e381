/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that keeps CRLs and OCSP responses fresh, and ends connections whose peer has been revoked. */
#ifndef CUBE_TLS_REFRESH_H
#define CUBE_TLS_REFRESH_H

#include "../cube_tenant/api.h"

/* From mod_init: announces the process. */
int refresh_init(const struct cube_tenant_api *api);
/* From child_init(PROC_MAIN): starts it. */
int refresh_start(void);

#endif
