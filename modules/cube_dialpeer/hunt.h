/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which dial-peer a call came in by, which it goes out by, and which is tried next. */
#ifndef CUBE_DIALPEER_HUNT_H
#define CUBE_DIALPEER_HUNT_H

#include "../cube_tenant/api.h"

/* Results towards the script; 0 would stop it. */
enum hunt_result
{
	HUNT_OK = 1,
	HUNT_NONE = -1,		/* no dial-peer matches, or none is left: 404 */
	HUNT_UNUSABLE = -2, /* some match, but none can be used now: 503 */
	HUNT_REJECTED = -3, /* a translation rule rejects the number: 403 */
	HUNT_ENDS = -4,		/* the response is the caller's: nobody else is tried behind it */
	HUNT_SIPS = -5,		/* the call is sips, and no dial-peer that is left may take it: 480 with Warning 380 */
};

int hunt_init(void);

/* Sets $cube(dialpeer_in), 0 when no dial-peer matches, and translates the numbers of the call by its profile. */
int ki_dialpeer_in(sip_msg_t *msg);
/* Applies the best outbound dial-peer: Request-URI, destination, send socket, $cube(dialpeer_out), $cube(route). */
int ki_dialpeer_out(sip_msg_t *msg);
/* The same with the next target or dial-peer. */
int ki_dialpeer_next(sip_msg_t *msg);

#endif
