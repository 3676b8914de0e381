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

/* Whether there is room for so many more. */
static bool rows_room(struct rows *rows, int more)
{
	int size = rows->n + more;
	struct conn_row *bigger;

	if(size <= rows->size)
		return true;
	size = size > 2 * rows->size ? size : 2 * rows->size;
	bigger = realloc(rows->v, (size_t)size * sizeof(*bigger));
	if(!bigger)
		return false;
	memset(bigger + rows->size, 0, (size_t)(size - rows->size) * sizeof(*bigger));
	rows->v = bigger;
	rows->size = size;
	return true;
}

static void row_take(struct tcp_connection *c, void *arg)
{
	const struct cube_conn *conn = conn_get(c);
	struct rows *rows = arg;

	if(!conn || rows->nomem)
		return;
	if(rows_room(rows, 1))
		row_fill(&rows->v[rows->n++], c, conn);
	else
		rows->nomem = true;
}

/* The core's lock is held while rows are filled, but not while the memory for them is had and touched for the first time: that is most
 * of the work, and is done before, for twice as many as the fullest part had until then. */
int conn_rows_take(struct conn_row **rows)
{
	int at = 0, before, part = ROWS_FIRST;
	struct rows taken = {0};

	for(;;) {
		before = taken.n;
		taken.nomem = taken.nomem || !rows_room(&taken, part);
		if(taken.nomem || !conn_walk(&at, row_take, &taken))
			break;
		part = 2 * (taken.n - before) > part ? 2 * (taken.n - before) : part;
	}
	*rows = taken.v;
	if(!taken.nomem)
		return taken.n;
	free(taken.v);
	*rows = NULL;
	return -1;
}
