/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of each target that is asked by OPTIONS: a table in shared memory. The keepalive processes alone change it, the
 * one what is an address, the other what is a name; everybody reads. A reload leaves what it still has, found again by tenant, target, transport and options-keepalive. */
#ifndef CUBE_DIALPEER_TRUNKS_H
#define CUBE_DIALPEER_TRUNKS_H

#include "../libcube/dialpeer/keepalive.h"

struct trunk_state
{
	struct cube_keepalive_state keepalive;
	int result;	   /* of the last question that came to something; enum cube_keepalive_result, or a status */
	int ms;		   /* that it took; -1: it was not answered */
	int64_t since; /* up or down; seconds since the epoch */
	int place;	   /* of the question that is on its way; its process's */
};

struct trunk; /* in the table */

/* From mod_init. 0, or -1, logged. */
int trunks_init(void);
/* Of a target; false: it is not in the table, which is how it is up. Waits for a lock that is held for a few steps. */
bool trunks_get(const struct cube_watch *watch, struct trunk_state *state);

/* ---- for the keepalive process whose kind of target it is */

/* Puts it into the table where it is not there, with this state. *known: it was there. NULL: there is no memory. */
struct trunk *trunks_put(const struct cube_watch *watch, const struct trunk_state *state, bool *known);
/* To be read without a lock, by the process that changes it. */
const struct trunk_state *trunks_state(const struct trunk *trunk);
void trunks_change(struct trunk *trunk, const struct trunk_state *state);
/* Takes out those of a kind that were not put since the last call; gone gets the state of each. */
void trunks_sweep(enum cube_target_kind kind, void (*gone)(const struct trunk_state *state));

#endif
