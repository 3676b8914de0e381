/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies out of the tables, each under its own lock, what the pure formatters read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#include "../libcube/tls/trustpoint.h"
#include "conn_rows.h"
#include "counters.h"
#include "source_rows.h"
#include "state.h"

#define NAMED_MAX 50 /* trustpoints whose certificates are named */

static const struct cube_tenant_api *tenant;

void state_init(const struct cube_tenant_api *api)
{
	tenant = api;
}

/* calloc for tables that may be empty. */
static void *table(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

static void tenant_take(struct cube_state_tenant *t, int tag, struct cube_str description)
{
	enum cube_role role;
	int i;

	t->tag = tag;
	t->description = description;
	for(role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
		const struct cube_tls_counters *c = counters_get(tag, role);

		for(i = 0; c && i < CUBE_COUNTS; i++)
			t->of[role].n[i] = __atomic_load_n(&c->n[i], __ATOMIC_RELAXED);
	}
}

static int tenants_take(struct state *s)
{
	const struct cube_conf *conf = s->snapshot->conf;
	unsigned i;

	s->shown.tenants = table(conf->n_tenants + 1, sizeof(*s->shown.tenants));
	if(!s->shown.tenants)
		return -1;
	s->shown.n_tenants = conf->n_tenants + 1;
	tenant_take(&s->shown.tenants[0], 0, (struct cube_str){NULL, 0});
	for(i = 0; i < conf->n_tenants; i++)
		tenant_take(&s->shown.tenants[i + 1], conf->tenants[i].tag, conf->tenants[i].description);
	return 0;
}

static int listeners_take(struct state *s)
{
	const struct cube_conf *conf = s->snapshot->conf;
	unsigned i;

	s->shown.listeners = s->listeners = table(conf->n_listeners, sizeof(*s->listeners));
	if(!s->listeners)
		return -1;
	s->shown.n_listeners = conf->n_listeners;
	for(i = 0; i < conf->n_listeners; i++) {
		const struct cube_listener *l = &conf->listeners[i];
		const struct cube_socket *sock = tenant->socket_of(l);

		s->listeners[i] = (struct cube_state_listener){.addr = l->addr,
				.secure = l->secure,
				.tenant = l->tenant == CUBE_NONE ? 0 : conf->tenants[l->tenant].tag,
				.open = !sock		 ? CUBE_STATE_WAITS
						: sock->down ? CUBE_STATE_DOWN
									 : CUBE_STATE_OPEN,
				.refused = sock ? (unsigned)atomic_get(sock->refused) : 0,
				.sips_refused = sock ? (unsigned)atomic_get(sock->sips_refused) : 0};
	}
	return 0;
}

static int trunks_take(struct state *s)
{
	const struct cube_dialpeer_ops *dialpeer = tenant->dialpeer();
	int n = dialpeer ? dialpeer->trunks(s->snapshot->conf, &s->trunks) : 0;

	s->shown.trunks = s->trunks;
	s->shown.n_trunks = n > 0 ? (unsigned)n : 0;
	return n < 0 ? -1 : 0;
}

static void sources_add(struct cube_state_trustpoint *tp, const struct source_row *r)
{
	bool crl = r->e.source.kind == CUBE_FETCH_CRL;

	tp->sources[crl ? 0 : 1][r->state]++;
	if(crl && r->until && (!tp->crl_next || r->until < tp->crl_next))
		tp->crl_next = r->until;
}

/* 0: it has none. One that has no time at all never is valid: it has ended. */
static int64_t end_of(const struct cube_cert_set *set)
{
	const struct cube_cert_span *first = cube_cert_set_first_end(set);

	return !first ? 0 : first->not_after ? first->not_after : 1;
}

/* To name a certificate it must be parsed, which takes a good part of a millisecond. */
static void names_take(const struct cube_trustpoint *tp, struct cube_state_trustpoint *names)
{
	const struct cube_cert_span *ca = cube_cert_set_first_end(&tp->ca_set);
	struct cube_cert_info info;

	if(tp->own_set.n > 0 && cube_trustpoint_info(tp, false, 0, &info))
		snprintf(names->own_name, sizeof(names->own_name), "%s", info.names);
	if(ca && cube_trustpoint_info(tp, true, ca->index, &info))
		snprintf(names->ca_name, sizeof(names->ca_name), "%s", info.names);
}

static int trustpoints_take(struct state *s, bool names)
{
	const struct cube_conf *conf = s->snapshot->conf;
	struct source_row *rows;
	unsigned i;
	int k, n;

	s->shown.trustpoints = table(conf->n_trustpoints, sizeof(*s->shown.trustpoints));
	rows = source_rows_take(false, &n);
	if(!s->shown.trustpoints || n < 0) {
		free(rows);
		return -1;
	}
	s->shown.n_trustpoints = conf->n_trustpoints;
	for(i = 0; i < conf->n_trustpoints; i++) {
		s->shown.trustpoints[i].name = conf->trustpoints[i].name;
		s->shown.trustpoints[i].own_end = end_of(&conf->trustpoints[i].own_set);
		s->shown.trustpoints[i].ca_end = end_of(&conf->trustpoints[i].ca_set);
		if(names && conf->n_trustpoints <= NAMED_MAX)
			names_take(&conf->trustpoints[i], &s->shown.trustpoints[i]);
		for(k = 0; k < n; k++) {
			if(source_row_concerns(&rows[k], &conf->trustpoints[i]))
				sources_add(&s->shown.trustpoints[i], &rows[k]);
		}
	}
	free(rows);
	return 0;
}

static int conns_take(struct state *s)
{
	int i, n = conn_rows_take(&s->rows);
	struct cube_state_conn *list = n >= 0 ? table((size_t)n, sizeof(*list)) : NULL;

	if(!list)
		return -1;
	s->shown.conns = list;
	for(i = 0; i < n; i++) {
		const struct conn_row *r = &s->rows[i];

		if(r->bad)
			continue;
		list[s->shown.n_conns++] = (struct cube_state_conn){.tenant = r->tenant,
				.role = r->role,
				.done = r->done,
				.remote = r->remote,
				.version = r->version,
				.cipher = r->cipher,
				.peer_name = r->peer_name,
				.name = r->name,
				.since = r->since,
				.not_after = r->not_after};
	}
	cube_state_count(&s->shown);
	return 0;
}

int state_take(struct state *s, bool names)
{
	memset(s, 0, sizeof(*s));
	s->snapshot = tenant->acquire();
	if(!s->snapshot)
		return -1;
	s->shown.now = time(NULL);
	s->shown.conf = s->snapshot->conf;
	s->shown.generation = s->snapshot->generation;
	s->shown.since = s->snapshot->since;
	s->shown.refused = tenant->refused();
	if(tenants_take(s) < 0 || listeners_take(s) < 0 || trunks_take(s) < 0 || trustpoints_take(s, names) < 0
			|| conns_take(s) < 0)
		return -1;
	return 0;
}

void state_drop(struct state *s)
{
	free(s->shown.tenants);
	free(s->listeners);
	free(s->trunks);
	free(s->shown.trustpoints);
	free(s->shown.conns);
	free(s->rows);
	if(s->snapshot)
		tenant->release(s->snapshot);
}
