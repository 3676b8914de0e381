/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two processes of our own, for addresses and for names, that ask the targets of dial-peers by OPTIONS whether they are there. */
#ifndef CUBE_DIALPEER_KEEPALIVE_PROCESS_H
#define CUBE_DIALPEER_KEEPALIVE_PROCESS_H

#include "../cube_tenant/api.h"
#include "trunks.h"

/* From mod_init: makes the table, announces the processes. */
int keepalive_init(const struct cube_tenant_api *api);
/* From child_init(PROC_MAIN): starts them. */
int keepalive_start(void);

/* Does the target not answer? For struct cube_present; ctx is not used. */
bool keepalive_is_down(void *ctx, const struct cube_watch *watch);
/* May a call go to one of the dial-peer's targets? True where nobody asks. */
bool keepalive_is_up(const struct cube_conf *conf, const struct cube_dial_peer *peer);

#endif
