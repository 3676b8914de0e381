/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/crl.c: the distribution point that a CRL names, and the place that a certificate has said. */
#include <check.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/crl.h"
#include "revocation.h"

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
#define PLACE "http://crl.example:80/a"

Suite *suite_crl_place(void);

static const struct row
{
	const char *what;
	const char *urls[3]; /* none: it is a name relative to the issuer's */
	int type;			 /* of the names; 0: GEN_URI */
	bool not_critical;
	bool good;
} rows[] = {
		{.what = "the same", .urls = {PLACE}, .good = true},
		{.what = "its scheme and server in capitals", .urls = {"HTTP://CRL.Example:80/a"}, .good = true},
		{.what = "the last one of several",
				.urls = {"ldap://crl.example/cn=1", "http://crl.example:80/b", PLACE},
				.good = true},
		{.what = "none of several", .urls = {"ldap://crl.example/cn=1", "http://crl.example:80/b"}},
		{.what = "not critical", .urls = {"http://crl.example:80/b"}, .not_critical = true},
		{.what = "its path in capitals", .urls = {"http://crl.example:80/A"}},
		{.what = "more of it", .urls = {PLACE "b"}},
		{.what = "less of it", .urls = {"http://crl.example:80/"}},
		{.what = "its server alone", .urls = {"http://crl.example:80"}},
		{.what = "nothing", .urls = {""}},
		{.what = "another server", .urls = {"http://crl.exemple:80/a"}},
		{.what = "another port", .urls = {"http://crl.example:81/a"}},
		{.what = "another scheme", .urls = {"xttp://crl.example:80/a"}},
		{.what = "no URI", .urls = {PLACE}, .type = GEN_DNS},
		{.what = "a name relative to the issuer's", .urls = {NULL}},
};

static const struct row *row;

static void set_names(DIST_POINT_NAME *point)
{
	if(row->urls[0] == NULL) {
		point->type = 1;
		point->name.relativename = sk_X509_NAME_ENTRY_new_null();
		sk_X509_NAME_ENTRY_push(point->name.relativename,
				X509_NAME_ENTRY_create_by_NID(NULL, NID_commonName, MBSTRING_ASC, (const unsigned char *)"crl", 3));
		return;
	}
	point->type = 0;
	point->name.fullname = GENERAL_NAMES_new();
	for(int i = 0; i < N(row->urls) && row->urls[i] != NULL; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		ASN1_STRING_set(text, row->urls[i], -1);
		GENERAL_NAME_set0_value(name, row->type != 0 ? row->type : GEN_URI, text);
		sk_GENERAL_NAME_push(point->name.fullname, name);
	}
}

static void add_idp(X509_CRL *crl)
{
	ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();

	idp->distpoint = DIST_POINT_NAME_new();
	set_names(idp->distpoint);
	ck_assert_int_eq(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, idp, !row->not_critical, 0), 1);
	ISSUING_DIST_POINT_free(idp);
}

/* want: what the error is; NULL: it is good. */
static void expect(const struct revocation_der *der, X509 *issuer, const char *place, time_t now, const char *want)
{
	struct cube_crl *crl;
	struct cube_err err;

	cube_err_reset(&err);
	crl = cube_crl_read(der->data, der->len, issuer, place, now, &err);
	ck_assert_msg((crl != NULL) == (want == NULL), "%s: %s", row->what, crl != NULL ? "good" : err.text);
	if(want != NULL)
		ck_assert_str_eq(err.text, want);
	free(crl);
}

/* What is configured is taken, whatever it names. */
START_TEST(test_place)
{
	struct pki ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "ca", .ca = true});
	time_t now = time(NULL);
	struct revocation_der der;

	row = &rows[_i];
	der = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, .odd = add_idp});
	expect(&der, ca.cert, PLACE, now, row->good ? NULL : "it is the one of another distribution point");
	expect(&der, ca.cert, "", now, NULL);
	free(der.data);
	pki_free(&ca);
}
END_TEST

/* A list that names no place is for all. */
START_TEST(test_no_name)
{
	static const struct row none = {.what = "no name"};
	struct pki ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "ca", .ca = true});
	time_t now = time(NULL);
	const char *const idps[] = {NULL, "critical,onlyuser:TRUE"};
	struct revocation_der der;

	row = &none;
	for(int i = 0; i < N(idps); i++) {
		der = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, .idp = idps[i]});
		expect(&der, ca.cert, PLACE, now, NULL);
		free(der.data);
	}
	pki_free(&ca);
}
END_TEST

Suite *suite_crl_place(void)
{
	Suite *s = suite_create("crl_place");
	TCase *tc = tcase_create("crl_place");

	tcase_add_loop_test(tc, test_place, 0, N(rows));
	tcase_add_test(tc, test_no_name);
	suite_add_tcase(s, tc);
	return s;
}
