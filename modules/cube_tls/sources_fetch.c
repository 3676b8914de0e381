/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of sources, as the process that fetches works on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"

#include "../libcube/tls/certinfo.h"
#include "../libcube/tls/signed.h"
#include "sources_private.h"

#define IDLE_SECONDS 600 /* an OCSP answer that nobody asked for so long is not asked for again */
#define KEEP_OCSP 3600	 /* seconds without use after which it is dropped */
#define KEEP_CRL (24 * 3600)
#define SLOW_SECONDS 330 /* longer than between two attempts */
#define LOOK_MS 1000	 /* at the most between two looks at the table */

static bool in_use(const struct entry *e, int64_t now)
{
	return e->own || e->source.kind == CUBE_FETCH_CRL || e->used > now - IDLE_SECONDS;
}

static bool is_due(const struct entry *e, int64_t now)
{
	return !e->fetching && (e->source.due <= now || (e->wanted && e->source.tried == 0)) && in_use(e, now);
}

/* Whom to serve first: who waits, then the longest due. */
static bool before(const struct entry *a, const struct entry *b)
{
	return a->wanted != b->wanted ? a->wanted : a->source.due < b->source.due;
}

static void fill(struct sources_job *job, struct entry *e)
{
	e->fetching = true;
	e->again = false;
	job->key = e->key;
	job->kind = e->source.kind;
	job->serial = e->serial;
	job->cached = e->source.kind == CUBE_FETCH_CRL && !e->cached && cube_fetch_url_ok(cube_str_of(e->data));
	e->cached = true;
	memcpy(job->url, e->data, e->url_len + 1);
	memcpy(job->place, e->configured ? "" : e->data, e->configured ? 1 : e->url_len + 1);
	job->issuer_len = e->issuer_len;
	memcpy(job->issuer, e->data + e->url_len + 1, e->issuer_len);
}

int sources_next(int64_t now, bool slow, bool (*busy)(const char *url), struct sources_job *job)
{
	struct entry *e, *best = NULL;
	int i;

	lock_get(&sources->lock);
	for(i = 0; i < SOURCES_BUCKETS; i++) {
		for(e = sources->bucket[i]; e; e = e->next) {
			if(!is_due(e, now) || (best && !before(e, best)))
				continue;
			if((slow || !sources_url_slow(e->data, now)) && !busy(e->data))
				best = e;
		}
	}
	if(best)
		fill(job, best);
	lock_release(&sources->lock);
	return best ? 0 : LOOK_MS;
}

/* What is said of a source in the log. */
struct said
{
	char what[CUBE_FETCH_URL_MAX + 256];
	char until[32];
	bool any; /* something is known */
};

static void describe(struct said *said, const struct entry *e)
{
	snprintf(said->what, sizeof(said->what), "trustpoint %s: %s of %s from %s", e->trustpoint,
			e->source.kind == CUBE_FETCH_CRL ? "CRL" : "OCSP response", e->issuer_name, e->data);
	cube_time_text(cube_source_until(&e->source), said->until);
	said->any = cube_source_until(&e->source) > 0;
}

static void fetch_ended(struct entry *e)
{
	e->fetching = e->wanted = false;
	if(e->again)
		e->source.due = 0;
}

static void replace_response(struct entry *e, const unsigned char *response, size_t len)
{
	unsigned char *copy = e->own ? shm_malloc(len) : NULL;

	if(e->response)
		shm_free(e->response);
	e->response = copy;
	e->response_len = copy ? len : 0;
	if(copy)
		memcpy(copy, response, len);
}

/* With the lock held. How what was brought changes what is known. What is not needed any more is left in *crl. */
static bool take(struct entry *e, const struct sources_brought *b, int64_t now, struct cube_crl **crl)
{
	unsigned failures = e->source.failures;
	struct cube_crl *old = NULL;
	bool changed = false;

	if(*crl && cube_source_take_crl(&e->source, *crl, now, &old)) {
		changed = !old || old->this_update != (*crl)->this_update;
		*crl = old;
	} else if(!*crl && cube_source_take_ocsp(&e->source, b->ocsp, now)) {
		replace_response(e, b->response, b->len);
		changed = true;
	}
	if(b->text[0] && e->source.failures == 0) { /* it is the one from the cache: one more attempt in vain */
		e->source.failures = failures;
		cube_source_failed(&e->source, b->text, now);
	}
	return changed;
}

bool sources_took(const struct cube_source_key *key, const struct sources_brought *b)
{
	struct cube_crl *crl = b->crl;
	char error[CUBE_SOURCE_TEXT_MAX] = "";
	bool changed = false, say = false, warn = false;
	int64_t now = time(NULL);
	struct said said;
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_find(key);
	if(e) {
		say = e->source.tried == 0 || e->source.failures > 0;
		memcpy(error, e->source.error, sizeof(error));
		changed = take(e, b, now, &crl);
		warn = e->source.error[0] && strcmp(e->source.error, error) != 0;
		memcpy(error, e->source.error, sizeof(error));
		fetch_ended(e);
		sources_url_note(e->data, b->slow ? now + SLOW_SECONDS : 0);
		describe(&said, e);
		say = say && e->source.failures == 0;
	}
	lock_release(&sources->lock);
	if(crl)
		shm_free(crl);
	if(say)
		LM_NOTICE("%s is here, good until %s\n", said.what, said.until);
	if(warn)
		LM_WARN("%s: %s; the one that is here holds until %s; it is tried again and again\n", said.what, error,
				said.until);
	return changed;
}

void sources_again(const struct cube_source_key *key)
{
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_find(key);
	if(e) {
		e->fetching = false;
		e->source.due = 0;
	}
	lock_release(&sources->lock);
}

void sources_failed(const struct cube_source_key *key, const char *text, bool slow)
{
	int64_t now = time(NULL);
	struct said said;
	bool say = false;
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_find(key);
	if(e) {
		/* once, and again when it is something else */
		say = strncmp(e->source.error, text, sizeof(e->source.error) - 1) != 0;
		cube_source_failed(&e->source, text, now);
		fetch_ended(e);
		if(slow)
			sources_url_note(e->data, now + SLOW_SECONDS);
		describe(&said, e);
	}
	lock_release(&sources->lock);
	if(say)
		LM_WARN("%s cannot be had: %s; %s%s; it is tried again and again\n", said.what, text,
				said.any ? "the one that is here holds until " : "there is none here", said.any ? said.until : "");
}

void sources_want(const struct cube_question *q, unsigned generation)
{
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_make(q, time(NULL));
	if(e) {
		if(!e->own && q->kind == CUBE_FETCH_OCSP && !e->response)
			e->source.due = 0; /* a response that was only read is not kept */
		e->own = generation;
	}
	lock_release(&sources->lock);
}

void sources_unwant(unsigned generation)
{
	struct entry *e;
	int i;

	lock_get(&sources->lock);
	for(i = 0; i < SOURCES_BUCKETS; i++) {
		for(e = sources->bucket[i]; e; e = e->next)
			e->own = e->own == generation ? generation : 0;
	}
	lock_release(&sources->lock);
}

void sources_clean(int64_t now)
{
	struct entry **at;
	int i;

	lock_get(&sources->lock);
	for(i = 0; i < SOURCES_BUCKETS; i++) {
		for(at = &sources->bucket[i]; *at;) {
			struct entry *e = *at;
			int64_t keep = e->source.kind == CUBE_FETCH_CRL ? KEEP_CRL : KEEP_OCSP;

			if(!e->own && !e->fetching && e->used < now - keep)
				sources_drop(at);
			else
				at = &e->next;
		}
	}
	lock_release(&sources->lock);
}

static void end_fill(struct sources_end *end, const struct entry *e, int stage)
{
	*end = (struct sources_end){
			.key = e->key, .kind = e->source.kind, .stage = stage, .until = cube_source_until(&e->source)};
	memcpy(end->trustpoint, e->trustpoint, sizeof(end->trustpoint));
	memcpy(end->issuer_name, e->issuer_name, sizeof(end->issuer_name));
	memcpy(end->error, e->source.error, sizeof(end->error));
	memcpy(end->url, e->data, e->url_len + 1);
}

int sources_ends(
		struct sources_end *list, int max, int64_t now, bool (*due)(const struct cube_source_key *, int64_t, int))
{
	struct entry *e;
	int i, n = 0;

	lock_get(&sources->lock);
	for(i = 0; i < SOURCES_BUCKETS && n < max; i++) {
		for(e = sources->bucket[i]; e && n < max; e = e->next) {
			int stage = in_use(e, now) ? cube_source_stage(&e->source, now) : CUBE_EXPIRY_NONE;

			if(stage != CUBE_EXPIRY_NONE && due(&e->key, cube_source_until(&e->source), stage))
				end_fill(&list[n++], e, stage);
		}
	}
	lock_release(&sources->lock);
	return n;
}

static bool is_file(const struct entry *e)
{
	return e->source.kind == CUBE_FETCH_CRL && !cube_fetch_url_ok(cube_str_of(e->data));
}

int sources_files(struct sources_file **files)
{
	struct sources_file *list = NULL, *more;
	struct entry *e;
	int i, n = 0, size = 0;

	lock_get(&sources->lock);
	for(i = 0; i < SOURCES_BUCKETS; i++) {
		for(e = sources->bucket[i]; e; e = e->next) {
			if(!is_file(e))
				continue;
			if(n == size) {
				size = size ? 2 * size : 16;
				more = realloc(list, (size_t)size * sizeof(*list));
				if(!more)
					goto out;
				list = more;
			}
			list[n].key = e->key;
			memcpy(list[n++].path, e->data, e->url_len + 1);
		}
	}
out:
	lock_release(&sources->lock);
	*files = list;
	return n;
}

void sources_file_read(const struct cube_source_key *key, int64_t stamp)
{
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_find(key);
	if(e)
		e->stamp = stamp;
	lock_release(&sources->lock);
}

void sources_file_is(const struct cube_source_key *key, int64_t stamp)
{
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_find(key);
	if(e && !e->fetching && e->stamp != stamp)
		e->source.due = 0;
	lock_release(&sources->lock);
}

int sources_request(void)
{
	struct entry *e;
	int i, n = 0;

	lock_get(&sources->lock);
	for(i = 0; i < SOURCES_BUCKETS; i++) {
		for(e = sources->bucket[i]; e; e = e->next) {
			e->source.due = 0;
			e->again = e->fetching;
			n++;
		}
	}
	lock_release(&sources->lock);
	sources_ring();
	return n;
}
