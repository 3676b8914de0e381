/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for tests through OpenSSL's own calls. Knows nothing of the product. */
#include <check.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "pki.h"

static EVP_PKEY *make_key(enum pki_key kind)
{
	switch(kind) {
		case PKI_RSA_2048:
			return EVP_RSA_gen(2048);
		case PKI_RSA_1024:
			return EVP_RSA_gen(1024);
		case PKI_P256:
			return EVP_EC_gen("P-256");
		case PKI_P384:
			return EVP_EC_gen("P-384");
		case PKI_P521:
			return EVP_EC_gen("P-521");
		case PKI_P192:
			return EVP_EC_gen("P-192");
		case PKI_ED25519:
			return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		default:
			return NULL;
	}
}

/* RSA keys take a tenth of a second each. */
static EVP_PKEY *cached_key(enum pki_key kind, bool ca)
{
	static EVP_PKEY *keys[PKI_KEYS][2];
	EVP_PKEY **key = &keys[kind][ca];

	if(*key == NULL)
		*key = make_key(kind);
	ck_assert_msg(*key != NULL, "pki: no key of kind %d", (int)kind);
	EVP_PKEY_up_ref(*key);
	return *key;
}

static void add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *extension;

	if(value == NULL || value[0] == '\0')
		return;
	extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	ck_assert_msg(extension != NULL, "pki: extension %s: %s", OBJ_nid2sn(nid), value);
	ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *cert, const struct pki_spec *spec)
{
	const char *usage = spec->key_usage;
	X509V3_CTX ctx;

	if(usage == NULL)
		usage = spec->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
	X509V3_set_ctx(&ctx, spec->issuer != NULL ? spec->issuer->cert : cert, cert, NULL, NULL, 0);
	if(spec->ca)
		add_extension(cert, &ctx, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(cert, &ctx, NID_key_usage, usage);
	add_extension(cert, &ctx, NID_ext_key_usage, spec->eku);
	add_extension(cert, &ctx, NID_subject_alt_name, spec->san);
	add_extension(cert, &ctx, NID_name_constraints, spec->constraints);
	add_extension(cert, &ctx, NID_crl_distribution_points, spec->crl_points);
	add_extension(cert, &ctx, NID_info_access, spec->access);
	if(spec->no_key_ids)
		return;
	add_extension(cert, &ctx, NID_subject_key_identifier, "hash");
	add_extension(cert, &ctx, NID_authority_key_identifier, "keyid:always");
}

struct pki pki_make(const struct pki_spec *spec)
{
	static long serial;
	struct pki pki = {X509_new(), cached_key(spec->key, spec->ca)};
	const EVP_MD *digest = spec->sha1 ? EVP_sha1() : EVP_sha256();
	EVP_PKEY *signer = spec->issuer != NULL ? spec->issuer->key : pki.key;
	bool days = spec->from_days != 0 || spec->to_days != 0;
	X509_NAME *subject;

	ck_assert_ptr_nonnull(pki.cert);
	subject = X509_get_subject_name(pki.cert);
	X509_set_version(pki.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(pki.cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(pki.cert), (days ? spec->from_days : -1) * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(pki.cert), (days ? spec->to_days : 30) * 86400L);
	X509_set_pubkey(pki.cert, pki.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)spec->cn, -1, -1, 0);
	X509_set_issuer_name(pki.cert, spec->issuer != NULL ? X509_get_subject_name(spec->issuer->cert) : subject);
	add_extensions(pki.cert, spec);
	if(EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519)
		digest = NULL;
	ck_assert_msg(X509_sign(pki.cert, signer, digest) > 0, "pki: cannot sign %s", spec->cn);
	return pki;
}

void pki_free(struct pki *pki)
{
	X509_free(pki->cert);
	EVP_PKEY_free(pki->key);
	pki->cert = NULL;
	pki->key = NULL;
}

static char *bio_text(BIO *bio)
{
	char *data = NULL, *text;
	long len = BIO_get_mem_data(bio, &data);

	text = calloc(1, (size_t)len + 1);
	ck_assert_ptr_nonnull(text);
	memcpy(text, data, (size_t)len);
	BIO_free(bio);
	return text;
}

char *pki_certs_pem(const struct pki *const *certs, unsigned n)
{
	BIO *bio = BIO_new(BIO_s_mem());

	for(unsigned i = 0; i < n; i++)
		ck_assert_int_eq(PEM_write_bio_X509(bio, certs[i]->cert), 1);
	return bio_text(bio);
}

char *pki_key_pem(const EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio_PrivateKey(bio, key, password != NULL ? EVP_aes_128_cbc() : NULL,
							 (const unsigned char *)password, password != NULL ? (int)strlen(password) : 0, NULL, NULL),
			1);
	return bio_text(bio);
}
