/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dial-peer changes in the message that goes to it, and in no other one: calling and redirecting number, codecs. */
#ifndef CUBE_DIALPEER_BRANCH_H
#define CUBE_DIALPEER_BRANCH_H

#include "../cube_tenant/api.h"

int branch_init(void);

/* In the branch_route. Below 0, logged: the request is not to go to this dial-peer. */
int ki_dialpeer_branch(sip_msg_t *msg);
/* In the onreply_route: the offer, or answer, in a reply has the codecs of both dial-peers. */
int ki_dialpeer_reply(sip_msg_t *msg);

#endif
