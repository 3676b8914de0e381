/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When to ask again: at half of the time that is left, so that several attempts fit before the end, and at least once
 * an hour, so that a revocation is not learnt of at the end of a week; but not at once where it says nothing for now. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "certinfo.h"
#include "signed.h"
#include "source.h"

#define REFRESH_MAX 3600 /* seconds */
#define RETRY_MIN 5		 /* after the first failure, doubled with each further one, or where no time is left */
#define RETRY_MAX 300
#define VAIN 3 /* attempts in a row after which it is no accident */

int cube_source_key_of(enum cube_fetch_kind kind, bool configured, X509 *issuer, const char *url,
		const struct cube_serial *serial, struct cube_source_key *key)
{
	static const struct cube_serial none;
	unsigned char digest[EVP_MAX_MD_SIZE], all[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char which[2] = {(unsigned char)kind, kind == CUBE_FETCH_CRL && configured};
	unsigned len = 0;
	bool ok = ctx != NULL && X509_digest(issuer, EVP_sha256(), digest, &len) == 1
			  && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(ctx, which, sizeof(which)) == 1
			  && EVP_DigestUpdate(ctx, digest, len) == 1
			  && EVP_DigestUpdate(ctx, serial != NULL ? serial : &none, sizeof(*serial)) == 1
			  && EVP_DigestUpdate(ctx, url, strlen(url)) == 1 && EVP_DigestFinal_ex(ctx, all, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	if(ok)
		memcpy(key->bytes, all, sizeof(key->bytes));
	return ok ? 0 : -1;
}

int64_t cube_source_until(const struct cube_source *s)
{
	if(s->kind == CUBE_FETCH_CRL)
		return s->crl != NULL ? s->crl->next_update : 0;
	if(!s->ocsp_known)
		return 0;
	return s->ocsp.next_update != 0 ? s->ocsp.next_update : s->ocsp.this_update + CUBE_OCSP_AGE_MAX;
}

int cube_source_stage(const struct cube_source *s, int64_t now)
{
	int64_t until = cube_source_until(s);
	bool revoked = s->kind == CUBE_FETCH_OCSP && s->ocsp_known && s->ocsp.status == CUBE_OCSP_REVOKED;
	int stage = until > 0 && !revoked ? cube_expiry_stage(until, now) : CUBE_EXPIRY_NONE;

	if((stage == 0 && s->failures > 0) || (stage == 1 && s->failures >= VAIN))
		return stage;
	return CUBE_EXPIRY_NONE;
}

static enum cube_verdict no_answer(const struct cube_source *s, int64_t now, char *text)
{
	int64_t until = cube_source_until(s);
	char when[32];

	if(until > 0 && until <= now)
		snprintf(text, CUBE_SOURCE_TEXT_MAX, "out of date since %s%s%.100s", cube_time_text(until, when),
				s->error[0] != '\0' ? "; " : "", s->error);
	else if(s->error[0] != '\0')
		snprintf(text, CUBE_SOURCE_TEXT_MAX, "%s", s->error);
	else
		snprintf(text, CUBE_SOURCE_TEXT_MAX, "not here yet");
	return CUBE_VERDICT_NO_ANSWER;
}

static enum cube_verdict crl_verdict(
		const struct cube_source *s, const struct cube_serial *serial, bool ca, int64_t now, char *text)
{
	if(s->crl == NULL)
		return no_answer(s, now, text);
	/* who was revoked stays so, also by a list that is out of date */
	if(cube_crl_has(s->crl, serial))
		return CUBE_VERDICT_REVOKED;
	if(s->crl->next_update <= now)
		return no_answer(s, now, text);
	if((s->crl->covers & (ca ? CUBE_CRL_CAS : CUBE_CRL_USERS)) == 0) {
		snprintf(text, CUBE_SOURCE_TEXT_MAX, ca ? "it is not for CA certificates" : "it is for CA certificates only");
		return CUBE_VERDICT_NO_ANSWER;
	}
	return CUBE_VERDICT_GOOD;
}

enum cube_verdict cube_source_verdict(
		const struct cube_source *s, const struct cube_serial *serial, bool ca, int64_t now, char *text)
{
	text[0] = '\0';
	if(s->kind == CUBE_FETCH_CRL)
		return crl_verdict(s, serial, ca, now, text);
	if(s->ocsp_known && s->ocsp.status == CUBE_OCSP_REVOKED)
		return CUBE_VERDICT_REVOKED;
	if(!s->ocsp_known || cube_source_until(s) <= now)
		return no_answer(s, now, text);
	return s->ocsp.status == CUBE_OCSP_GOOD ? CUBE_VERDICT_GOOD : CUBE_VERDICT_UNKNOWN;
}

enum cube_source_state cube_source_state(const struct cube_source *s, int64_t now)
{
	int64_t until = cube_source_until(s);

	if(s->kind == CUBE_FETCH_OCSP && s->ocsp_known && s->ocsp.status == CUBE_OCSP_REVOKED)
		return CUBE_SOURCE_REVOKED;
	if(until == 0)
		return s->tried != 0 ? CUBE_SOURCE_FAILED : CUBE_SOURCE_WAITING;
	if(until <= now)
		return CUBE_SOURCE_OUT_OF_DATE;
	if(s->kind == CUBE_FETCH_OCSP && s->ocsp.status == CUBE_OCSP_UNKNOWN)
		return CUBE_SOURCE_UNKNOWN;
	return CUBE_SOURCE_GOOD;
}

const char *cube_source_state_name(enum cube_source_state state)
{
	static const char *const names[CUBE_SOURCE_STATES] = {
			[CUBE_SOURCE_WAITING] = "waiting",
			[CUBE_SOURCE_FAILED] = "failed",
			[CUBE_SOURCE_OUT_OF_DATE] = "out of date",
			[CUBE_SOURCE_GOOD] = "good",
			[CUBE_SOURCE_UNKNOWN] = "unknown",
			[CUBE_SOURCE_REVOKED] = "revoked",
	};

	return names[state];
}

static void refreshed(struct cube_source *s, int64_t now)
{
	int64_t left = cube_source_until(s) - now, wait = left / 2;

	if(wait > REFRESH_MAX)
		wait = REFRESH_MAX;
	s->due = now + (wait < 1 ? RETRY_MIN : wait);
	s->tried = now;
	s->failures = 0;
	s->error[0] = '\0';
}

void cube_source_failed(struct cube_source *s, const char *text, int64_t now)
{
	int64_t wait = RETRY_MIN;

	for(unsigned i = 0; i < s->failures && wait < RETRY_MAX; i++)
		wait *= 2;
	s->due = now + (wait < RETRY_MAX ? wait : RETRY_MAX);
	s->tried = now;
	s->failures += s->failures < 1000;
	snprintf(s->error, sizeof(s->error), "%s", text);
}

bool cube_source_take_crl(struct cube_source *s, struct cube_crl *crl, int64_t now, struct cube_crl **old)
{
	if(s->crl != NULL && crl->this_update < s->crl->this_update) {
		cube_source_failed(s, "it is older than the one that is here", now);
		return false;
	}
	*old = s->crl;
	s->crl = crl;
	refreshed(s, now);
	return true;
}

bool cube_source_take_ocsp(struct cube_source *s, const struct cube_ocsp *ocsp, int64_t now)
{
	/* "unknown" says nothing that an older answer could contradict */
	if(s->ocsp_known && s->ocsp.status != CUBE_OCSP_UNKNOWN && ocsp->this_update < s->ocsp.this_update) {
		cube_source_failed(s, "it is older than the answer that is here", now);
		return false;
	}
	s->ocsp = *ocsp;
	s->ocsp_known = true;
	refreshed(s, now);
	return true;
}
