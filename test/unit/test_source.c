/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source knows, how long that holds, and when it is asked again. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/certinfo.h"
#include "../../modules/libcube/tls/source.h"
#include "pki.h"

#define NOW 1700000000
#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

Suite *suite_source(void);

static char text[CUBE_SOURCE_TEXT_MAX];

static struct cube_serial serial_of(unsigned char last)
{
	struct cube_serial serial = {{0}};

	serial.bytes[CUBE_SERIAL_LEN - 1] = last;
	return serial;
}

/* One that revokes this serial number. */
static struct cube_crl *crl_of(int64_t from, int64_t to, unsigned char revoked)
{
	struct cube_crl *crl = malloc(cube_crl_bytes(1));

	*crl = (struct cube_crl){.this_update = from, .next_update = to, .covers = CUBE_CRL_USERS | CUBE_CRL_CAS, .n = 1};
	crl->revoked[0] = serial_of(revoked);
	return crl;
}

static enum cube_verdict verdict(const struct cube_source *s, unsigned char last, bool ca, int64_t now)
{
	struct cube_serial serial = serial_of(last);

	return cube_source_verdict(s, &serial, ca, now, text);
}

START_TEST(test_crl)
{
	struct cube_source s = {.kind = CUBE_FETCH_CRL};
	struct cube_crl *old = NULL;

	ck_assert_int_eq(verdict(&s, 1, false, NOW), CUBE_VERDICT_NO_ANSWER);
	ck_assert_str_eq(text, "not here yet");
	ck_assert_int_eq(cube_source_until(&s), 0);
	ck_assert(cube_source_take_crl(&s, crl_of(NOW - 10, NOW + 100, 7), NOW, &old));
	ck_assert_ptr_null(old);
	ck_assert_int_eq(cube_source_until(&s), NOW + 100);
	ck_assert_int_eq(verdict(&s, 1, false, NOW + 99), CUBE_VERDICT_GOOD);
	ck_assert_int_eq(verdict(&s, 7, false, NOW + 99), CUBE_VERDICT_REVOKED);
	ck_assert_int_eq(verdict(&s, 1, false, NOW + 100), CUBE_VERDICT_NO_ANSWER);
	ck_assert_str_eq(text, "out of date since 2023-11-14 22:15:00 UTC");
	/* revoked it stays */
	ck_assert_int_eq(verdict(&s, 7, false, NOW + 100), CUBE_VERDICT_REVOKED);
	cube_source_failed(&s, "HTTP 404", NOW + 100);
	ck_assert_int_eq(verdict(&s, 1, false, NOW + 101), CUBE_VERDICT_NO_ANSWER);
	ck_assert_str_eq(text, "out of date since 2023-11-14 22:15:00 UTC; HTTP 404");
	free(s.crl);
}
END_TEST

START_TEST(test_crl_scope)
{
	struct cube_source s = {.kind = CUBE_FETCH_CRL};
	struct cube_crl *old = NULL;

	ck_assert(cube_source_take_crl(&s, crl_of(NOW, NOW + 100, 7), NOW, &old));
	s.crl->covers = CUBE_CRL_USERS;
	ck_assert_int_eq(verdict(&s, 1, false, NOW), CUBE_VERDICT_GOOD);
	ck_assert_int_eq(verdict(&s, 1, true, NOW), CUBE_VERDICT_NO_ANSWER);
	ck_assert_str_eq(text, "it is not for CA certificates");
	s.crl->covers = CUBE_CRL_CAS;
	ck_assert_int_eq(verdict(&s, 1, true, NOW), CUBE_VERDICT_GOOD);
	ck_assert_int_eq(verdict(&s, 1, false, NOW), CUBE_VERDICT_NO_ANSWER);
	ck_assert_str_eq(text, "it is for CA certificates only");
	free(s.crl);
}
END_TEST

/* Somebody on the way may answer with what was true yesterday. */
START_TEST(test_older)
{
	struct cube_source s = {.kind = CUBE_FETCH_CRL}, o = {.kind = CUBE_FETCH_OCSP};
	struct cube_crl *newer = crl_of(NOW - 10, NOW + 100, 7), *older = crl_of(NOW - 11, NOW + 200, 8), *old = NULL;
	struct cube_ocsp revoked = {CUBE_OCSP_REVOKED, NOW - 10, NOW + 100}, good = {CUBE_OCSP_GOOD, NOW - 11, NOW + 200};

	ck_assert(cube_source_take_crl(&s, newer, NOW, &old));
	ck_assert(!cube_source_take_crl(&s, older, NOW, &old));
	ck_assert_ptr_null(old);
	ck_assert_ptr_eq(s.crl, newer);
	ck_assert_str_eq(s.error, "it is older than the one that is here");
	ck_assert_int_eq(verdict(&s, 7, false, NOW), CUBE_VERDICT_REVOKED);
	older->this_update = newer->this_update; /* the same again, or one of the same second */
	ck_assert(cube_source_take_crl(&s, older, NOW, &old));
	ck_assert_ptr_eq(old, newer);
	ck_assert_str_eq(s.error, "");
	free(newer);
	free(older);

	ck_assert(cube_source_take_ocsp(&o, &revoked, NOW));
	ck_assert(!cube_source_take_ocsp(&o, &good, NOW));
	ck_assert_int_eq(verdict(&o, 1, false, NOW), CUBE_VERDICT_REVOKED);
	good.this_update = NOW; /* a certificate on hold that is let go */
	ck_assert(cube_source_take_ocsp(&o, &good, NOW));
	ck_assert_int_eq(verdict(&o, 1, false, NOW), CUBE_VERDICT_GOOD);
}
END_TEST

START_TEST(test_ocsp)
{
	static const struct
	{
		enum cube_ocsp_status status;
		int64_t next;
		enum cube_verdict before, behind;
		int64_t end;
	} rows[] = {
			{CUBE_OCSP_GOOD, NOW + 100, CUBE_VERDICT_GOOD, CUBE_VERDICT_NO_ANSWER, NOW + 100},
			{CUBE_OCSP_GOOD, 0, CUBE_VERDICT_GOOD, CUBE_VERDICT_NO_ANSWER, NOW + CUBE_OCSP_AGE_MAX},
			{CUBE_OCSP_UNKNOWN, NOW + 100, CUBE_VERDICT_UNKNOWN, CUBE_VERDICT_NO_ANSWER, NOW + 100},
			{CUBE_OCSP_REVOKED, NOW + 100, CUBE_VERDICT_REVOKED, CUBE_VERDICT_REVOKED, NOW + 100},
	};
	struct cube_source s = {.kind = CUBE_FETCH_OCSP};
	struct cube_ocsp ocsp = {rows[_i].status, NOW, rows[_i].next};

	ck_assert_int_eq(verdict(&s, 1, false, NOW), CUBE_VERDICT_NO_ANSWER);
	cube_source_failed(&s, "connection refused", NOW);
	ck_assert_int_eq(verdict(&s, 1, false, NOW), CUBE_VERDICT_NO_ANSWER);
	ck_assert_str_eq(text, "connection refused");
	ck_assert(cube_source_take_ocsp(&s, &ocsp, NOW));
	ck_assert_int_eq(verdict(&s, 1, false, rows[_i].end - 1), rows[_i].before);
	ck_assert_int_eq(verdict(&s, 1, false, rows[_i].end), rows[_i].behind);
}
END_TEST

/* "unknown" is no word that a later answer could be older than. */
START_TEST(test_unknown_first)
{
	struct cube_source s = {.kind = CUBE_FETCH_OCSP};
	struct cube_ocsp unknown = {CUBE_OCSP_UNKNOWN, NOW, NOW + 100}, good = {CUBE_OCSP_GOOD, NOW - 50, NOW + 100};

	ck_assert(cube_source_take_ocsp(&s, &unknown, NOW));
	ck_assert(cube_source_take_ocsp(&s, &good, NOW));
	ck_assert_int_eq(verdict(&s, 1, false, NOW), CUBE_VERDICT_GOOD);
}
END_TEST

/* At half of its time, at least hourly, and never so often that it is a load, also where its time is over already. */
START_TEST(test_due)
{
	static const struct
	{
		int64_t left, due;
	} rows[] = {{-299, 5}, {0, 5}, {1, 5}, {2, 1}, {10, 5}, {3600, 1800}, {7200, 3600}, {7 * 86400, 3600},
			{100L * 365 * 86400, 3600}};
	struct cube_source s = {.kind = CUBE_FETCH_OCSP};
	struct cube_ocsp ocsp = {CUBE_OCSP_GOOD, NOW, NOW + rows[_i].left};

	ck_assert(cube_source_take_ocsp(&s, &ocsp, NOW));
	ck_assert_int_eq(s.due, NOW + rows[_i].due);
	ck_assert_int_eq(s.tried, NOW);
}
END_TEST

START_TEST(test_retry)
{
	static const int64_t waits[] = {5, 10, 20, 40, 80, 160, 300, 300};
	struct cube_source s = {.kind = CUBE_FETCH_CRL};
	struct cube_crl *old = NULL;

	for(int i = 0; i < 3000; i++) {
		cube_source_failed(&s, "HTTP 500", NOW + i);
		ck_assert_int_eq(s.due, NOW + i + waits[i < N(waits) ? i : N(waits) - 1]);
	}
	ck_assert(cube_source_take_crl(&s, crl_of(NOW, NOW + 100, 7), NOW, &old));
	ck_assert_uint_eq(s.failures, 0);
	cube_source_failed(&s, "HTTP 500", NOW);
	ck_assert_int_eq(s.due, NOW + 5);
	free(s.crl);
}
END_TEST

/* Another issuer, place, kind or serial number is another source; issuers of one name are two. */
START_TEST(test_key)
{
	struct pki ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "ca", .ca = true});
	struct pki twin = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "ca", .ca = true});
	struct cube_serial one = serial_of(1), two = serial_of(2);
	struct cube_source_key keys[8], same;

	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_CRL, false, ca.cert, "http://a/", NULL, &keys[0]), 0);
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_CRL, false, ca.cert, "http://a/", NULL, &keys[1]), 0);
	ck_assert_mem_eq(&keys[0], &keys[1], sizeof(keys[0]));
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_CRL, false, ca.cert, "http://a/b", NULL, &keys[1]), 0);
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_CRL, false, twin.cert, "http://a/", NULL, &keys[2]), 0);
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_OCSP, false, ca.cert, "http://a/", &one, &keys[3]), 0);
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_OCSP, false, ca.cert, "http://a/", &two, &keys[4]), 0);
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_OCSP, false, twin.cert, "http://a/", &one, &keys[5]), 0);
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_OCSP, false, ca.cert, "http://b/", &one, &keys[6]), 0);
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_CRL, true, ca.cert, "http://a/", NULL, &keys[7]), 0);
	/* what is configured matters to a CRL alone */
	ck_assert_int_eq(cube_source_key_of(CUBE_FETCH_OCSP, true, ca.cert, "http://a/", &one, &same), 0);
	ck_assert_mem_eq(&keys[3], &same, sizeof(same));
	for(int i = 0; i < N(keys); i++) {
		for(int k = 0; k < i; k++)
			ck_assert_mem_ne(&keys[i], &keys[k], sizeof(keys[0]));
	}
	pki_free(&ca);
	pki_free(&twin);
}
END_TEST

/* A warning only where it cannot be renewed, whatever it lives for. */
START_TEST(test_stage)
{
	enum
	{
		HOUR = 3600
	};
	struct cube_source s = {.kind = CUBE_FETCH_CRL}, o = {.kind = CUBE_FETCH_OCSP};
	struct cube_crl *old = NULL;
	struct cube_ocsp revoked = {.status = CUBE_OCSP_REVOKED, .this_update = NOW, .next_update = NOW + HOUR};

	cube_source_failed(&s, "HTTP 404", NOW);
	ck_assert_int_eq(cube_source_stage(&s, NOW), CUBE_EXPIRY_NONE); /* there is none that could end */
	ck_assert(cube_source_take_crl(&s, crl_of(NOW, NOW + 7 * 24 * HOUR, 7), NOW, &old));
	ck_assert_int_eq(cube_source_stage(&s, NOW), CUBE_EXPIRY_NONE);
	ck_assert_int_eq(cube_source_stage(&s, NOW + 7 * 24 * HOUR), CUBE_EXPIRY_NONE); /* it is being renewed */
	for(int i = 1; i <= 3; i++) {
		cube_source_failed(&s, "HTTP 404", NOW + i);
		ck_assert_int_eq(cube_source_stage(&s, NOW + 6 * 24 * HOUR - 1), CUBE_EXPIRY_NONE);
		ck_assert_int_eq(cube_source_stage(&s, NOW + 6 * 24 * HOUR), i == 3 ? 1 : CUBE_EXPIRY_NONE);
		ck_assert_int_eq(cube_source_stage(&s, NOW + 7 * 24 * HOUR), 0);
	}
	ck_assert(cube_source_take_ocsp(&o, &revoked, NOW));
	for(int i = 0; i < 3; i++)
		cube_source_failed(&o, "HTTP 404", NOW);
	ck_assert_int_eq(cube_source_stage(&o, NOW + HOUR), CUBE_EXPIRY_NONE);
	o.ocsp.status = CUBE_OCSP_GOOD;
	ck_assert_int_eq(cube_source_stage(&o, NOW + HOUR), 0);
	free(s.crl);
}
END_TEST

/* The state in a word, over the life of a source. */
START_TEST(test_state)
{
	struct cube_source crl = {.kind = CUBE_FETCH_CRL}, ocsp = {.kind = CUBE_FETCH_OCSP};
	struct cube_ocsp answer = {.status = CUBE_OCSP_UNKNOWN, .this_update = NOW - 10, .next_update = NOW + 100};
	struct cube_crl *old = NULL;

	ck_assert_str_eq(cube_source_state_name(cube_source_state(&crl, NOW)), "waiting");
	cube_source_failed(&crl, "HTTP 404", NOW);
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&crl, NOW)), "failed");
	ck_assert(cube_source_take_crl(&crl, crl_of(NOW - 10, NOW + 100, 7), NOW, &old));
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&crl, NOW + 99)), "good");
	cube_source_failed(&crl, "HTTP 404", NOW + 50); /* what it knows still holds */
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&crl, NOW + 99)), "good");
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&crl, NOW + 100)), "out of date");
	free(crl.crl);

	ck_assert(cube_source_take_ocsp(&ocsp, &answer, NOW));
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&ocsp, NOW)), "unknown");
	answer.status = CUBE_OCSP_GOOD;
	ck_assert(cube_source_take_ocsp(&ocsp, &answer, NOW));
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&ocsp, NOW)), "good");
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&ocsp, NOW + 100)), "out of date");
	answer.status = CUBE_OCSP_REVOKED;
	ck_assert(cube_source_take_ocsp(&ocsp, &answer, NOW));
	ck_assert_str_eq(cube_source_state_name(cube_source_state(&ocsp, NOW + 100)), "revoked");
}
END_TEST

Suite *suite_source(void)
{
	Suite *s = suite_create("source");
	TCase *tc = tcase_create("source");

	tcase_add_test(tc, test_state);
	tcase_add_test(tc, test_crl);
	tcase_add_test(tc, test_crl_scope);
	tcase_add_test(tc, test_older);
	tcase_add_loop_test(tc, test_ocsp, 0, 4);
	tcase_add_test(tc, test_unknown_first);
	tcase_add_loop_test(tc, test_due, 0, 9);
	tcase_add_test(tc, test_retry);
	tcase_add_test(tc, test_key);
	tcase_add_test(tc, test_stage);
	suite_add_tcase(s, tc);
	return s;
}
