/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends handshakes that are not finished within connection-establish-tls, in both roles, by one look a second at the
 * core's table of connections; there it also finds those that are busy no more. A connection on which nothing was ever read
 * has no SSL yet: its age is the core's. Also warns of what ends. */
#include "core/dprint.h"
#include "core/pt.h"
#include "core/tcp_conn.h"
#include "core/timer.h"
#include "core/timer_proc.h"

#include "close.h"
#include "conn.h"
#include "conn_reload.h"
#include "conn_walk.h"
#include "counters.h"
#include "failed.h"
#include "janitor.h"
#include "warn.h"

#define CLOSE_MAX 512 /* connections ended in one round; the rest waits a second */

static const struct cube_tenant_api *tenant;

/* What is to be closed, copied out of the core's table. */
struct overdue
{
	int id;
	bool begun; /* it has an SSL, and was counted when it got it */
	struct cube_tls_failed failed;
};

static bool is_tenants(const struct tcp_connection *c)
{
	struct cube_ip ip = ksr_cube_ip(&c->rcv.dst_ip);

	return c->type == PROTO_TLS && tenant->socket(&ip, c->rcv.dst_port, true) != NULL;
}

/* Seconds since the connection was made; -1 when its handshake is done, or has failed. */
static int handshake_age(const struct tcp_connection *c)
{
	const struct cube_conn *conn = conn_get(c);

	if(conn)
		return conn->done || conn->failure_noted ? -1 : (int)(time(NULL) - conn->since);
	/* the stock hook set timeout to now + lifetime, and nothing has moved it since */
	return (int)TICKS_TO_S(get_ticks_raw() - (c->timeout - c->lifetime));
}

static void overdue_note(struct overdue *o, const struct tcp_connection *c)
{
	static const struct cube_tls_peer no_peer;
	struct cube_conn *conn = conn_get(c);
	struct cube_ip ip = ksr_cube_ip(&c->rcv.dst_ip);

	if(conn)
		conn->failure_noted = true; /* by us: whoever ends it meanwhile says nothing */
	o->id = c->id;
	o->begun = conn != NULL;
	o->failed = (struct cube_tls_failed){.peer = &no_peer,
			.timeout = true,
			.id = c->id,
			.tenant = conn ? conn->tenant_tag : tenant->socket(&ip, c->rcv.dst_port, true)->tenant_tag,
			.role = c->flags & F_CONN_PASSIVE ? CUBE_ROLE_SERVER : CUBE_ROLE_CLIENT,
			.local = {ip, c->rcv.dst_port},
			.remote = {ksr_cube_ip(&c->rcv.src_ip), c->rcv.src_port}};
}

struct search
{
	struct overdue list[CLOSE_MAX];
	int n, deadline;
};

static void overdue_look(struct tcp_connection *c, void *arg)
{
	struct search *search = arg;

	if(search->n == CLOSE_MAX || !is_tenants(c))
		return;
	conn_calm(c);
	if(handshake_age(c) >= search->deadline)
		overdue_note(&search->list[search->n++], c);
}

static void overdue_end(int deadline)
{
	static struct search search;
	const struct overdue *list = search.list;
	int at = 0, i;

	search.n = 0;
	search.deadline = deadline;
	while(search.n < CLOSE_MAX && conn_walk(&at, overdue_look, &search))
		;
	for(i = 0; i < search.n; i++) {
		/* one that has just gone and was never read from is counted by nobody */
		if(close_connection(list[i].id) != 0 && !list[i].begun)
			continue;
		if(!list[i].begun)
			counters_add(list[i].failed.tenant, list[i].failed.role, CUBE_COUNT_BEGUN);
		failed_note(&list[i].failed);
		failed_event(&list[i].failed);
	}
}

/* A reload has closed the connections that it has no place for; one that was about to begin by the configuration before
 * was not there yet. By the second round behind it, it is. */
static void stragglers_end(const struct cube_snapshot *s)
{
	static unsigned seen, done;

	if(s->generation == seen && s->generation != done) {
		conn_removed(s->conf, true);
		done = s->generation;
	}
	seen = s->generation;
}

static void janitor_round(unsigned int ticks, void *param)
{
	struct cube_snapshot *s = tenant->acquire();

	if(!s)
		return;
	overdue_end(s->conf->sip_ua.connection_establish_tls);
	stragglers_end(s);
	warn_round(s);
	tenant->release(s);
}

int janitor_init(const struct cube_tenant_api *api)
{
	tenant = api;
	return register_basic_timers(1) < 0 ? -1 : 0;
}

int janitor_start(void)
{
	if(fork_basic_timer(PROC_TIMER, "cube_tls janitor", 1, janitor_round, NULL, 1) < 0) {
		LM_ERR("the janitor process cannot be started\n");
		return -1;
	}
	return 0;
}
