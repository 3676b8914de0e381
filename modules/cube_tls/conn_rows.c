/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tcp_conn.h"
#include "core/timer.h"
#include "core/timer_ticks.h"

#include "conn_rows.h"
#include "conn_walk.h"
#include "stock_tls.h"

#define ROWS_FIRST 256

static void row_fill(struct conn_row *r, const struct tcp_connection *c, const struct cube_conn *conn)
{
	bool done = conn->done;
	const char *sni = done && conn->peer.role == CUBE_ROLE_SERVER
							  ? SSL_get_servername(stock_tls_ssl(c), TLSEXT_NAMETYPE_host_name)
							  : NULL;
	int32_t idle = (int32_t)(get_ticks_raw() - conn->active); /* below 0: just now, by another process */

	*r = (struct conn_row){.id = c->id,
			.tenant = conn->tenant_tag,
			.role = conn->peer.role,
			.done = done,
			.resumed = done && conn->resumed,
			.bad = c->state == S_CONN_BAD || c->state == S_CONN_ERROR,
			.mismatched = conn->peer.role == CUBE_ROLE_CLIENT && done && !conn->local_proved,
			.local = {ksr_cube_ip(&c->rcv.dst_ip), c->rcv.dst_port},
			.remote = {ksr_cube_ip(&c->rcv.src_ip), c->rcv.src_port},
			.version = done ? conn->version : "",
			.cipher = done ? conn->cipher : "",
			.curve = done ? conn->curve : "",
			.key = done ? conn->key : "",
			.since = conn->since,
			.idle = idle > 0 ? (int)TICKS_TO_S((ticks_t)idle) : 0,
			.queue = c->wbuf_q.queued,
			.generation = conn->snapshot->generation,
			.not_after = done ? conn->peer.not_after : 0};
	memcpy(r->peer_name, conn->peer_name, sizeof(r->peer_name));
	snprintf(r->name, sizeof(r->name), "%s", sni ? sni : conn->host);
}

struct rows
{
	struct conn_row *v;
	int n, size;
	bool nomem;
};

static struct conn_row *row_new(struct rows *rows)
{
	if(rows->n == rows->size) {
		int more = rows->size ? 2 * rows->size : ROWS_FIRST;
		struct conn_row *bigger = realloc(rows->v, (size_t)more * sizeof(*bigger));

		if(!bigger)
			return NULL;
		rows->v = bigger;
		rows->size = more;
	}
	return &rows->v[rows->n++];
}

static void row_take(struct tcp_connection *c, void *arg)
{
	const struct cube_conn *conn = conn_get(c);
	struct rows *rows = arg;
	struct conn_row *r;

	if(!conn || rows->nomem)
		return;
	r = row_new(rows);
	if(r)
		row_fill(r, c, conn);
	else
		rows->nomem = true;
}

int conn_rows_take(struct conn_row **rows)
{
	struct rows taken = {0};
	int at = 0;

	while(!taken.nomem && conn_walk(&at, row_take, &taken))
		;
	*rows = taken.v;
	return taken.nomem ? -1 : taken.n;
}
