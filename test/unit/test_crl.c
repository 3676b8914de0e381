/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/crl.c: which CRL is whose, which are good for nothing and in which words, and what the good
 * ones say. */
#include <check.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/crl.h"
#include "helper.h"
#include "revocation.h"

Suite *suite_crl(void);

static struct pki ca, same_name, other, signs_nothing, no_usage, rsa, nameless;
static time_t now;

static const long some[] = {70000, 3, 0x7f, 0x80, 256, 3, 1};
#define SOME .serials = some, .n = sizeof(some) / sizeof(some[0])

static void setup(void)
{
	now = time(NULL);
	ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true});
	same_name = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "root", .ca = true});
	other = pki_make(&(struct pki_spec){.key = PKI_P521, .cn = "other", .ca = true});
	signs_nothing = pki_make(
			&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true, .key_usage = "critical,keyCertSign"});
	no_usage = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true, .key_usage = ""});
	nameless = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true, .no_key_ids = true});
	rsa = pki_make(&(struct pki_spec){.key = PKI_RSA_2048, .cn = "rsa", .ca = true});
}

static void teardown(void)
{
	pki_free(&ca);
	pki_free(&same_name);
	pki_free(&other);
	pki_free(&signs_nothing);
	pki_free(&no_usage);
	pki_free(&nameless);
	pki_free(&rsa);
}

static struct cube_serial serial_of(long number)
{
	ASN1_INTEGER *integer = ASN1_INTEGER_new();
	struct cube_serial serial;

	ck_assert_int_eq(ASN1_INTEGER_set(integer, number), 1);
	ck_assert(cube_serial_of(integer, &serial));
	ASN1_INTEGER_free(integer);
	return serial;
}

static bool has(const struct cube_crl *crl, long number)
{
	struct cube_serial serial = serial_of(number);

	return cube_crl_has(crl, &serial);
}

static struct cube_crl *read_bytes(const void *data, size_t len, const struct pki *issuer, struct cube_err *err)
{
	void *exact = helper_exact(data, len);
	struct cube_crl *crl;

	cube_err_reset(err);
	crl = cube_crl_read(exact, len, issuer->cert, "", now, err);
	free(exact);
	ck_assert_uint_eq(err->count, crl == NULL ? 1 : 0);
	return crl;
}

/* The error's text must begin so; NULL: it is good. The caller frees it. */
static struct cube_crl *expect(const void *data, size_t len, const struct pki *issuer, const char *want)
{
	struct cube_err err;
	struct cube_crl *crl = read_bytes(data, len, issuer, &err);

	if(want == NULL)
		ck_assert_msg(crl != NULL, "refused: %s", err.text);
	else
		ck_assert_msg(crl == NULL && strncmp(err.text, want, strlen(want)) == 0, "must be \"%s\", is \"%s\"", want,
				crl != NULL ? "good" : err.text);
	return crl;
}

START_TEST(test_good)
{
	struct revocation_der der = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, SOME});
	struct cube_crl *crl = expect(der.data, der.len, &ca, NULL);

	ck_assert_int_eq(crl->this_update, now - 3600);
	ck_assert_int_eq(crl->next_update, now + 86400);
	ck_assert_uint_eq(crl->covers, CUBE_CRL_USERS | CUBE_CRL_CAS);
	ck_assert_uint_eq(crl->n, 7);
	for(unsigned i = 0; i < 7; i++)
		ck_assert(has(crl, some[i]));
	for(unsigned i = 1; i < crl->n; i++)
		ck_assert_int_le(memcmp(&crl->revoked[i - 1], &crl->revoked[i], CUBE_SERIAL_LEN), 0);
	ck_assert(!has(crl, 2) && !has(crl, 0) && !has(crl, 0x7f00) && !has(crl, 70001));
	free(crl);
	free(der.data);

	der = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now});
	crl = expect(der.data, der.len, &ca, NULL);
	ck_assert_uint_eq(crl->n, 0);
	ck_assert(!has(crl, 1));
	free(crl);
	free(der.data);
}
END_TEST

static void add_delta(X509_CRL *crl)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASN1_INTEGER_set(number, 7);
	ck_assert_int_eq(X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0), 1);
	ck_assert_int_eq(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, number, 1, 0), 1);
	ASN1_INTEGER_free(number);
}

static void add_number(X509_CRL *crl)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASN1_INTEGER_set(number, 7);
	ck_assert_int_eq(X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 1, 0), 1);
	ASN1_INTEGER_free(number);
}

static void add_unknown(X509_CRL *crl)
{
	X509_EXTENSION *extension = revocation_unknown();

	ck_assert_int_eq(X509_CRL_add_ext(crl, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void add_unknown_quietly(X509_CRL *crl)
{
	X509_EXTENSION *extension = revocation_unknown();

	X509_EXTENSION_set_critical(extension, 0);
	ck_assert_int_eq(X509_CRL_add_ext(crl, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void add_idp_twice(X509_CRL *crl)
{
	ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();

	idp->onlyuser = 0xff;
	ck_assert_int_eq(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, idp, 1, X509V3_ADD_APPEND), 1);
	ISSUING_DIST_POINT_free(idp);
}

static void add_idp_garbage(X509_CRL *crl)
{
	X509_EXTENSION *extension = revocation_unknown();

	X509_EXTENSION_set_object(extension, OBJ_nid2obj(NID_issuing_distribution_point));
	ck_assert_int_eq(X509_CRL_add_ext(crl, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509_REVOKED *second_entry(X509_CRL *crl)
{
	return sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 1);
}

static void add_entry_unknown(X509_CRL *crl)
{
	X509_EXTENSION *extension = revocation_unknown();

	ck_assert_int_eq(X509_REVOKED_add_ext(second_entry(crl), extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void add_entry_issuer(X509_CRL *crl)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();

	GENERAL_NAME_set0_value(name, GEN_DIRNAME, X509_NAME_dup(X509_get_subject_name(other.cert)));
	sk_GENERAL_NAME_push(names, name);
	ck_assert_int_eq(X509_REVOKED_add1_ext_i2d(second_entry(crl), NID_certificate_issuer, names, 1, 0), 1);
	GENERAL_NAMES_free(names);
}

static void add_entry_reason_garbage(X509_CRL *crl)
{
	X509_EXTENSION *extension = revocation_unknown();

	X509_EXTENSION_set_object(extension, OBJ_nid2obj(NID_crl_reason));
	X509_EXTENSION_set_critical(extension, 0);
	ck_assert_int_eq(X509_REVOKED_add_ext(second_entry(crl), extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void add_entry_reason_critical(X509_CRL *crl)
{
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

	ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE);
	ck_assert_int_eq(X509_REVOKED_add1_ext_i2d(second_entry(crl), NID_crl_reason, reason, 1, 0), 1);
	ASN1_ENUMERATED_free(reason);
}

#define ALL (CUBE_CRL_USERS | CUBE_CRL_CAS)

static const struct row
{
	const char *what;
	struct revocation_crl spec; /* issuer NULL: ca */
	const struct pki *reader;	/* NULL: ca */
	const char *err;			/* how it begins; NULL: it is good */
	uint32_t covers;
} rows[] = {
		{.what = "no nextUpdate", {.no_next = true}, .err = "it has no nextUpdate"},
		{.what = "out of date", {.from = -7200, .to = -1}, .err = "it is out of date: the next one was due 20"},
		{.what = "ends now", {.from = -7200, .to = 0}, .err = "it is out of date"},
		{.what = "ends in a moment", {.from = -7200, .to = 1}, .covers = ALL},
		{.what = "a clock that is ahead", {.from = 299, .to = 7200}, .covers = ALL},
		{.what = "of the future", {.from = 301, .to = 7200}, .err = "it is of the future: issued 20"},
		{.what = "of another issuer", {.issuer = &other}, .err = "it is the CRL of /CN=other, not of /CN=root"},
		{.what = "same name, another key",
				{.signer = &same_name},
				.err = "it is signed by another key of the same name"},
		{.what = "same name, another key, no key identifier",
				{.signer = &same_name, .no_key_id = true},
				.err = "its signature is not by its issuer's key"},
		{.what = "no key identifier", {.no_key_id = true}, .covers = ALL},
		{.what = "no key identifier of the issuer", {.signer = &ca}, .reader = &nameless, .covers = ALL},
		{.what = "an issuer without cRLSign",
				{.signer = &ca},
				.reader = &signs_nothing,
				.err = "its issuer's certificate may not sign CRLs"},
		{.what = "an issuer without a key usage", {.signer = &ca}, .reader = &no_usage, .covers = ALL},
		{.what = "delta", {.odd = add_delta}, .err = "it is a delta CRL"},
		{.what = "critical number", {.odd = add_number}, .covers = ALL},
		{.what = "unknown critical extension",
				{.odd = add_unknown},
				.err = "it has a critical extension that is not understood (1.2.3.4.5)"},
		{.what = "unknown extension", {.odd = add_unknown_quietly}, .covers = ALL},
		{.what = "distribution point", {.idp = "critical,fullname:URI:http://crl.example/1"}, .covers = ALL},
		{.what = "users only", {.idp = "critical,onlyuser:TRUE"}, .covers = CUBE_CRL_USERS},
		{.what = "CAs only", {.idp = "critical,onlyCA:TRUE"}, .covers = CUBE_CRL_CAS},
		{.what = "users only and CAs only",
				{.idp = "critical,onlyuser:TRUE,onlyCA:TRUE"},
				.err = "it is for no certificates of users or CAs"},
		{.what = "attribute certificates",
				{.idp = "critical,onlyAA:TRUE"},
				.err = "it is for no certificates of users or CAs"},
		{.what = "indirect", {.idp = "critical,indirectCRL:TRUE"}, .err = "it is an indirect CRL"},
		{.what = "indirect, not critical", {.idp = "indirectCRL:TRUE"}, .err = "it is an indirect CRL"},
		{.what = "some reasons",
				{.idp = "critical,onlysomereasons:keyCompromise"},
				.err = "it is for some reasons of revocation only"},
		{.what = "two distribution points",
				{.idp = "critical,onlyuser:TRUE", .odd = add_idp_twice},
				.err = "its issuing distribution point does not parse, or is there twice"},
		{.what = "a broken distribution point",
				{.odd = add_idp_garbage},
				.err = "its issuing distribution point does not parse"},
		{.what = "unknown critical extension of an entry",
				{SOME, .odd = add_entry_unknown},
				.err = "its entry 2 has a critical extension that is not understood"},
		{.what = "entry of another issuer", {SOME, .odd = add_entry_issuer}, .err = "its entry 2 is of another issuer"},
		{.what = "a broken reason",
				{SOME, .odd = add_entry_reason_garbage},
				.err = "the reason of its entry 2 does not parse"},
		{.what = "two reasons",
				{SOME, .reason = 1, .odd = add_entry_reason_garbage},
				.err = "the reason of its entry 2 does not parse, or is there twice"},
		{.what = "a critical reason", {SOME, .odd = add_entry_reason_critical}, .covers = ALL},
		{.what = "RSA", {.issuer = &rsa}, .reader = &rsa, .covers = ALL},
};

START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	struct revocation_crl spec = row->spec;
	struct revocation_der der;
	struct cube_err err;
	struct cube_crl *crl;

	if(spec.issuer == NULL)
		spec.issuer = &ca;
	spec.now = now;
	der = revocation_crl(&spec);
	crl = read_bytes(der.data, der.len, row->reader != NULL ? row->reader : &ca, &err);
	ck_assert_msg((crl != NULL) == (row->err == NULL), "%s: %s", row->what, crl != NULL ? "good" : err.text);
	if(crl != NULL)
		ck_assert_msg(crl->covers == row->covers, "%s: covers %u", row->what, crl->covers);
	else
		ck_assert_msg(strncmp(err.text, row->err, strlen(row->err)) == 0, "%s: %s", row->what, err.text);
	free(crl);
	free(der.data);
}
END_TEST

/* Every reason is a revocation, but for the one that takes it back. */
START_TEST(test_reasons)
{
	for(int reason = 1; reason <= 10; reason++) {
		struct revocation_der der =
				revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, SOME, .reason = reason});
		struct cube_crl *crl = expect(der.data, der.len, &ca, NULL);

		ck_assert_uint_eq(crl->n, reason == CRL_REASON_REMOVE_FROM_CRL ? 0 : 7);
		ck_assert(has(crl, 3) == (reason != CRL_REASON_REMOVE_FROM_CRL));
		free(crl);
		free(der.data);
	}
}
END_TEST

/* A digest is weak whoever uses it. */
START_TEST(test_digests)
{
	static const struct
	{
		const char *name;
		bool good;
	} digests[] = {
			{"MD5", false}, {"SHA1", false}, {"SHA224", true}, {"SHA256", true}, {"SHA384", true}, {"SHA512", true}};

	for(unsigned i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		struct revocation_der der = revocation_crl(
				&(struct revocation_crl){.issuer = &rsa, .now = now, .md = EVP_get_digestbyname(digests[i].name)});

		free(expect(der.data, der.len, &rsa,
				digests[i].good ? NULL : "it is signed by an algorithm that is too weak or unknown"));
		free(der.data);
	}
}
END_TEST

/* RSA-PSS has its digest as a parameter. */
START_TEST(test_pss)
{
	static const char *const digests[] = {"SHA1", "SHA256"};

	for(unsigned i = 0; i < 2; i++) {
		struct revocation_der der = revocation_crl(&(struct revocation_crl){.issuer = &rsa, .now = now, SOME});
		const unsigned char *at = der.data;
		X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		EVP_PKEY_CTX *key = NULL;
		unsigned char *made = NULL;
		int len;

		ck_assert_int_eq(EVP_DigestSignInit(ctx, &key, EVP_get_digestbyname(digests[i]), NULL, rsa.key), 1);
		ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING), 0);
		ck_assert_int_gt(X509_CRL_sign_ctx(crl, ctx), 0);
		len = i2d_X509_CRL(crl, &made);
		free(expect(made, (size_t)len, &rsa, i == 1 ? NULL : "it is signed by an algorithm that is too weak"));
		OPENSSL_free(made);
		EVP_MD_CTX_free(ctx);
		X509_CRL_free(crl);
		free(der.data);
	}
}
END_TEST

/* Each byte of what is signed counts, and each of the signature. */
START_TEST(test_changed)
{
	struct revocation_der der = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, SOME});
	struct cube_err err;

	for(size_t i = 0; i < der.len; i++) {
		struct cube_crl *crl;

		der.data[i] ^= 1;
		crl = read_bytes(der.data, der.len, &ca, &err);
		ck_assert_msg(crl == NULL, "byte %zu", i);
		der.data[i] ^= 1;
	}
	der.data[der.len - 1] ^= 1;
	free(expect(der.data, der.len, &ca, "its signature is not by its issuer's key"));
	free(der.data);
}
END_TEST

START_TEST(test_garbage)
{
	struct revocation_der der = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, SOME});
	unsigned char *longer = malloc(der.len + 1);
	struct cube_err err;

	memcpy(longer, der.data, der.len);
	longer[der.len] = '\n';
	expect(longer, der.len + 1, &ca, "not a CRL alone: 1 bytes are behind its end");
	expect("", 0, &ca, "empty");
	expect("hello", 5, &ca, "not a CRL (DER, or PEM with BEGIN X509 CRL, is expected)");
	expect("\x30\x03\x02\x01\x01", 5, &ca, "not a CRL, or one that is cut off");
	for(size_t len = 1; len < der.len; len++)
		ck_assert_ptr_null(read_bytes(der.data, len, &ca, &err));
	free(longer);
	free(der.data);
}
END_TEST

static void expect_pem(const char *text, const char *want, int64_t this_update)
{
	struct cube_crl *crl = expect(text, strlen(text), &ca, want);

	if(crl != NULL)
		ck_assert_int_eq(crl->this_update - now, this_update);
	free(crl);
}

/* Of several, the newest one that is good, wherever it stands. */
START_TEST(test_pem)
{
	struct revocation_der
			old = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, .from = -900, .to = 900}),
			young = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, .from = -300, .to = 900}),
			foreign = revocation_crl(&(struct revocation_crl){.issuer = &other, .now = now, .from = -100, .to = 900}),
			expired = revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, .from = -9000, .to = -900}),
			bad = revocation_crl(&(struct revocation_crl){
					.issuer = &ca, .now = now, .signer = &same_name, .no_key_id = true, .from = -50, .to = 900});
	static const char encrypted[] = "-----BEGIN X509 CRL-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
									"AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nMAAA\n-----END X509 CRL-----\n";
	static char more[8192];
	char *text;

#define PEM(...)                                                   \
	revocation_pem((const struct revocation_der *[]){__VA_ARGS__}, \
			sizeof((const struct revocation_der *[]){__VA_ARGS__}) / sizeof(void *))
#define EXPECT(want, update, ...)       \
	do {                                \
		text = PEM(__VA_ARGS__);        \
		expect_pem(text, want, update); \
		free(text);                     \
	} while(0)
	EXPECT(NULL, -900, &old);
	EXPECT(NULL, -300, &old, &young);
	EXPECT(NULL, -300, &young, &old);
	EXPECT(NULL, -300, &foreign, &young, &old, &expired, &bad);
	EXPECT(NULL, -900, &bad, &expired, &foreign, &old);
	EXPECT("it is the CRL of /CN=other, not of /CN=root", 0, &foreign);
	/* what is wrong with the newest one of this issuer */
	EXPECT("its signature is not by its issuer's key", 0, &expired, &bad, &foreign);
	EXPECT("it is out of date", 0, &foreign, &expired);

	text = PEM(&young);
	ck_assert_int_lt(snprintf(more, sizeof(more),
							 "made by hand\n%s\n-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n%s",
							 encrypted, text),
			(int)sizeof(more));
	/* nobody is asked for a password, and what follows is not read */
	expect_pem(more, "CRL 1 in it does not parse", 0);
	ck_assert_int_lt(snprintf(more, sizeof(more),
							 "made by hand\n-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n%s", text),
			(int)sizeof(more));
	expect_pem(more, NULL, -300);
	ck_assert_int_lt(
			snprintf(more, sizeof(more), "%s-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n", text),
			(int)sizeof(more));
	expect_pem(more, NULL, -300);
	text[strlen(text) - 60] = '\0';
	expect_pem(text, "CRL 1 in it does not parse", 0);
	free(text);
	expect_pem("-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n", "not a CRL, or one that is cut off", 0);
	free(old.data);
	free(young.data);
	free(foreign.data);
	free(expired.data);
	free(bad.data);
}
END_TEST

START_TEST(test_serials)
{
	static const struct
	{
		const char *hex;
		bool good;
	} numbers[] = {{"0", true}, {"1", true}, {"80", true}, {"0123456789ABCDEF0123456789ABCDEF01234567", true},
			{"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", true}, {"-1", false}, {"-80", false},
			{"010000000000000000000000000000000000000000", false}};

	for(unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		BIGNUM *number = NULL, *back;
		ASN1_INTEGER *integer;
		struct cube_serial serial;

		ck_assert_int_gt(BN_hex2bn(&number, numbers[i].hex), 0);
		integer = BN_to_ASN1_INTEGER(number, NULL);
		memset(&serial, 0xaa, sizeof(serial));
		ck_assert_msg(cube_serial_of(integer, &serial) == numbers[i].good, "%s", numbers[i].hex);
		if(numbers[i].good) {
			back = BN_bin2bn(serial.bytes, CUBE_SERIAL_LEN, NULL);
			ck_assert_int_eq(BN_cmp(back, number), 0);
			BN_free(back);
		} else {
			ck_assert_int_eq(serial.bytes[0], 0xaa);
		}
		ASN1_INTEGER_free(integer);
		BN_free(number);
	}
	/* none is as zero: nothing to point to */
	ASN1_INTEGER *empty = ASN1_INTEGER_new();
	struct cube_serial serial, zero = {{0}};

	ck_assert(cube_serial_of(empty, &serial));
	ck_assert_mem_eq(&serial, &zero, sizeof(zero));
	ASN1_INTEGER_free(empty);
	ck_assert_uint_eq(cube_crl_bytes(0), sizeof(struct cube_crl));
	ck_assert_uint_eq(cube_crl_bytes(2) - cube_crl_bytes(0), 40);
}
END_TEST

static void set_negative(X509_CRL *crl)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASN1_INTEGER_set(number, -5);
	X509_REVOKED_set_serialNumber(second_entry(crl), number);
	ASN1_INTEGER_free(number);
}

/* A serial number that is none is no reason to trust those that are revoked. */
START_TEST(test_odd_serial)
{
	struct revocation_der der =
			revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, SOME, .odd = set_negative});
	struct cube_crl *crl = expect(der.data, der.len, &ca, NULL);

	ck_assert_uint_eq(crl->n, 6);
	ck_assert(has(crl, 70000) && !has(crl, 5));
	free(crl);
	free(der.data);
}
END_TEST

#define MANY 100000

/* A large CRL with a reason for each entry, in no order, is read in time. The bound is generous, for slow machines and
 * sanitizers. */
START_TEST(test_many)
{
	long *serials = calloc(MANY, sizeof(*serials));
	struct revocation_der der;
	struct timespec began, ended;
	struct cube_crl *crl;
	double seconds;

	for(long i = 0; i < MANY; i++)
		serials[i] = (i * 7919) % MANY * 10000000019L;
	der = revocation_crl(
			&(struct revocation_crl){.issuer = &ca, .now = now, .serials = serials, .n = MANY, .reason = 1});
	clock_gettime(CLOCK_MONOTONIC, &began);
	crl = expect(der.data, der.len, &ca, NULL);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	seconds = (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
	ck_assert_msg(seconds < 10, "%zu bytes took %.1f s", der.len, seconds);
	ck_assert_uint_eq(crl->n, MANY);
	for(long i = 0; i < MANY; i += 97) {
		ck_assert(has(crl, serials[i]));
		ck_assert(!has(crl, serials[i] + 1));
	}
	free(crl);
	free(der.data);
	free(serials);
}
END_TEST

Suite *suite_crl(void)
{
	Suite *s = suite_create("crl");
	TCase *tc = tcase_create("crl");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_good);
	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, test_reasons);
	tcase_add_test(tc, test_digests);
	tcase_add_test(tc, test_pss);
	tcase_add_test(tc, test_changed);
	tcase_add_test(tc, test_garbage);
	tcase_add_test(tc, test_pem);
	tcase_add_test(tc, test_serials);
	tcase_add_test(tc, test_odd_serial);
	tcase_add_test(tc, test_many);
	suite_add_tcase(s, tc);
	return s;
}
