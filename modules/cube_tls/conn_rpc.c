/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's view of connections, and their end by his hand: cube_tls.connections, .show, .clear. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ut.h"

#include "../libcube/conf/names.h"
#include "../libcube/show/connections.h"
#include "../libcube/tls/certinfo.h"
#include "close.h"
#include "conn_rows.h"
#include "conn_rpc.h"
#include "counters.h"

#define ROW_BYTES 700 /* of cube_tls.connections, at the most */
#define REMEDY "kamcmd's socket carries no more: ask by tenant or target, or over JSON-RPC"
#define USAGE "cube_tls.clear id N | target ipv4:A:P | target ipv6:[A]:P | tenant N"

static const struct cube_tenant_api *tenant;

void conn_rpc_init(const struct cube_tenant_api *api)
{
	tenant = api;
}

/* ---- which ones an operator means */

struct which
{
	enum
	{
		ALL,
		ID,
		TARGET,
		TENANT,
	} by;
	int number;
	struct cube_addr target;
};

static bool target_parse(struct cube_str text, struct cube_addr *target)
{
	bool v6 = text.len > 5 && memcmp(text.s, "ipv6:", 5) == 0;

	if(!v6 && (text.len <= 5 || memcmp(text.s, "ipv4:", 5) != 0))
		return false;
	return cube_addr_parse((struct cube_str){text.s + 5, text.len - 5}, true, target)
		   && target->ip.len == (v6 ? 16 : 4);
}

/* what and value: as they were typed; both empty: all. False: it is none of the forms. */
static bool which_parse(struct cube_str what, struct cube_str value, struct which *which)
{
	if(what.len == 0) {
		which->by = ALL;
		return true;
	}
	which->by = cube_str_eq(what, CUBE_STR("id"))		? ID
				: cube_str_eq(what, CUBE_STR("target")) ? TARGET
				: cube_str_eq(what, CUBE_STR("tenant")) ? TENANT
														: ALL;
	if(which->by == TARGET)
		return target_parse(value, &which->target);
	if(which->by == TENANT && cube_str_eq(value, CUBE_STR("0"))) {
		which->number = 0;
		return true;
	}
	return which->by != ALL && cube_number_parse(value, INT32_MAX, &which->number);
}

static bool is_meant(const struct which *which, const struct conn_row *r)
{
	switch(which->by) {
		case ID:
			return r->id == which->number;
		case TENANT:
			return r->tenant == which->number;
		case TARGET:
			return r->remote.port == which->target.port && cube_ip_eq(&r->remote.ip, &which->target.ip);
		default:
			return true;
	}
}

/* Two words of the command line, the second as text even when it is a number. False: faulted. */
static bool which_scan(rpc_t *rpc, void *ctx, bool needed, const char *usage, struct which *which)
{
	str what = {NULL, 0}, value = {NULL, 0};
	int n = rpc->scan(ctx, "*S.S", &what, &value);

	if(n < 1)
		what.len = 0;
	if(n < 2)
		value.len = 0;
	if((needed && what.len == 0) || !which_parse(ksr_cube_str(what), ksr_cube_str(value), which)) {
		rpc->fault(ctx, 400, "%s", usage);
		return false;
	}
	return true;
}

/* ---- cube_tls.connections */

static int row_add(rpc_t *rpc, void *ctx, const struct conn_row *r)
{
	char local[CUBE_ADDR_TEXT_MAX], remote[CUBE_ADDR_TEXT_MAX];
	void *s;

	if(rpc->add(ctx, "{", &s) < 0)
		return -1;
	if(rpc->struct_add(s, "ddssssssssss", "id", r->id, "tenant", r->tenant, "role",
			   r->role == CUBE_ROLE_SERVER ? "server" : "client", "state", r->done ? "established" : "handshake",
			   "remote", cube_addr_text(&r->remote, remote), "local", cube_addr_text(&r->local, local), "version",
			   r->version, "cipher", r->cipher, "key", r->key, "curve", r->curve, "resumed", r->resumed ? "yes" : "no",
			   "peer_name", r->peer_name)
			< 0)
		return -1;
	return rpc->struct_add(s, "sddddd", r->role == CUBE_ROLE_SERVER ? "sni" : "target", r->name, "peer_days_left",
			r->not_after ? cube_days_left(r->not_after, time(NULL)) : 0, "queue", (int)r->queue, "age",
			(int)(time(NULL) - r->since), "idle", r->idle, "generation", (int)r->generation);
}

static const char *connections_doc[] = {
		"The TLS connections of tenants, all or: id N, tenant N, target ipv4:A:P. Id, tenant (0: sip-ua), our role, "
		"state, "
		"addresses, TLS version, cipher, type of the server's key, curve, whether it resumed a session, name in the "
		"peer's certificate, SNI or target name, days until the peer's chain ends, bytes that wait, age and idle time "
		"in "
		"seconds, generation of the configuration that it began with",
		NULL};

static void rpc_connections(rpc_t *rpc, void *ctx)
{
	size_t room = ksr_rpc_room();
	struct conn_row *rows;
	struct which which;
	int i, n, more = 0;
	void *s;

	if(!which_scan(
			   rpc, ctx, false, "cube_tls.connections [id N | target ipv4:A:P | target ipv6:[A]:P | tenant N]", &which))
		return;
	n = conn_rows_take(&rows);
	if(n < 0)
		rpc->fault(ctx, 500, "out of memory for the list of connections");
	for(i = 0; i < n; i++) {
		if(!is_meant(&which, &rows[i]))
			continue;
		if(room >= ROW_BYTES && row_add(rpc, ctx, &rows[i]) == 0)
			room -= ROW_BYTES;
		else
			more++;
	}
	if(more > 0 && rpc->add(ctx, "{", &s) == 0)
		rpc->struct_add(s, "ds", "more", more, "remedy", REMEDY);
	free(rows);
}

/* ---- cube_tls.show */

static void totals_add(struct cube_show_totals *t, int tag)
{
	const struct cube_tls_counters *c;
	int role, what;

	for(role = 0; role < 2; role++) {
		if(!(c = counters_get(tag, (enum cube_role)role)))
			continue;
		t->send_failures += c->n[CUBE_COUNT_SEND_FAILED];
		t->remote_closures += c->n[CUBE_COUNT_REMOTE_CLOSED];
		t->conn_failures += c->n[CUBE_COUNT_CONN_FAILED];
		t->ageouts += c->n[CUBE_COUNT_AGED_OUT];
		for(what = 0; what < CUBE_TLS_FAILURES; what++)
			*(role == CUBE_ROLE_SERVER ? &t->server_failures : &t->client_failures) += c->n[what];
	}
}

static void totals_take(struct cube_show_totals *t)
{
	struct counters_queue queue = counters_queue_get();
	int tag;

	for(tag = -1; (tag = counters_next(tag)) >= 0;)
		totals_add(t, tag);
	t->queue = queue.n;
	t->queue_for = queue.remote;
}

static struct cube_show_socket *sockets_take(unsigned *n)
{
	unsigned all, i;
	const struct cube_socket *s = tenant->sockets(&all);
	struct cube_show_socket *list = calloc(all ? all : 1, sizeof(*list));

	*n = 0;
	for(i = 0; i < all && list; i++) {
		if(!s[i].secure || s[i].down)
			continue;
		list[*n] = (struct cube_show_socket){(int)*n, s[i].addr, s[i].tenant_tag};
		(*n)++;
	}
	return list;
}

static struct cube_show_conn *shown_of(const struct conn_row *rows, int n)
{
	struct cube_show_conn *list = calloc(n ? (size_t)n : 1, sizeof(*list));
	int i;

	for(i = 0; i < n && list; i++) {
		const struct conn_row *r = &rows[i];

		list[i] = (struct cube_show_conn){.remote = r->remote,
				.local = r->local,
				.id = r->id,
				.state = r->done					   ? "Established"
						 : r->role == CUBE_ROLE_CLIENT ? "Connecting"
													   : "Accepting",
				.queue = r->queue,
				.version = r->version,
				.cipher = r->cipher,
				.key = r->key,
				.curve = r->curve,
				.tenant = r->tenant,
				.no_socket = r->bad,
				.mismatched = r->mismatched};
	}
	return list;
}

struct lines
{
	rpc_t *rpc;
	void *ctx;
	size_t room;
	unsigned more; /* that did not fit */
};

static void line_add(void *ctx, const char *line)
{
	struct lines *l = ctx;
	size_t len = strlen(line) + 8;

	if(len > l->room || l->more > 0 || l->rpc->add(l->ctx, "s", line) < 0)
		l->more++;
	else
		l->room -= len;
}

static void show_print(struct lines *lines, struct cube_show *show, bool detail)
{
	char text[sizeof(REMEDY) + 40];

	if(detail)
		cube_show_detail(show, line_add, lines);
	else
		cube_show_brief(show, line_add, lines);
	if(lines->more == 0)
		return;
	snprintf(text, sizeof(text), "(%u more lines; %s)", lines->more, REMEDY);
	lines->rpc->add(lines->ctx, "s", text);
}

static const char *show_doc[] = {"show sip-ua connections tcp tls {brief | detail}, as CUBE prints it: brief (default) "
								 "or detail; the connections of "
								 "detail may be those of one tenant N or target ipv4:A:P alone",
		NULL};

/* False: faulted. */
static bool show_scan(rpc_t *rpc, void *ctx, bool *detail, struct which *which)
{
	str form = {NULL, 0}, what = {NULL, 0}, value = {NULL, 0};
	int n = rpc->scan(ctx, "*SS.S", &form, &what, &value);

	form.len = n < 1 ? 0 : form.len;
	what.len = n < 2 ? 0 : what.len;
	value.len = n < 3 ? 0 : value.len;
	*detail = cube_str_eq(ksr_cube_str(form), CUBE_STR("detail"));
	if((form.len == 0 || *detail || cube_str_eq(ksr_cube_str(form), CUBE_STR("brief")))
			&& which_parse(ksr_cube_str(what), ksr_cube_str(value), which))
		return true;
	rpc->fault(ctx, 400, "cube_tls.show {brief | detail [id N | target ipv4:A:P | target ipv6:[A]:P | tenant N]}");
	return false;
}

static void rpc_show(rpc_t *rpc, void *ctx)
{
	struct lines lines = {rpc, ctx, ksr_rpc_room(), 0};
	struct cube_show show = {.n_conns = 0};
	struct conn_row *rows = NULL;
	struct which which;
	unsigned active = 0;
	bool detail;
	int i, n, kept = 0;

	if(!show_scan(rpc, ctx, &detail, &which))
		return;
	n = conn_rows_take(&rows);
	for(i = 0; i < n; i++) {
		active += rows[i].done && !rows[i].bad;
		if(is_meant(&which, &rows[i]))
			rows[kept++] = rows[i];
	}
	show.sockets = sockets_take(&show.n_sockets);
	show.conns = n >= 0 ? shown_of(rows, kept) : NULL;
	if(show.conns && show.sockets) {
		show.n_conns = (unsigned)kept;
		totals_take(&show.totals);
		show.totals.active = active;
		show_print(&lines, &show, detail);
	} else {
		rpc->fault(ctx, 500, "out of memory for the list of connections");
	}
	free(show.conns);
	free((void *)(uintptr_t)show.sockets);
	free(rows);
}

/* ---- cube_tls.clear */

static const char *clear_doc[] = {
		"Closes connections with close_notify: id N, target ipv4:A:P, target ipv6:[A]:P or tenant N; how many. Those "
		"that we "
		"are just making stay, since requests wait for them",
		NULL};

/* A request waits for its handshake, and would be lost. It ends by itself, at the latest by connection-establish-tls. */
static bool is_waited_for(const struct conn_row *r)
{
	return r->role == CUBE_ROLE_CLIENT && !r->done;
}

static void clear_fault(rpc_t *rpc, void *ctx, const struct which *which, int waited_for)
{
	char text[CUBE_ADDR_TEXT_MAX];

	if(waited_for > 0)
		rpc->fault(ctx, 409, "requests wait for the handshake of what would be closed");
	else if(which->by == TARGET)
		rpc->fault(ctx, 404, "there is no connection with %s", cube_addr_text(&which->target, text));
	else if(which->by == ID)
		rpc->fault(ctx, 404, "there is no connection %d", which->number);
	else
		rpc->fault(ctx, 404, "tenant %d has no connection", which->number);
}

/* A sender that has found a connection gets what it sends onto it: closed at once, it would find the core without the
 * descriptor. Returns how many were closed. */
static int clear_rows(const struct which *which, struct conn_row *rows, int n, int *waited_for)
{
	int i, kept = 0, cleared = 0;

	for(i = 0; i < n; i++) {
		if(!is_meant(which, &rows[i]) || rows[i].bad)
			continue;
		if(is_waited_for(&rows[i])) {
			(*waited_for)++;
			continue;
		}
		close_announce(rows[i].id);
		rows[kept++] = rows[i];
	}
	if(kept > 0)
		sleep_us(CLOSE_GRACE_MS * 1000);
	for(i = 0; i < kept; i++)
		cleared += close_cleared(rows[i].id) == 0;
	return cleared;
}

static void rpc_clear(rpc_t *rpc, void *ctx)
{
	struct conn_row *rows;
	struct which which;
	int n, cleared, waited_for = 0;
	void *s;

	if(!which_scan(rpc, ctx, true, USAGE, &which))
		return;
	n = conn_rows_take(&rows);
	if(n < 0) {
		rpc->fault(ctx, 500, "out of memory for the list of connections");
		return;
	}
	cleared = clear_rows(&which, rows, n, &waited_for);
	free(rows);
	if(cleared == 0)
		clear_fault(rpc, ctx, &which, waited_for);
	else if(rpc->add(ctx, "{", &s) == 0)
		rpc->struct_add(s, "d", "cleared", cleared);
}

/* clang-format off */
rpc_export_t conn_rpc[] = {
	{"cube_tls.connections", rpc_connections, connections_doc, RPC_RET_ARRAY},
	{"cube_tls.show",        rpc_show,        show_doc,        RPC_RET_ARRAY},
	{"cube_tls.clear",       rpc_clear,       clear_doc,       0},
	{0, 0, 0, 0}
};
/* clang-format on */
