/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listeners: an address and port belongs to one of sip-ua and the tenants, either secure or not (IOS: unique over
 * global and all tenants, and over secure and non-secure). 0.0.0.0 and :: take the port of every address. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* Who comes first keeps the port: sip-ua, then tenants by tag; secure, then non-secure. */
static int cmp_owner(const struct cube_listener *a, const struct cube_listener *b)
{
	if(a->tenant != b->tenant)
		return a->tenant < b->tenant ? -1 : 1;
	return (int)b->secure - (int)a->secure;
}

/* Groups of one port and family together; in a group the wildcard first, then by address, then by owner. */
static int cmp_port(const void *va, const void *vb)
{
	const struct cube_listener *a = va, *b = vb;
	int cmp;

	if(a->addr.ip.len != b->addr.ip.len)
		return a->addr.ip.len < b->addr.ip.len ? -1 : 1;
	if(a->addr.port != b->addr.port)
		return a->addr.port < b->addr.port ? -1 : 1;
	cmp = cube_ip_cmp(&a->addr.ip, &b->addr.ip); /* all zeroes sort first */
	return cmp ? cmp : cmp_owner(a, b);
}

/* The order that the model promises. */
static int cmp_listener(const void *va, const void *vb)
{
	const struct cube_listener *a = va, *b = vb;
	int cmp = cube_ip_cmp(&a->addr.ip, &b->addr.ip);

	if(cmp)
		return cmp;
	if(a->addr.port != b->addr.port)
		return a->addr.port < b->addr.port ? -1 : 1;
	return (int)a->secure - (int)b->secure;
}

static const char *owner(const struct cube_conf *conf, const struct cube_listener *l, char buf[64])
{
	if(l->tenant == CUBE_NONE)
		snprintf(buf, 64, "sip-ua: listen-%s", l->secure ? "secure" : "non-secure");
	else
		snprintf(buf, 64, "tenant %d: listen-%s", conf->tenants[l->tenant].tag, l->secure ? "secure" : "non-secure");
	return buf;
}

static void conflict(const struct cube_conf *conf, const struct cube_listener *a, const struct cube_listener *b,
		struct cube_err *err)
{
	const struct cube_listener *first = cmp_owner(a, b) <= 0 ? a : b, *second = first == a ? b : a;
	char what[64], whose[64], addr[CUBE_ADDR_TEXT_MAX], other[CUBE_ADDR_TEXT_MAX];
	bool same = cube_ip_eq(&a->addr.ip, &b->addr.ip);

	cube_err_add(err, "%s %s: already taken by %s%s%s", owner(conf, second, what), cube_addr_text(&second->addr, addr),
			owner(conf, first, whose), same ? "" : " ", same ? "" : cube_addr_text(&first->addr, other));
}

static void check_conflicts(const struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_listener *v = conf->listeners, *rival = v;
	unsigned i;

	for(i = 1; i < conf->n_listeners; i++) {
		if(v[i].addr.ip.len != rival->addr.ip.len || v[i].addr.port != rival->addr.port
				|| (!cube_ip_any(&rival->addr.ip) && !cube_ip_eq(&v[i].addr.ip, &rival->addr.ip)))
			rival = &v[i];
		else
			conflict(conf, rival, &v[i], err);
	}
}

static void add(struct cube_conf *conf, const struct cube_addr *addr, bool secure, int tenant)
{
	if(addr->port)
		conf->listeners[conf->n_listeners++] = (struct cube_listener){*addr, secure, tenant};
}

int cube_check_ports(struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_sip_ua *sip_ua = &conf->sip_ua;
	size_t most = (size_t)sip_ua->n_listen_secure + sip_ua->n_listen_non_secure + 2 * (size_t)conf->n_tenants;
	unsigned i;

	if(!(conf->listeners = cube_arena_array(conf->arena, most, sizeof(*conf->listeners)))) {
		cube_err_nomem(err, conf->path.s);
		return -1;
	}
	for(i = 0; i < sip_ua->n_listen_secure; i++)
		add(conf, &sip_ua->listen_secure[i], true, CUBE_NONE);
	for(i = 0; i < sip_ua->n_listen_non_secure; i++)
		add(conf, &sip_ua->listen_non_secure[i], false, CUBE_NONE);
	for(i = 0; i < conf->n_tenants; i++) {
		add(conf, &conf->tenants[i].listen_secure, true, (int)i);
		add(conf, &conf->tenants[i].listen_non_secure, false, (int)i);
	}
	qsort(conf->listeners, conf->n_listeners, sizeof(*conf->listeners), cmp_port);
	check_conflicts(conf, err);
	qsort(conf->listeners, conf->n_listeners, sizeof(*conf->listeners), cmp_listener);
	return 0;
}
