/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of the process that fetches. It alone starts cube-fetch and puts in what that brings; what a peer stapled is put in
 * by whoever runs the handshake (sources.h). It is no SIP worker: no message waits until it has time for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"

#include "../libcube/tls/trustpoint.h"
#include "close.h"
#include "conn.h"
#include "conn_walk.h"
#include "fetcher.h"
#include "refresh.h"

#define ROWS_FIRST 256
#define CLEAN_SECONDS 60
#define WATCH_SECONDS 5
#define CRL_AHEAD_MAX 16 /* CAs of a trustpoint whose CRL is fetched before anybody asks */

static const struct cube_tenant_api *tenant;
static char cache_dir[CUBE_FETCH_URL_MAX - 64]; /* "": there is none; this process's own */

/* ---- connections of peers that are revoked by now */

struct relying
{
	int id, tenant;
	struct cube_addr local, remote;
	struct cube_checks checks;
	char peer_name[128];
};

static void relying_fill(struct relying *r, const struct tcp_connection *c, const struct cube_conn *conn)
{
	r->id = c->id;
	r->tenant = conn->tenant_tag;
	r->local = (struct cube_addr){ksr_cube_ip(&c->rcv.dst_ip), c->rcv.dst_port};
	r->remote = conn->remote;
	r->checks = conn->peer.checks;
	memcpy(r->peer_name, conn->peer_name, sizeof(r->peer_name));
}

/* Their copies; grows, and is kept for the next time. */
struct rows
{
	const struct cube_source_key *of; /* of those that rely on this source; NULL: of all */
	struct relying *v;
	int n, size;
};

static struct relying *row_new(struct rows *rows)
{
	int size = rows->size ? 2 * rows->size : ROWS_FIRST;
	struct relying *more;

	if(rows->n == rows->size) {
		more = realloc(rows->v, (size_t)size * sizeof(*more));
		if(!more)
			return NULL;
		rows->v = more;
		rows->size = size;
	}
	return &rows->v[rows->n++];
}

static bool relies(const struct cube_checks *checks, const struct cube_source_key *of)
{
	bool found = !of && checks->n > 0;
	unsigned i;

	for(i = 0; i < checks->n && !found; i++)
		found = memcmp(&checks->v[i].source, of, sizeof(*of)) == 0;
	return found;
}

static void row_take(struct tcp_connection *c, void *arg)
{
	const struct cube_conn *conn = conn_get(c);
	struct rows *rows = arg;
	struct relying *r;

	if(conn && conn->done && c->state != S_CONN_BAD && relies(&conn->peer.checks, rows->of) && (r = row_new(rows)))
		relying_fill(r, c, conn);
}

static void revoked_close(const struct relying *r, const char *by)
{
	char local[CUBE_ADDR_TEXT_MAX], remote[CUBE_ADDR_TEXT_MAX];

	if(close_cleared(r->id) == 0)
		LM_ERR("tenant %d: connection %d between %s and %s closed: the peer's certificate (%s), or a CA's in its "
			   "chain, is revoked by %s\n",
				r->tenant, r->id, cube_addr_text(&r->local, local), cube_addr_text(&r->remote, remote), r->peer_name,
				by);
}

/* of NULL: all of them, to keep in use what they rely on. */
static void connections_review(const struct cube_source_key *of)
{
	static struct rows rows;
	char by[CUBE_SOURCE_TEXT_MAX];
	int at = 0, i;

	rows.of = of;
	rows.n = 0;
	while(conn_walk(&at, row_take, &rows)) {
		for(i = 0; i < rows.n; i++) {
			if(sources_revoked(&rows.v[i].checks, by))
				revoked_close(&rows.v[i], by);
		}
		rows.n = 0;
	}
}

/* ---- fetches */

static void cache_path(const struct sources_job *job, char path[CUBE_FETCH_URL_MAX])
{
	char name[2 * CUBE_SOURCE_KEY_LEN + 1];
	int i;

	path[0] = '\0';
	if(job->kind != CUBE_FETCH_CRL || !cache_dir[0] || !cube_fetch_url_ok(cube_str_of(job->url)))
		return;
	for(i = 0; i < CUBE_SOURCE_KEY_LEN; i++)
		snprintf(name + 2 * i, 3, "%02x", job->key.bytes[i]);
	snprintf(path, CUBE_FETCH_URL_MAX, "%s/%s.crl", cache_dir, name);
}

static void took_crl(const struct fetched *f, struct sources_brought *brought)
{
	struct cube_crl *crl = shm_malloc(f->reply->data_len);

	if(!crl) {
		sources_failed(&f->key, "out of shared memory (start Kamailio with a larger -m)", false);
		return;
	}
	memcpy(crl, f->data, f->reply->data_len);
	brought->crl = crl;
	if(sources_took(&f->key, brought))
		connections_review(&f->key);
}

static void ended(const struct fetched *f)
{
	struct sources_brought brought = {.text = f->text, .slow = f->ms > SOURCES_WAIT_MS};

	if(!f->reply || !f->reply->ok) {
		if(f->cached)
			sources_again(&f->key);
		else
			sources_failed(&f->key, f->text, brought.slow);
		return;
	}
	if(f->reply->kind == CUBE_FETCH_CRL) {
		took_crl(f, &brought);
		if(f->cached)
			sources_again(&f->key);
		return;
	}
	brought.ocsp = &f->reply->ocsp;
	brought.response = f->data;
	brought.len = f->reply->data_len;
	if(sources_took(&f->key, &brought) && brought.ocsp->status == CUBE_OCSP_REVOKED)
		connections_review(&f->key);
}

/* 0: it is not there. Not under a lock: its disk may hang. */
static int64_t file_stamp(const char *path)
{
	struct stat st;

	if(stat(path, &st) != 0)
		return 0;
	return st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec + st.st_size + (int64_t)st.st_ino;
}

/* Of addresses that are slow only so many at a time that the others always find room. */
static bool slow_permitted(void)
{
	return fetcher_running() < FETCHERS / 2;
}

/* Starts what is due. Milliseconds until there may be more. */
static int fetch_due(void)
{
	static struct sources_job job;
	char cache[CUBE_FETCH_URL_MAX];
	int ms = 0;

	while(fetcher_running() < FETCHERS
			&& (ms = sources_next(time(NULL), slow_permitted(), fetcher_place_full, &job)) == 0) {
		cache_path(&job, cache);
		if(!cube_fetch_url_ok(cube_str_of(job.url)))
			sources_file_read(&job.key, file_stamp(job.url));
		if(job.cached && (!cache[0] || access(cache, R_OK) != 0))
			job.cached = false;
		if(job.cached) {
			memcpy(job.url, cache, sizeof(job.url));
			cache[0] = '\0';
		}
		if(!fetcher_start(&job, cache))
			sources_failed(&job.key, "cube-fetch cannot be started", false);
	}
	return ms > 0 ? ms : 100;
}

/* ---- what the configuration wants before anybody asks */

static void want(unsigned generation, const struct cube_trustpoint *tp, enum cube_fetch_kind kind, const char *url,
		X509 *issuer, X509 *cert)
{
	struct cube_question q = {.kind = kind,
			.url = url,
			.configured = kind == CUBE_FETCH_CRL || tp->ocsp_url.len > 0,
			.issuer = issuer,
			.anchor = issuer,
			.trustpoint = tp->name};

	if(cert && !cube_serial_of(X509_get0_serialNumber(cert), &q.serial))
		return;
	if(cube_source_key_of(kind, q.configured, issuer, url, cert ? &q.serial : NULL, &q.key) == 0)
		sources_want(&q, generation);
}

static void want_own(unsigned generation, const struct cube_trustpoint *tp)
{
	char url[CUBE_FETCH_URL_MAX];
	X509 *cert, *issuer;

	if(!cube_trustpoint_responder(tp, &cert, &issuer, url))
		return;
	want(generation, tp, CUBE_FETCH_OCSP, url, issuer, cert);
	X509_free(cert);
	X509_free(issuer);
}

static void want_crls(unsigned generation, const struct cube_trustpoint *tp)
{
	STACK_OF(X509) *ca = tp->crl.len > 0 ? cube_trustpoint_cas(tp) : NULL;
	int i;

	for(i = 0; i < sk_X509_num(ca) && sk_X509_num(ca) <= CRL_AHEAD_MAX; i++)
		want(generation, tp, CUBE_FETCH_CRL, tp->crl.s, sk_X509_value(ca, i), NULL);
	sk_X509_pop_free(ca, X509_free);
}

static void cache_use(const char *dir)
{
	if(strlen(dir) < sizeof(cache_dir) && (mkdir(dir, 0755) == 0 || errno == EEXIST) && access(dir, W_OK | X_OK) == 0) {
		snprintf(cache_dir, sizeof(cache_dir), "%s", dir);
		return;
	}
	cache_dir[0] = '\0';
	LM_NOTICE("sip-ua: crl-cache %s: %s; CRLs are not kept on disk, and after a restart each one is fetched before its "
			  "first peer is accepted\n",
			dir, strerror(errno));
}

static void configuration_follow(void)
{
	static unsigned known;
	struct cube_snapshot *s = tenant->acquire();
	unsigned i;

	if(!s)
		return;
	if(s->generation != known) {
		known = s->generation;
		cache_use(s->conf->sip_ua.crl_cache.s);
		for(i = 0; i < s->conf->n_trustpoints; i++) {
			want_own(known, &s->conf->trustpoints[i]);
			want_crls(known, &s->conf->trustpoints[i]);
		}
		sources_unwant(known);
	}
	tenant->release(s);
}

/* A CRL in a file is read again when somebody has replaced it. */
static void files_watch(void)
{
	struct sources_file *files;
	int64_t stamp;
	int i, n = sources_files(&files);

	for(i = 0; i < n; i++) {
		if((stamp = file_stamp(files[i].path)) != 0)
			sources_file_is(&files[i].key, stamp);
	}
	free(files);
}

/* Has another span of seconds passed since *last? A clock that was set counts as one. */
static bool passed(int64_t *last, int64_t seconds)
{
	int64_t now = time(NULL);

	if(now >= *last && now < *last + seconds)
		return false;
	*last = now;
	return true;
}

static void loop(void)
{
	int64_t cleaned = time(NULL), watched = 0;
	int ms;

	for(;;) {
		cfg_update();
		configuration_follow();
		ms = fetch_due();
		fetcher_wait(sources_bell(), ms, ended);
		if(passed(&watched, WATCH_SECONDS))
			files_watch();
		if(passed(&cleaned, CLEAN_SECONDS)) {
			connections_review(NULL);
			sources_clean(cleaned);
		}
	}
}

int refresh_init(const struct cube_tenant_api *api)
{
	tenant = api;
	if(fetcher_init() < 0 || register_procs(1) < 0)
		return -1;
	cfg_register_child(1);
	return 0;
}

int refresh_start(void)
{
	int pid = fork_process(PROC_TIMER, "cube_tls revocation", 1);

	if(pid < 0) {
		LM_ERR("the process that fetches CRLs and OCSP responses cannot be started\n");
		return -1;
	}
	if(pid > 0)
		return 0;
	if(cfg_child_init() < 0)
		return -1;
	loop();
	return 0;
}
