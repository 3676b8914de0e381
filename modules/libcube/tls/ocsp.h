/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OCSP (RFC 6960): the question about one certificate, and what an answer is worth. */
#ifndef CUBE_TLS_OCSP_H
#define CUBE_TLS_OCSP_H

#include <openssl/ocsp.h>
#include <stdint.h>

#include "../base/err.h"
#include "crl.h"

enum cube_ocsp_status
{
	CUBE_OCSP_GOOD = 0,
	CUBE_OCSP_REVOKED,
	CUBE_OCSP_UNKNOWN,
};

#define CUBE_OCSP_TOLERANCE 300 /* seconds that the responder's clock may be ahead of ours */
#define CUBE_OCSP_AGE_MAX 86400 /* seconds that an answer without nextUpdate is good for */

struct cube_ocsp
{
	enum cube_ocsp_status status;
	int64_t this_update, next_update; /* seconds since the epoch; next_update: 0 when it does not say */
};

/* A request for one certificate, with a nonce (RFC 9654); the certificate is named by SHA-1 hashes, which all responders
 * know. NULL when memory is out. The caller frees it with OCSP_REQUEST_free. */
OCSP_REQUEST *cube_ocsp_request(X509 *issuer, const struct cube_serial *serial) __attribute__((warn_unused_result));

/* Judges a response.
 *  - der is one response and nothing else, and its status is successful.
 *  - It is signed by the issuer itself, or by a certificate that the issuer itself issued, that is valid at now and has
 *    the extended key usage OCSPSigning (RFC 6960 4.2.2.2).
 *  - It speaks of this certificate, by SHA-1 or SHA-256, and what it says holds at now (seconds since the epoch; RFC 6960
 *    4.2.2.1). Without nextUpdate it may be CUBE_OCSP_AGE_MAX old.
 *  - If it has a nonce, that is request's; request is NULL for a stapled one, whose nonce was somebody else's. Without a
 *    nonce it is accepted (RFC 9654 3: responders that sign in advance have none).
 * 0, or -1 + one line in err. */
int cube_ocsp_read(const void *der, size_t len, X509 *issuer, const struct cube_serial *serial, OCSP_REQUEST *request,
		int64_t now, struct cube_ocsp *ocsp, struct cube_err *err) __attribute__((warn_unused_result));

#endif
