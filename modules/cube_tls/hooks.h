/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's TLS hooks, decorated: ours do their part and call the stock module's. */
#ifndef CUBE_TLS_HOOKS_H
#define CUBE_TLS_HOOKS_H

#include "../cube_tenant/api.h"

/* Takes over from the stock module; from mod_init, after tls registered its own. */
int hooks_install(const struct cube_tenant_api *api);

#endif
