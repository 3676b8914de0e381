/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "../ksr/ksr.h"
#include "../libcube/dialpeer/usable.h"
#include "peers.h"

#define CHAINS 4096
#define TURNS 1024

struct peer
{
	struct peer *next;
	int tag;
	unsigned long counts[N_PEER_COUNTS];
};

/* Entries are made at the first count and never freed: there are no more than dial-peers that had calls. */
struct table
{
	gen_lock_t lock;
	struct peer *chain[CHAINS];
	unsigned turn[TURNS];
};

static struct table *table;

int peers_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

/* With the lock held. */
static struct peer *find(int tag)
{
	struct peer *p = table->chain[(unsigned)tag % CHAINS];

	while(p && p->tag != tag)
		p = p->next;
	return p;
}

static struct peer *make(int tag)
{
	struct peer *p = find(tag), **chain = &table->chain[(unsigned)tag % CHAINS];

	if(p || !(p = shm_malloc(sizeof(*p))))
		return p;
	memset(p, 0, sizeof(*p));
	p->tag = tag;
	p->next = *chain;
	*chain = p;
	return p;
}

void peers_add(int tag, enum peer_count what)
{
	struct peer *p;

	if(tag == 0)
		return;
	lock_get(&table->lock);
	p = make(tag);
	if(p)
		p->counts[what]++;
	lock_release(&table->lock);
}

bool peers_hold(int tag, int most)
{
	struct peer *p;
	bool held;

	lock_get(&table->lock);
	p = make(tag);
	held = p && cube_usable_room(most, p->counts[PEER_NOW]);
	if(held)
		p->counts[PEER_NOW]++;
	else if(p)
		p->counts[PEER_FULL]++;
	lock_release(&table->lock);
	return held;
}

void peers_let_go(int tag)
{
	struct peer *p;

	lock_get(&table->lock);
	p = find(tag);
	if(p && p->counts[PEER_NOW] > 0)
		p->counts[PEER_NOW]--;
	lock_release(&table->lock);
}

bool peers_get(int tag, unsigned long counts[N_PEER_COUNTS])
{
	const struct peer *p;

	lock_get(&table->lock);
	p = find(tag);
	if(p)
		memcpy(counts, p->counts, sizeof(p->counts));
	else
		memset(counts, 0, sizeof(p->counts));
	lock_release(&table->lock);
	return p != NULL;
}

unsigned peers_turn(int group)
{
	unsigned turn;

	lock_get(&table->lock);
	turn = table->turn[(unsigned)group % TURNS]++;
	lock_release(&table->lock);
	return turn;
}
