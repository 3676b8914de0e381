/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two legs of a call may have different schemes: what stands in a message has the scheme of the leg that it is on. */
#ifndef CUBE_DIALPEER_LEGS_H
#define CUBE_DIALPEER_LEGS_H

#include "../ksr/ksr.h"
#include "../libcube/dialpeer/scheme.h"
#include "dialog.h"

/* From mod_init. */
int legs_init(void);
/* Puts another text in the place of a piece of the message as it was received. -1: memory is out. */
int legs_replace(sip_msg_t *msg, struct cube_str piece, struct cube_str text);
/* Gives the URIs of Contact, Refer-To and Referred-By the scheme of a leg; of tel, sip; UNSET: they keep theirs. Those of Contact
 * get the proof that this sender, where it is not NULL, has given them. 0, or -1. */
int legs_change(sip_msg_t *msg, enum cube_url to, const struct dialog_sender *sender);
/* In a branch_route: notes with the dialog the caller's leg, and this one. */
int legs_note(sip_msg_t *msg, enum cube_url to);
/* The scheme of the leg that the call came in by. */
enum cube_url legs_in(void);

/* Record-Route, as the module rr makes it, with each leg's own scheme. In the request route, once a dial-peer is applied. */
int ki_dialpeer_record_route(sip_msg_t *msg);
/* A reply: its URIs get the scheme of the leg that it goes to, and what proves that they were in it. */
int legs_reply(sip_msg_t *msg);

#endif
