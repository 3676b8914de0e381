/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/ocsp.c: what is asked, whose answer counts, for which certificate, and for how long. */
#include <check.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/ocsp.h"
#include "helper.h"
#include "revocation.h"

Suite *suite_ocsp(void);

#define DAY 86400L

static struct pki ca, same_name, other, leaf, delegate, no_eku, other_eku, foreign, late_eku, early_eku, sha1_eku, sub,
		grandchild;
static struct cube_serial serial;
static time_t now;

static void setup(void)
{
	now = time(NULL);
	ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true});
	same_name = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "root", .ca = true});
	other = pki_make(&(struct pki_spec){.key = PKI_P521, .cn = "other", .ca = true});
	leaf = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "leaf", .issuer = &ca});
	delegate = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "ocsp", .issuer = &ca, .eku = "OCSPSigning"});
	no_eku = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "ocsp", .issuer = &ca});
	other_eku =
			pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "ocsp", .issuer = &ca, .eku = "serverAuth,clientAuth"});
	foreign = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "ocsp", .issuer = &other, .eku = "OCSPSigning"});
	late_eku = pki_make(&(struct pki_spec){
			.key = PKI_P384, .cn = "ocsp", .issuer = &ca, .eku = "OCSPSigning", .from_days = -9, .to_days = -1});
	early_eku = pki_make(&(struct pki_spec){
			.key = PKI_P384, .cn = "ocsp", .issuer = &ca, .eku = "OCSPSigning", .from_days = 1, .to_days = 9});
	sha1_eku = pki_make(
			&(struct pki_spec){.key = PKI_P384, .cn = "ocsp", .issuer = &ca, .eku = "OCSPSigning", .sha1 = true});
	sub = pki_make(&(struct pki_spec){.key = PKI_P521, .cn = "sub", .issuer = &ca, .ca = true, .eku = "OCSPSigning"});
	grandchild = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "ocsp", .issuer = &sub, .eku = "OCSPSigning"});
	ck_assert(cube_serial_of(X509_get0_serialNumber(leaf.cert), &serial));
}

static void teardown(void)
{
	struct pki *const all[] = {&ca, &same_name, &other, &leaf, &delegate, &no_eku, &other_eku, &foreign, &late_eku,
			&early_eku, &sha1_eku, &sub, &grandchild};

	for(unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		pki_free(all[i]);
}

static int read_bytes(const void *data, size_t len, OCSP_REQUEST *request, struct cube_ocsp *ocsp, struct cube_err *err)
{
	void *exact = helper_exact(data, len);
	int rc;

	cube_err_reset(err);
	rc = cube_ocsp_read(exact, len, ca.cert, &serial, request, now, ocsp, err);
	free(exact);
	ck_assert_uint_eq(err->count, rc == 0 ? 0 : 1);
	return rc;
}

/* want: how the error begins; NULL: it is good. */
static void expect(const char *what, const struct revocation_der *der, OCSP_REQUEST *request, struct cube_ocsp *ocsp,
		const char *want)
{
	struct cube_err err;
	int rc = read_bytes(der->data, der->len, request, ocsp, &err);

	ck_assert_msg((rc == 0) == (want == NULL), "%s: %s", what, rc == 0 ? "good" : err.text);
	if(want != NULL)
		ck_assert_msg(strncmp(err.text, want, strlen(want)) == 0, "%s: %s", what, err.text);
}

START_TEST(test_request)
{
	OCSP_REQUEST *request = cube_ocsp_request(ca.cert, &serial), *second = cube_ocsp_request(ca.cert, &serial);
	OCSP_CERTID *wanted = OCSP_cert_to_id(EVP_sha1(), leaf.cert, ca.cert);
	unsigned char *a = NULL, *b = NULL;
	int a_len, b_len;

	ck_assert_ptr_nonnull(request);
	ck_assert_int_eq(OCSP_request_onereq_count(request), 1);
	ck_assert_int_eq(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)), wanted), 0);
	ck_assert_int_ge(OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1), 0);
	/* no two are alike */
	a_len = i2d_OCSP_REQUEST(request, &a);
	b_len = i2d_OCSP_REQUEST(second, &b);
	ck_assert_int_eq(a_len, b_len);
	ck_assert_mem_ne(a, b, (size_t)a_len);
	OPENSSL_free(a);
	OPENSSL_free(b);
	OCSP_CERTID_free(wanted);
	OCSP_REQUEST_free(request);
	OCSP_REQUEST_free(second);
}
END_TEST

START_TEST(test_statuses)
{
	static const int statuses[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED, V_OCSP_CERTSTATUS_UNKNOWN};
	static const enum cube_ocsp_status wanted[] = {CUBE_OCSP_GOOD, CUBE_OCSP_REVOKED, CUBE_OCSP_UNKNOWN};
	const struct pki *const signers[] = {NULL, &delegate, &ca};
	const EVP_MD *const ids[] = {EVP_sha1(), EVP_sha256()};
	OCSP_REQUEST *request = cube_ocsp_request(ca.cert, &serial);

	for(unsigned i = 0; i < 3 * 3 * 2; i++) {
		struct cube_ocsp ocsp = {.status = CUBE_OCSP_UNKNOWN};
		struct revocation_der der = revocation_ocsp(&(struct revocation_ocsp){.issuer = &ca,
				.now = now,
				.signer = signers[i / 3 % 3],
				.id = ids[i / 9],
				.status = statuses[i % 3],
				.request = request,
				.serial = X509_get0_serialNumber(leaf.cert)});

		expect("good", &der, request, &ocsp, NULL);
		ck_assert_int_eq(ocsp.status, wanted[i % 3]);
		ck_assert_int_eq(ocsp.this_update, now - 3600);
		ck_assert_int_eq(ocsp.next_update, now + DAY);
		/* stapled: its nonce was somebody else's */
		expect("stapled", &der, NULL, &ocsp, NULL);
		free(der.data);
	}
	OCSP_REQUEST_free(request);
}
END_TEST

static void add_unknown(OCSP_BASICRESP *basic)
{
	X509_EXTENSION *extension = revocation_unknown();

	OCSP_BASICRESP_add_ext(basic, extension, -1);
	X509_EXTENSION_free(extension);
}

static void add_unknown_of_single(OCSP_BASICRESP *basic)
{
	X509_EXTENSION *extension = revocation_unknown();

	OCSP_SINGLERESP_add_ext(OCSP_resp_get0(basic, 0), extension, -1);
	X509_EXTENSION_free(extension);
}

static void add_unknown_quietly(OCSP_BASICRESP *basic)
{
	X509_EXTENSION *extension = revocation_unknown();

	X509_EXTENSION_set_critical(extension, 0);
	OCSP_BASICRESP_add_ext(basic, extension, -1);
	OCSP_SINGLERESP_add_ext(OCSP_resp_get0(basic, 0), extension, -1);
	X509_EXTENSION_free(extension);
}

static void add_other_nonce(OCSP_BASICRESP *basic)
{
	OCSP_basic_add1_nonce(basic, NULL, -1);
}

static void break_time(OCSP_BASICRESP *basic, bool next)
{
	ASN1_GENERALIZEDTIME *from = NULL, *to = NULL;

	OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL, NULL, &from, &to);
	ASN1_STRING_set(next ? to : from, "20261340000000Z", -1);
}

static void break_this(OCSP_BASICRESP *basic)
{
	break_time(basic, false);
}

static void break_next(OCSP_BASICRESP *basic)
{
	break_time(basic, true);
}

static const struct row
{
	const char *what;
	struct revocation_ocsp spec; /* issuer NULL: ca; serial NULL: leaf's */
	const char *err;
	bool next; /* nextUpdate is told */
} rows[] = {
		{"no nonce, a day", {.to = DAY}, NULL, true},
		{"another nonce", {.odd = add_other_nonce}, "its nonce is not the request's", false},
		{"signed by another key of the same name", {.signer = &same_name}, "its signature is not by its signer's key",
				false},
		{"signed by another CA", {.signer = &other}, "its signer's certificate: ", false},
		{"delegate of another CA", {.signer = &foreign},
				"its signer's certificate: unable to get local issuer certificate", false},
		{"delegate of a delegate", {.signer = &grandchild},
				"its signer's certificate: unable to get local issuer certificate", false},
		{"signed by a certificate of the issuer", {.signer = &no_eku},
				"its signer's certificate is not for that (its extended key usage lacks OCSPSigning)", false},
		{"signed by a server of the issuer", {.signer = &other_eku}, "its signer's certificate is not for that", false},
		{"signed by the peer itself", {.signer = &leaf}, "its signer's certificate is not for that", false},
		{"delegate out of date", {.signer = &late_eku}, "its signer's certificate: certificate has expired", false},
		{"delegate of the future", {.signer = &early_eku}, "its signer's certificate: certificate is not yet valid",
				false},
		{"delegate by SHA-1", {.signer = &sha1_eku}, "its signer's certificate: CA signature digest algorithm too weak",
				false},
		{"issuer of the same name in the id", {.issuer = &same_name, .signer = &ca},
				"its signer does not speak for the issuer", false},
		{"about a certificate of another issuer", {.issuer = &other, .signer = &delegate},
				"its signer does not speak for the issuer", false},
		{"out of date", {.from = -DAY, .to = -1}, "it is out of date: it held until 20", false},
		{"ends now", {.from = -DAY, .to = 0}, "it is out of date", false},
		{"ends in a moment", {.from = -DAY, .to = 1}, NULL, true},
		{"of the future", {.from = 301, .to = DAY}, "it is of the future: it holds from 20", false},
		{"a clock that is ahead", {.from = 299, .to = DAY}, NULL, true},
		{"its end before its begin", {.from = 200, .to = 100}, "its nextUpdate is before its thisUpdate", false},
		{"begins at no time", {.odd = break_this}, "its thisUpdate is no time", false},
		{"ends at no time", {.odd = break_next}, "its nextUpdate is no time", false},
		{"no nextUpdate, fresh", {.no_next = true}, NULL, false},
		{"no nextUpdate, a day ago", {.no_next = true, .from = -DAY, .to = 0}, "it is out of date: it is of 20", false},
		{"no nextUpdate, almost a day ago", {.no_next = true, .from = -DAY + 1, .to = 0}, NULL, false},
		{"unknown critical extension", {.odd = add_unknown}, "it has a critical extension", false},
		{"unknown critical extension of the answer", {.odd = add_unknown_of_single}, "it has a critical extension",
				false},
		{"unknown extensions", {.odd = add_unknown_quietly}, NULL, true},
		{"malformed", {.response = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST}, "the responder says malformedRequest",
				false},
		{"internal error", {.response = OCSP_RESPONSE_STATUS_INTERNALERROR}, "the responder says internalError", false},
		{"try later", {.response = OCSP_RESPONSE_STATUS_TRYLATER}, "the responder says tryLater", false},
		{"signature required", {.response = OCSP_RESPONSE_STATUS_SIGREQUIRED}, "the responder says sigRequired", false},
		{"unauthorized", {.response = OCSP_RESPONSE_STATUS_UNAUTHORIZED}, "the responder says unauthorized", false},
		{"no status", {.response = 99}, "the responder says a status that does not exist", false},
};

START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	OCSP_REQUEST *request = cube_ocsp_request(ca.cert, &serial);
	struct revocation_ocsp spec = row->spec;
	struct revocation_der der;
	struct cube_ocsp ocsp = {.next_update = 1};

	if(spec.issuer == NULL)
		spec.issuer = &ca;
	spec.now = now;
	spec.serial = X509_get0_serialNumber(leaf.cert);
	der = revocation_ocsp(&spec);
	expect(row->what, &der, request, &ocsp, row->err);
	if(row->err == NULL) {
		ck_assert_int_eq(ocsp.status, CUBE_OCSP_GOOD);
		ck_assert_msg((ocsp.next_update > 0) == row->next, "%s", row->what);
	}
	free(der.data);
	OCSP_REQUEST_free(request);
}
END_TEST

START_TEST(test_serial)
{
	ASN1_INTEGER *number = ASN1_INTEGER_dup(X509_get0_serialNumber(leaf.cert));
	struct revocation_der der;
	struct cube_ocsp ocsp;

	ASN1_INTEGER_set(number, ASN1_INTEGER_get(number) + 1);
	der = revocation_ocsp(&(struct revocation_ocsp){.issuer = &ca, .now = now, .serial = number});
	expect("another certificate", &der, NULL, &ocsp, "it does not speak of this certificate");
	ASN1_INTEGER_free(number);
	free(der.data);
	der = revocation_ocsp(&(struct revocation_ocsp){
			.issuer = &ca, .now = now, .id = EVP_sha384(), .serial = X509_get0_serialNumber(leaf.cert)});
	expect("a hash that was not asked for", &der, NULL, &ocsp, "it does not speak of this certificate");
	free(der.data);
}
END_TEST

static const struct pki *many_issuer;

static void add_more(OCSP_BASICRESP *basic)
{
	ASN1_TIME *from = ASN1_GENERALIZEDTIME_set(NULL, now - 60), *to = ASN1_GENERALIZEDTIME_set(NULL, now + 60);
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), leaf.cert, many_issuer->cert);

	OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_NOSTATUS, from, from, to);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
}

/* The answer is found among others of the same issuer; an answer for two issuers is nobody's. */
START_TEST(test_many)
{
	struct revocation_ocsp spec = {
			.issuer = &ca, .now = now, .odd = add_more, .serial = X509_get0_serialNumber(delegate.cert)};
	struct revocation_der der;
	struct cube_ocsp ocsp;

	many_issuer = &ca;
	der = revocation_ocsp(&spec);
	expect("second of two", &der, NULL, &ocsp, NULL);
	ck_assert_int_eq(ocsp.status, CUBE_OCSP_REVOKED);
	ck_assert_int_eq(ocsp.next_update, now + 60);
	free(der.data);
	many_issuer = &other;
	der = revocation_ocsp(&spec);
	expect("two issuers", &der, NULL, &ocsp, "its signer does not speak for the issuer");
	free(der.data);
}
END_TEST

START_TEST(test_digests)
{
	struct revocation_ocsp spec = {.issuer = &ca, .now = now, .serial = X509_get0_serialNumber(leaf.cert)};
	struct revocation_der der;
	struct cube_ocsp ocsp;

	spec.md = EVP_sha1();
	der = revocation_ocsp(&spec);
	expect("SHA-1", &der, NULL, &ocsp, "it is signed by an algorithm that is too weak or unknown");
	free(der.data);
	spec.md = EVP_sha384();
	der = revocation_ocsp(&spec);
	expect("SHA-384", &der, NULL, &ocsp, NULL);
	free(der.data);
}
END_TEST

START_TEST(test_garbage)
{
	struct revocation_der der = revocation_ocsp(&(struct revocation_ocsp){
			.issuer = &ca, .now = now, .signer = &delegate, .serial = X509_get0_serialNumber(leaf.cert)});
	unsigned char *longer = malloc(der.len + 2);
	struct cube_ocsp ocsp;
	struct cube_err err;

	memcpy(longer, der.data, der.len);
	memcpy(longer + der.len, "\n\n", 2);
	expect("bytes behind", &(struct revocation_der){longer, der.len + 2}, NULL, &ocsp,
			"not an OCSP response alone: 2 bytes are behind its end");
	for(size_t len = 0; len < der.len; len++)
		expect("truncated", &(struct revocation_der){der.data, len}, NULL, &ocsp, "not an OCSP response");
	memset(longer, 'x', der.len);
	expect("garbage", &(struct revocation_der){longer, der.len}, NULL, &ocsp, "not an OCSP response");
	/* successful, but with nothing in it (RFC 6960 4.2.1: responseBytes is optional) */
	expect("empty", &(struct revocation_der){(unsigned char *)"\x30\x03\x0a\x01\x00", 5}, NULL, &ocsp,
			"the OCSP response is not of the basic type");
	for(size_t i = 0; i < der.len; i++) {
		der.data[i] ^= 1;
		/* the signer's certificate may be changed where nobody looks; then what it signed is still the same */
		if(read_bytes(der.data, der.len, NULL, &ocsp, &err) == 0)
			ck_assert_msg(ocsp.status == CUBE_OCSP_GOOD && ocsp.this_update == now - 3600, "byte %zu", i);
		der.data[i] ^= 1;
	}
	free(longer);
	free(der.data);
}
END_TEST

Suite *suite_ocsp(void)
{
	Suite *s = suite_create("ocsp");
	TCase *tc = tcase_create("ocsp");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_request);
	tcase_add_test(tc, test_statuses);
	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, test_serial);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_digests);
	tcase_add_test(tc, test_garbage);
	suite_add_tcase(s, tc);
	return s;
}
