/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's view of trustpoints: what is known of the revocation of certificates that end in their CAs. What is in
 * the table is copied under its lock and written out afterwards. */
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

static const struct cube_tenant_api *tenant;

void sources_rpc_init(const struct cube_tenant_api *api)
{
	tenant = api;
}

/* An entry without its issuer's certificate. */
struct row
{
	struct entry e;
	uint32_t entries; /* of a CRL */
	int64_t this_update, until;
	char url[CUBE_FETCH_URL_MAX];
};

static void row_fill(struct row *r, const struct entry *e)
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

/* All sources; for free(). NULL with *n 0: none; with *n -1: memory is out. */
static struct row *rows_take(int *n)
{
	struct row *rows;
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

static const char *state(const struct row *r, int64_t now)
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

static int row_add(rpc_t *rpc, void *list, const struct row *r, int64_t now)
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
	return rpc->struct_add(row, "ss", "serial", cube_serial_text(&r->e.serial, serial), "stapled", r->e.response ? "yes" : "no");
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
static bool concerns(const struct row *r, const struct cube_trustpoint *tp)
{
	struct cube_str configured = r->e.source.kind == CUBE_FETCH_CRL ? tp->crl : tp->ocsp_url;

	if(r->e.own && cube_str_eq(cube_str_of(r->e.trustpoint), tp->name))
		return true;
	if(!has_method(tp, r->e.source.kind) || !cube_trustpoint_has_ca(tp, r->e.anchor))
		return false;
	return r->e.configured ? cube_str_eq(cube_str_of(r->url), configured) : true;
}

static void methods_text(const struct cube_trustpoint *tp, char text[64])
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

static int trustpoint_add(
		rpc_t *rpc, void *ctx, const struct cube_trustpoint *tp, const struct row *rows, int n, int64_t now)
{
	str name = ksr_str(tp->name);
	char methods[64];
	void *s, *list;
	int i;

	methods_text(tp, methods);
	if(rpc->add(ctx, "{", &s) < 0
			|| rpc->struct_add(s, "Ss[", "trustpoint", &name, "revocation-check", methods, "sources", &list) < 0)
		return -1;
	for(i = 0; i < n; i++) {
		if(concerns(&rows[i], tp) && row_add(rpc, list, &rows[i], now) < 0)
			return -1;
	}
	return 0;
}

static const char *trustpoints_doc[] = {
		"The trustpoints (all, or the one that is named): revocation-check, and of each CRL and OCSP response its "
		"state, "
		"from when and until when it holds, the last attempt to fetch it, its error and the next one",
		NULL};

static void rpc_trustpoints(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *snapshot = tenant->acquire();
	str only = {NULL, 0};
	struct row *rows;
	bool found = false;
	unsigned i;
	int n;

	if(!snapshot) {
		rpc->fault(ctx, 500, "no configuration is running");
		return;
	}
	if(rpc->scan(ctx, "*S", &only) < 1)
		only.len = 0;
	rows = rows_take(&n);
	if(n < 0)
		rpc->fault(ctx, 500, "out of memory for the list of CRLs and OCSP responses");
	for(i = 0; i < snapshot->conf->n_trustpoints && n >= 0; i++) {
		const struct cube_trustpoint *tp = &snapshot->conf->trustpoints[i];

		if(only.len > 0 && !cube_str_eq(ksr_cube_str(only), tp->name))
			continue;
		found = true;
		if(trustpoint_add(rpc, ctx, tp, rows, n, time(NULL)) < 0)
			break;
	}
	if(only.len > 0 && !found && n >= 0)
		rpc->fault(ctx, 404, "trustpoint %.*s: there is none of that name", only.len, only.s);
	free(rows);
	tenant->release(snapshot);
}

static const char *crl_request_doc[] = {
		"Fetches all CRLs, and asks again for all OCSP responses, at once instead of when they are due", NULL};

static void rpc_crl_request(rpc_t *rpc, void *ctx)
{
	rpc->add(ctx, "d", sources_request());
}

/* clang-format off */
rpc_export_t sources_rpc[] = {
	{"cube_tls.trustpoints", rpc_trustpoints, trustpoints_doc, RPC_RET_ARRAY},
	{"cube_tls.crl_request", rpc_crl_request, crl_request_doc, 0},
	{0, 0, 0, 0}
};
/* clang-format on */
