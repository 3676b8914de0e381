/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private keys of the calling process, by generation of the configuration and trustpoint. */
#include <stdlib.h>

#include "../libcube/tls/trustpoint.h"
#include "keys.h"

/* The keys of one generation. */
struct ring
{
	struct ring *older;
	unsigned generation;
	unsigned n;
	EVP_PKEY *key[];
};

#define RINGS_MAX 3 /* handshakes that began before a reload end within seconds */

static struct ring *newest; /* this process's own */

static void ring_free(struct ring *r)
{
	unsigned i;

	for(i = 0; i < r->n; i++)
		EVP_PKEY_free(r->key[i]);
	free(r);
}

static void rings_drop(struct ring **from)
{
	while(*from) {
		struct ring *r = *from;

		*from = r->older;
		ring_free(r);
	}
}

static struct ring *ring_get(const struct cube_snapshot *s)
{
	struct ring **at = &newest, *r;
	unsigned depth = 0;

	while(*at && (*at)->generation > s->generation && ++depth < RINGS_MAX)
		at = &(*at)->older;
	if(*at && (*at)->generation == s->generation)
		return *at;
	rings_drop(at); /* what is older than the newest that is asked for: its handshakes parse again */
	r = calloc(1, sizeof(*r) + s->conf->n_trustpoints * sizeof(r->key[0]));
	if(!r)
		return NULL;
	r->generation = s->generation;
	r->n = s->conf->n_trustpoints;
	*at = r;
	return r;
}

EVP_PKEY *keys_get(const struct cube_snapshot *s, int trustpoint)
{
	struct ring *r = ring_get(s);

	if(!r || trustpoint < 0 || (unsigned)trustpoint >= r->n)
		return NULL;
	if(!r->key[trustpoint])
		r->key[trustpoint] = cube_trustpoint_key(&s->conf->trustpoints[trustpoint]);
	return r->key[trustpoint];
}

void keys_end(void)
{
	rings_drop(&newest);
}
