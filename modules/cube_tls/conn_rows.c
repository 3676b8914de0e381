/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Some buckets of the core's table at a time, so that no worker waits for long: what is shown is no single moment's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tcp_conn.h"
#include "core/timer.h"
#include "core/timer_ticks.h"

#include "conn_rows.h"
#include "stock_tls.h"

#define BUCKETS_AT_ONCE 64
#define ROWS_FIRST 256

extern gen_lock_t *tcpconn_lock;
extern struct tcp_connection **tcpconn_id_hash;

static void row_fill(struct conn_row *r, const struct tcp_connection *c, const struct cube_conn *conn)
{
	bool done = conn->done;
	const char *sni = done && conn->peer.role == CUBE_ROLE_SERVER
							  ? SSL_get_servername(stock_tls_ssl(c), TLSEXT_NAMETYPE_host_name)
							  : NULL;
	int32_t idle = (int32_t)(get_ticks_raw() - (c->timeout - c->lifetime));

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

static struct conn_row *row_new(struct conn_row **rows, int *n, int *size)
{
	if(*n == *size) {
		int more = *size ? 2 * *size : ROWS_FIRST;
		struct conn_row *bigger = realloc(*rows, (size_t)more * sizeof(**rows));

		if(!bigger)
			return NULL;
		*rows = bigger;
		*size = more;
	}
	return &(*rows)[(*n)++];
}

int conn_rows_take(struct conn_row **rows)
{
	int n = 0, size = 0, i;
	struct tcp_connection *c;
	struct conn_row *r;

	*rows = NULL;
	for(i = 0; i < TCP_ID_HASH_SIZE && n >= 0; i++) {
		if(i % BUCKETS_AT_ONCE == 0)
			TCPCONN_LOCK;
		for(c = tcpconn_id_hash[i]; c && n >= 0; c = c->id_next) {
			const struct cube_conn *conn = c->type == PROTO_TLS || c->type == PROTO_WSS ? conn_get(c) : NULL;

			if(!conn)
				continue;
			r = row_new(rows, &n, &size);
			if(r)
				row_fill(r, c, conn);
			else
				n = -1;
		}
		if(i % BUCKETS_AT_ONCE == BUCKETS_AT_ONCE - 1 || n < 0)
			TCPCONN_UNLOCK;
	}
	return n;
}
