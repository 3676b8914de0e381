/* SPDX-License-Identifier: GPL-2.0-or-later */
/* max-conn: a call counts for its dial-peers from the moment in which it is sent to one until its dialog ends, which the
 * dialog module knows. */
#ifndef CUBE_DIALPEER_HOLD_H
#define CUBE_DIALPEER_HOLD_H

#include "../cube_tenant/api.h"

/* From mod_init. */
void hold_init(void);
/* Can calls be followed at all? */
bool hold_ready(void);
/* In the request route, before a dial-peer is applied: has the dialog module follow the call. needed: one of the dial-peers
 * that it may get has max-conn; else nothing is done. False, logged: it cannot be followed. */
bool hold_begin(sip_msg_t *msg, bool needed);
/* The call goes in, or out, by this dial-peer now, and no more by the one before. False: that has max-conn calls already, or
 * the call is not followed. Dial-peers without max-conn are always free. */
bool hold_in(const struct cube_dial_peer *peer);
bool hold_out(const struct cube_dial_peer *peer);

#endif
