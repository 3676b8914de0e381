/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was told of is kept sorted: found by halves, and put in by moving what is behind, which is rare. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "expiry.h"
#include "signed.h"

const char *cube_expiry_use_name(enum cube_expiry_use use)
{
	static const char *const names[] = {"own", "ca", "crl", "peer"};

	return names[use];
}

int cube_validity_stage(int64_t not_before, int64_t not_after, int64_t now)
{
	return not_before > now ? CUBE_EXPIRY_EARLY : cube_expiry_stage(not_after, now);
}

int cube_told_key_of(const void *own, size_t len, int64_t number, struct cube_told_key *key)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1
			  && EVP_DigestUpdate(ctx, &number, sizeof(number)) == 1 && EVP_DigestUpdate(ctx, own, len) == 1
			  && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	if(ok)
		memcpy(key->bytes, digest, sizeof(key->bytes));
	return ok ? 0 : -1;
}

/* Of the first one that is not before key. */
static unsigned position(const struct cube_told *told, const struct cube_told_key *key)
{
	unsigned low = 0, high = told->n;

	while(low < high) {
		unsigned middle = low + (high - low) / 2;

		if(memcmp(told->v[middle].key.bytes, key->bytes, sizeof(key->bytes)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void forget(struct cube_told *told)
{
	unsigned oldest = 0;

	for(unsigned i = 1; i < told->n; i++) {
		if(told->v[i].seen < told->v[oldest].seen)
			oldest = i;
	}
	memmove(&told->v[oldest], &told->v[oldest + 1], (told->n - oldest - 1) * sizeof(told->v[0]));
	told->n--;
}

bool cube_told_due(struct cube_told *told, const struct cube_told_key *key, int stage, int64_t now)
{
	unsigned at = position(told, key);
	struct cube_told_entry *e = &told->v[at];
	bool due;

	if(at == told->n || memcmp(e->key.bytes, key->bytes, sizeof(key->bytes)) != 0) {
		if(told->n == CUBE_TOLD_MAX) {
			forget(told);
			e = &told->v[at = position(told, key)];
		}
		memmove(e + 1, e, (told->n - at) * sizeof(*e));
		told->n++;
		*e = (struct cube_told_entry){.key = *key, .stage = CUBE_EXPIRY_NONE};
	}
	due = e->stage != stage;
	e->stage = stage;
	e->seen = now;
	return due;
}

/* "ends on 2026-01-27 10:00:00 UTC, in 12 days" */
static const char *when_text(const struct cube_expiry *e, char buf[CUBE_EARLY_TEXT_MAX])
{
	char time[32], left[32];
	int days = cube_days_left(e->not_after, e->now);

	if(e->stage == CUBE_EXPIRY_EARLY)
		return cube_early_text(e->not_before, buf);
	if(days >= 2)
		snprintf(left, sizeof(left), "in %d days", days);
	else
		snprintf(left, sizeof(left), "in %d hours", (int)((e->not_after - e->now) / 3600));
	if(e->stage == 0)
		snprintf(buf, CUBE_EARLY_TEXT_MAX, "has ended on %s", cube_time_text(e->not_after, time));
	else
		snprintf(buf, CUBE_EARLY_TEXT_MAX, "ends on %s, %s", cube_time_text(e->not_after, time), left);
	return buf;
}

static void cert_line(const struct cube_expiry *e, const char *when, char *line)
{
	const char *kind = e->use == CUBE_EXPIRY_OWN ? "certificate" : "CA certificate";
	char others[48] = "", remedy[80] = "";

	if(e->others > 0)
		snprintf(others, sizeof(others), " and %u other%s", e->others, e->others > 1 ? "s" : "");
	if(e->stage != CUBE_EXPIRY_EARLY && e->use == CUBE_EXPIRY_OWN)
		snprintf(
				remedy, sizeof(remedy), "%s; put a new one there and reload", e->stage == 0 ? "; peers refuse it" : "");
	else if(e->stage != CUBE_EXPIRY_EARLY)
		snprintf(remedy, sizeof(remedy), "%s; put its successor there and reload",
				e->stage == 0 ? "; peers below it are refused" : "");
	snprintf(line, CUBE_EXPIRY_LINE_MAX, "trustpoint %.*s%s: %s %s in %.*s %s%s", CUBE_FMT(e->trustpoint), others, kind,
			e->what, CUBE_FMT(e->file), when, remedy);
}

const char *cube_expiry_line(const struct cube_expiry *e, char line[CUBE_EXPIRY_LINE_MAX])
{
	char when[CUBE_EARLY_TEXT_MAX];

	when_text(e, when);
	if(e->use == CUBE_EXPIRY_CRL)
		snprintf(line, CUBE_EXPIRY_LINE_MAX, "trustpoint %.*s: %s %s and cannot be renewed: %s; %s",
				CUBE_FMT(e->trustpoint), e->what, when, e->error,
				e->stage == 0 ? "who needs it is refused" : "from then on who needs it is refused");
	else if(e->use == CUBE_EXPIRY_PEER)
		snprintf(line, CUBE_EXPIRY_LINE_MAX,
				"tenant %d: the certificate of peer %s at %s, or of a CA in its chain, %s; %s", e->tenant,
				e->what[0] ? e->what : "(no name)", e->remote, when,
				e->stage == 0 ? "its connections stay, its next handshake fails: it must renew it"
							  : "its operator must renew it");
	else
		cert_line(e, when, line);
	return line;
}
