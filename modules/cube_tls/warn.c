/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ends is looked for by dates alone; a certificate is parsed only to say which one it is. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/dprint.h"

#include "../ksr/event.h"
#include "../ksr/vars.h"
#include "../libcube/tls/expiry.h"
#include "../libcube/tls/trustpoint.h"
#include "conn_rows.h"
#include "sources.h"
#include "warn.h"

#define LOOK_SECONDS 60
#define AT_ONCE 16 /* warnings in one round; the rest waits a second */

static int event_route = -1;
static struct cube_told certs, crls, peers; /* each of them alone: one kind cannot have another's forgotten */

void warn_init(void)
{
	event_route = event_route_of("cube:cert-expiring");
}

static void event_prepare(const void *ctx, sip_msg_t *msg)
{
	const struct cube_expiry *e = ctx;

	ksr_set_text(KSR_USE, cube_str_of(cube_expiry_use_name(e->use)));
	ksr_set_number(KSR_DAYS, cube_days_left(e->not_after, e->now));
	if(e->use != CUBE_EXPIRY_PEER) {
		ksr_set_text(KSR_TRUSTPOINT, e->trustpoint);
		return;
	}
	ksr_set_number(KSR_TENANT, e->tenant);
	ksr_set_text(KSR_PEER_NAME, cube_str_of(e->what));
}

static void say(const struct cube_expiry *e)
{
	static char line[CUBE_EXPIRY_LINE_MAX];

	if(e->stage == 0)
		LM_ERR("%s\n", cube_expiry_line(e, line));
	else
		LM_WARN("%s\n", cube_expiry_line(e, line));
	if(e->stage != CUBE_EXPIRY_EARLY)
		event_run(event_route, event_prepare, e);
}

/* ---- certificates in files */

static const struct cube_cert_set *set_of(const struct cube_trustpoint *tp, enum cube_expiry_use use)
{
	return use == CUBE_EXPIRY_CA ? &tp->ca_set : &tp->own_set;
}

static unsigned count_others(
		const struct cube_conf *conf, unsigned of, enum cube_expiry_use use, const struct cube_cert_span *span)
{
	unsigned i, n = 0;

	for(i = 0; i < conf->n_trustpoints; i++)
		n += i != of && cube_cert_set_has(set_of(&conf->trustpoints[i], use), span->sha256);
	return n;
}

static void cert_say(const struct cube_conf *conf, unsigned i, enum cube_expiry_use use,
		const struct cube_cert_span *span, int stage, int64_t now)
{
	const struct cube_trustpoint *tp = &conf->trustpoints[i];
	struct cube_cert_info info;
	struct cube_expiry e = {.use = use,
			.stage = stage,
			.trustpoint = tp->name,
			.others = count_others(conf, i, use, span),
			.what = info.subject,
			.file = use == CUBE_EXPIRY_CA ? tp->ca : tp->certificate,
			.not_before = span->not_before,
			.not_after = span->not_after,
			.now = now};

	if(!cube_trustpoint_info(tp, use == CUBE_EXPIRY_CA, span->index, &info))
		e.what = "(out of memory for its name)";
	say(&e);
}

/* Returns how many more may be given. */
static int set_check(const struct cube_conf *conf, unsigned i, enum cube_expiry_use use, int64_t now, int left)
{
	const struct cube_cert_set *set = set_of(&conf->trustpoints[i], use);
	struct cube_told_key key;
	unsigned k;

	for(k = 0; k < set->n && left > 0; k++) {
		const struct cube_cert_span *span = &set->v[k];
		int stage = cube_validity_stage(span->not_before, span->not_after, now);

		if(stage == CUBE_EXPIRY_NONE)
			continue;
		memcpy(key.bytes, span->sha256, sizeof(key.bytes));
		if(!cube_told_due(&certs, &key, stage, now))
			continue;
		cert_say(conf, i, use, span, stage, now);
		left--;
	}
	return left;
}

static int certs_check(const struct cube_conf *conf, int64_t now, int left)
{
	unsigned i, use;

	for(use = CUBE_EXPIRY_OWN; use <= CUBE_EXPIRY_CA; use++) {
		for(i = 0; i < conf->n_trustpoints && left > 0; i++)
			left = set_check(conf, i, (enum cube_expiry_use)use, now, left);
	}
	return left;
}

/* ---- CRLs and OCSP responses */

static bool source_due(const struct cube_source_key *source, int64_t until, int stage)
{
	struct cube_told_key key;

	return cube_told_key_of(source, sizeof(*source), until, &key) == 0 && cube_told_due(&crls, &key, stage, time(NULL));
}

static int sources_check(int64_t now, int left)
{
	static struct sources_end list[AT_ONCE];
	static char what[CUBE_FETCH_URL_MAX + 96];
	int i, n = sources_ends(list, left, now, source_due);

	for(i = 0; i < n; i++) {
		struct cube_expiry e = {.use = CUBE_EXPIRY_CRL,
				.stage = list[i].stage,
				.trustpoint = cube_str_of(list[i].trustpoint),
				.what = what,
				.error = list[i].error,
				.not_after = list[i].until,
				.now = now};

		snprintf(what, sizeof(what), "%s of %s from %s", list[i].kind == CUBE_FETCH_CRL ? "CRL" : "OCSP response",
				list[i].issuer_name, list[i].url);
		say(&e);
	}
	return left - n;
}

/* ---- peers that are connected */

static int cmp_row(const void *a, const void *b)
{
	const struct conn_row *x = a, *y = b;
	int cmp = x->tenant != y->tenant ? (x->tenant > y->tenant) - (x->tenant < y->tenant)
									 : strcmp(x->peer_name, y->peer_name);

	return cmp ? cmp : (x->not_after > y->not_after) - (x->not_after < y->not_after);
}

static void peer_say(const struct conn_row *r, int64_t now)
{
	char remote[CUBE_ADDR_TEXT_MAX];
	struct cube_expiry e = {.use = CUBE_EXPIRY_PEER,
			.stage = cube_expiry_stage(r->not_after, now),
			.what = r->peer_name,
			.tenant = r->tenant,
			.remote = cube_addr_text(&r->remote, remote),
			.not_after = r->not_after,
			.now = now};

	say(&e);
}

/* Of a tenant's peers of one name the one that ends first; each such end is told of by itself, so that two certificates of
 * one name that take turns are not told of again and again. */
static int peers_check(int64_t now, int left)
{
	struct conn_row *rows;
	int i, k, n = conn_rows_take(&rows);

	for(i = 0, k = 0; i < n; i++) {
		if(rows[i].done && !rows[i].bad && rows[i].not_after > 0
				&& cube_expiry_stage(rows[i].not_after, now) != CUBE_EXPIRY_NONE)
			rows[k++] = rows[i];
	}
	if(k > 0)
		qsort(rows, (size_t)k, sizeof(*rows), cmp_row);
	for(i = 0; i < k && left > 0; i++) {
		const struct conn_row *r = &rows[i];
		char own[sizeof(r->peer_name) + 16];
		struct cube_told_key key;

		if(i > 0 && r->tenant == r[-1].tenant && strcmp(r->peer_name, r[-1].peer_name) == 0)
			continue;
		snprintf(own, sizeof(own), "%d %s", r->tenant, r->peer_name);
		if(cube_told_key_of(own, strlen(own), r->not_after, &key) < 0
				|| !cube_told_due(&peers, &key, cube_expiry_stage(r->not_after, now), now))
			continue;
		peer_say(r, now);
		left--;
	}
	free(rows);
	return left;
}

void warn_round(const struct cube_snapshot *snapshot)
{
	static unsigned generation;
	static int64_t looked;
	static bool more;
	int64_t now = time(NULL);
	int left = AT_ONCE;

	if(!more && snapshot->generation == generation && now >= looked && now < looked + LOOK_SECONDS)
		return;
	generation = snapshot->generation;
	looked = now;
	left = certs_check(snapshot->conf, now, left);
	left = left > 0 ? sources_check(now, left) : 0;
	left = left > 0 ? peers_check(now, left) : 0;
	more = left == 0;
}
