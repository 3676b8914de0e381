/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process of its own that ends handshakes which take too long: no peer can hold a place for nothing. It also gives the
 * warnings of what ends (warn.h). */
#ifndef CUBE_TLS_JANITOR_H
#define CUBE_TLS_JANITOR_H

#include "../cube_tenant/api.h"

/* From mod_init: announces the process. */
int janitor_init(const struct cube_tenant_api *api);
/* From child_init(PROC_MAIN): starts it. */
int janitor_start(void);

#endif
