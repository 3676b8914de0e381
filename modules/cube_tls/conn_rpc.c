/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's view of connections: cube_tls.connections. The core's table is copied under its lock and written out
 * afterwards, so that a slow reader of a long list holds nobody up. */
#include <stdlib.h>
#include <string.h>

#include "core/dprint.h"
#include "core/tcp_conn.h"

#include "conn.h"
#include "conn_rpc.h"
#include "stock_tls.h"

extern gen_lock_t *tcpconn_lock;
extern struct tcp_connection **tcpconn_id_hash;

struct row
{
	int id, tenant;
	bool server, done, resumed;
	struct cube_addr local, remote;
	const char *version, *cipher;
	time_t since;
	unsigned generation;
	char peer_name[128];
};

static void row_fill(struct row *r, const struct tcp_connection *c, const struct cube_conn *conn)
{
	r->id = c->id;
	r->tenant = conn->tenant_tag;
	r->server = conn->peer.role == CUBE_ROLE_SERVER;
	r->done = conn->done;
	r->resumed = conn->done && conn->resumed;
	r->local = (struct cube_addr){ksr_cube_ip(&c->rcv.dst_ip), c->rcv.dst_port};
	r->remote = (struct cube_addr){ksr_cube_ip(&c->rcv.src_ip), c->rcv.src_port};
	r->version = conn->done ? conn->version : "";
	r->cipher = conn->done ? conn->cipher : "";
	r->since = conn->since;
	r->generation = conn->snapshot->generation;
	memcpy(r->peer_name, conn->peer_name, sizeof(r->peer_name));
}

/* All connections of ours; *rows is the caller's to free. Returns how many, or -1 when memory is out. */
static int rows_take(struct row **rows)
{
	int n = 0, size = 0, i;
	struct tcp_connection *c;

	*rows = NULL;
	TCPCONN_LOCK;
	for(i = 0; i < TCP_ID_HASH_SIZE; i++) {
		for(c = tcpconn_id_hash[i]; c; c = c->id_next) {
			const struct cube_conn *conn = c->type == PROTO_TLS || c->type == PROTO_WSS ? conn_get(c) : NULL;

			if(!conn)
				continue;
			if(n == size) {
				struct row *more = realloc(*rows, (size_t)(size ? 2 * size : 64) * sizeof(**rows));

				if(!more) {
					n = -1;
					goto out;
				}
				*rows = more;
				size = size ? 2 * size : 64;
			}
			row_fill(&(*rows)[n++], c, conn);
		}
	}
out:
	TCPCONN_UNLOCK;
	return n;
}

int conn_older(unsigned generation)
{
	struct row *rows;
	int i, n = rows_take(&rows), older = n < 0 ? -1 : 0;

	for(i = 0; i < n; i++)
		older += rows[i].generation != generation;
	free(rows);
	return older;
}

static int row_add(rpc_t *rpc, void *ctx, const struct row *r)
{
	char local[CUBE_ADDR_TEXT_MAX], remote[CUBE_ADDR_TEXT_MAX];
	void *s;

	if(rpc->add(ctx, "{", &s) < 0)
		return -1;
	return rpc->struct_add(s, "ddssssssssdd", "id", r->id, "tenant", r->tenant, "role", r->server ? "server" : "client",
			"state", r->done ? "established" : "handshake", "remote", cube_addr_text(&r->remote, remote), "local",
			cube_addr_text(&r->local, local), "version", r->version, "cipher", r->cipher, "resumed",
			r->resumed ? "yes" : "no", "peer_name", r->peer_name, "age", (int)(time(NULL) - r->since), "generation",
			(int)r->generation);
}

static const char *connections_doc[] = {
		"The TLS connections of tenants: id, tenant (0: sip-ua), our role, state, addresses, TLS version, cipher, "
		"whether its handshake resumed a session, "
		"name in the peer's certificate, age in seconds, generation of the configuration that it began with",
		NULL};

static void rpc_connections(rpc_t *rpc, void *ctx)
{
	struct row *rows;
	int i, n = rows_take(&rows);

	if(n < 0)
		rpc->fault(ctx, 500, "out of memory for the list of connections");
	for(i = 0; i < n; i++) {
		if(row_add(rpc, ctx, &rows[i]) < 0)
			break;
	}
	free(rows);
}

/* clang-format off */
rpc_export_t conn_rpc[] = {
	{"cube_tls.connections", rpc_connections, connections_doc, RPC_RET_ARRAY},
	{0, 0, 0, 0}
};
/* clang-format on */
