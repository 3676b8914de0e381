/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters by tenant, in shared memory: lists of entries that are put in front, and neither moved nor freed while the
 * server runs, so that whoever counts needs no lock. Only a configuration makes entries, never a peer. */
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "../ksr/ksr.h"
#include "counters.h"

#define BUCKETS 4096

struct entry
{
	struct entry *next;
	int tenant;
	struct cube_tls_counters of[2]; /* by role */
};

struct table
{
	gen_lock_t lock; /* for putting entries in */
	struct entry *bucket[BUCKETS];
};

static struct table *table;

int counters_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

static struct entry **bucket_of(int tenant)
{
	return &table->bucket[(unsigned)tenant % BUCKETS];
}

static struct entry *entry_of(int tenant)
{
	struct entry *e = __atomic_load_n(bucket_of(tenant), __ATOMIC_ACQUIRE);

	while(e && e->tenant != tenant)
		e = e->next;
	return e;
}

static int tenant_prepare(int tenant)
{
	struct entry **bucket = bucket_of(tenant), *e;
	int rc = 0;

	lock_get(&table->lock);
	if(!entry_of(tenant)) {
		e = shm_malloc(sizeof(*e));
		if(e) {
			memset(e, 0, sizeof(*e));
			e->tenant = tenant;
			e->next = *bucket;
			__atomic_store_n(bucket, e, __ATOMIC_RELEASE);
		}
		rc = e ? 0 : -1;
	}
	lock_release(&table->lock);
	return rc;
}

int counters_prepare(const struct cube_conf *conf, struct cube_err *err)
{
	unsigned i;
	int rc = tenant_prepare(0);

	for(i = 0; i < conf->n_tenants && rc == 0; i++)
		rc = tenant_prepare(conf->tenants[i].tag);
	if(rc < 0)
		cube_err_nomem(err, "counters");
	return rc;
}

const struct cube_tls_counters *counters_get(int tenant, enum cube_role role)
{
	const struct entry *e = entry_of(tenant);

	return e ? &e->of[role] : NULL;
}

void counters_add(int tenant, enum cube_role role, unsigned what)
{
	struct entry *e = entry_of(tenant);

	if(e)
		__atomic_fetch_add(&e->of[role].n[what], 1, __ATOMIC_RELAXED);
}
