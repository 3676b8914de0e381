/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which targets are watched. */
#include <stdlib.h>

#include "../base/sort.h"
#include "../conf/target.h"
#include "keepalive.h"
#include "plan_private.h"

struct pair
{
	struct cube_watch watch;
	unsigned peer;
};

static int cmp_int(int a, int b)
{
	return (a > b) - (a < b);
}

int cube_watch_cmp(const struct cube_watch *a, const struct cube_watch *b)
{
	int cmp = cmp_int(a->tenant, b->tenant);

	if(cmp == 0)
		cmp = cube_target_cmp(&a->target, &b->target);
	if(cmp == 0)
		cmp = cmp_int((int)a->transport, (int)b->transport);
	return cmp ? cmp : cmp_int(a->profile, b->profile);
}

static int cmp_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int cmp = cube_watch_cmp(&x->watch, &y->watch);

	return cmp ? cmp : (x->peer > y->peer) - (x->peer < y->peer);
}

const struct cube_target *cube_dial_peer_target(
		const struct cube_conf *conf, const struct cube_dial_peer *peer, unsigned i)
{
	const struct cube_server_group *group;

	if(!peer->server_group.tag)
		return i == 0 ? peer->target : NULL;
	group = &conf->server_groups[peer->server_group.index];
	return i < group->n_servers ? &group->servers[i].target : NULL;
}

bool cube_watch_of(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct cube_target *target,
		struct cube_watch *watch)
{
	const struct cube_keepalive *profile;

	if(!peer->keepalive.tag || !cube_dial_takes_out(conf, peer))
		return false;
	profile = &conf->keepalives[peer->keepalive.index];
	watch->tenant = peer->tenant == CUBE_NONE ? 0 : conf->tenants[peer->tenant].tag;
	watch->profile = profile->tag;
	watch->transport = profile->session_transport ? profile->session_transport : peer->session_transport;
	watch->target = *target;
	return true;
}

/* Those of one dial-peer; how many. pairs may be NULL. */
static unsigned peer_pairs(const struct cube_conf *conf, unsigned peer, struct pair *pairs)
{
	const struct cube_dial_peer *p = &conf->dial_peers[peer];
	const struct cube_target *target;
	struct cube_watch watch;
	unsigned i;

	for(i = 0; (target = cube_dial_peer_target(conf, p, i)) && cube_watch_of(conf, p, target, &watch); i++) {
		if(pairs)
			pairs[i] = (struct pair){watch, peer};
	}
	return i;
}

static void fold(const struct pair *pairs, unsigned n, struct cube_watch_list *list)
{
	unsigned i, used = 0;

	for(i = 0; i < n; i++) {
		struct cube_watched *last = list->n ? &list->v[list->n - 1] : NULL;

		if(!last || cube_watch_cmp(&last->watch, &pairs[i].watch) != 0) {
			last = &list->v[list->n++];
			*last = (struct cube_watched){pairs[i].watch, 0, &list->peers[used]};
		} else if(pairs[i].peer == pairs[i - 1].peer) {
			continue; /* twice in its group */
		}
		list->peers[used++] = pairs[i].peer;
		last->n_peers++;
	}
}

int cube_watch_list_make(const struct cube_conf *conf, struct cube_watch_list *list)
{
	struct pair *pairs;
	unsigned i, n = 0;

	*list = (struct cube_watch_list){NULL, 0, NULL};
	for(i = 0; i < conf->n_dial_peers; i++)
		n += peer_pairs(conf, i, NULL);
	if(n == 0)
		return 0;
	pairs = calloc(n, sizeof(*pairs));
	list->v = calloc(n, sizeof(*list->v));
	list->peers = calloc(n, sizeof(*list->peers));
	if(!pairs || !list->v || !list->peers) {
		free(pairs);
		return -1;
	}
	for(i = 0, n = 0; i < conf->n_dial_peers; i++)
		n += peer_pairs(conf, i, pairs + n);
	cube_sort(pairs, n, sizeof(*pairs), cmp_pair);
	fold(pairs, n, list);
	free(pairs);
	return 0;
}

void cube_watch_list_free(struct cube_watch_list *list)
{
	free(list->v);
	free(list->peers);
	*list = (struct cube_watch_list){NULL, 0, NULL};
}
