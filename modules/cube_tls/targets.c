/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which session target's name stands behind an address: a table of fixed size in shared memory. A name that was pushed
 * out by another is no harm: the peer must then be covered by cn-san. */
#include <string.h>

#include "core/locking.h"

#include "../ksr/ksr.h"
#include "targets.h"

#define SLOTS 2048

struct target
{
	int tenant;
	struct cube_addr addr;
	char host[TARGET_HOST_MAX];
};

struct table
{
	gen_lock_t lock;
	struct target slot[SLOTS];
};

static struct table *table;

int targets_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

uint32_t targets_hash(int tenant, const struct cube_addr *addr)
{
	uint32_t h = 2166136261u ^ (uint32_t)tenant; /* FNV-1a */
	unsigned i;

	for(i = 0; i < addr->ip.len; i++)
		h = (h ^ addr->ip.bytes[i]) * 16777619u;
	return (h ^ addr->port) * 16777619u;
}

static struct target *slot_of(int tenant, const struct cube_addr *addr)
{
	return &table->slot[targets_hash(tenant, addr) % SLOTS];
}

static bool slot_is(const struct target *t, int tenant, const struct cube_addr *addr)
{
	return t->host[0] && t->tenant == tenant && t->addr.port == addr->port && cube_ip_eq(&t->addr.ip, &addr->ip);
}

void targets_learn(int tenant, const struct cube_addr *addr, struct cube_str host)
{
	struct target *t = slot_of(tenant, addr);

	if(host.len >= TARGET_HOST_MAX)
		return;
	lock_get(&table->lock);
	t->tenant = tenant;
	t->addr = *addr;
	memcpy(t->host, host.s, host.len);
	t->host[host.len] = '\0';
	lock_release(&table->lock);
}

const char *targets_name(int tenant, const struct cube_addr *addr, char host[TARGET_HOST_MAX])
{
	struct target *t = slot_of(tenant, addr);

	host[0] = '\0';
	lock_get(&table->lock);
	if(slot_is(t, tenant, addr))
		memcpy(host, t->host, TARGET_HOST_MAX);
	lock_release(&table->lock);
	return host;
}
