/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRLs and OCSP responses for tests through OpenSSL's own calls. */
#include <check.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "revocation.h"

#define HOUR 3600L
#define DAY 86400L

static void times(long *from, long *to)
{
	if(*from == 0 && *to == 0) {
		*from = -HOUR;
		*to = DAY;
	}
}

X509_EXTENSION *revocation_unknown(void)
{
	ASN1_OBJECT *object = OBJ_txt2obj("1.2.3.4.5", 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *made;

	ASN1_OCTET_STRING_set(data, (const unsigned char *)"\x05\x00", 2);
	made = X509_EXTENSION_create_by_OBJ(NULL, object, 1, data);
	ck_assert_ptr_nonnull(made);
	ASN1_OBJECT_free(object);
	ASN1_OCTET_STRING_free(data);
	return made;
}

static void add_entries(X509_CRL *crl, const struct revocation_crl *spec)
{
	ASN1_TIME *when = ASN1_TIME_set(NULL, spec->now - DAY);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

	ASN1_ENUMERATED_set(reason, spec->reason);
	for(unsigned i = 0; i < spec->n; i++) {
		X509_REVOKED *entry = X509_REVOKED_new();

		ASN1_INTEGER_set(serial, spec->serials[i]);
		X509_REVOKED_set_serialNumber(entry, serial);
		X509_REVOKED_set_revocationDate(entry, when);
		if(spec->reason != 0)
			ck_assert_int_eq(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0), 1);
		ck_assert_int_eq(X509_CRL_add0_revoked(crl, entry), 1);
	}
	ASN1_TIME_free(when);
	ASN1_INTEGER_free(serial);
	ASN1_ENUMERATED_free(reason);
}

static void add_extension(X509_CRL *crl, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);

	ck_assert_msg(extension != NULL, "revocation: extension %s: %s", OBJ_nid2sn(nid), value);
	ck_assert_int_eq(X509_CRL_add_ext(crl, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

struct revocation_der revocation_crl(const struct revocation_crl *spec)
{
	const struct pki *signer = spec->signer != NULL ? spec->signer : spec->issuer;
	struct revocation_der der = {NULL, 0};
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from, *to;
	long first = spec->from, last = spec->to;
	unsigned char *made = NULL;
	X509V3_CTX ctx;
	int len;

	times(&first, &last);
	from = ASN1_TIME_set(NULL, spec->now + first);
	to = ASN1_TIME_set(NULL, spec->now + last);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(spec->issuer->cert));
	X509_CRL_set1_lastUpdate(crl, from);
	if(!spec->no_next)
		X509_CRL_set1_nextUpdate(crl, to);
	X509V3_set_ctx(&ctx, signer->cert, NULL, NULL, crl, 0);
	if(!spec->no_key_id)
		add_extension(crl, &ctx, NID_authority_key_identifier, "keyid:always");
	if(spec->idp != NULL)
		add_extension(crl, &ctx, NID_issuing_distribution_point, spec->idp);
	add_entries(crl, spec);
	if(spec->odd != NULL)
		spec->odd(crl);
	ck_assert_int_gt(X509_CRL_sign(crl, signer->key, spec->md != NULL ? spec->md : EVP_sha256()), 0);
	len = i2d_X509_CRL(crl, &made);
	ck_assert_int_gt(len, 0);
	der.len = (size_t)len;
	der.data = malloc(der.len);
	memcpy(der.data, made, der.len);
	OPENSSL_free(made);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_CRL_free(crl);
	return der;
}

char *revocation_pem(const struct revocation_der *const *crls, unsigned n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL, *text;
	size_t len;

	for(unsigned i = 0; i < n; i++)
		ck_assert_int_gt(PEM_write_bio(bio, PEM_STRING_X509_CRL, "", crls[i]->data, (long)crls[i]->len), 0);
	len = (size_t)BIO_get_mem_data(bio, &data);
	text = calloc(1, len + 1);
	memcpy(text, data, len);
	BIO_free(bio);
	return text;
}

static void add_status(OCSP_BASICRESP *basic, const struct revocation_ocsp *spec)
{
	long first = spec->from, last = spec->to;
	OCSP_CERTID *id = OCSP_cert_id_new(spec->id != NULL ? spec->id : EVP_sha1(),
			X509_get_subject_name(spec->issuer->cert), X509_get0_pubkey_bitstr(spec->issuer->cert), spec->serial);
	ASN1_TIME *from, *to, *when = ASN1_GENERALIZEDTIME_set(NULL, spec->now - DAY);

	times(&first, &last);
	from = ASN1_GENERALIZEDTIME_set(NULL, spec->now + first);
	to = ASN1_GENERALIZEDTIME_set(NULL, spec->now + last);
	ck_assert_ptr_nonnull(OCSP_basic_add1_status(basic, id, spec->status, OCSP_REVOKED_STATUS_NOSTATUS,
			spec->status == V_OCSP_CERTSTATUS_REVOKED ? when : NULL, from, spec->no_next ? NULL : to));
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	ASN1_TIME_free(when);
}

struct revocation_der revocation_ocsp(const struct revocation_ocsp *spec)
{
	const struct pki *signer = spec->signer != NULL ? spec->signer : spec->issuer;
	struct revocation_der der = {NULL, 0};
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	unsigned char *made = NULL;
	OCSP_RESPONSE *response;
	int len;

	add_status(basic, spec);
	if(spec->request != NULL)
		OCSP_copy_nonce(basic, spec->request);
	if(spec->odd != NULL)
		spec->odd(basic);
	ck_assert_int_eq(OCSP_basic_sign(basic, signer->cert, signer->key, spec->md != NULL ? spec->md : EVP_sha256(), NULL,
							 spec->signer != NULL ? 0 : OCSP_NOCERTS),
			1);
	response = OCSP_response_create(spec->response, spec->response == OCSP_RESPONSE_STATUS_SUCCESSFUL ? basic : NULL);
	len = i2d_OCSP_RESPONSE(response, &made);
	ck_assert_int_gt(len, 0);
	der.len = (size_t)len;
	der.data = malloc(der.len);
	memcpy(der.data, made, der.len);
	OPENSSL_free(made);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	return der;
}
