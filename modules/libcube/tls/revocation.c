/* SPDX-License-Identifier: GPL-2.0-or-later */
/* revocation-check, certificate by certificate and method by method. */
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "../conf/names.h"
#include "revocation.h"
#include "trustpoint.h"

/* Of one check of one chain. */
struct work
{
	const struct cube_trustpoint *tp;
	const struct cube_revocation_by *by;
	struct cube_revocation_result *result;
	STACK_OF(X509) * chain;
};

/* Of one certificate of it. */
struct subject
{
	X509 *cert, *issuer;
	int depth;
	struct cube_serial serial;
	unsigned failed; /* questions without an answer */
	bool revoked, unknown;
	size_t used;
	char why[CUBE_REVOCATION_TEXT_MAX]; /* what the methods said, "; " between them */
};

static void say(struct subject *s, const char *what, const char *url, const char *text)
{
	size_t left = sizeof(s->why) - s->used;
	int n = snprintf(s->why + s->used, left, "%s%s%s%s: %s", s->used > 0 ? "; " : "", what, url[0] != '\0' ? " " : "",
			url, text);

	s->used += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

static const char *kind_name(enum cube_fetch_kind kind)
{
	return kind == CUBE_FETCH_CRL ? "CRL" : "OCSP";
}

/* Keeps the question for later. False: there are too many. */
static bool note(struct work *w, const struct cube_question *q, enum cube_verdict verdict)
{
	struct cube_checks *checks = &w->result->checks;
	struct cube_check *check;

	if(checks->n == CUBE_CHECKS_MAX)
		return false;
	check = &checks->v[checks->n++];
	memset(check, 0, sizeof(*check)); /* it goes into tickets */
	check->source = q->key;
	check->serial = q->serial;
	check->ca = q->ca;
	check->relied = verdict == CUBE_VERDICT_GOOD;
	return true;
}

static enum cube_verdict ask(struct work *w, struct subject *s, enum cube_fetch_kind kind, const char *url)
{
	const struct cube_revocation_by *by = w->by;
	struct cube_question q = {.kind = kind,
			.url = url,
			.configured = url == w->tp->crl.s || url == w->tp->ocsp_url.s,
			.issuer = s->issuer,
			.anchor = sk_X509_value(w->chain, sk_X509_num(w->chain) - 1),
			.trustpoint = w->tp->name,
			.serial = s->serial,
			.ca = s->depth > 0};
	char text[CUBE_SOURCE_TEXT_MAX] = "nobody can be asked";
	enum cube_verdict verdict = CUBE_VERDICT_NO_ANSWER;

	if(s->depth == 0 && kind == CUBE_FETCH_OCSP) {
		q.staple = by->staple;
		q.staple_len = by->staple_len;
	}
	if(cube_source_key_of(kind, q.configured, s->issuer, url, kind == CUBE_FETCH_OCSP ? &s->serial : NULL, &q.key) < 0)
		snprintf(text, sizeof(text), "out of memory");
	else if(by->ask != NULL)
		verdict = by->ask(by->ctx, &q, text);
	if(!note(w, &q, verdict)) {
		snprintf(text, sizeof(text), "more than %d questions about one chain", CUBE_CHECKS_MAX);
		verdict = CUBE_VERDICT_NO_ANSWER;
	}
	if(verdict == CUBE_VERDICT_GOOD)
		return verdict;
	if(verdict == CUBE_VERDICT_REVOKED) {
		s->revoked = true;
		s->used = 0; /* what others could not say does not matter now */
		snprintf(s->why, sizeof(s->why), "%s %s", kind_name(kind), url);
		return verdict;
	}
	s->failed++;
	if(verdict == CUBE_VERDICT_UNKNOWN) {
		s->unknown = true;
		snprintf(text, sizeof(text), "it does not know the certificate");
	}
	say(s, kind_name(kind), url, text);
	return verdict;
}

static bool has_point(X509 *cert)
{
	return X509_get_ext_by_NID(cert, NID_crl_distribution_points, -1) >= 0;
}

static enum cube_verdict by_crl(struct work *w, struct subject *s)
{
	char url[CUBE_FETCH_URL_MAX];
	enum cube_verdict verdict = CUBE_VERDICT_NO_ANSWER;

	if(w->tp->crl.len > 0 && (verdict = ask(w, s, CUBE_FETCH_CRL, w->tp->crl.s)) != CUBE_VERDICT_NO_ANSWER)
		return verdict;
	if(cube_fetch_url_of(s->cert, CUBE_FETCH_CRL, url))
		return ask(w, s, CUBE_FETCH_CRL, url);
	if(w->tp->crl.len == 0) {
		if(!w->tp->revocation_given && !has_point(s->cert))
			return CUBE_VERDICT_GOOD; /* nobody publishes a list that it could be on */
		s->failed++;
		say(s, "CRL", "",
				has_point(s->cert) ? "the certificate's distribution points are none of http:// that can be fetched"
								   : "the certificate names no distribution point, and the trustpoint has no crl");
	}
	return verdict;
}

static enum cube_verdict by_ocsp(struct work *w, struct subject *s)
{
	char url[CUBE_FETCH_URL_MAX];

	if(w->tp->ocsp_url.len > 0)
		return ask(w, s, CUBE_FETCH_OCSP, w->tp->ocsp_url.s);
	if(cube_fetch_url_of(s->cert, CUBE_FETCH_OCSP, url))
		return ask(w, s, CUBE_FETCH_OCSP, url);
	s->failed++;
	say(s, "OCSP", "", "the certificate names no responder, and the trustpoint has no ocsp-url");
	return CUBE_VERDICT_NO_ANSWER;
}

/* True: it passes. */
static bool by_none(struct work *w, const struct subject *s)
{
	if(s->unknown)
		return false;
	if(s->failed > 0)
		w->result->checks.again = CUBE_REVOCATION_AGAIN;
	return true;
}

static bool methods_pass(struct work *w, struct subject *s)
{
	for(unsigned i = 0; i < w->tp->n_revocation && !s->revoked; i++) {
		switch((enum cube_revocation)w->tp->revocation[i]) {
			case CUBE_REVOCATION_CRL:
				if(by_crl(w, s) == CUBE_VERDICT_GOOD)
					return true;
				break;
			case CUBE_REVOCATION_OCSP:
				if(by_ocsp(w, s) == CUBE_VERDICT_GOOD)
					return true;
				break;
			case CUBE_REVOCATION_NONE:
				return by_none(w, s);
		}
	}
	return false;
}

static bool only_none(const struct cube_trustpoint *tp)
{
	return tp->n_revocation == 1 && tp->revocation[0] == CUBE_REVOCATION_NONE;
}

static bool check_cert(struct work *w, int depth)
{
	struct subject s = {
			.cert = sk_X509_value(w->chain, depth), .issuer = sk_X509_value(w->chain, depth + 1), .depth = depth};
	struct cube_revocation_result *r = w->result;

	if(!cube_serial_of(X509_get0_serialNumber(s.cert), &s.serial))
		say(&s, "its serial number", "", "negative, or longer than 20 bytes");
	else if(methods_pass(w, &s))
		return true;
	r->depth = depth;
	r->error = s.revoked ? X509_V_ERR_CERT_REVOKED : X509_V_ERR_UNABLE_TO_GET_CRL;
	snprintf(r->text, sizeof(r->text), s.revoked ? "is revoked by %s" : "cannot be checked for revocation: %s", s.why);
	return false;
}

static const struct cube_trustpoint *trustpoint_of(
		const struct cube_conf *conf, const struct cube_tls_profile *profile, X509 *anchor)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if(X509_digest(anchor, EVP_sha256(), digest, &len) != 1)
		return NULL;
	for(unsigned i = 0; i < profile->n_verify_trustpoints; i++) {
		const struct cube_trustpoint *tp = &conf->trustpoints[profile->verify_trustpoints[i]];

		if(cube_cert_set_has(&tp->ca_set, digest))
			return tp;
	}
	return NULL;
}

void cube_revocation_check(const struct cube_conf *conf, const struct cube_tls_profile *profile, STACK_OF(X509) * chain,
		const struct cube_revocation_by *by, struct cube_revocation_result *result)
{
	int n = sk_X509_num(chain);
	struct work w = {.by = by, .result = result, .chain = chain};

	memset(result, 0, sizeof(*result));
	result->error = X509_V_OK;
	w.tp = n > 0 ? trustpoint_of(conf, profile, sk_X509_value(chain, n - 1)) : NULL;
	if(w.tp == NULL) {
		result->error = X509_V_ERR_UNABLE_TO_GET_CRL;
		snprintf(result->text, sizeof(result->text),
				"cannot be checked for revocation: its chain ends in no ca of a verify-trustpoint");
		return;
	}
	if(only_none(w.tp))
		return;
	for(int depth = 0; depth < n - 1; depth++) {
		if(!check_cert(&w, depth))
			return;
	}
}

bool cube_revocation_uses(
		const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_revocation method)
{
	for(unsigned i = 0; i < profile->n_verify_trustpoints; i++) {
		if(cube_revocation_asked(&conf->trustpoints[profile->verify_trustpoints[i]], method))
			return true;
	}
	return false;
}
