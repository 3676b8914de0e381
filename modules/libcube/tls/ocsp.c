/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OCSP by OpenSSL's calls, but for the times, which OpenSSL holds against the system's clock. Leaves nothing in OpenSSL's
 * error queue. */
#include <limits.h>
#include <openssl/err.h>
#include <string.h>

#include "ocsp.h"
#include "signed.h"

#define AUTH_LEVEL 2 /* of the certificate of a delegated signer: 112 bits */

static ASN1_INTEGER *serial_number(const struct cube_serial *serial)
{
	BIGNUM *number = BN_bin2bn(serial->bytes, CUBE_SERIAL_LEN, NULL);
	ASN1_INTEGER *made = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;

	BN_free(number);
	return made;
}

static OCSP_CERTID *cert_id(const EVP_MD *digest, X509 *issuer, const struct cube_serial *serial)
{
	ASN1_INTEGER *number = serial_number(serial);
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(issuer);
	OCSP_CERTID *id = NULL;

	if(number != NULL && key != NULL)
		id = OCSP_cert_id_new(digest, X509_get_subject_name(issuer), key, number);
	ASN1_INTEGER_free(number);
	return id;
}

OCSP_REQUEST *cube_ocsp_request(X509 *issuer, const struct cube_serial *serial)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = cert_id(EVP_sha1(), issuer, serial);

	if(request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL) {
		if(OCSP_request_add1_nonce(request, NULL, -1) == 1)
			return request;
	} else {
		OCSP_CERTID_free(id);
	}
	OCSP_REQUEST_free(request);
	ERR_clear_error();
	return NULL;
}

/* RFC 6960 4.2.1. */
static const char *status_name(int status)
{
	switch(status) {
		case OCSP_RESPONSE_STATUS_MALFORMEDREQUEST:
			return "malformedRequest";
		case OCSP_RESPONSE_STATUS_INTERNALERROR:
			return "internalError";
		case OCSP_RESPONSE_STATUS_TRYLATER:
			return "tryLater";
		case OCSP_RESPONSE_STATUS_SIGREQUIRED:
			return "sigRequired";
		case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
			return "unauthorized";
		default:
			return "a status that does not exist";
	}
}

static OCSP_BASICRESP *parse(const unsigned char *der, size_t len, struct cube_err *err)
{
	const unsigned char *at = der;
	OCSP_RESPONSE *response = len <= LONG_MAX ? d2i_OCSP_RESPONSE(NULL, &at, (long)len) : NULL;
	OCSP_BASICRESP *basic = NULL;

	if(response == NULL)
		cube_err_add(err, cube_openssl_nomem() ? "out of memory" : "not an OCSP response, or one that is cut off");
	else if(at != der + len)
		cube_err_add(err, "not an OCSP response alone: %zu bytes are behind its end", (size_t)(der + len - at));
	else if(OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		cube_err_add(err, "the responder says %s", status_name(OCSP_response_status(response)));
	else if((basic = OCSP_response_get1_basic(response)) == NULL)
		cube_err_add(err, "the OCSP response is not of the basic type, or does not parse");
	OCSP_RESPONSE_free(response);
	return basic;
}

/* Of what OpenSSL has left in its error queue. */
static void explain_signer(struct cube_err *err)
{
	const char *data = "";
	unsigned long code;
	int flags = 0;

	while((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
		if(ERR_GET_LIB(code) != ERR_LIB_OCSP)
			continue;
		switch(ERR_GET_REASON(code)) {
			case OCSP_R_SIGNER_CERTIFICATE_NOT_FOUND:
				cube_err_add(err, "its signer is neither the issuer nor in the OCSP response");
				return;
			case OCSP_R_SIGNATURE_FAILURE:
				cube_err_add(err, "its signature is not by its signer's key");
				return;
			case OCSP_R_MISSING_OCSPSIGNING_USAGE:
				cube_err_add(
						err, "its signer's certificate is not for that (its extended key usage lacks OCSPSigning)");
				return;
			case OCSP_R_CERTIFICATE_VERIFY_ERROR:
				if((flags & ERR_TXT_STRING) != 0 && strncmp(data, "Verify error:", 13) == 0)
					data += 13 + strspn(data + 13, " ");
				cube_err_add(err, "its signer's certificate: %s", data);
				return;
			default:
				break;
		}
	}
	cube_err_add(err, "its signer does not speak for the issuer");
}

/* RFC 6960 4.2.2.2. */
static bool check_signer(OCSP_BASICRESP *basic, X509 *issuer, int64_t now, struct cube_err *err)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *known = sk_X509_new_null();
	bool ok = false;

	if(!cube_signature_strong(OCSP_resp_get0_tbs_sigalg(basic))) {
		cube_err_add(err, "it is signed by an algorithm that is too weak or unknown");
	} else if(store == NULL || known == NULL || !sk_X509_push(known, issuer) || !X509_STORE_add_cert(store, issuer)) {
		cube_err_add(err, "out of memory");
	} else {
		X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(param, now);
		X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
		ERR_clear_error();
		/* no certificate but the signer's own may stand before the issuer's, and no trust settings count */
		ok = OCSP_basic_verify(basic, known, store, OCSP_NOCHAIN | OCSP_NOEXPLICIT) == 1;
		if(!ok)
			explain_signer(err);
	}
	sk_X509_free(known);
	X509_STORE_free(store);
	return ok;
}

/* RFC 6960 4.4: an extension that is critical and not understood refuses all. */
static bool check_extensions(OCSP_BASICRESP *basic, OCSP_SINGLERESP *single, struct cube_err *err)
{
	bool ok = OCSP_SINGLERESP_get_ext_by_critical(single, 1, -1) < 0;

	for(int at = -1; ok && (at = OCSP_BASICRESP_get_ext_by_critical(basic, 1, at)) >= 0;)
		ok = OBJ_obj2nid(X509_EXTENSION_get_object(OCSP_BASICRESP_get_ext(basic, at))) == NID_id_pkix_OCSP_Nonce;
	if(!ok)
		cube_err_add(err, "it has a critical extension that is not understood");
	return ok;
}

static bool check_nonce(OCSP_BASICRESP *basic, OCSP_REQUEST *request, struct cube_err *err)
{
	int result = request != NULL ? OCSP_check_nonce(request, basic) : 1;

	/* -1 is a nonce in the request alone, 2 none in either */
	if(result == 1 || result == 2 || result == -1)
		return true;
	cube_err_add(err, "its nonce is not the request's: it is the answer to another one");
	return false;
}

static OCSP_SINGLERESP *find(
		OCSP_BASICRESP *basic, X509 *issuer, const struct cube_serial *serial, struct cube_err *err)
{
	const EVP_MD *const digests[] = {EVP_sha1(), EVP_sha256()};
	int at = -1;

	for(unsigned i = 0; at < 0 && i < sizeof(digests) / sizeof(digests[0]); i++) {
		OCSP_CERTID *id = cert_id(digests[i], issuer, serial);

		if(id == NULL) {
			cube_err_add(err, "out of memory");
			return NULL;
		}
		at = OCSP_resp_find(basic, id, -1);
		OCSP_CERTID_free(id);
	}
	if(at < 0)
		cube_err_add(err, "it does not speak of this certificate");
	return at < 0 ? NULL : OCSP_resp_get0(basic, at);
}

/* RFC 6960 3.2, points 5 and 6. */
static bool check_times(
		const ASN1_TIME *from, const ASN1_TIME *to, int64_t now, struct cube_ocsp *ocsp, struct cube_err *err)
{
	char text[32];

	ocsp->next_update = 0;
	if(!cube_time_of(from, &ocsp->this_update))
		cube_err_add(err, "its thisUpdate is no time");
	else if(to != NULL && !cube_time_of(to, &ocsp->next_update))
		cube_err_add(err, "its nextUpdate is no time");
	else if(ocsp->this_update > now + CUBE_OCSP_TOLERANCE)
		cube_err_add(err, "it is of the future: it holds from %s", cube_time_text(ocsp->this_update, text));
	else if(to != NULL && ocsp->next_update < ocsp->this_update)
		cube_err_add(err, "its nextUpdate is before its thisUpdate");
	else if(to != NULL && ocsp->next_update <= now)
		cube_err_add(err, "it is out of date: it held until %s", cube_time_text(ocsp->next_update, text));
	else if(to == NULL && ocsp->this_update + CUBE_OCSP_AGE_MAX <= now)
		cube_err_add(
				err, "it is out of date: it is of %s and has no nextUpdate", cube_time_text(ocsp->this_update, text));
	else
		return true;
	return false;
}

static bool read_single(OCSP_SINGLERESP *single, int64_t now, struct cube_ocsp *ocsp, struct cube_err *err)
{
	ASN1_GENERALIZEDTIME *from = NULL, *to = NULL;

	switch(OCSP_single_get0_status(single, NULL, NULL, &from, &to)) {
		case V_OCSP_CERTSTATUS_GOOD:
			ocsp->status = CUBE_OCSP_GOOD;
			break;
		case V_OCSP_CERTSTATUS_REVOKED:
			ocsp->status = CUBE_OCSP_REVOKED;
			break;
		case V_OCSP_CERTSTATUS_UNKNOWN:
			ocsp->status = CUBE_OCSP_UNKNOWN;
			break;
		default:
			cube_err_add(err, "it gives the certificate a status that does not exist");
			return false;
	}
	return check_times(from, to, now, ocsp, err);
}

int cube_ocsp_read(const void *der, size_t len, X509 *issuer, const struct cube_serial *serial, OCSP_REQUEST *request,
		int64_t now, struct cube_ocsp *ocsp, struct cube_err *err)
{
	OCSP_SINGLERESP *single;
	OCSP_BASICRESP *basic;
	bool ok = false;

	ERR_clear_error();
	basic = parse(der, len, err);
	if(basic != NULL && check_signer(basic, issuer, now, err) && check_nonce(basic, request, err)) {
		single = find(basic, issuer, serial, err);
		ok = single != NULL && check_extensions(basic, single, err) && read_single(single, now, ocsp, err);
	}
	OCSP_BASICRESP_free(basic);
	ERR_clear_error();
	return ok ? 0 : -1;
}
