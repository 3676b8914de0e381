/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRLs and OCSP responses for tests, made in memory, good ones and odd ones. Knows nothing of the product. */
#ifndef CUBE_TEST_REVOCATION_H
#define CUBE_TEST_REVOCATION_H

#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <time.h>

#include "pki.h"

struct revocation_der
{
	unsigned char *data; /* for free() */
	size_t len;
};

/* Times are seconds relative to now. */
struct revocation_crl
{
	const struct pki *issuer;
	const struct pki *signer; /* whose key it is signed with; NULL: the issuer's */
	const EVP_MD *md;		  /* NULL: SHA-256 */
	time_t now;
	long from, to;			 /* both 0: an hour ago to tomorrow */
	bool no_next, no_key_id; /* no nextUpdate; no authority key identifier */
	const char *idp;		 /* issuing distribution point in OpenSSL's syntax; NULL: none */
	const long *serials;	 /* of n entries */
	unsigned n;
	int reason;					/* of each entry; 0: none */
	void (*odd)(X509_CRL *crl); /* called before it is signed; NULL: nothing is */
};
struct revocation_der revocation_crl(const struct revocation_crl *spec);
/* NUL-terminated; for free(). */
char *revocation_pem(const struct revocation_der *const *crls, unsigned n);
/* A critical extension that nobody knows. */
X509_EXTENSION *revocation_unknown(void);

struct revocation_ocsp
{
	const struct pki *issuer;
	const struct pki *signer; /* its certificate goes with it; NULL: the issuer, whose does not */
	const EVP_MD *md;		  /* of the signature; NULL: SHA-256 */
	const EVP_MD *id;		  /* of the certificate id; NULL: SHA-1 */
	time_t now;
	long from, to; /* both 0: an hour ago to tomorrow */
	bool no_next;
	const ASN1_INTEGER *serial;
	int status, response;				/* V_OCSP_CERTSTATUS_*, OCSP_RESPONSE_STATUS_* */
	OCSP_REQUEST *request;				/* whose nonce is repeated; NULL: no nonce */
	void (*odd)(OCSP_BASICRESP *basic); /* called before it is signed; NULL: nothing is */
};
struct revocation_der revocation_ocsp(const struct revocation_ocsp *spec);

#endif
