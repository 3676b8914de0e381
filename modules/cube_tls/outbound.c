/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client connections of tenants, and who is about to make one: tables of shared memory under a lock of their own,
 * which is held for a few steps and never together with another lock of ours. */
#include <string.h>
#include <sys/socket.h>

#include "core/locking.h"
#include "core/pt.h"

#include "outbound.h"

#define CHAINS 1024

/* A process's intent. It ends by itself, in case that nothing comes of it. */
struct reservation
{
	int tenant;
	struct cube_addr addr;
	int64_t until; /* ms; 0: none */
};

struct table
{
	gen_lock_t lock;
	struct cube_conn *chain[CHAINS];
	struct reservation *reservations; /* by process_no */
	int n_processes;
};

static struct table *table;
static bool reserved; /* this process has a reservation */

int outbound_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

int outbound_init_processes(void)
{
	int n = get_max_procs();

	table->reservations = ksr_shm_table((size_t)n * sizeof(*table->reservations));
	if(!table->reservations)
		return -1;
	table->n_processes = n;
	return 0;
}

static bool same(int tenant_a, const struct cube_addr *a, int tenant_b, const struct cube_addr *b)
{
	return tenant_a == tenant_b && a->port == b->port && cube_ip_eq(&a->ip, &b->ip);
}

static struct cube_conn **chain_of(int tenant, const struct cube_addr *addr)
{
	return &table->chain[targets_hash(tenant, addr) % CHAINS];
}

/* With the lock held. */
static bool is_taken(int tenant, const struct cube_addr *addr, int64_t now)
{
	const struct cube_conn *conn;
	int i;

	for(conn = *chain_of(tenant, addr); conn; conn = conn->next_out) {
		if(same(conn->tenant_tag, &conn->remote, tenant, addr))
			return true;
	}
	for(i = 0; i < table->n_processes; i++) {
		const struct reservation *r = &table->reservations[i];

		if(i != process_no && r->until > now && same(r->tenant, &r->addr, tenant, addr))
			return true;
	}
	return false;
}

bool outbound_reserve(int tenant, const struct cube_addr *addr)
{
	int64_t now = ksr_clock_ms();
	bool taken;

	lock_get(&table->lock);
	taken = is_taken(tenant, addr, now);
	if(!taken && process_no < table->n_processes) {
		table->reservations[process_no] = (struct reservation){tenant, *addr, now + OUTBOUND_WAIT_MS};
		reserved = true;
	}
	lock_release(&table->lock);
	return !taken;
}

void outbound_unreserve(void)
{
	if(!reserved)
		return;
	lock_get(&table->lock);
	table->reservations[process_no].until = 0;
	lock_release(&table->lock);
	reserved = false;
}

void outbound_add(struct cube_conn *conn)
{
	struct cube_conn **at = chain_of(conn->tenant_tag, &conn->remote);

	lock_get(&table->lock);
	conn->next_out = *at;
	*at = conn;
	lock_release(&table->lock);
	outbound_unreserve();
}

void outbound_remove(struct cube_conn *conn)
{
	struct cube_conn **at = chain_of(conn->tenant_tag, &conn->remote);

	lock_get(&table->lock);
	while(*at && *at != conn)
		at = &(*at)->next_out;
	if(*at)
		*at = conn->next_out;
	lock_release(&table->lock);
}

void outbound_release(int fd)
{
	struct sockaddr nowhere;

	memset(&nowhere, 0, sizeof(nowhere));
	nowhere.sa_family = AF_UNSPEC;
	if(fd >= 0)
		connect(fd, &nowhere, sizeof(nowhere)); /* the core closes it in any case */
}
