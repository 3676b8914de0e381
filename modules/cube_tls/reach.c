/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "core/tcp_conn.h"

#include "close.h"
#include "conn_rows.h"
#include "reach.h"

#define TLS_PORT 5061 /* RFC 3261 19.1.2 */

static bool leads_to(const struct conn_row *r, const struct cube_target *target)
{
	uint16_t port = target->port;

	if(target->kind == CUBE_TARGET_IP)
		return cube_ip_eq(&r->remote.ip, &target->addr.ip)
			   && r->remote.port == (target->addr.port ? target->addr.port : TLS_PORT);
	return r->role == CUBE_ROLE_CLIENT && cube_str_caseeq(cube_str_of(r->name), target->host)
		   && (port == 0 || r->remote.port == port);
}

/* One whose handshake is done is worth more. */
static const struct conn_row *best_row(const struct conn_row *rows, int n, int tenant, const struct cube_target *target)
{
	const struct conn_row *best = NULL;

	for(int i = 0; i < n; i++) {
		if(rows[i].tenant == tenant && !rows[i].bad && leads_to(&rows[i], target) && (!best || !best->done))
			best = &rows[i];
	}
	return best;
}

/* The rows are copies: the connection may be gone by now, and must be held while its certificate is looked at. */
static bool judge(int id, const struct cube_target *target, struct cube_reach *reach)
{
	struct tcp_connection *c = tcpconn_get(id, NULL, 0, NULL, 0);
	const struct cube_conn *conn = c ? conn_get(c) : NULL;

	if(conn) {
		reach->name_asked = conn->profile->cn_san_validate & CUBE_CN_SAN_SERVER;
		reach->covers = conn_covers(c, target->host, &target->addr.ip) == CONN_COVERS;
	}
	if(c)
		put_connection(c);
	return conn != NULL;
}

bool reach_find(int tenant, const struct cube_target *target, struct cube_reach *reach)
{
	struct conn_row *rows = NULL;
	const struct conn_row *row;
	int n = conn_rows_take(&rows);
	bool found;

	memset(reach, 0, sizeof(*reach));
	row = best_row(rows, n, tenant, target);
	found = row && judge(row->id, target, reach);
	if(found) {
		reach->remote = row->remote;
		reach->done = row->done;
		memcpy(reach->peer_name, row->peer_name, sizeof(reach->peer_name));
	}
	free(rows);
	return found;
}
