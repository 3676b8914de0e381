/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/fetch.c: which URL of a certificate is taken, and which replies hold together. */
#include <check.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/fetch.h"
#include "helper.h"
#include "pki.h"

Suite *suite_fetch(void);

static X509 *with(int nid, const char *value)
{
	X509 *cert = X509_new();
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_msg(extension != NULL, "%s", value);
	ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
	return cert;
}

static void expect(X509 *cert, enum cube_fetch_kind kind, const char *want)
{
	char url[CUBE_FETCH_URL_MAX] = "x";
	bool found = cube_fetch_url_of(cert, kind, url);

	ck_assert_msg(found == (want != NULL), "found %s, must be %s", url, want != NULL ? want : "none");
	ck_assert_str_eq(url, want != NULL ? want : "");
	X509_free(cert);
}

START_TEST(test_crl_url)
{
	static const char *const rows[][2] = {
			{"URI:http://crl.example/a.crl", "http://crl.example/a.crl"},
			{"URI:HTTP://crl.example/A.crl", "http://crl.example/A.crl"},
			{"URI:ldap://crl.example/cn=x,URI:http://crl.example/b", "http://crl.example/b"},
			{"URI:http://one.example/,URI:http://two.example/", "http://one.example/"},
			{"URI:https://crl.example/a.crl", NULL},
			{"URI:http://", NULL},
			{"URI:ftp://crl.example/a.crl", NULL},
			{"URI:file:///etc/passwd", NULL},
			{"URI:/etc/passwd", NULL},
			{"DNS:crl.example", NULL},
			{"URI:http://crl.example/a b", NULL},
			{"URI:http://crl.example/\x7f", NULL},
			{"URI:http://crl.example/\xc3\xbc", NULL},
	};

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(with(NID_crl_distribution_points, rows[i][0]), CUBE_FETCH_CRL, rows[i][1]);
	expect(X509_new(), CUBE_FETCH_CRL, NULL);
	expect(with(NID_info_access, "OCSP;URI:http://ocsp.example/"), CUBE_FETCH_CRL, NULL);
}
END_TEST

enum odd
{
	PLAIN = 0,
	REASONS,
	INDIRECT,
	RELATIVE,
	NOTHING,
};

static DIST_POINT *point(enum odd odd, const char *url, size_t len)
{
	DIST_POINT *made = DIST_POINT_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, url, (int)len);
	GENERAL_NAME_set0_value(name, GEN_URI, text);
	if(odd == NOTHING) {
		GENERAL_NAME_free(name);
		return made;
	}
	made->distpoint = DIST_POINT_NAME_new();
	if(odd == RELATIVE) {
		made->distpoint->type = 1;
		made->distpoint->name.relativename = sk_X509_NAME_ENTRY_new_null();
		sk_X509_NAME_ENTRY_push(made->distpoint->name.relativename,
				X509_NAME_ENTRY_create_by_NID(NULL, NID_commonName, MBSTRING_ASC, (const unsigned char *)"crl", 3));
		GENERAL_NAME_free(name);
		return made;
	}
	made->distpoint->type = 0;
	made->distpoint->name.fullname = GENERAL_NAMES_new();
	sk_GENERAL_NAME_push(made->distpoint->name.fullname, name);
	if(odd == REASONS) {
		made->reasons = ASN1_BIT_STRING_new();
		ASN1_BIT_STRING_set_bit(made->reasons, 1, 1);
	} else if(odd == INDIRECT) {
		GENERAL_NAME *issuer = GENERAL_NAME_new();

		GENERAL_NAME_set0_value(issuer, GEN_DIRNAME, X509_NAME_new());
		made->CRLissuer = GENERAL_NAMES_new();
		sk_GENERAL_NAME_push(made->CRLissuer, issuer);
	}
	return made;
}

static X509 *with_points(const enum odd *odds, const char *const *urls, const size_t *lens, unsigned n)
{
	CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
	X509 *cert = X509_new();

	for(unsigned i = 0; i < n; i++)
		sk_DIST_POINT_push(points, point(odds[i], urls[i], lens != NULL ? lens[i] : strlen(urls[i])));
	ck_assert_int_eq(X509_add1_ext_i2d(cert, NID_crl_distribution_points, points, 0, 0), 1);
	CRL_DIST_POINTS_free(points);
	return cert;
}

/* Points for some reasons, of another issuer, without a full name: none of them is for us; the one behind them is. */
START_TEST(test_crl_points)
{
	for(int odd = PLAIN; odd <= NOTHING; odd++) {
		const enum odd odds[] = {(enum odd)odd, PLAIN};
		const char *const urls[] = {"http://one.example/", "http://two.example/"};

		expect(with_points(odds, urls, NULL, 2), CUBE_FETCH_CRL, urls[odd == PLAIN ? 0 : 1]);
		expect(with_points(odds, urls, NULL, 1), CUBE_FETCH_CRL, odd == PLAIN ? urls[0] : NULL);
	}
}
END_TEST

START_TEST(test_length)
{
	static char text[CUBE_FETCH_URL_MAX + 1];
	const enum odd plain = PLAIN;
	const char *const url = text;
	size_t len = CUBE_FETCH_URL_MAX;

	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "http://", 7);
	expect(with_points(&plain, &url, &len, 1), CUBE_FETCH_CRL, NULL);
	text[--len] = '\0';
	expect(with_points(&plain, &url, &len, 1), CUBE_FETCH_CRL, text);
	/* a NUL cuts nothing off, and no line is ended */
	text[20] = '\0';
	expect(with_points(&plain, &url, &len, 1), CUBE_FETCH_CRL, NULL);
	text[20] = '\n';
	expect(with_points(&plain, &url, &len, 1), CUBE_FETCH_CRL, NULL);
}
END_TEST

START_TEST(test_ocsp_url)
{
	expect(with(NID_info_access, "OCSP;URI:http://ocsp.example"), CUBE_FETCH_OCSP, "http://ocsp.example");
	expect(with(NID_info_access, "caIssuers;URI:http://ca.example/ca.cer"), CUBE_FETCH_OCSP, NULL);
	expect(with(NID_info_access, "caIssuers;URI:http://ca.example/ca.cer,OCSP;URI:https://a.example,OCSP;DNS:b.example,"
								 "OCSP;URI:http://c.example/x"),
			CUBE_FETCH_OCSP, "http://c.example/x");
	expect(with(NID_crl_distribution_points, "URI:http://crl.example/a.crl"), CUBE_FETCH_OCSP, NULL);
	expect(X509_new(), CUBE_FETCH_OCSP, NULL);
}
END_TEST

/* A certificate whose extension is no such thing has no URL. */
START_TEST(test_broken)
{
	static const int nids[] = {NID_crl_distribution_points, NID_info_access};
	static const enum cube_fetch_kind kinds[] = {CUBE_FETCH_CRL, CUBE_FETCH_OCSP};

	for(unsigned i = 0; i < 2; i++) {
		ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
		X509_EXTENSION *extension;
		X509 *cert = X509_new();

		ASN1_OCTET_STRING_set(data, (const unsigned char *)"\x30\x05\x01", 3);
		extension = X509_EXTENSION_create_by_NID(NULL, nids[i], 0, data);
		ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
		X509_EXTENSION_free(extension);
		ASN1_OCTET_STRING_free(data);
		expect(cert, kinds[i], NULL);
	}
}
END_TEST

#define TEXT "from the cache: x" /* of odd length: what follows is not aligned */
#define TEXT_LEN (sizeof(TEXT) - 1)

static enum cube_fetch_kind asked; /* by make_reply */
static struct reply
{
	struct cube_fetch_reply head;
	unsigned char rest[4096];
} reply;

static size_t make_reply(enum cube_fetch_kind kind, uint32_t n)
{
	struct cube_crl crl = {.this_update = 1, .next_update = 2, .covers = CUBE_CRL_USERS, .n = n};

	asked = kind;
	memset(&reply, 0, sizeof(reply));
	reply.head.magic = CUBE_FETCH_MAGIC;
	reply.head.kind = kind;
	reply.head.ok = 1;
	reply.head.text_len = TEXT_LEN;
	reply.head.data_len = kind == CUBE_FETCH_CRL ? (uint32_t)cube_crl_bytes(n) : n;
	memcpy(reply.rest, TEXT, TEXT_LEN);
	if(kind == CUBE_FETCH_CRL)
		memcpy(reply.rest + TEXT_LEN, &crl, sizeof(crl));
	return sizeof(reply.head) + TEXT_LEN + reply.head.data_len;
}

static void crl_set(const struct cube_crl *crl)
{
	memcpy(reply.rest + TEXT_LEN, crl, sizeof(*crl));
}

/* From a copy of exactly this length. */
static bool ok(size_t len)
{
	void *exact = helper_exact(&reply, len);
	bool result = cube_fetch_reply_ok(exact, len, asked);

	free(exact);
	return result;
}

START_TEST(test_reply)
{
	static const enum cube_fetch_kind kinds[] = {CUBE_FETCH_CRL, CUBE_FETCH_OCSP};

	for(unsigned i = 0; i < 2; i++) {
		size_t len = make_reply(kinds[i], 5);

		ck_assert(ok(len));
		for(size_t shorter = 0; shorter < len; shorter++)
			ck_assert(!ok(shorter));
		ck_assert(!ok(len + 1));
		reply.head.magic++;
		ck_assert(!ok(len));
		make_reply(kinds[i], 5);
		reply.head.kind = 3;
		ck_assert(!ok(len));
		reply.head.kind = 0;
		ck_assert(!ok(len));
		/* nor is it one to another question, good or bad */
		reply.head.kind = kinds[i];
		asked = kinds[1 - i];
		ck_assert(!ok(len));
		reply.head.ok = 0;
		reply.head.data_len = 0;
		ck_assert(!ok(sizeof(reply.head) + TEXT_LEN));
		make_reply(kinds[i], 5);
		reply.head.ok = 2;
		ck_assert(!ok(len));
		reply.head.ok = 0; /* nor is there data when it failed */
		ck_assert(!ok(len));
		reply.head.data_len = 0;
		ck_assert(ok(sizeof(reply.head) + TEXT_LEN));
		reply.head.kind = 3;
		ck_assert(!ok(sizeof(reply.head) + TEXT_LEN));
		make_reply(kinds[i], 5);
		reply.rest[3] = '\n';
		ck_assert(!ok(len));
		reply.rest[3] = 0x80;
		ck_assert(!ok(len));
		make_reply(kinds[i], 5);
		reply.head.text_len = UINT32_MAX;
		ck_assert(!ok(len));
		make_reply(kinds[i], 5);
		reply.head.data_len = UINT32_MAX;
		ck_assert(!ok(len));
	}
}
END_TEST

START_TEST(test_reply_limits)
{
	size_t len = make_reply(CUBE_FETCH_OCSP, 0);

	ck_assert(!ok(len));
	len = make_reply(CUBE_FETCH_OCSP, 1);
	reply.head.ocsp.status = CUBE_OCSP_UNKNOWN;
	ck_assert(ok(len));
	reply.head.ocsp.status = (enum cube_ocsp_status)3;
	ck_assert(!ok(len));
	/* text */
	memset(&reply, 0, sizeof(reply));
	memset(reply.rest, 'a', sizeof(reply.rest));
	reply.head.magic = CUBE_FETCH_MAGIC;
	reply.head.kind = asked;
	reply.head.text_len = CUBE_FETCH_TEXT_MAX;
	ck_assert(ok(sizeof(reply.head) + CUBE_FETCH_TEXT_MAX));
	reply.head.text_len++;
	ck_assert(!ok(sizeof(reply.head) + CUBE_FETCH_TEXT_MAX + 1));
	/* a response that is too long */
	static struct
	{
		struct cube_fetch_reply head;
		unsigned char data[CUBE_FETCH_OCSP_MAX + 1];
	} large = {.head = {.magic = CUBE_FETCH_MAGIC, .kind = CUBE_FETCH_OCSP, .ok = 1, .data_len = CUBE_FETCH_OCSP_MAX}};

	ck_assert(cube_fetch_reply_ok(&large.head, sizeof(large.head) + CUBE_FETCH_OCSP_MAX, CUBE_FETCH_OCSP));
	large.head.data_len++;
	ck_assert(!cube_fetch_reply_ok(&large.head, sizeof(large.head) + CUBE_FETCH_OCSP_MAX + 1, CUBE_FETCH_OCSP));
}
END_TEST

START_TEST(test_reply_crl)
{
	size_t len = make_reply(CUBE_FETCH_CRL, 0);
	struct cube_crl crl = {.covers = CUBE_CRL_USERS};

	ck_assert(ok(len));
	len = make_reply(CUBE_FETCH_CRL, 5);
	crl.n = 4;
	crl_set(&crl);
	ck_assert(!ok(len));
	crl.n = 6;
	crl_set(&crl);
	ck_assert(!ok(len));
	crl.n = UINT32_MAX;
	crl_set(&crl);
	ck_assert(!ok(len));
	crl.n = 5;
	crl_set(&crl);
	ck_assert(ok(len));
	crl.covers = 0;
	crl_set(&crl);
	ck_assert(!ok(len));
	crl.covers = 4;
	crl_set(&crl);
	ck_assert(!ok(len));
	crl.covers = CUBE_CRL_USERS | CUBE_CRL_CAS;
	crl_set(&crl);
	ck_assert(ok(len));
	/* more than are read */
	crl.n = CUBE_CRL_ENTRIES_MAX + 1;
	len = sizeof(struct cube_fetch_reply) + cube_crl_bytes(crl.n);
	struct cube_fetch_reply *large = calloc(1, len);

	ck_assert_ptr_nonnull(large);
	*large = (struct cube_fetch_reply){.magic = CUBE_FETCH_MAGIC, .kind = CUBE_FETCH_CRL, .ok = 1};
	large->data_len = (uint32_t)cube_crl_bytes(crl.n);
	memcpy(large + 1, &crl, sizeof(crl));
	ck_assert(!cube_fetch_reply_ok(large, len, CUBE_FETCH_CRL));
	free(large);
}
END_TEST

/* Times beyond those that ASN.1 has are nobody's word, and could not be reckoned with. */
START_TEST(test_reply_times)
{
	static const struct
	{
		int64_t time;
		bool good;
	} rows[] = {{-62167219200, true}, {-62167219201, false}, {253402300799, true}, {253402300800, false}, {0, true},
			{INT64_MIN, false}, {INT64_MAX, false}};
	struct cube_crl crl = {.covers = CUBE_CRL_USERS};
	size_t len;

	for(unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = make_reply(CUBE_FETCH_OCSP, 1);
		reply.head.ocsp.this_update = rows[i].time;
		ck_assert_msg(ok(len) == rows[i].good, "thisUpdate of OCSP, row %u", i);
		len = make_reply(CUBE_FETCH_OCSP, 1);
		reply.head.ocsp.next_update = rows[i].time;
		ck_assert_msg(ok(len) == rows[i].good, "nextUpdate of OCSP, row %u", i);
		len = make_reply(CUBE_FETCH_CRL, 0);
		crl.this_update = rows[i].time;
		crl.next_update = 0;
		crl_set(&crl);
		ck_assert_msg(ok(len) == rows[i].good, "thisUpdate of a CRL, row %u", i);
		crl.this_update = 0;
		crl.next_update = rows[i].time;
		crl_set(&crl);
		ck_assert_msg(ok(len) == rows[i].good, "nextUpdate of a CRL, row %u", i);
	}
}
END_TEST

Suite *suite_fetch(void)
{
	Suite *s = suite_create("fetch");
	TCase *tc = tcase_create("fetch");

	tcase_add_test(tc, test_crl_url);
	tcase_add_test(tc, test_crl_points);
	tcase_add_test(tc, test_length);
	tcase_add_test(tc, test_ocsp_url);
	tcase_add_test(tc, test_broken);
	tcase_add_test(tc, test_reply);
	tcase_add_test(tc, test_reply_limits);
	tcase_add_test(tc, test_reply_crl);
	tcase_add_test(tc, test_reply_times);
	suite_add_tcase(s, tc);
	return s;
}
