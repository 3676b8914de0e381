/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's commands on the configuration: the table, cube_tenant.list and .dump. */

#include "../libcube/conf/dump.h"
#include "listen.h"
#include "reload_rpc.h"
#include "snapshot.h"
#include "tenant_rpc.h"

static const char *listener_state(const struct cube_listener *l)
{
	const struct cube_socket *s = listen_of(l);

	return !s ? "waits for a restart" : s->down ? "down" : "open";
}

static int list_listener(rpc_t *rpc, void *row, const struct cube_conf *conf, const struct cube_addr *addr, bool secure)
{
	const struct cube_listener *l = addr->port ? cube_conf_listener(conf, &addr->ip, addr->port, secure) : NULL;
	const struct cube_socket *s = l ? listen_of(l) : NULL;
	char text[CUBE_ADDR_TEXT_MAX];

	if(!l)
		return 0;
	return rpc->struct_add(row, "ssdd", secure ? "listen-secure" : "listen-non-secure", cube_addr_text(addr, text),
			secure ? "listen-secure-state" : "listen-non-secure-state", listener_state(l),
			secure ? "listen-secure-refused" : "listen-non-secure-refused", s ? atomic_get(s->refused) : 0,
			secure ? "listen-secure-sips-refused" : "listen-non-secure-sips-refused",
			s ? atomic_get(s->sips_refused) : 0);
}

static int list_sip_ua(rpc_t *rpc, void *ctx, const struct cube_conf *conf, bool secure)
{
	const struct cube_sip_ua *ua = &conf->sip_ua;
	const struct cube_addr *addrs = secure ? ua->listen_secure : ua->listen_non_secure;
	unsigned i, n = secure ? ua->n_listen_secure : ua->n_listen_non_secure;
	void *row;

	for(i = 0; i < n; i++) {
		if(rpc->add(ctx, "{", &row) < 0 || rpc->struct_add(row, "d", "tenant", 0) < 0
				|| list_listener(rpc, row, conf, &addrs[i], secure) < 0)
			return -1;
	}
	return 0;
}

static int list_tenant(rpc_t *rpc, void *ctx, const struct cube_conf *conf, const struct cube_tenant *t)
{
	str description = ksr_str(t->description);
	void *row;

	if(rpc->add(ctx, "{", &row) < 0 || rpc->struct_add(row, "dS", "tenant", t->tag, "description", &description) < 0)
		return -1;
	if(t->tls_profile != CUBE_NONE
			&& rpc->struct_add(row, "d", "tls-profile", conf->tls_profiles[t->tls_profile].tag) < 0)
		return -1;
	return list_listener(rpc, row, conf, &t->listen_secure, true) < 0
						   || list_listener(rpc, row, conf, &t->listen_non_secure, false) < 0
				   ? -1
				   : 0;
}

static const char *list_doc[] = {"The tenants of the running configuration and the state of their listeners", NULL};

static void rpc_list(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *s = snapshot_acquire();
	const struct cube_conf *conf;
	unsigned i;

	if(!s) {
		rpc->fault(ctx, 500, "no configuration is running");
		return;
	}
	conf = s->conf;
	if(list_sip_ua(rpc, ctx, conf, true) == 0 && list_sip_ua(rpc, ctx, conf, false) == 0) {
		for(i = 0; i < conf->n_tenants; i++) {
			if(list_tenant(rpc, ctx, conf, &conf->tenants[i]) < 0)
				break;
		}
	}
	snapshot_release(s);
}

static const char *dump_doc[] = {"The effective configuration: what was inherited is written out, secrets never", NULL};

struct dump_lines
{
	rpc_t *rpc;
	void *ctx;
	char line[1024];
	size_t used;
};

static void dump_put(void *arg, const char *text, size_t len)
{
	struct dump_lines *d = arg;
	size_t i;

	for(i = 0; i < len; i++) {
		if(text[i] != '\n') {
			if(d->used < sizeof(d->line) - 1)
				d->line[d->used++] = text[i];
			continue;
		}
		d->line[d->used] = '\0';
		d->rpc->add(d->ctx, "s", d->line);
		d->used = 0;
	}
}

static void rpc_dump(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *s = snapshot_acquire();
	struct dump_lines d = {.rpc = rpc, .ctx = ctx};

	if(!s) {
		rpc->fault(ctx, 500, "no configuration is running");
		return;
	}
	cube_conf_dump(s->conf, dump_put, &d);
	if(d.used)
		dump_put(&d, "\n", 1);
	snapshot_release(s);
}

/* clang-format off */
rpc_export_t tenant_rpc[] = {
	{"cube_tenant.list",   rpc_list,          list_doc,              RPC_RET_ARRAY},
	{"cube_tenant.check",  reload_rpc_check,  reload_rpc_check_doc,  0},
	{"cube_tenant.reload", reload_rpc_reload, reload_rpc_reload_doc, 0},
	{"cube_tenant.dump",   rpc_dump,          dump_doc,              RPC_RET_ARRAY},
	{0, 0, 0, 0}
};
/* clang-format on */
