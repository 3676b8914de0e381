/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of each dial-peer, by its tag, so that it goes on over a reload; in shared memory. */
#ifndef CUBE_DIALPEER_PEERS_H
#define CUBE_DIALPEER_PEERS_H

#include <stdbool.h>

enum peer_count
{
	PEER_IN = 0,   /* calls that came in by it */
	PEER_OUT,	   /* calls that were sent to it */
	PEER_FAILED,   /* of these, those behind which the hunt went on */
	PEER_ANSWERED, /* of these, those that were answered with 2xx */
	PEER_BUSIED,   /* passed over: its targets do not answer OPTIONS */
	PEER_FULL,	   /* passed over: it has max-conn calls */
	PEER_SIPS,	   /* passed over: the call is sips, its url is not */
	PEER_NOW,	   /* calls at this moment; only with max-conn */
	N_PEER_COUNTS,
};

/* From mod_init. */
int peers_init(void);
void peers_add(int tag, enum peer_count what);
/* One call more in PEER_NOW, unless there are most already; false then, and when memory is out. */
bool peers_hold(int tag, int most);
void peers_let_go(int tag);
/* False: nothing has been counted. */
bool peers_get(int tag, unsigned long counts[N_PEER_COUNTS]);
/* Where the next round robin of a server-group begins: another number each time. */
unsigned peers_turn(int group);

#endif
