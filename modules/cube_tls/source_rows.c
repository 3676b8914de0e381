/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table is copied under its lock, and its CRLs are looked at there alone. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libcube/conf/names.h"
#include "../libcube/tls/trustpoint.h"
#include "source_rows.h"

static void row_fill(struct source_row *r, const struct entry *e, int64_t now)
{
	memcpy(&r->e, e, sizeof(r->e));
	memcpy(r->url, e->data, e->url_len + 1);
	r->state = cube_source_state(&e->source, now);
	r->until = cube_source_until(&e->source);
	if(e->source.kind == CUBE_FETCH_CRL) {
		r->entries = e->source.crl ? e->source.crl->n : 0;
		r->this_update = e->source.crl ? e->source.crl->this_update : 0;
	} else {
		r->entries = 0;
		r->this_update = e->source.ocsp_known ? e->source.ocsp.this_update : 0;
	}
}

static bool wanted(const struct entry *e, bool peers)
{
	return peers || e->own || e->source.kind == CUBE_FETCH_CRL;
}

static size_t count(bool peers)
{
	const struct entry *e;
	size_t n = 0;
	unsigned i;

	for(i = 0; i < SOURCES_BUCKETS; i++) {
		for(e = sources->bucket[i]; e; e = e->next)
			n += wanted(e, peers);
	}
	return n;
}

struct source_row *source_rows_take(bool peers, int *n)
{
	int64_t now = time(NULL);
	struct source_row *rows;
	const struct entry *e;
	size_t all, k = 0;
	unsigned i;

	lock_get(&sources->lock);
	all = count(peers);
	rows = all ? malloc(all * sizeof(*rows)) : NULL;
	for(i = 0; i < SOURCES_BUCKETS && rows; i++) {
		for(e = sources->bucket[i]; e; e = e->next) {
			if(wanted(e, peers))
				row_fill(&rows[k++], e, now);
		}
	}
	lock_release(&sources->lock);
	*n = all && !rows ? -1 : (int)k;
	return rows;
}

bool source_row_concerns(const struct source_row *r, const struct cube_trustpoint *tp)
{
	bool crl = r->e.source.kind == CUBE_FETCH_CRL;
	struct cube_str configured = crl ? tp->crl : tp->ocsp_url;

	if(r->e.own && cube_str_eq(cube_str_of(r->e.trustpoint), tp->name))
		return true;
	if(!cube_revocation_asked(tp, crl ? CUBE_REVOCATION_CRL : CUBE_REVOCATION_OCSP)
			|| !cube_cert_set_has(&tp->ca_set, r->e.anchor))
		return false;
	return r->e.configured ? cube_str_eq(cube_str_of(r->url), configured) : true;
}
