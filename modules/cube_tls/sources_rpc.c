/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of revocation, as the operator sees it. What is in the table is copied under its lock and written out
 * afterwards. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/dprint.h"

#include "../libcube/conf/names.h"
#include "../libcube/tls/certinfo.h"
#include "../libcube/tls/signed.h"
#include "../libcube/tls/trustpoint.h"
#include "sources_private.h"
#include "sources_rpc.h"

#define SOURCE_BYTES (CUBE_FETCH_URL_MAX + 700) /* of an answer, at the most */

/* An entry without its issuer's certificate. */
struct source_row
{
	struct entry e;
	uint32_t entries; /* of a CRL */
	int64_t this_update, until;
	char url[CUBE_FETCH_URL_MAX];
};

static void row_fill(struct source_row *r, const struct entry *e)
{
	memcpy(&r->e, e, sizeof(r->e));
	memcpy(r->url, e->data, e->url_len + 1);
	r->until = cube_source_until(&e->source);
	if(e->source.kind == CUBE_FETCH_CRL) {
		r->entries = e->source.crl ? e->source.crl->n : 0;
		r->this_update = e->source.crl ? e->source.crl->this_update : 0;
	} else {
		r->this_update = e->source.ocsp_known ? e->source.ocsp.this_update : 0;
	}
}

struct source_row *source_rows_take(int *n)
{
	struct source_row *rows;
	struct entry *e;
	unsigned i, k = 0;

	lock_get(&sources->lock);
	rows = sources->n ? malloc(sources->n * sizeof(*rows)) : NULL;
	*n = sources->n && !rows ? -1 : 0;
	for(i = 0; i < SOURCES_BUCKETS && rows; i++) {
		for(e = sources->bucket[i]; e && k < sources->n; e = e->next)
			row_fill(&rows[k++], e);
	}
	lock_release(&sources->lock);
	if(rows)
		*n = (int)k;
	return rows;
}

static const char *state(const struct source_row *r, int64_t now)
{
	const struct cube_source *s = &r->e.source;

	if(s->kind == CUBE_FETCH_OCSP && s->ocsp_known && s->ocsp.status == CUBE_OCSP_REVOKED)
		return "revoked";
	if(r->until == 0)
		return s->tried ? "failed" : "waiting";
	if(r->until <= now)
		return "out of date";
	if(s->kind == CUBE_FETCH_OCSP && s->ocsp.status == CUBE_OCSP_UNKNOWN)
		return "unknown";
	return "good";
}

static const char *when(int64_t seconds, char buf[32])
{
	return seconds > 0 ? cube_time_text(seconds, buf) : "";
}

static int row_add(rpc_t *rpc, void *list, const struct source_row *r, int64_t now)
{
	char this_update[32], until[32], tried[32], due[32], serial[2 * CUBE_SERIAL_LEN + 1];
	const struct cube_source *s = &r->e.source;
	void *row;

	if(rpc->array_add(list, "{", &row) < 0)
		return -1;
	if(rpc->struct_add(row, "sssssssss", "kind", s->kind == CUBE_FETCH_CRL ? "crl" : "ocsp", "issuer", r->e.issuer_name,
			   "from", r->url, "state", state(r, now), "this-update", when(r->this_update, this_update), "next-update",
			   when(r->until, until), "tried", when(s->tried, tried), "next-try",
			   r->e.fetching ? "now" : when(s->due, due), "error", s->error)
			< 0)
		return -1;
	if(s->kind == CUBE_FETCH_CRL)
		return rpc->struct_add(row, "d", "entries", (int)r->entries);
	return rpc->struct_add(
			row, "ss", "serial", cube_serial_text(&r->e.serial, serial), "stapled", r->e.response ? "yes" : "no");
}

static bool has_method(const struct cube_trustpoint *tp, enum cube_fetch_kind kind)
{
	enum cube_revocation method = kind == CUBE_FETCH_CRL ? CUBE_REVOCATION_CRL : CUBE_REVOCATION_OCSP;
	unsigned i;

	for(i = 0; i < tp->n_revocation; i++) {
		if(tp->revocation[i] == method)
			return true;
	}
	return false;
}

/* Is it a source for certificates that this trustpoint verifies, or for its own? */
static bool concerns(const struct source_row *r, const struct cube_trustpoint *tp)
{
	struct cube_str configured = r->e.source.kind == CUBE_FETCH_CRL ? tp->crl : tp->ocsp_url;

	if(r->e.own && cube_str_eq(cube_str_of(r->e.trustpoint), tp->name))
		return true;
	if(!has_method(tp, r->e.source.kind) || !cube_trustpoint_has_ca(tp, r->e.anchor))
		return false;
	return r->e.configured ? cube_str_eq(cube_str_of(r->url), configured) : true;
}

void source_methods_text(const struct cube_trustpoint *tp, char text[64])
{
	size_t used = 0;
	unsigned i;

	text[0] = '\0';
	for(i = 0; i < tp->n_revocation; i++)
		used += (size_t)snprintf(text + used, 64 - used, "%s%s", i ? " " : "",
				cube_revocation_name((enum cube_revocation)tp->revocation[i]));
	if(!tp->revocation_given)
		snprintf(text + used, 64 - used, " (default)");
}

int source_rows_count(const struct source_row *rows, int n, const struct cube_trustpoint *tp, int64_t now, int *bad)
{
	int i, count = 0;

	*bad = 0;
	for(i = 0; i < n; i++) {
		if(!concerns(&rows[i], tp))
			continue;
		count++;
		*bad += strcmp(state(&rows[i], now), "good") != 0;
	}
	return count;
}

int source_rows_add(rpc_t *rpc, void *list, const struct source_row *rows, int n, const struct cube_trustpoint *tp,
		int64_t now, size_t *room)
{
	int i, more = 0;

	for(i = 0; i < n; i++) {
		if(!concerns(&rows[i], tp))
			continue;
		if(*room < SOURCE_BYTES || row_add(rpc, list, &rows[i], now) < 0)
			more++;
		else
			*room -= SOURCE_BYTES;
	}
	return more;
}
