/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* pipe2 */
/* The table of sources, and what a handshake asks of it. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/globals.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"
#include "core/ut.h"

#include "../ksr/ksr.h"
#include "../libcube/tls/identity.h"
#include "sources_private.h"

#define WAIT_STEP_MS 2
#define SLOW_SECONDS 30 /* that nobody waits for an address once somebody has waited in vain */
#define REST_MS 10000	/* that a process waits for nobody once it has waited in vain */
#define VICTIM_SECONDS 60

struct sources *sources;
static int64_t rests_until;	   /* this process, by ksr_clock_ms() */
static int bell[2] = {-1, -1}; /* written to by who waits, read by the process that fetches */

int sources_init(void)
{
	sources = ksr_shm_table(sizeof(*sources));
	if(!sources || !lock_init(&sources->lock))
		return -1;
	if(pipe2(bell, O_CLOEXEC | O_NONBLOCK) < 0) {
		LM_ERR("a pipe cannot be made\n");
		return -1;
	}
	return 0;
}

int sources_bell(void)
{
	return bell[0];
}

void sources_ring(void)
{
	ssize_t n = write(bell[1], "", 1);

	(void)n; /* full: it will be looked at anyway */
}

static struct entry **bucket_of(const struct cube_source_key *key)
{
	uint32_t n;

	memcpy(&n, key->bytes, sizeof(n));
	return &sources->bucket[n % SOURCES_BUCKETS];
}

struct entry *sources_find(const struct cube_source_key *key)
{
	struct entry *e = *bucket_of(key);

	while(e && memcmp(&e->key, key, sizeof(*key)) != 0)
		e = e->next;
	return e;
}

void sources_drop(struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	sources->n--;
	if(e->source.crl)
		shm_free(e->source.crl);
	if(e->response)
		shm_free(e->response);
	shm_free(e);
}

/* The OCSP answer that was used longest ago. */
static bool make_room(int64_t now)
{
	struct entry **at, **victim = NULL;
	int i;

	for(i = 0; i < SOURCES_BUCKETS; i++) {
		for(at = &sources->bucket[i]; *at; at = &(*at)->next) {
			struct entry *e = *at;

			if(e->own || e->fetching || e->source.kind != CUBE_FETCH_OCSP || e->used > now - VICTIM_SECONDS)
				continue;
			if(!victim || e->used < (*victim)->used)
				victim = at;
		}
	}
	if(victim)
		sources_drop(victim);
	return victim != NULL;
}

struct entry *sources_make(const struct cube_question *q, int64_t now)
{
	struct entry *e = sources_find(&q->key), **bucket = bucket_of(&q->key);
	size_t url_len = strlen(q->url);
	unsigned char *der;
	int issuer_len;

	if(e)
		return e;
	issuer_len = i2d_X509(q->issuer, NULL);
	if(issuer_len <= 0 || issuer_len > CUBE_FETCH_CERT_MAX || url_len >= CUBE_FETCH_URL_MAX)
		return NULL;
	if(sources->n >= SOURCES_MAX && !make_room(now))
		return NULL;
	e = shm_malloc(sizeof(*e) + url_len + 1 + (size_t)issuer_len);
	if(!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->key = q->key;
	e->serial = q->serial;
	e->source.kind = q->kind;
	e->configured = q->configured;
	e->source.due = now;
	e->used = now;
	e->url_len = url_len;
	e->issuer_len = (size_t)issuer_len;
	memcpy(e->data, q->url, url_len + 1);
	der = (unsigned char *)e->data + url_len + 1;
	i2d_X509(q->issuer, &der);
	X509_digest(q->anchor, EVP_sha256(), e->anchor, NULL);
	snprintf(e->trustpoint, sizeof(e->trustpoint), "%.*s", CUBE_FMT(q->trustpoint));
	cube_identity_name(q->issuer, e->issuer_name, sizeof(e->issuer_name));
	e->next = *bucket;
	*bucket = e;
	sources->n++;
	return e;
}

static uint32_t url_hash(const char *url)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for(; *url; url++)
		hash = (hash ^ (unsigned char)*url) * 16777619u;
	return hash ? hash : 1;
}

bool sources_url_slow(const char *url, int64_t now)
{
	uint32_t hash = url_hash(url);
	const struct slow *p = &sources->slow[hash % SOURCES_SLOW];

	return p->hash == hash && p->until > now;
}

void sources_url_note(const char *url, int64_t until)
{
	uint32_t hash = url_hash(url);
	struct slow *p = &sources->slow[hash % SOURCES_SLOW];

	if(until > 0)
		*p = (struct slow){hash, until};
	else if(p->hash == hash)
		p->until = 0;
}

/* With the lock held. Is there a point in waiting for it? */
static bool worth_waiting(const struct entry *e, int64_t now)
{
	unsigned most = tcp_children_no > 2 ? (unsigned)tcp_children_no / 2 : 1;

	return e->source.tried == 0 && !sources_url_slow(e->data, now) && sources->waiting < most
		   && ksr_clock_ms() >= rests_until;
}

static enum cube_verdict look(const struct cube_source_key *key, const struct cube_question *q, bool *tried, char *text)
{
	enum cube_verdict verdict = CUBE_VERDICT_NO_ANSWER;
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_find(key);
	*tried = !e || e->source.tried > 0;
	if(e)
		verdict = cube_source_verdict(&e->source, &q->serial, q->ca, time(NULL), text);
	lock_release(&sources->lock);
	return verdict;
}

/* What is asked for is not here yet. The caller is counted among those who wait. */
static enum cube_verdict wait_for(const struct cube_question *q, struct sources_waiter *w, char *text)
{
	enum cube_verdict verdict = CUBE_VERDICT_NO_ANSWER;
	int64_t end = ksr_clock_ms() + w->ms;
	bool tried = false;

	sources_ring();
	w->waits = true;
	lock_release(w->lock); /* or whoever sends to this peer would wait, too */
	while(w->ms > 0 && !tried && verdict == CUBE_VERDICT_NO_ANSWER) {
		sleep_us(WAIT_STEP_MS * 1000);
		verdict = look(&q->key, q, &tried, text);
		w->ms = (int)(end - ksr_clock_ms()); /* a sleep takes longer than it should where many processes run */
	}
	lock_get(w->lock);
	w->waits = false;
	lock_get(&sources->lock);
	sources->waiting--;
	if(!tried && verdict == CUBE_VERDICT_NO_ANSWER) {
		sources_url_note(q->url, time(NULL) + SLOW_SECONDS);
		rests_until = ksr_clock_ms() + REST_MS; /* the next one may be for another address that is dead, and so on */
		snprintf(text, CUBE_SOURCE_TEXT_MAX, "not here yet, it takes longer than %d ms", SOURCES_WAIT_MS);
	}
	lock_release(&sources->lock);
	return verdict;
}

/* With the lock held. What the peer brought itself counts if it is good by all rules, and not older than what is here. */
static void take_staple(struct entry *e, const struct cube_ocsp *stapled, int64_t now)
{
	struct cube_source *s = &e->source;

	if(!s->ocsp_known || s->ocsp.status == CUBE_OCSP_UNKNOWN || stapled->this_update > s->ocsp.this_update)
		(void)cube_source_take_ocsp(s, stapled, now);
}

static bool read_staple(const struct cube_question *q, int64_t now, struct cube_ocsp *stapled)
{
	struct cube_err err;

	cube_err_reset(&err);
	return q->staple && cube_ocsp_read(q->staple, q->staple_len, q->issuer, &q->serial, NULL, now, stapled, &err) == 0
		   && stapled->status != CUBE_OCSP_UNKNOWN;
}

enum cube_verdict sources_ask(void *ctx, const struct cube_question *q, char text[CUBE_SOURCE_TEXT_MAX])
{
	enum cube_verdict verdict = CUBE_VERDICT_NO_ANSWER;
	int64_t now = time(NULL);
	struct cube_ocsp stapled;
	bool is_stapled = read_staple(q, now, &stapled), waits = false;
	struct sources_waiter *waiter = ctx;
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_make(q, now);
	if(e) {
		e->used = now;
		if(is_stapled)
			take_staple(e, &stapled, now);
		verdict = cube_source_verdict(&e->source, &q->serial, q->ca, now, text);
		waits = verdict == CUBE_VERDICT_NO_ANSWER && waiter->ms > 0 && waiter->process == process_no
				&& worth_waiting(e, now);
		e->wanted = e->wanted || waits;
		sources->waiting += waits;
	} else {
		snprintf(text, CUBE_SOURCE_TEXT_MAX, "no room for it (%u others are here, shared memory may be used up)",
				sources->n);
	}
	lock_release(&sources->lock);
	return waits ? wait_for(q, waiter, text) : verdict;
}

bool sources_hold(const struct cube_checks *checks)
{
	char text[CUBE_SOURCE_TEXT_MAX];
	int64_t now = time(NULL);
	bool hold = true;
	unsigned i;

	if(checks->n == 0)
		return true;
	lock_get(&sources->lock);
	for(i = 0; i < checks->n && hold; i++) {
		const struct cube_check *c = &checks->v[i];
		struct entry *e = sources_find(&c->source);
		enum cube_verdict verdict =
				e ? cube_source_verdict(&e->source, &c->serial, c->ca, now, text) : CUBE_VERDICT_NO_ANSWER;

		hold = c->relied ? verdict == CUBE_VERDICT_GOOD : verdict == CUBE_VERDICT_NO_ANSWER;
		if(e)
			e->used = now;
	}
	lock_release(&sources->lock);
	return hold;
}

bool sources_revoked(const struct cube_checks *checks, char text[CUBE_SOURCE_TEXT_MAX])
{
	int64_t now = time(NULL);
	bool revoked = false;
	unsigned i;

	lock_get(&sources->lock);
	for(i = 0; i < checks->n && !revoked; i++) {
		const struct cube_check *c = &checks->v[i];
		struct entry *e = sources_find(&c->source);

		if(!e)
			continue;
		e->used = now;
		revoked = cube_source_verdict(&e->source, &c->serial, c->ca, now, text) == CUBE_VERDICT_REVOKED;
		if(revoked)
			snprintf(text, CUBE_SOURCE_TEXT_MAX, "%s %s", e->source.kind == CUBE_FETCH_CRL ? "CRL" : "OCSP", e->data);
	}
	lock_release(&sources->lock);
	return revoked;
}

size_t sources_staple(const struct cube_source_key *key, unsigned char **der)
{
	size_t len = 0;
	struct entry *e;

	lock_get(&sources->lock);
	e = sources_find(key);
	if(e && e->response && cube_source_until(&e->source) > time(NULL)) {
		*der = OPENSSL_memdup(e->response, e->response_len);
		len = *der ? e->response_len : 0;
	}
	lock_release(&sources->lock);
	return len;
}
