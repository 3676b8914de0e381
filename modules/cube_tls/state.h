/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects what metrics and the status page are made of. */
#ifndef CUBE_TLS_STATE_H
#define CUBE_TLS_STATE_H

#include "../cube_tenant/api.h"
#include "../libcube/show/state.h"

struct conn_row;

struct state
{
	struct cube_state shown;
	/* what it points to */
	struct cube_snapshot *snapshot;
	struct conn_row *rows;
	struct cube_state_listener *listeners;
	struct cube_state_trunk *trunks;
};

void state_init(const struct cube_tenant_api *api);
/* Of this moment, or rather of some milliseconds: no lock is held from one piece to the next. 0, or -1: memory is out, or
 * no configuration is running yet. In any process but TCP main. names: also those in the certificates of trustpoints, where there are
 * not many of these. */
int state_take(struct state *state, bool names);
void state_drop(struct state *state); /* also after -1 */

#endif
