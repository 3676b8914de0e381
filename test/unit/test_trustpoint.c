/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/trustpoint.c and tls/pem.c: what a trustpoint's files may be, and the words for what they may not. */
#include <check.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../modules/libcube/tls/trustpoint.h"
#include "pki.h"

Suite *suite_trustpoint(void);

static struct pki ca, sub, leaf, other;
static struct cube_arena *arena;
static char *leaf_pem, *chain_pem, *key_pem, *ca_pem;

static void setup(void)
{
	arena = cube_arena_new(&cube_alloc_libc, 4096);
	ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true});
	sub = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "sub", .ca = true, .issuer = &ca});
	leaf = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "leaf", .issuer = &sub});
	other = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "other", .issuer = &ca});
	leaf_pem = pki_certs_pem((const struct pki *[]){&leaf}, 1);
	chain_pem = pki_certs_pem((const struct pki *[]){&leaf, &sub}, 2);
	key_pem = pki_key_pem(leaf.key, NULL);
	ca_pem = pki_certs_pem((const struct pki *[]){&ca}, 1);
}

static void teardown(void)
{
	cube_arena_free(&arena);
	free(leaf_pem);
	free(chain_pem);
	free(key_pem);
	free(ca_pem);
	pki_free(&ca);
	pki_free(&sub);
	pki_free(&leaf);
	pki_free(&other);
}

static struct cube_file file_of(const char *text)
{
	return (struct cube_file){.data = text, .len = text != NULL ? strlen(text) : 0, .mode = 0600, .uid = 1000};
}

static struct cube_trustpoint trustpoint(const char *certs, const char *key, const char *cas)
{
	struct cube_trustpoint tp = {.name = CUBE_STR("cube")};

	if(certs != NULL)
		tp.certificate = CUBE_STR("/etc/cube.pem");
	if(key != NULL)
		tp.private_key = CUBE_STR("/etc/cube.key");
	if(cas != NULL)
		tp.ca = CUBE_STR("/etc/ca.pem");
	tp.certificate_pem = file_of(certs);
	tp.private_key_pem = file_of(key);
	tp.ca_pem = file_of(cas);
	return tp;
}

static void expect(struct cube_trustpoint *tp, const char *want)
{
	struct cube_err err;
	int rc;

	cube_err_reset(&err);
	rc = cube_trustpoint_check(tp, arena, &err);
	ck_assert_str_eq(err.text, want != NULL ? want : "");
	ck_assert_int_eq(rc, want != NULL ? -1 : 0);
}

static void expect_files(const char *certs, const char *key, const char *cas, const char *want)
{
	struct cube_trustpoint tp = trustpoint(certs, key, cas);

	expect(&tp, want);
}

START_TEST(test_good)
{
	struct cube_trustpoint tp = trustpoint(chain_pem, key_pem, ca_pem);
	EVP_PKEY *key;

	expect(&tp, NULL);
	ck_assert_int_eq(tp.key_type, CUBE_KEY_EC);
	key = cube_trustpoint_key(&tp);
	ck_assert_int_eq(EVP_PKEY_eq(key, leaf.key), 1);
	EVP_PKEY_free(key);
	expect_files(leaf_pem, key_pem, NULL, NULL);
	expect_files(NULL, NULL, ca_pem, NULL);
	expect_files(NULL, NULL, NULL, NULL);
	tp = trustpoint(NULL, NULL, ca_pem);
	ck_assert_ptr_null(cube_trustpoint_key(&tp));
}
END_TEST

START_TEST(test_both)
{
	expect_files(leaf_pem, NULL, NULL, "trustpoint cube: certificate is given without private-key");
	expect_files(NULL, key_pem, NULL, "trustpoint cube: private-key is given without certificate");
}
END_TEST

START_TEST(test_mode)
{
	static const struct
	{
		uint32_t mode, uid;
		bool ok;
	} rows[] = {{0600, 1000, true}, {0400, 1000, true}, {0100600, 1000, true}, {0600, 0, true}, {0640, 0, true},
			{0440, 0, true}, {0640, 1000, false}, {0604, 0, false}, {0660, 0, false}, {0650, 0, false},
			{0644, 0, false}, {0610, 1000, false}, {0601, 1000, false}, {0777, 0, false}};
	char want[256];

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cube_trustpoint tp = trustpoint(leaf_pem, key_pem, NULL);

		tp.private_key_pem.mode = rows[i].mode;
		tp.private_key_pem.uid = rows[i].uid;
		snprintf(want, sizeof(want),
				"trustpoint cube: private-key /etc/cube.key: file mode %04o lets others at the key (allowed: 0600, or "
				"0640 when root owns the file); run chmod 0600 /etc/cube.key",
				(unsigned)rows[i].mode);
		expect(&tp, rows[i].ok ? NULL : want);
	}
}
END_TEST

START_TEST(test_text)
{
	char *encrypted = pki_key_pem(leaf.key, "secret"), *cut = strdup(key_pem), *bad = malloc(2 * strlen(leaf_pem) + 1);

	expect_files("", key_pem, NULL,
			"trustpoint cube: certificate /etc/cube.pem: no certificate in the file (PEM with BEGIN CERTIFICATE is "
			"expected)");
	expect_files(key_pem, key_pem, NULL,
			"trustpoint cube: certificate /etc/cube.pem: no certificate in the file (PEM with BEGIN CERTIFICATE is "
			"expected)");
	expect_files(leaf_pem, "", NULL,
			"trustpoint cube: private-key /etc/cube.key: no private key in the file (PEM with BEGIN PRIVATE KEY is "
			"expected)");
	expect_files(leaf_pem, leaf_pem, NULL,
			"trustpoint cube: private-key /etc/cube.key: no private key in the file (PEM with BEGIN PRIVATE KEY is "
			"expected)");
	expect_files(leaf_pem, encrypted, NULL,
			"trustpoint cube: private-key /etc/cube.key: the key is encrypted, and there is nobody to type its "
			"password "
			"(decrypt it with openssl pkey -in FILE -out NEWFILE)");
	expect_files(NULL, NULL, "x\n",
			"trustpoint cube: ca /etc/ca.pem: no certificate in the file (PEM with BEGIN CERTIFICATE is expected)");
	cut[strlen(cut) / 2] = '\0';
	expect_files(
			leaf_pem, cut, NULL, "trustpoint cube: private-key /etc/cube.key: the key does not parse (bad end line)");
	snprintf(bad, 2 * strlen(leaf_pem) + 1, "%s%s", leaf_pem, leaf_pem);
	bad[strlen(leaf_pem) + 60] = '!';
	expect_files(NULL, NULL, bad,
			"trustpoint cube: ca /etc/ca.pem: certificate 2 in the file does not parse (bad base64 decode)");
	free(encrypted);
	free(cut);
	free(bad);
}
END_TEST

START_TEST(test_fit)
{
	char *other_key = pki_key_pem(other.key, NULL);
	char *swapped = pki_certs_pem((const struct pki *[]){&sub, &leaf}, 2);
	char *gap = pki_certs_pem((const struct pki *[]){&leaf, &ca}, 2);

	expect_files(leaf_pem, other_key, NULL,
			"trustpoint cube: private-key /etc/cube.key: the key does not belong to the certificate in /etc/cube.pem");
	expect_files(gap, key_pem, NULL,
			"trustpoint cube: certificate /etc/cube.pem: certificate 2 in the file (/CN=root) is not the issuer of "
			"certificate 1 (order: the identity's own, then its issuer, then that one's)");
	expect_files(swapped, key_pem, NULL,
			"trustpoint cube: private-key /etc/cube.key: the key does not belong to the certificate in /etc/cube.pem\n"
			"trustpoint cube: certificate /etc/cube.pem: certificate 2 in the file (/CN=leaf) is not the issuer of "
			"certificate 1 (order: the identity's own, then its issuer, then that one's)");
	free(other_key);
	free(swapped);
	free(gap);
}
END_TEST

START_TEST(test_keys)
{
	static const struct
	{
		enum pki_key key;
		enum cube_key_type type;
		const char *err; /* behind "certificate /etc/cube.pem: " */
	} rows[] = {
			{PKI_RSA_2048, CUBE_KEY_RSA, NULL},
			{PKI_P256, CUBE_KEY_EC, NULL},
			{PKI_P384, CUBE_KEY_EC, NULL},
			{PKI_P521, CUBE_KEY_EC, NULL},
			{PKI_RSA_1024, CUBE_KEY_RSA, "RSA key of 1024 bits (allowed: 2048 or more)"},
			{PKI_P192, CUBE_KEY_EC, "EC key on curve prime192v1 (allowed: P-256, P-384, P-521, or an RSA key)"},
			{PKI_ED25519, CUBE_KEY_NONE,
					"ED25519 key (allowed: RSA with 2048 bits or more, EC on P-256, P-384 or P-521)"},
	};

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pki pki = pki_make(&(struct pki_spec){.key = rows[i].key, .cn = "x", .issuer = &ca});
		char *certs = pki_certs_pem((const struct pki *[]){&pki}, 1), *key = pki_key_pem(pki.key, NULL), want[256];
		struct cube_trustpoint tp = trustpoint(certs, key, NULL);

		snprintf(want, sizeof(want), "trustpoint cube: certificate /etc/cube.pem: %s", rows[i].err ? rows[i].err : "");
		expect(&tp, rows[i].err != NULL ? want : NULL);
		ck_assert_int_eq(tp.key_type, rows[i].type);
		free(certs);
		free(key);
		pki_free(&pki);
	}
}
END_TEST

START_TEST(test_limits)
{
	const struct pki *certs[CUBE_CA_MAX + 1];
	struct pki link[CUBE_CHAIN_MAX + 1];
	char *text, *link_key;

	for(unsigned i = 0; i <= CUBE_CA_MAX; i++)
		certs[i] = &ca;
	text = pki_certs_pem(certs, CUBE_CA_MAX);
	expect_files(NULL, NULL, text, NULL);
	free(text);
	text = pki_certs_pem(certs, CUBE_CA_MAX + 1);
	expect_files(NULL, NULL, text, "trustpoint cube: ca /etc/ca.pem: more than 512 certificates");
	free(text);

	for(int i = CUBE_CHAIN_MAX; i >= 0; i--) {
		link[i] = pki_make(&(struct pki_spec){
				.key = PKI_P256, .cn = "link", .ca = i > 0, .issuer = i == CUBE_CHAIN_MAX ? &ca : &link[i + 1]});
		certs[i] = &link[i];
	}
	link_key = pki_key_pem(link[0].key, NULL);
	text = pki_certs_pem(certs, CUBE_CHAIN_MAX);
	expect_files(text, link_key, NULL, NULL);
	free(text);
	text = pki_certs_pem(certs, CUBE_CHAIN_MAX + 1);
	expect_files(text, link_key, NULL, "trustpoint cube: certificate /etc/cube.pem: more than 10 certificates");
	free(text);
	free(link_key);
	for(int i = 0; i <= CUBE_CHAIN_MAX; i++)
		pki_free(&link[i]);
}
END_TEST

/* The chain and what is put into a store is what the files hold. */
START_TEST(test_use)
{
	char *two = pki_certs_pem((const struct pki *[]){&ca, &ca, &other}, 3);
	struct cube_trustpoint tp = trustpoint(chain_pem, key_pem, two);
	STACK_OF(X509) *named = sk_X509_new_null(), *chain;
	X509_STORE *store = X509_STORE_new();
	struct cube_err err;
	struct pki nameless;

	cube_err_reset(&err);
	chain = cube_trustpoint_chain(&tp, &err);
	ck_assert_int_eq(sk_X509_num(chain), 2);
	ck_assert_int_eq(X509_cmp(sk_X509_value(chain, 0), leaf.cert), 0);
	ck_assert_int_eq(X509_cmp(sk_X509_value(chain, 1), sub.cert), 0);
	sk_X509_pop_free(chain, X509_free);
	ck_assert_int_eq(cube_trustpoint_trust(&tp, store, named, &err), 0);
	ck_assert_int_eq(sk_X509_num(named), 2);
	ck_assert_uint_ne(X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(store)) & X509_V_FLAG_PARTIAL_CHAIN, 0);
	free(two);

	X509_STORE_free(store);
	store = X509_STORE_new();
	tp = trustpoint(NULL, NULL, ca_pem);
	ck_assert_int_eq(cube_trustpoint_trust(&tp, store, named, &err), 0);
	ck_assert_uint_eq(X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(store)) & X509_V_FLAG_PARTIAL_CHAIN, 0);
	/* nor does one of which nobody can say by which key it was issued */
	nameless = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "x", .ca = true, .issuer = &ca, .no_key_ids = true});
	two = pki_certs_pem((const struct pki *[]){&nameless}, 1);
	tp = trustpoint(NULL, NULL, two);
	ck_assert_int_eq(cube_trustpoint_trust(&tp, store, named, &err), 0);
	ck_assert_uint_eq(X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(store)) & X509_V_FLAG_PARTIAL_CHAIN, 0);
	free(two);
	pki_free(&nameless);
	tp = trustpoint(NULL, NULL, NULL);
	ck_assert_int_eq(cube_trustpoint_trust(&tp, store, named, &err), -1);
	ck_assert_str_eq(err.text, "trustpoint cube: no ca is given, so it cannot verify a peer");
	X509_STORE_free(store);
	sk_X509_pop_free(named, X509_free);
}
END_TEST

static bool has(const struct cube_trustpoint *tp, X509 *cert)
{
	unsigned char digest[32];

	ck_assert_int_eq(X509_digest(cert, EVP_sha256(), digest, NULL), 1);
	return cube_cert_set_has(&tp->ca_set, digest);
}

/* Which certificates are its CAs: by the whole of them, not by name or key. */
START_TEST(test_ca_set)
{
	struct pki again = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true}), cas[40];
	const struct pki *all[40];
	struct cube_trustpoint tp = trustpoint(chain_pem, key_pem, NULL);
	char *text;

	expect(&tp, NULL);
	ck_assert_uint_eq(tp.ca_set.n, 0);
	ck_assert(!has(&tp, ca.cert));
	for(int i = 0; i < 40; i++) {
		cas[i] = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "some root", .ca = true});
		all[i] = i == 39 ? &ca : &cas[i];
	}
	text = pki_certs_pem(all, 40);
	tp = trustpoint(chain_pem, key_pem, text);
	expect(&tp, NULL);
	ck_assert_uint_eq(tp.ca_set.n, 40);
	for(int i = 0; i < 40; i++)
		ck_assert(has(&tp, all[i]->cert));
	for(unsigned i = 1; i < tp.ca_set.n; i++)
		ck_assert_int_lt(memcmp(tp.ca_set.v[i - 1].sha256, tp.ca_set.v[i].sha256, 32), 0);
	ck_assert(!has(&tp, again.cert));
	ck_assert(!has(&tp, cas[39].cert));
	ck_assert(!has(&tp, leaf.cert));
	free(text);
	for(int i = 0; i < 40; i++)
		pki_free(&cas[i]);
	pki_free(&again);
}
END_TEST

/* Dates and places of an identity's chain; the one that ends first. */
START_TEST(test_own_set)
{
	struct pki short_sub = pki_make(
			&(struct pki_spec){.key = PKI_P384, .cn = "sub", .ca = true, .issuer = &ca, .from_days = -5, .to_days = 3});
	char *text = pki_certs_pem((const struct pki *[]){&leaf, &short_sub}, 2);
	struct cube_trustpoint tp = trustpoint(text, key_pem, NULL);
	const struct cube_cert_span *first;

	ck_assert_ptr_null(cube_cert_set_first_end(&tp.own_set));
	expect(&tp, NULL);
	ck_assert_uint_eq(tp.own_set.n, 2);
	first = cube_cert_set_first_end(&tp.own_set);
	ck_assert_uint_eq(first->index, 1);
	ck_assert_int_le(llabs(first->not_before + 5 * 86400 - time(NULL)), 60);
	ck_assert_int_le(llabs(first->not_after - 3 * 86400 - time(NULL)), 60);
	ck_assert(cube_cert_set_has(&tp.own_set, first->sha256));
	ck_assert(!cube_cert_set_has(&tp.ca_set, first->sha256));
	free(text);
	pki_free(&short_sub);
}
END_TEST

/* The set of another trustpoint with the same file stays, and nothing is parsed for it. */
START_TEST(test_ca_set_shared)
{
	struct cube_trustpoint one = trustpoint(NULL, NULL, ca_pem), two = trustpoint(NULL, NULL, "x\n");

	expect(&one, NULL);
	two.ca_set = one.ca_set;
	expect(&two, NULL);
	ck_assert_ptr_eq(two.ca_set.v, one.ca_set.v);
	ck_assert(has(&two, ca.cert));
}
END_TEST

Suite *suite_trustpoint(void)
{
	Suite *s = suite_create("trustpoint");
	TCase *tc = tcase_create("trustpoint");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_both);
	tcase_add_test(tc, test_mode);
	tcase_add_test(tc, test_text);
	tcase_add_test(tc, test_fit);
	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_use);
	tcase_add_test(tc, test_ca_set);
	tcase_add_test(tc, test_own_set);
	tcase_add_test(tc, test_ca_set_shared);
	suite_add_tcase(s, tc);
	return s;
}
