/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two legs of a call may have different schemes: what stands in a message has the scheme of the leg that it is on. */
#ifndef CUBE_DIALPEER_LEGS_H
#define CUBE_DIALPEER_LEGS_H

#include "../ksr/ksr.h"
#include "../libcube/dialpeer/scheme.h"
#include "dialog.h"

/* In a branch_route: gives our Record-Route header on the leg out its scheme, and notes which one the caller's leg has. 0, or -1. */
int legs_note(sip_msg_t *msg, enum cube_url to);
/* In a branch_route: a parameter for our Record-Route header on the leg out; without such a header it is dropped. 0, or -1. */
int legs_add_param(sip_msg_t *msg, struct cube_str param);
/* The scheme of the leg that the call came in by. */
enum cube_url legs_in(void);

/* Record-Route, as the module rr makes it, with the scheme of the caller's leg; that of the leg out is each branch's own. In
 * the request route. */
int ki_dialpeer_record_route(sip_msg_t *msg);
/* A reply: its URIs get the scheme of the leg that it goes to, and what proves that they were in it. */
int legs_reply(sip_msg_t *msg);

#endif
