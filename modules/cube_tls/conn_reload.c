/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection keeps the configuration that it began with, unless the new one has no place for it. */
#include <stdlib.h>

#include "close.h"
#include "conn_reload.h"
#include "conn_rows.h"

int conn_older(unsigned generation)
{
	struct conn_row *rows;
	int i, n = conn_rows_take(&rows), older = n < 0 ? -1 : 0;

	for(i = 0; i < n; i++)
		older += !rows[i].bad && rows[i].generation != generation;
	free(rows);
	return older;
}

/* Is the tenant there, and is the address that the connection has the tenant's, or one that it shares by SNI? */
static bool has_place(const struct conn_row *r, const struct cube_conf *conf)
{
	const struct cube_listener *l = cube_conf_listener(conf, &r->local.ip, r->local.port, true);

	if(!l || (r->tenant && !cube_conf_tenant(conf, r->tenant)))
		return false;
	return l->tenant == CUBE_NONE || conf->tenants[l->tenant].tag == r->tenant;
}

int conn_removed(const struct cube_conf *conf, bool end)
{
	struct conn_row *rows;
	int i, n = conn_rows_take(&rows), removed = n < 0 ? -1 : 0;

	for(i = 0; i < n; i++) {
		if(!rows[i].bad && !has_place(&rows[i], conf))
			removed += !end || close_cleared(rows[i].id) == 0;
	}
	free(rows);
	return removed;
}
