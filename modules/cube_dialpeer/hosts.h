/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the hosts behind a name a call goes to first. */
#ifndef CUBE_DIALPEER_HOSTS_H
#define CUBE_DIALPEER_HOSTS_H

#include "modules/tm/tm_load.h"

#include "../libcube/conf/model.h"

/* As the core has it; not of CUBE_TRANSPORT_UNSET. */
char hosts_proto(enum cube_transport transport);
/* The core's dns_flags, but for addresses of one family. */
int hosts_dns_flags(int family);
/* For TMCB_REQUEST_FWDED, which tm runs when a branch's destination is final and not resolved yet: the first host is one that has
 * an address of the sender's family. The core would begin with any, and give up at one that the sender cannot reach. */
void hosts_on_forwarded(struct cell *t, const sip_msg_t *msg);

#endif
