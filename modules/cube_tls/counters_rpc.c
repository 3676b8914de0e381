/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's view of the counters: cube_tls.counters. */
#include <limits.h>
#include <stdio.h>


#include "counters.h"
#include "counters_rpc.h"

static const struct cube_tenant_api *tenant;

void counters_rpc_init(const struct cube_tenant_api *api)
{
	tenant = api;
}

/* kamcmd's protocol has integers of 32 bits. */
static int shown(uint64_t counter)
{
	return counter < INT_MAX ? (int)counter : INT_MAX;
}

/* Of the first n. */
static uint64_t sum(const struct cube_tls_counters *c, int n)
{
	uint64_t all = 0;

	while(n-- > 0)
		all += c->n[n];
	return all;
}

static bool is_bytes(unsigned what)
{
	return what == CUBE_COUNT_SENT_BYTES || what == CUBE_COUNT_RECEIVED_BYTES;
}

/* 0, or -1: the answer is full. */
static int row_add(rpc_t *rpc, void *ctx, int tag, enum cube_role role, const struct cube_tls_counters *c)
{
	void *row, *reasons;
	char text[24];
	int i;

	if(rpc->add(ctx, "{", &row) < 0
			|| rpc->struct_add(row, "ds", "tenant", tag, "role", role == CUBE_ROLE_SERVER ? "server" : "client") < 0)
		return -1;
	for(i = CUBE_TLS_FAILURES; i < CUBE_COUNTS; i++) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)c->n[i]);
		if((is_bytes((unsigned)i) ? rpc->struct_add(row, "s", counters_name((unsigned)i), text)
								  : rpc->struct_add(row, "d", counters_name((unsigned)i), shown(c->n[i])))
				< 0)
			return -1;
	}
	if(rpc->struct_add(row, "d{", "failed", shown(sum(c, CUBE_TLS_FAILURES)), "reasons", &reasons) < 0)
		return -1;
	for(i = 0; i < CUBE_TLS_FAILURES; i++) {
		if(rpc->struct_add(reasons, "d", counters_name((unsigned)i), shown(c->n[i])) < 0)
			return -1;
	}
	return 0;
}

static int tenant_add(rpc_t *rpc, void *ctx, int tag, bool idle_too)
{
	enum cube_role role;

	for(role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
		const struct cube_tls_counters *c = counters_get(tag, role);

		if(c && (idle_too || sum(c, CUBE_COUNTS)) && row_add(rpc, ctx, tag, role, c) < 0)
			return -1;
	}
	return 0;
}

static const char *counters_doc[] = {"TLS connections since the start, by tenant (0: sip-ua) and our role. Each one "
									 "that was begun ends up in done, failed "
									 "(by reason), conn-failed (nobody answered), limited (by handshake-failure-limit) "
									 "or unserved (for a fault of this "
									 "server). Of those that were done: resumed, remote-closed, aged-out, cleared; "
									 "messages and bytes. With a tenant's tag "
									 "its own, without one those of all tenants that had any",
		NULL};

static void rpc_counters(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *s = tenant->acquire();
	unsigned i;
	int tag;

	if(!s) {
		rpc->fault(ctx, 500, "no configuration is running");
		return;
	}
	if(rpc->scan(ctx, "*d", &tag) == 1) {
		if(tag == 0 || cube_conf_tenant(s->conf, tag))
			tenant_add(rpc, ctx, tag, true);
		else
			rpc->fault(ctx, 404, "cube.conf has no tenant %d", tag);
	} else if(tenant_add(rpc, ctx, 0, false) == 0) {
		for(i = 0; i < s->conf->n_tenants; i++) {
			if(tenant_add(rpc, ctx, s->conf->tenants[i].tag, false) < 0)
				break;
		}
	}
	tenant->release(s);
}

/* clang-format off */
rpc_export_t counters_rpc[] = {
	{"cube_tls.counters", rpc_counters, counters_doc, RPC_RET_ARRAY},
	{0, 0, 0, 0}
};
/* clang-format on */
