/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums over what was found. */
#include <string.h>

#include "state.h"

static const char *const versions[CUBE_STATE_VERSIONS] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

const char *cube_state_version(unsigned which)
{
	return versions[which];
}

static struct cube_state_tenant *tenant_of(struct cube_state *s, int tag)
{
	unsigned lo = 0, hi = s->n_tenants;

	while(lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if(s->tenants[mid].tag == tag)
			return &s->tenants[mid];
		if(s->tenants[mid].tag < tag)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void cube_state_count(struct cube_state *s)
{
	for(unsigned i = 0; i < s->n_conns; i++) {
		const struct cube_state_conn *c = &s->conns[i];
		struct cube_state_tenant *t = tenant_of(s, c->tenant);

		if(t == NULL)
			continue; /* its tenant was removed a moment ago */
		t->running[c->role] += !c->done;
		for(unsigned v = 0; v < CUBE_STATE_VERSIONS && c->done; v++)
			t->conns[c->role][v] += strcmp(c->version, versions[v]) == 0;
	}
}

bool cube_state_busy(const struct cube_state_tenant *t, enum cube_role role)
{
	return t->of[role].n[CUBE_COUNT_BEGUN] > 0;
}

uint64_t cube_state_failed(const struct cube_state_tenant *t, enum cube_role role)
{
	uint64_t all = 0;

	for(int i = 0; i < CUBE_TLS_FAILURES; i++)
		all += t->of[role].n[i];
	return all;
}

unsigned cube_state_up(const struct cube_state_tenant *t, enum cube_role role)
{
	unsigned all = 0;

	for(int i = 0; i < CUBE_STATE_VERSIONS; i++)
		all += t->conns[role][i];
	return all;
}
