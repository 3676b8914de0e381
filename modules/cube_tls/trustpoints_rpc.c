/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's view of trustpoints: certificates, CAs, and what is known of revocation. */
#include <stdlib.h>
#include <string.h>
#include <time.h>


#include "../libcube/conf/index.h"
#include "../libcube/tls/expiry.h"
#include "../libcube/tls/signed.h"
#include "../libcube/tls/trustpoint.h"
#include "sources.h"
#include "sources_rpc.h"
#include "trustpoints_rpc.h"

#define ROW_BYTES 900  /* of a trustpoint without its lists, at the most */
#define CERT_BYTES 250 /* of a certificate, beside its texts */
#define REMEDY_NAME "kamcmd's socket carries no more: ask by name, or over JSON-RPC"
#define REMEDY "kamcmd's socket carries no more: ask over JSON-RPC"

static const struct cube_tenant_api *tenant;

void trustpoints_rpc_init(const struct cube_tenant_api *api)
{
	tenant = api;
}

/* One answer. */
struct answer
{
	rpc_t *rpc;
	void *ctx;
	const struct cube_conf *conf;
	const struct source_row *sources;
	int n_sources;
	int64_t now;
	size_t room;
	/* the certificate that was described last: a thousand trustpoints may have one bundle */
	const char *file;
	unsigned index;
	struct cube_cert_info info;
};

static const struct cube_cert_info *info_of(
		struct answer *a, const struct cube_trustpoint *tp, enum cube_expiry_use use, const struct cube_cert_span *span)
{
	const char *file = use == CUBE_EXPIRY_CA ? tp->ca_pem.data : tp->certificate_pem.data;

	if(a->file == file && a->index == span->index)
		return &a->info;
	a->file = NULL;
	if(!cube_trustpoint_info(tp, use == CUBE_EXPIRY_CA, span->index, &a->info))
		return NULL;
	a->file = file;
	a->index = span->index;
	return &a->info;
}

static int first_end_add(struct answer *a, void *s, const struct cube_trustpoint *tp)
{
	const struct cube_cert_span *own = cube_cert_set_first_end(&tp->own_set);
	const struct cube_cert_span *ca = cube_cert_set_first_end(&tp->ca_set);
	enum cube_expiry_use use = !own || (ca && ca->not_after < own->not_after) ? CUBE_EXPIRY_CA : CUBE_EXPIRY_OWN;
	const struct cube_cert_span *first = use == CUBE_EXPIRY_CA ? ca : own;
	const struct cube_cert_info *info = first ? info_of(a, tp, use, first) : NULL;
	char when[32];

	if(!info)
		return 0;
	return a->rpc->struct_add(s, "sdss", "first-end", cube_time_text(first->not_after, when), "first-end-days-left",
			cube_days_left(first->not_after, a->now), "first-end-use", cube_expiry_use_name(use), "first-end-subject",
			info->subject);
}

/* What is said without a name, too. */
static void *summary_add(struct answer *a, const struct cube_trustpoint *tp)
{
	str name = ksr_str(tp->name);
	int n, bad;
	void *s;

	n = source_rows_count(a->sources, a->n_sources, tp, &bad);
	if(a->rpc->add(a->ctx, "{", &s) < 0
			|| a->rpc->struct_add(s, "Sdd", "trustpoint", &name, "certificate-count", (int)tp->own_set.n, "ca-count",
					   (int)tp->ca_set.n)
					   < 0
			|| first_end_add(a, s, tp) < 0
			|| a->rpc->struct_add(s, "dd", "source-count", n, "sources-not-good", bad) < 0)
		return NULL;
	return s;
}

static size_t cert_bytes(const struct cube_cert_info *i)
{
	return CERT_BYTES + strlen(i->subject) + strlen(i->names) + strlen(i->issuer) + strlen(i->serial) + strlen(i->key);
}

static int cert_add(struct answer *a, void *list, X509 *cert)
{
	char before[32], after[32];
	struct cube_cert_info i;
	void *row;

	cube_cert_info(cert, &i);
	if(cert_bytes(&i) > a->room || a->rpc->array_add(list, "{", &row) < 0)
		return -1;
	a->room -= cert_bytes(&i);
	return a->rpc->struct_add(row, "sssssssd", "subject", i.subject, "names", i.names, "issuer", i.issuer, "serial",
			i.serial, "key", i.key, "not-before", cube_time_text(i.not_before, before), "not-after",
			cube_time_text(i.not_after, after), "days-left", cube_days_left(i.not_after, a->now));
}

/* Frees certs. Returns how many there was no room for. */
static int certs_add(struct answer *a, void *s, const char *name, STACK_OF(X509) * certs)
{
	int i, more = 0, n = sk_X509_num(certs);
	void *list;
	bool ok = a->rpc->struct_add(s, "[", name, &list) >= 0;

	for(i = 0; i < n; i++)
		more += !ok || cert_add(a, list, sk_X509_value(certs, i)) < 0;
	sk_X509_pop_free(certs, X509_free);
	return more;
}

static void all_add(struct answer *a, const struct cube_trustpoint *tp)
{
	void *s = summary_add(a, tp), *list;
	char methods[64];
	int more = 0;

	source_methods_text(tp, methods);
	if(!s || a->rpc->struct_add(s, "s[", "revocation-check", methods, "sources", &list) < 0)
		return;
	more = source_rows_add(a->rpc, list, a->sources, a->n_sources, tp, &a->room);
	if(tp->own_set.n > 0)
		more += certs_add(a, s, "certificates", cube_trustpoint_chain(tp, NULL));
	if(tp->ca_set.n > 0)
		more += certs_add(a, s, "ca", cube_trustpoint_cas(tp));
	if(more > 0)
		a->rpc->struct_add(s, "ds", "more", more, "remedy", REMEDY);
}

static void each_add(struct answer *a)
{
	unsigned i;
	int more = 0;
	void *s;

	for(i = 0; i < a->conf->n_trustpoints; i++) {
		if(a->room < ROW_BYTES || !summary_add(a, &a->conf->trustpoints[i]))
			more++;
		else
			a->room -= ROW_BYTES;
	}
	if(more > 0 && a->rpc->add(a->ctx, "{", &s) == 0)
		a->rpc->struct_add(s, "ds", "more", more, "remedy", REMEDY_NAME);
}

static const char *trustpoints_doc[] = {
		"The trustpoints: how many certificates and CAs each has, which of them ends first and when, how many CRLs and "
		"OCSP responses it has and how many are not good. With a name: each certificate of its chain and its CAs, "
		"revocation-check, and of each CRL and OCSP response its state, from when and until when it holds, the last "
		"attempt to fetch it, its error and the next one",
		NULL};

static void rpc_trustpoints(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *snapshot = tenant->acquire();
	struct answer a = {.rpc = rpc, .ctx = ctx, .now = time(NULL), .room = ksr_rpc_room()};
	int at = CUBE_NONE;
	struct source_row *rows;
	str only = {NULL, 0};

	if(!snapshot) {
		rpc->fault(ctx, 500, "no configuration is running");
		return;
	}
	if(rpc->scan(ctx, "*.S", &only) < 1)
		only.len = 0;
	rows = source_rows_take(true, &a.n_sources);
	a.sources = rows;
	a.conf = snapshot->conf;
	if(only.len > 0)
		at = cube_index_trustpoint(a.conf, ksr_cube_str(only));
	if(a.n_sources < 0)
		rpc->fault(ctx, 500, "out of memory for the list of CRLs and OCSP responses");
	else if(only.len > 0 && at == CUBE_NONE)
		rpc->fault(ctx, 404, "trustpoint %.*s: there is none of that name", only.len, only.s);
	else if(at != CUBE_NONE)
		all_add(&a, &a.conf->trustpoints[at]);
	else
		each_add(&a);
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
rpc_export_t trustpoints_rpc[] = {
	{"cube_tls.trustpoints", rpc_trustpoints, trustpoints_doc, RPC_RET_ARRAY},
	{"cube_tls.crl_request", rpc_crl_request, crl_request_doc, 0},
	{0, 0, 0, 0}
};
/* clang-format on */
