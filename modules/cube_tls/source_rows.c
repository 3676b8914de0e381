/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table is copied under its lock, a part at a time, so that no handshake waits for long: what is found is no single
 * moment's. CRLs are looked at there alone. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libcube/conf/names.h"
#include "../libcube/tls/trustpoint.h"
#include "source_rows.h"

#define BUCKETS_AT_ONCE 64
#define ROWS_FIRST 64

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

struct rows
{
	struct source_row *v;
	size_t n, size;
	bool peers;
	int64_t now;
};

/* Some buckets from at on, which is moved. False: there is no room for all of the next one. */
static bool part_take(struct rows *rows, unsigned *at)
{
	unsigned end = *at + BUCKETS_AT_ONCE;
	const struct entry *e = NULL;
	size_t n;

	lock_get(&sources->lock);
	for(; *at < end && *at < SOURCES_BUCKETS; (*at)++) {
		n = rows->n;
		for(e = sources->bucket[*at]; e && n < rows->size; e = e->next) {
			if(wanted(e, rows->peers))
				row_fill(&rows->v[n++], e, rows->now);
		}
		if(e)
			break;
		rows->n = n;
	}
	lock_release(&sources->lock);
	return !e;
}

static int rows_grow(struct rows *rows)
{
	size_t size = rows->size ? 2 * rows->size : ROWS_FIRST;
	struct source_row *more = realloc(rows->v, size * sizeof(*more));

	if(!more)
		return -1;
	rows->v = more;
	rows->size = size;
	return 0;
}

struct source_row *source_rows_take(bool peers, int *n)
{
	struct rows rows = {.peers = peers, .now = time(NULL)};
	unsigned at = 0;

	while(at < SOURCES_BUCKETS) {
		if(!part_take(&rows, &at) && rows_grow(&rows) < 0) {
			free(rows.v);
			*n = -1;
			return NULL;
		}
	}
	*n = (int)rows.n;
	return rows.v;
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
