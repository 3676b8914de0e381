/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of Kamailio's that this one cannot do without. */
#ifndef CUBE_DIALPEER_BINDS_H
#define CUBE_DIALPEER_BINDS_H

#include "modules/rr/api.h"
#include "modules/tm/tm_load.h"

extern struct tm_binds binds_tm;
extern struct rr_binds binds_rr;

/* From mod_init, before all that uses them. 0, or -1: one of them is not there; the log says what to write. */
int binds_init(void);
/* The request of the transaction at hand, which is shared: not to be changed, nor parsed further. NULL: there is none. */
sip_msg_t *binds_request(void);

#endif
