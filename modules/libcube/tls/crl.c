/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRLs by OpenSSL's parser, and then by its public calls alone: what it has found out about a CRL by itself it does not
 * tell. Leaves nothing in OpenSSL's error queue. */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/sort.h"
#include "crl.h"
#include "signed.h"
#include "url.h"

#define NAME_TEXT_MAX 200
#define DER_SEQUENCE 0x30 /* what every CRL in DER begins with, and no PEM text */

bool cube_serial_of(const ASN1_INTEGER *serial, struct cube_serial *out)
{
	const unsigned char *data = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);

	if(ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return false;
	for(; len > 0 && *data == 0; len--)
		data++;
	if(len > CUBE_SERIAL_LEN)
		return false;
	memset(out, 0, sizeof(*out));
	if(len > 0)
		memcpy(out->bytes + CUBE_SERIAL_LEN - len, data, (size_t)len);
	return true;
}

size_t cube_crl_bytes(uint32_t n)
{
	return offsetof(struct cube_crl, revoked) + (size_t)n * sizeof(struct cube_serial);
}

static int serial_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cube_serial));
}

bool cube_crl_has(const struct cube_crl *crl, const struct cube_serial *serial)
{
	return bsearch(serial, crl->revoked, crl->n, sizeof(*serial), serial_cmp) != NULL;
}

static bool check_name(const X509_CRL *crl, X509 *issuer, struct cube_err *err)
{
	char own[NAME_TEXT_MAX], wanted[NAME_TEXT_MAX];

	if(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) == 0)
		return true;
	cube_err_add(err, "it is the CRL of %s, not of %s", X509_NAME_oneline(X509_CRL_get_issuer(crl), own, sizeof(own)),
			X509_NAME_oneline(X509_get_subject_name(issuer), wanted, sizeof(wanted)));
	return false;
}

/* RFC 5280 5.2.1 and 4.2.1.3. */
static bool check_issuer(const X509_CRL *crl, X509 *issuer, struct cube_err *err)
{
	AUTHORITY_KEYID *by = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(issuer);
	bool same = by == NULL || by->keyid == NULL || own == NULL || ASN1_OCTET_STRING_cmp(by->keyid, own) == 0;

	AUTHORITY_KEYID_free(by);
	if(!same)
		cube_err_add(err, "it is signed by another key of the same name (its authority key identifier is not that of "
						  "the issuer's certificate)");
	else if((X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0) /* all bits are set without a key usage */
		cube_err_add(err, "its issuer's certificate may not sign CRLs (its key usage lacks cRLSign)");
	else
		return true;
	return false;
}

static bool check_times(const X509_CRL *crl, int64_t now, struct cube_crl *head, struct cube_err *err)
{
	char text[32];

	if(!cube_time_of(X509_CRL_get0_lastUpdate(crl), &head->this_update))
		cube_err_add(err, "its thisUpdate is no time");
	else if(X509_CRL_get0_nextUpdate(crl) == NULL)
		cube_err_add(err, "it has no nextUpdate, so nobody can say until when it holds");
	else if(!cube_time_of(X509_CRL_get0_nextUpdate(crl), &head->next_update))
		cube_err_add(err, "its nextUpdate is no time");
	else if(head->this_update > now + CUBE_CRL_TOLERANCE)
		cube_err_add(err, "it is of the future: issued %s", cube_time_text(head->this_update, text));
	else if(head->next_update <= now)
		cube_err_add(err, "it is out of date: the next one was due %s", cube_time_text(head->next_update, text));
	else
		return true;
	return false;
}

/* Who is between us and the server can answer with the CA's list of other certificates, which is as well signed. */
static bool is_of(const DIST_POINT_NAME *name, const char *place)
{
	if(name == NULL || place[0] == '\0')
		return true;
	/* type 1 is a name relative to the issuer's */
	for(int i = 0; name->type == 0 && i < sk_GENERAL_NAME_num(name->name.fullname); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(name->name.fullname, i);
		const ASN1_IA5STRING *text = one->type == GEN_URI ? one->d.uniformResourceIdentifier : NULL;

		if(text != NULL
				&& cube_fetch_url_same(place,
						(struct cube_str){(const char *)ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)}))
			return true;
	}
	return false;
}

/* RFC 5280 5.2.5. Sets covers. */
static bool check_scope(const X509_CRL *crl, const char *place, uint32_t *covers, struct cube_err *err)
{
	int critical = -1;
	ISSUING_DIST_POINT *idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
	bool ok = false;

	*covers = CUBE_CRL_USERS | CUBE_CRL_CAS;
	if(idp == NULL) {
		if(critical == -1) /* it is not there */
			return true;
		cube_err_add(err, "its issuing distribution point does not parse, or is there twice");
		return false;
	}
	if(idp->onlyuser > 0)
		*covers &= ~CUBE_CRL_CAS;
	if(idp->onlyCA > 0)
		*covers &= ~CUBE_CRL_USERS;
	if(idp->indirectCRL > 0)
		cube_err_add(err, "it is an indirect CRL, with certificates of other issuers");
	else if(idp->onlysomereasons != NULL)
		cube_err_add(err, "it is for some reasons of revocation only");
	else if(idp->onlyattr > 0 || *covers == 0)
		cube_err_add(err, "it is for no certificates of users or CAs");
	else if(!is_of(idp->distpoint, place))
		cube_err_add(err, "it is the one of another distribution point");
	else
		ok = true;
	ISSUING_DIST_POINT_free(idp);
	return ok;
}

static bool check_extensions(const X509_CRL *crl, const char *place, uint32_t *covers, struct cube_err *err)
{
	char text[80];

	/* before the others: a delta CRL is critical, too */
	if(X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0) {
		cube_err_add(err, "it is a delta CRL; a complete one is needed");
		return false;
	}
	if(!check_scope(crl, place, covers, err))
		return false;
	for(int at = -1; (at = X509_CRL_get_ext_by_critical(crl, 1, at)) >= 0;) {
		const ASN1_OBJECT *object = X509_EXTENSION_get_object(X509_CRL_get_ext(crl, at));
		int nid = OBJ_obj2nid(object);

		if(nid == NID_issuing_distribution_point || nid == NID_authority_key_identifier || nid == NID_crl_number)
			continue;
		OBJ_obj2txt(text, sizeof(text), object, 0);
		cube_err_add(err, "it has a critical extension that is not understood (%s)", text);
		return false;
	}
	return true;
}

static bool check_signature(X509_CRL *crl, X509 *issuer, struct cube_err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	const X509_ALGOR *algorithm = NULL;
	char text[80];

	X509_CRL_get0_signature(crl, NULL, &algorithm);
	if(!cube_signature_strong(algorithm)) {
		OBJ_obj2txt(text, sizeof(text), algorithm->algorithm, 0);
		cube_err_add(err, "it is signed by an algorithm that is too weak or unknown (%s)", text);
	} else if(key == NULL || X509_CRL_verify(crl, key) != 1) {
		cube_err_add(err, "its signature is not by its issuer's key");
	} else {
		return true;
	}
	return false;
}

/* RFC 5280 5.3. Sets revoked: not every entry speaks of a revoked certificate. n is the entry's number, for err. */
static bool check_entry(const X509_REVOKED *entry, int n, bool *revoked, struct cube_err *err)
{
	int critical = -1;
	ASN1_ENUMERATED *reason = NULL;

	*revoked = true;
	if(X509_REVOKED_get_ext_count(entry) <= 0)
		return true;
	reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);
	if(reason != NULL)
		*revoked = ASN1_ENUMERATED_get(reason) != CRL_REASON_REMOVE_FROM_CRL;
	ASN1_ENUMERATED_free(reason);
	if(reason == NULL && critical != -1) {
		cube_err_add(err, "the reason of its entry %d does not parse, or is there twice", n);
		return false;
	}
	if(X509_REVOKED_get_ext_by_NID(entry, NID_certificate_issuer, -1) >= 0) {
		cube_err_add(err, "its entry %d is of another issuer, as in an indirect CRL", n);
		return false;
	}
	for(int at = -1; (at = X509_REVOKED_get_ext_by_critical(entry, 1, at)) >= 0;) {
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(X509_REVOKED_get_ext(entry, at)));

		if(nid == NID_crl_reason || nid == NID_invalidity_date)
			continue;
		cube_err_add(err, "its entry %d has a critical extension that is not understood", n);
		return false;
	}
	return true;
}

/* head: all but the entries. */
static struct cube_crl *compact(X509_CRL *crl, const struct cube_crl *head, struct cube_err *err)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
	int n = entries != NULL ? sk_X509_REVOKED_num(entries) : 0;
	struct cube_crl *made;
	bool revoked;

	if(n > CUBE_CRL_ENTRIES_MAX) {
		cube_err_add(err, "it has %d entries (allowed: %d)", n, CUBE_CRL_ENTRIES_MAX);
		return NULL;
	}
	made = malloc(cube_crl_bytes((uint32_t)n));
	if(made == NULL) {
		cube_err_add(err, "out of memory");
		return NULL;
	}
	*made = *head;
	made->n = 0;
	for(int i = 0; i < n; i++) {
		const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);

		if(!check_entry(entry, i + 1, &revoked, err)) {
			free(made);
			return NULL;
		}
		/* a serial number that is none belongs to no certificate that anybody asks for */
		if(revoked && cube_serial_of(X509_REVOKED_get0_serialNumber(entry), &made->revoked[made->n]))
			made->n++;
	}
	cube_sort(made->revoked, made->n, sizeof(made->revoked[0]), serial_cmp);
	return made;
}

/* The best CRL that was found, and what is wrong with the newest one that is not good. */
struct search
{
	X509 *issuer;
	const char *place;
	int64_t now;
	struct cube_crl *best;
	int64_t refused; /* thisUpdate of the one that err is about */
	struct cube_err err;
};

static void refuse(struct search *search, int64_t this_update, const struct cube_err *err)
{
	if(cube_err_any(&search->err) && this_update <= search->refused)
		return;
	search->refused = this_update;
	search->err = *err;
}

static void judge(struct search *search, X509_CRL *crl)
{
	struct cube_crl head = {.this_update = INT64_MIN}, *made = NULL;
	struct cube_err err;

	cube_err_reset(&err);
	if(check_name(crl, search->issuer, &err) && check_issuer(crl, search->issuer, &err)
			&& check_times(crl, search->now, &head, &err)) {
		if(search->best != NULL && head.this_update <= search->best->this_update)
			return; /* the signature takes longest */
		if(check_extensions(crl, search->place, &head.covers, &err) && check_signature(crl, search->issuer, &err))
			made = compact(crl, &head, &err);
	}
	if(made == NULL) {
		refuse(search, head.this_update, &err);
		return;
	}
	free(search->best);
	search->best = made;
}

static void read_der(struct search *search, const unsigned char *der, long len)
{
	const unsigned char *at = der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, len);
	struct cube_err err;

	cube_err_reset(&err);
	if(crl == NULL)
		cube_err_add(&err, cube_openssl_nomem() ? "out of memory" : "not a CRL, or one that is cut off");
	else if(at != der + len)
		cube_err_add(&err, "not a CRL alone: %ld bytes are behind its end", (long)(der + len - at));
	else
		judge(search, crl);
	if(cube_err_any(&err))
		refuse(search, INT64_MIN, &err);
	X509_CRL_free(crl);
}

/* OpenSSL would otherwise ask on the terminal when a stranger's text says that it is encrypted. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static void read_pem(struct search *search, BIO *bio)
{
	unsigned char *der = NULL;
	struct cube_err err;
	unsigned long code;
	long len = 0;
	int n = 0;

	for(; PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509_CRL, bio, no_password, NULL) == 1; n++) {
		read_der(search, der, len);
		OPENSSL_free(der);
		ERR_clear_error();
	}
	code = ERR_peek_last_error();
	cube_err_reset(&err);
	if(ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		cube_err_add(&err, "CRL %d in it does not parse", n + 1);
	else if(n == 0)
		cube_err_add(&err, "not a CRL (DER, or PEM with BEGIN X509 CRL, is expected)");
	if(cube_err_any(&err))
		refuse(search, INT64_MIN, &err);
}

struct cube_crl *cube_crl_read(
		const void *data, size_t len, X509 *issuer, const char *place, int64_t now, struct cube_err *err)
{
	struct search search = {.issuer = issuer, .place = place, .now = now};
	BIO *bio = NULL;

	ERR_clear_error();
	cube_err_reset(&search.err);
	if(len == 0 || len > INT_MAX) {
		cube_err_add(err, len == 0 ? "empty" : "too long");
		return NULL;
	}
	if(*(const unsigned char *)data == DER_SEQUENCE)
		read_der(&search, data, (long)len);
	else if((bio = BIO_new_mem_buf(data, (int)len)) != NULL)
		read_pem(&search, bio);
	else
		cube_err_add(&search.err, "out of memory");
	BIO_free(bio);
	ERR_clear_error();
	if(search.best == NULL)
		cube_err_add(err, "%s", search.err.text);
	return search.best;
}
