/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a trustpoint's files must be, and their way into OpenSSL's objects. Reads no file: the contents, permissions
 * and owner come with the model. Key material never gets into a message. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/sort.h"
#include "fetch.h"
#include "pem.h"
#include "signed.h"
#include "trustpoint.h"

#define RSA_BITS_MIN 2048
#define SHA256_LEN 32

#define WHAT_MAX 512

/* "trustpoint cube: private-key /etc/cube.key"; returns buf. */
static const char *what_text(
		const struct cube_trustpoint *tp, const char *key, const struct cube_str *path, char buf[WHAT_MAX])
{
	snprintf(buf, WHAT_MAX, "trustpoint %.*s: %s%s%.*s", CUBE_FMT(tp->name), key, path->len > 0 ? " " : "",
			CUBE_FMT(*path));
	return buf;
}

static bool loaded(const struct cube_str *path, const struct cube_file *file)
{
	return path->len > 0 && file->data != NULL;
}

static int check_mode(const struct cube_trustpoint *tp, const char *what, struct cube_err *err)
{
	const struct cube_file *file = &tp->private_key_pem;
	uint32_t forbidden = file->uid == 0 ? 0037 : 0077;

	if((file->mode & forbidden) == 0)
		return 0;
	cube_err_add(err,
			"%s: file mode %04o lets others at the key (allowed: 0600, or 0640 when root owns the file); run chmod "
			"0600 "
			"%.*s",
			what, (unsigned)(file->mode & 07777), CUBE_FMT(tp->private_key));
	return -1;
}

static int check_ec(EVP_PKEY *key, const char *what, struct cube_err *err)
{
	static const char *const allowed[] = {"prime256v1", "secp384r1", "secp521r1"};
	char group[64] = "";
	size_t len = 0;

	if(!EVP_PKEY_get_group_name(key, group, sizeof(group), &len))
		snprintf(group, sizeof(group), "unnamed");
	ERR_clear_error();
	for(size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if(strcmp(group, allowed[i]) == 0)
			return 0;
	}
	cube_err_add(err, "%s: EC key on curve %s (allowed: P-256, P-384, P-521, or an RSA key)", what, group);
	return -1;
}

/* Of the certificate's public key; the private key is then compared with it. */
static int check_key_type(EVP_PKEY *key, const char *what, enum cube_key_type *type, struct cube_err *err)
{
	const char *name = EVP_PKEY_get0_type_name(key);

	switch(EVP_PKEY_get_base_id(key)) {
		case EVP_PKEY_RSA:
			*type = CUBE_KEY_RSA;
			if(EVP_PKEY_get_bits(key) >= RSA_BITS_MIN)
				return 0;
			cube_err_add(
					err, "%s: RSA key of %d bits (allowed: %d or more)", what, EVP_PKEY_get_bits(key), RSA_BITS_MIN);
			return -1;
		case EVP_PKEY_EC:
			*type = CUBE_KEY_EC;
			return check_ec(key, what, err);
		default:
			cube_err_add(err, "%s: %s key (allowed: RSA with %d bits or more, EC on P-256, P-384 or P-521)", what,
					name != NULL ? name : "unknown", RSA_BITS_MIN);
			return -1;
	}
}

static int check_order(STACK_OF(X509) * chain, const char *what, struct cube_err *err)
{
	char subject[200];

	for(int i = 1; i < sk_X509_num(chain); i++) {
		X509 *issuer = sk_X509_value(chain, i);

		if(X509_check_issued(issuer, sk_X509_value(chain, i - 1)) == X509_V_OK)
			continue;
		cube_err_add(err,
				"%s: certificate %d in the file (%s) is not the issuer of certificate %d (order: the identity's own, "
				"then "
				"its issuer, then that one's)",
				what, i + 1, X509_NAME_oneline(X509_get_subject_name(issuer), subject, sizeof(subject)), i);
		ERR_clear_error();
		return -1;
	}
	return 0;
}

/* Of two spans, or a digest and a span, which begins with its own. */
static int cmp_digest(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_LEN);
}

static bool span_of(X509 *cert, unsigned index, struct cube_cert_span *span)
{
	span->index = index;
	if(!cube_time_of(X509_get0_notBefore(cert), &span->not_before)
			|| !cube_time_of(X509_get0_notAfter(cert), &span->not_after))
		span->not_before = span->not_after = 0;
	return X509_digest(cert, EVP_sha256(), span->sha256, NULL) == 1;
}

static int make_set(STACK_OF(X509) * certs, struct cube_arena *arena, const char *what, struct cube_cert_set *set,
		struct cube_err *err)
{
	unsigned n = (unsigned)sk_X509_num(certs);
	struct cube_cert_span *v = cube_arena_array(arena, n, sizeof(*v));
	bool ok = v != NULL;

	for(unsigned i = 0; i < n && ok; i++)
		ok = span_of(sk_X509_value(certs, (int)i), i, &v[i]);
	ERR_clear_error();
	if(!ok) {
		cube_err_nomem(err, what);
		return -1;
	}
	cube_sort(v, n, sizeof(*v), cmp_digest);
	*set = (struct cube_cert_set){n, v};
	return 0;
}

static int check_identity(struct cube_trustpoint *tp, struct cube_arena *arena, struct cube_err *err)
{
	char cert_what[WHAT_MAX], key_what[WHAT_MAX];
	STACK_OF(X509) *chain = NULL;
	EVP_PKEY *public_key = NULL, *key = NULL;
	int rc = -1;

	what_text(tp, "certificate", &tp->certificate, cert_what);
	what_text(tp, "private-key", &tp->private_key, key_what);
	rc = check_mode(tp, key_what, err);
	chain = cube_pem_certs(&tp->certificate_pem, CUBE_CHAIN_MAX, cert_what, err);
	key = cube_pem_key(&tp->private_key_pem, key_what, err);
	if(chain == NULL || key == NULL) {
		rc = -1;
		goto out;
	}
	public_key = X509_get0_pubkey(sk_X509_value(chain, 0));
	if(public_key == NULL) {
		cube_err_add(err, "%s: the certificate's key does not parse (RSA, or EC on P-256, P-384 or P-521 is expected)",
				cert_what);
		rc = -1;
		goto out;
	}
	if(check_key_type(public_key, cert_what, &tp->key_type, err) < 0)
		rc = -1;
	if(X509_check_private_key(sk_X509_value(chain, 0), key) != 1) {
		cube_err_add(
				err, "%s: the key does not belong to the certificate in %.*s", key_what, CUBE_FMT(tp->certificate));
		rc = -1;
	}
	if(check_order(chain, cert_what, err) < 0 || make_set(chain, arena, cert_what, &tp->own_set, err) < 0)
		rc = -1;
out:
	sk_X509_pop_free(chain, X509_free);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}

static STACK_OF(X509) * read_ca(const struct cube_trustpoint *tp, struct cube_err *err)
{
	char what[WHAT_MAX];

	return cube_pem_certs(&tp->ca_pem, CUBE_CA_MAX, what_text(tp, "ca", &tp->ca, what), err);
}

static int make_ca_set(struct cube_trustpoint *tp, struct cube_arena *arena, struct cube_err *err)
{
	STACK_OF(X509) *ca = read_ca(tp, err);
	char what[WHAT_MAX];
	int rc;

	if(ca == NULL)
		return -1;
	rc = make_set(ca, arena, what_text(tp, "ca", &tp->ca, what), &tp->ca_set, err);
	sk_X509_pop_free(ca, X509_free);
	return rc;
}

bool cube_cert_set_has(const struct cube_cert_set *set, const unsigned char sha256[SHA256_LEN])
{
	return set->n > 0 && bsearch(sha256, set->v, set->n, sizeof(*set->v), cmp_digest) != NULL;
}

const struct cube_cert_span *cube_cert_set_first_end(const struct cube_cert_set *set)
{
	const struct cube_cert_span *first = NULL;

	for(unsigned i = 0; i < set->n; i++) {
		if(first == NULL || set->v[i].not_after < first->not_after)
			first = &set->v[i];
	}
	return first;
}

int cube_trustpoint_check(struct cube_trustpoint *tp, struct cube_arena *arena, struct cube_err *err)
{
	int rc = 0;

	tp->key_type = CUBE_KEY_NONE;
	if((tp->certificate.len > 0) != (tp->private_key.len > 0)) {
		cube_err_add(err, "trustpoint %.*s: %s is given without %s", CUBE_FMT(tp->name),
				tp->certificate.len > 0 ? "certificate" : "private-key",
				tp->certificate.len > 0 ? "private-key" : "certificate");
		rc = -1;
	} else if(loaded(&tp->certificate, &tp->certificate_pem) && loaded(&tp->private_key, &tp->private_key_pem)) {
		rc = check_identity(tp, arena, err);
	}
	if(loaded(&tp->ca, &tp->ca_pem) && tp->ca_set.n == 0 && make_ca_set(tp, arena, err) < 0)
		rc = -1;
	return rc;
}

STACK_OF(X509) * cube_trustpoint_cas(const struct cube_trustpoint *tp)
{
	return loaded(&tp->ca, &tp->ca_pem) ? read_ca(tp, NULL) : NULL;
}

/* Of cert, among certs; a new reference. */
static X509 *issuer_among(STACK_OF(X509) * certs, X509 *cert)
{
	for(int i = 0; i < sk_X509_num(certs); i++) {
		X509 *one = sk_X509_value(certs, i);

		if(X509_check_issued(one, cert) == X509_V_OK && X509_verify(cert, X509_get0_pubkey(one)) == 1
				&& X509_up_ref(one))
			return one;
	}
	return NULL;
}

bool cube_trustpoint_responder(
		const struct cube_trustpoint *tp, X509 **cert, X509 **issuer, char url[CUBE_FETCH_URL_MAX])
{
	STACK_OF(X509) *chain = NULL, *ca = NULL;
	X509 *leaf, *found = NULL;

	if(loaded(&tp->certificate, &tp->certificate_pem))
		chain = cube_pem_certs(&tp->certificate_pem, CUBE_CHAIN_MAX, "", NULL);
	leaf = sk_X509_value(chain, 0);
	if(leaf != NULL && tp->ocsp_url.len > 0)
		snprintf(url, CUBE_FETCH_URL_MAX, "%.*s", CUBE_FMT(tp->ocsp_url));
	if(leaf != NULL && (tp->ocsp_url.len > 0 || cube_fetch_url_of(leaf, CUBE_FETCH_OCSP, url))) {
		found = issuer_among(chain, leaf);
		if(found == NULL)
			found = issuer_among(ca = cube_trustpoint_cas(tp), leaf);
	}
	if(found != NULL && X509_up_ref(leaf)) {
		*cert = leaf;
		*issuer = found;
	} else {
		X509_free(found);
		found = NULL;
	}
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(ca, X509_free);
	ERR_clear_error();
	return found != NULL;
}

EVP_PKEY *cube_trustpoint_key(const struct cube_trustpoint *tp)
{
	return loaded(&tp->private_key, &tp->private_key_pem) ? cube_pem_key(&tp->private_key_pem, "", NULL) : NULL;
}

STACK_OF(X509) * cube_trustpoint_chain(const struct cube_trustpoint *tp, struct cube_err *err)
{
	char what[WHAT_MAX];

	return cube_pem_certs(
			&tp->certificate_pem, CUBE_CHAIN_MAX, what_text(tp, "certificate", &tp->certificate, what), err);
}

bool cube_trustpoint_info(const struct cube_trustpoint *tp, bool ca, unsigned index, struct cube_cert_info *info)
{
	STACK_OF(X509) *certs = ca ? cube_trustpoint_cas(tp) : cube_trustpoint_chain(tp, NULL);
	X509 *cert = sk_X509_value(certs, (int)index);

	if(cert != NULL)
		cube_cert_info(cert, info);
	sk_X509_pop_free(certs, X509_free);
	return cert != NULL;
}

/* Issued by another one. The authority key identifier tells it from a root whose own data contradict each other:
 * RFC 5280 4.2.1.1 demands it in every certificate that is not self-signed, and a chain does not end at one without. */
static bool is_subordinate(X509 *cert)
{
	return X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) != 0
		   && X509_get0_authority_key_id(cert) != NULL;
}

static bool add_name(STACK_OF(X509) * named, X509 *cert)
{
	X509_NAME *subject = X509_get_subject_name(cert);

	for(int i = 0; i < sk_X509_num(named); i++) {
		if(X509_NAME_cmp(X509_get_subject_name(sk_X509_value(named, i)), subject) == 0)
			return true;
	}
	return X509_add_cert(named, cert, X509_ADD_FLAG_UP_REF) == 1;
}

int cube_trustpoint_trust(
		const struct cube_trustpoint *tp, X509_STORE *store, STACK_OF(X509) * named, struct cube_err *err)
{
	STACK_OF(X509) * ca;
	char what[WHAT_MAX];
	bool ok = true;

	if(!loaded(&tp->ca, &tp->ca_pem)) {
		cube_err_add(err, "trustpoint %.*s: no ca is given, so it cannot verify a peer", CUBE_FMT(tp->name));
		return -1;
	}
	ca = read_ca(tp, err);
	if(ca == NULL)
		return -1;
	for(int i = 0; ok && i < sk_X509_num(ca); i++) {
		X509 *cert = sk_X509_value(ca, i);

		if(is_subordinate(cert))
			X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
		ok = X509_STORE_add_cert(store, cert) == 1 && add_name(named, cert);
	}
	if(!ok)
		cube_err_nomem(err, what_text(tp, "ca", &tp->ca, what));
	sk_X509_pop_free(ca, X509_free);
	ERR_clear_error();
	return ok ? 0 : -1;
}
