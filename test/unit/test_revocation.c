/* SPDX-License-Identifier: GPL-2.0-or-later */
/* revocation-check: which questions are asked about a chain, in which order, and what becomes of the answers. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/revocation.h"
#include "../../modules/libcube/tls/trustpoint.h"
#include "tlspair.h"

#define CRL_URL "http://crl.example/own.crl"
#define OCSP_URL "http://ocsp.example/own"
#define ALL_METHODS 3
#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

Suite *suite_revocation(void);

/* What the world answers, by place, and the questions that it got. */
static struct
{
	const char *url;
	enum cube_verdict verdict;
} world[4];
static char asked[512];
static const struct cube_trustpoint *trustpoint;

static bool is_configured(const char *url)
{
	return (trustpoint->crl.len > 0 && strcmp(url, trustpoint->crl.s) == 0)
		   || (trustpoint->ocsp_url.len > 0 && strcmp(url, trustpoint->ocsp_url.s) == 0);
}

static enum cube_verdict answer(void *ctx, const struct cube_question *q, char *text)
{
	struct cube_source_key key;

	ck_assert_ptr_eq(ctx, world);
	ck_assert_int_eq(cube_source_key_of(q->kind, q->configured, q->issuer, q->url,
							 q->kind == CUBE_FETCH_OCSP ? &q->serial : NULL, &key),
			0);
	ck_assert_mem_eq(&q->key, &key, sizeof(key));
	ck_assert_int_eq(q->configured, is_configured(q->url));
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s%s %s%s%s", asked[0] ? ", " : "",
			q->kind == CUBE_FETCH_CRL ? "crl" : "ocsp", q->url, q->ca ? " ca" : "", q->staple ? " stapled" : "");
	for(int i = 0; i < N(world); i++) {
		if(world[i].url != NULL && strcmp(world[i].url, q->url) == 0) {
			if(world[i].verdict == CUBE_VERDICT_NO_ANSWER)
				snprintf(text, CUBE_SOURCE_TEXT_MAX, "HTTP 503");
			return world[i].verdict;
		}
	}
	ck_abort_msg("unexpected question: %s", q->url);
}

/* A root, a CA below it and a peer below that; the trustpoint trusts the root. */
struct family
{
	struct pki root, sub, leaf;
	struct ours ours;
	struct cube_trustpoint *tp;
	STACK_OF(X509) * chain;
};

static void family_make(struct family *f, bool sub, const char *points, const char *access)
{
	const struct pki *cas[1] = {&f->root};

	memset(f, 0, sizeof(*f));
	memset(world, 0, sizeof(world));
	asked[0] = '\0';
	f->root = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true});
	f->sub = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "sub", .ca = true, .issuer = &f->root});
	f->leaf = pki_make(&(struct pki_spec){
			.key = PKI_P256, .cn = "peer", .crl_points = points, .access = access, .issuer = sub ? &f->sub : &f->root});
	ours_make(&f->ours, NULL, 0, cas, 1);
	f->tp = &f->ours.trustpoints[1];
	trustpoint = f->tp;
	f->chain = sk_X509_new_null();
	sk_X509_push(f->chain, f->leaf.cert);
	if(sub)
		sk_X509_push(f->chain, f->sub.cert);
	sk_X509_push(f->chain, f->root.cert);
}

static void family_free(struct family *f)
{
	sk_X509_free(f->chain);
	ours_free(&f->ours);
	pki_free(&f->leaf);
	pki_free(&f->sub);
	pki_free(&f->root);
}

static void methods(struct family *f, const enum cube_revocation *list, unsigned n)
{
	f->tp->revocation_given = true;
	f->tp->n_revocation = n;
	for(unsigned i = 0; i < n; i++)
		f->tp->revocation[i] = (uint8_t)list[i];
}

static struct cube_revocation_result check(const struct family *f, cube_ask_f ask)
{
	struct cube_revocation_by by = {.ask = ask, .ctx = world};
	struct cube_revocation_result result;

	cube_revocation_check(&f->ours.conf, &f->ours.profile, f->chain, &by, &result);
	return result;
}

/* Every order of every choice of methods, against every pair of answers: the outcome is what the documents say. */
static const enum cube_revocation orders[][ALL_METHODS] = {
		{CUBE_REVOCATION_CRL},
		{CUBE_REVOCATION_OCSP},
		{CUBE_REVOCATION_NONE},
		{CUBE_REVOCATION_CRL, CUBE_REVOCATION_OCSP},
		{CUBE_REVOCATION_OCSP, CUBE_REVOCATION_CRL},
		{CUBE_REVOCATION_CRL, CUBE_REVOCATION_NONE},
		{CUBE_REVOCATION_OCSP, CUBE_REVOCATION_NONE},
		{CUBE_REVOCATION_CRL, CUBE_REVOCATION_OCSP, CUBE_REVOCATION_NONE},
		{CUBE_REVOCATION_OCSP, CUBE_REVOCATION_CRL, CUBE_REVOCATION_NONE},
};

static int expected(const enum cube_revocation *order, enum cube_verdict crl, enum cube_verdict ocsp)
{
	bool unknown = false;

	for(int i = 0; i < ALL_METHODS && order[i] != 0; i++) {
		enum cube_verdict v = order[i] == CUBE_REVOCATION_CRL ? crl : ocsp;

		if(order[i] == CUBE_REVOCATION_NONE)
			return unknown ? X509_V_ERR_UNABLE_TO_GET_CRL : X509_V_OK;
		if(v == CUBE_VERDICT_GOOD)
			return X509_V_OK;
		if(v == CUBE_VERDICT_REVOKED)
			return X509_V_ERR_CERT_REVOKED;
		unknown = unknown || v == CUBE_VERDICT_UNKNOWN;
	}
	return X509_V_ERR_UNABLE_TO_GET_CRL;
}

START_TEST(test_orders)
{
	const enum cube_revocation *order = orders[_i];
	unsigned n = 0;
	struct family f;

	family_make(&f, false, "URI:" CRL_URL, "OCSP;URI:" OCSP_URL);
	while(n < ALL_METHODS && order[n] != 0)
		n++;
	methods(&f, order, n);
	for(int crl = CUBE_VERDICT_NO_ANSWER; crl <= CUBE_VERDICT_REVOKED; crl++) {
		for(int ocsp = CUBE_VERDICT_NO_ANSWER; ocsp <= CUBE_VERDICT_UNKNOWN; ocsp++) {
			struct cube_revocation_result r;
			bool failed = false;

			world[0].url = CRL_URL;
			world[0].verdict = (enum cube_verdict)crl;
			world[1].url = OCSP_URL;
			world[1].verdict = (enum cube_verdict)ocsp;
			asked[0] = '\0';
			r = check(&f, answer);
			ck_assert_msg(r.error == expected(order, world[0].verdict, world[1].verdict),
					"order %d, crl %d, ocsp %d: %d", _i, crl, ocsp, r.error);
			ck_assert_msg((r.text[0] == '\0') == (r.error == X509_V_OK), "%s", r.text);
			for(unsigned i = 0; i < r.checks.n; i++)
				failed = failed || !r.checks.v[i].relied;
			/* let in by none alone: looked at again soon */
			ck_assert_uint_eq(r.checks.again,
					r.error == X509_V_OK && failed && !r.checks.v[r.checks.n - 1].relied ? CUBE_REVOCATION_AGAIN : 0);
		}
	}
	family_free(&f);
}
END_TEST

START_TEST(test_texts)
{
	static const enum cube_revocation both[] = {CUBE_REVOCATION_CRL, CUBE_REVOCATION_OCSP};
	struct cube_revocation_result r;
	struct family f;

	family_make(&f, false, "URI:" CRL_URL, "OCSP;URI:" OCSP_URL);
	methods(&f, both, 2);
	world[0].url = CRL_URL;
	world[1].url = OCSP_URL;
	r = check(&f, answer);
	ck_assert_str_eq(
			r.text, "cannot be checked for revocation: CRL " CRL_URL ": HTTP 503; OCSP " OCSP_URL ": HTTP 503");
	ck_assert_str_eq(asked, "crl " CRL_URL ", ocsp " OCSP_URL);
	world[1].verdict = CUBE_VERDICT_UNKNOWN;
	r = check(&f, answer);
	ck_assert_str_eq(r.text, "cannot be checked for revocation: CRL " CRL_URL ": HTTP 503; OCSP " OCSP_URL
							 ": it does not know the certificate");
	world[1].verdict = CUBE_VERDICT_REVOKED;
	r = check(&f, answer);
	ck_assert_str_eq(r.text, "is revoked by OCSP " OCSP_URL);
	/* without anybody to ask */
	r = check(&f, NULL);
	ck_assert_int_eq(r.error, X509_V_ERR_UNABLE_TO_GET_CRL);
	ck_assert_str_eq(r.text, "cannot be checked for revocation: CRL " CRL_URL ": nobody can be asked; OCSP " OCSP_URL
							 ": nobody can be asked");
	family_free(&f);
}
END_TEST

/* Without revocation-check: a CRL where there is one to be had, and nothing where nobody publishes one. */
START_TEST(test_default)
{
	static const struct
	{
		const char *points, *crl; /* of the certificate, of the trustpoint */
		enum cube_verdict verdict;
		int error;
		const char *asked;
	} rows[] = {
			{NULL, NULL, CUBE_VERDICT_NO_ANSWER, X509_V_OK, ""},
			{"URI:" CRL_URL, NULL, CUBE_VERDICT_GOOD, X509_V_OK, "crl " CRL_URL},
			{"URI:" CRL_URL, NULL, CUBE_VERDICT_REVOKED, X509_V_ERR_CERT_REVOKED, "crl " CRL_URL},
			{"URI:" CRL_URL, NULL, CUBE_VERDICT_NO_ANSWER, X509_V_ERR_UNABLE_TO_GET_CRL, "crl " CRL_URL},
			{NULL, CRL_URL, CUBE_VERDICT_GOOD, X509_V_OK, "crl " CRL_URL},
			{NULL, CRL_URL, CUBE_VERDICT_NO_ANSWER, X509_V_ERR_UNABLE_TO_GET_CRL, "crl " CRL_URL},
			/* it publishes one, but where we do not go */
			{"URI:ldap://ldap.example/cn=ca", NULL, CUBE_VERDICT_GOOD, X509_V_ERR_UNABLE_TO_GET_CRL, ""},
			/* the trustpoint's own first, the certificate's where that one has no answer */
			{"URI:http://other.example/", CRL_URL, CUBE_VERDICT_GOOD, X509_V_OK, "crl " CRL_URL},
			{"URI:http://other.example/", CRL_URL, CUBE_VERDICT_NO_ANSWER, X509_V_OK,
					"crl " CRL_URL ", crl http://other.example/"},
	};
	struct cube_revocation_result r;
	struct family f;

	family_make(&f, false, rows[_i].points, NULL);
	world[0].url = CRL_URL;
	world[0].verdict = rows[_i].verdict;
	world[1].url = "http://other.example/";
	world[1].verdict = CUBE_VERDICT_GOOD;
	if(rows[_i].crl != NULL)
		f.tp->crl = cube_str_of(rows[_i].crl);
	r = check(&f, answer);
	ck_assert_int_eq(r.error, rows[_i].error);
	ck_assert_str_eq(asked, rows[_i].asked);
	family_free(&f);
}
END_TEST

/* Written out, a method that cannot be asked is none that let a peer in. */
START_TEST(test_nothing_to_ask)
{
	static const enum cube_revocation crl[] = {CUBE_REVOCATION_CRL}, ocsp[] = {CUBE_REVOCATION_OCSP},
									  or_none[] = {CUBE_REVOCATION_OCSP, CUBE_REVOCATION_NONE};
	struct cube_revocation_result r;
	struct family f;

	family_make(&f, false, NULL, NULL);
	methods(&f, crl, 1);
	r = check(&f, answer);
	ck_assert_str_eq(r.text,
			"cannot be checked for revocation: CRL: the certificate names no distribution point, and the "
			"trustpoint has no crl");
	methods(&f, ocsp, 1);
	r = check(&f, answer);
	ck_assert_str_eq(r.text, "cannot be checked for revocation: OCSP: the certificate names no responder, and the "
							 "trustpoint has no ocsp-url");
	methods(&f, or_none, 2);
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_OK);
	ck_assert_uint_eq(r.checks.again, CUBE_REVOCATION_AGAIN);
	family_free(&f);
}
END_TEST

/* Each certificate but the trusted one, the CAs by lists that are for CAs. */
START_TEST(test_chain)
{
	static const enum cube_revocation crl[] = {CUBE_REVOCATION_CRL};
	struct cube_revocation_result r;
	struct family f;

	family_make(&f, true, "URI:http://other.example/", NULL);
	methods(&f, crl, 1);
	f.tp->crl = CUBE_STR(CRL_URL);
	world[0].url = CRL_URL;
	world[0].verdict = CUBE_VERDICT_GOOD;
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_OK);
	ck_assert_str_eq(asked, "crl " CRL_URL ", crl " CRL_URL " ca");
	ck_assert_uint_eq(r.checks.n, 2);
	ck_assert_uint_eq(r.checks.v[0].ca, 0);
	ck_assert_uint_eq(r.checks.v[1].ca, 1);
	ck_assert_mem_ne(&r.checks.v[0].source, &r.checks.v[1].source, sizeof(r.checks.v[0].source));
	/* the peer's own passes by its point, its CA has none */
	world[0].verdict = CUBE_VERDICT_NO_ANSWER;
	world[1].url = "http://other.example/";
	world[1].verdict = CUBE_VERDICT_GOOD;
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_ERR_UNABLE_TO_GET_CRL);
	ck_assert_int_eq(r.depth, 1);
	world[0].verdict = CUBE_VERDICT_REVOKED;
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_ERR_CERT_REVOKED);
	ck_assert_int_eq(r.depth, 0);
	family_free(&f);
}
END_TEST

/* A peer that is itself in ca is trusted by name; a chain that ends elsewhere is nobody's. */
START_TEST(test_ends)
{
	static const enum cube_revocation crl[] = {CUBE_REVOCATION_CRL};
	struct cube_revocation_result r;
	struct family f;

	family_make(&f, false, NULL, NULL);
	methods(&f, crl, 1);
	sk_X509_shift(f.chain);
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_OK);
	sk_X509_pop(f.chain);
	sk_X509_push(f.chain, f.leaf.cert);
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_ERR_UNABLE_TO_GET_CRL);
	ck_assert_str_eq(r.text, "cannot be checked for revocation: its chain ends in no ca of a verify-trustpoint");
	family_free(&f);
}
END_TEST

START_TEST(test_too_many)
{
	static const enum cube_revocation crl[] = {CUBE_REVOCATION_CRL};
	struct cube_revocation_result r;
	struct family f;

	family_make(&f, true, NULL, NULL);
	methods(&f, crl, 1);
	f.tp->crl = CUBE_STR(CRL_URL);
	world[0].url = CRL_URL;
	world[0].verdict = CUBE_VERDICT_GOOD;
	/* the order of a chain is OpenSSL's business: here its length alone counts */
	for(int i = 2; i < CUBE_CHECKS_MAX; i++)
		sk_X509_insert(f.chain, f.sub.cert, 1);
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_OK);
	ck_assert_uint_eq(r.checks.n, CUBE_CHECKS_MAX);
	sk_X509_insert(f.chain, f.sub.cert, 1);
	r = check(&f, answer);
	ck_assert_int_eq(r.error, X509_V_ERR_UNABLE_TO_GET_CRL);
	ck_assert_str_eq(
			r.text, "cannot be checked for revocation: CRL " CRL_URL ": more than 5 questions about one chain");
	family_free(&f);
}
END_TEST

/* A stapled response is about the peer's own certificate alone. */
START_TEST(test_staple)
{
	static const enum cube_revocation ocsp[] = {CUBE_REVOCATION_OCSP};
	const unsigned char staple[] = "response";
	struct cube_revocation_by by = {.ask = answer, .ctx = world, .staple = staple, .staple_len = sizeof(staple)};
	struct cube_revocation_result r;
	struct family f;

	family_make(&f, true, NULL, "OCSP;URI:http://other.example/");
	methods(&f, ocsp, 1);
	f.tp->ocsp_url = CUBE_STR(OCSP_URL);
	world[0].url = OCSP_URL;
	world[0].verdict = CUBE_VERDICT_GOOD;
	cube_revocation_check(&f.ours.conf, &f.ours.profile, f.chain, &by, &r);
	ck_assert_int_eq(r.error, X509_V_OK);
	ck_assert_str_eq(asked, "ocsp " OCSP_URL " stapled, ocsp " OCSP_URL " ca");
	family_free(&f);
}
END_TEST

START_TEST(test_uses)
{
	static const enum cube_revocation both[] = {CUBE_REVOCATION_CRL, CUBE_REVOCATION_OCSP};
	struct family f;

	family_make(&f, false, NULL, NULL);
	ck_assert(cube_revocation_uses(&f.ours.conf, &f.ours.profile, CUBE_REVOCATION_CRL));
	ck_assert(!cube_revocation_uses(&f.ours.conf, &f.ours.profile, CUBE_REVOCATION_OCSP));
	methods(&f, both, 2);
	ck_assert(cube_revocation_uses(&f.ours.conf, &f.ours.profile, CUBE_REVOCATION_OCSP));
	ck_assert(!cube_revocation_uses(&f.ours.conf, &f.ours.profile, CUBE_REVOCATION_NONE));
	family_free(&f);
}
END_TEST

Suite *suite_revocation(void)
{
	Suite *s = suite_create("revocation");
	TCase *tc = tcase_create("revocation");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_orders, 0, N(orders));
	tcase_add_test(tc, test_texts);
	tcase_add_loop_test(tc, test_default, 0, 9);
	tcase_add_test(tc, test_nothing_to_ask);
	tcase_add_test(tc, test_chain);
	tcase_add_test(tc, test_ends);
	tcase_add_test(tc, test_too_many);
	tcase_add_test(tc, test_staple);
	tcase_add_test(tc, test_uses);
	suite_add_tcase(s, tc);
	return s;
}
