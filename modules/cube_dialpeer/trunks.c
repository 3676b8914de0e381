/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One lock, held for the search in one bucket: a call asks for each of the few dial-peers that it might take. */
#include <ctype.h>
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "../ksr/ksr.h"
#include "trunks.h"

#define BUCKETS 4096

struct trunk
{
	struct trunk *next;
	struct cube_watch watch;
	struct trunk_state state;
	bool wanted; /* its process's */
	char host[]; /* the name in watch */
};

struct table
{
	gen_lock_t lock; /* all of it */
	struct trunk *bucket[BUCKETS];
};

static struct table *table;

int trunks_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

/* FNV-1a */
static uint32_t hash_add(uint32_t hash, unsigned char byte)
{
	return (hash ^ byte) * 16777619u;
}

static struct trunk **bucket_of(const struct cube_watch *w)
{
	const struct cube_target *t = &w->target;
	uint32_t hash = hash_add(hash_add(2166136261u, (unsigned char)w->tenant), (unsigned char)(w->tenant >> 8));
	size_t i;

	for(i = 0; i < t->host.len; i++)
		hash = hash_add(hash, (unsigned char)tolower((unsigned char)t->host.s[i]));
	for(i = 0; i < t->addr.ip.len; i++)
		hash = hash_add(hash, t->addr.ip.bytes[i]);
	hash = hash_add(hash_add(hash, (unsigned char)t->addr.port), (unsigned char)(t->addr.port >> 8));
	return &table->bucket[(hash ^ hash >> 16) % BUCKETS];
}

static struct trunk *find(const struct cube_watch *watch)
{
	struct trunk *t = *bucket_of(watch);

	while(t && cube_watch_cmp(&t->watch, watch) != 0)
		t = t->next;
	return t;
}

bool trunks_get(const struct cube_watch *watch, struct trunk_state *state)
{
	const struct trunk *t;

	lock_get(&table->lock);
	t = find(watch);
	if(t)
		*state = t->state;
	lock_release(&table->lock);
	return t != NULL;
}

static struct trunk *make(const struct cube_watch *watch, const struct trunk_state *state)
{
	struct trunk *t = shm_malloc(sizeof(*t) + watch->target.host.len);

	if(!t) {
		SHM_MEM_ERROR;
		return NULL;
	}
	t->watch = *watch;
	t->state = *state;
	if(watch->target.host.len) {
		memcpy(t->host, watch->target.host.s, watch->target.host.len);
		t->watch.target.host.s = t->host;
	}
	return t;
}

struct trunk *trunks_put(const struct cube_watch *watch, const struct trunk_state *state, bool *known)
{
	struct trunk *t, **bucket = bucket_of(watch);

	lock_get(&table->lock); /* the other process may change the chain */
	t = find(watch);
	lock_release(&table->lock);
	*known = t != NULL;
	if(!t) {
		t = make(watch, state);
		if(!t)
			return NULL;
		lock_get(&table->lock);
		t->next = *bucket;
		*bucket = t;
		lock_release(&table->lock);
	}
	t->wanted = true;
	return t;
}

const struct trunk_state *trunks_state(const struct trunk *trunk)
{
	return &trunk->state;
}

void trunks_change(struct trunk *trunk, const struct trunk_state *state)
{
	lock_get(&table->lock);
	trunk->state = *state;
	lock_release(&table->lock);
}

/* Those that are wanted no more come out, into a list. */
static struct trunk *sweep_bucket(struct trunk **at, enum cube_target_kind kind)
{
	struct trunk *t, *out = NULL;

	lock_get(&table->lock);
	while((t = *at) != NULL) {
		if(t->watch.target.kind != kind || t->wanted) {
			if(t->watch.target.kind == kind)
				t->wanted = false;
			at = &t->next;
			continue;
		}
		*at = t->next;
		t->next = out;
		out = t;
	}
	lock_release(&table->lock);
	return out;
}

void trunks_sweep(enum cube_target_kind kind, void (*gone)(const struct trunk_state *state))
{
	struct trunk *t, *next;
	unsigned i;

	for(i = 0; i < BUCKETS; i++) {
		for(t = sweep_bucket(&table->bucket[i], kind); t; t = next) {
			next = t->next;
			gone(&t->state);
			shm_free(t);
		}
	}
}
