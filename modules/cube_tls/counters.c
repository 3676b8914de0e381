/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters by tenant, in shared memory: lists of entries that are put in front, and neither moved nor freed while the
 * server runs, so that whoever counts needs no lock. Only a configuration makes entries, never a peer. */
#include <string.h>

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
	gen_lock_t lock; /* for putting entries in, and for queue */
	struct entry *bucket[BUCKETS];
	struct counters_queue queue;
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

int counters_next(int tenant)
{
	struct entry *e = tenant < 0 ? NULL : entry_of(tenant);
	unsigned bucket = tenant < 0 ? 0 : (unsigned)tenant % BUCKETS + 1;

	if(e && e->next)
		return e->next->tenant;
	for(e = NULL; bucket < BUCKETS && !e; bucket++)
		e = __atomic_load_n(&table->bucket[bucket], __ATOMIC_ACQUIRE);
	return e ? e->tenant : -1;
}

void counters_add_n(int tenant, enum cube_role role, unsigned what, int64_t n)
{
	struct entry *e = entry_of(tenant);

	if(e)
		__atomic_fetch_add(&e->of[role].n[what], (uint64_t)n, __ATOMIC_RELAXED);
}

void counters_add(int tenant, enum cube_role role, unsigned what)
{
	counters_add_n(tenant, role, what, 1);
}

const char *counters_name(unsigned what)
{
	static const char *const names[CUBE_COUNTS] = {
			[CUBE_COUNT_DONE] = "done",
			[CUBE_COUNT_RESUMED] = "resumed",
			[CUBE_COUNT_LIMITED] = "limited",
			[CUBE_COUNT_UNSERVED] = "unserved",
			[CUBE_COUNT_BEGUN] = "begun",
			[CUBE_COUNT_CONN_FAILED] = "conn-failed",
			[CUBE_COUNT_REMOTE_CLOSED] = "remote-closed",
			[CUBE_COUNT_AGED_OUT] = "aged-out",
			[CUBE_COUNT_CLEARED] = "cleared",
			[CUBE_COUNT_SEND_FAILED] = "send-failed",
			[CUBE_COUNT_SENT] = "sent",
			[CUBE_COUNT_SENT_BYTES] = "sent-bytes",
			[CUBE_COUNT_RECEIVED] = "received",
			[CUBE_COUNT_RECEIVED_BYTES] = "received-bytes",
	};

	return what < CUBE_TLS_FAILURES ? cube_tls_failure_name((enum cube_tls_failure)what) : names[what];
}

void counters_queue_note(unsigned n, const struct cube_addr *remote)
{
	if(n <= __atomic_load_n(&table->queue.n, __ATOMIC_RELAXED))
		return;
	lock_get(&table->lock);
	if(n > table->queue.n) {
		table->queue.remote = *remote;
		__atomic_store_n(&table->queue.n, n, __ATOMIC_RELAXED);
	}
	lock_release(&table->lock);
}

struct counters_queue counters_queue_get(void)
{
	struct counters_queue queue;

	lock_get(&table->lock);
	queue = table->queue;
	lock_release(&table->lock);
	return queue;
}
