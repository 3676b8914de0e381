/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificate revocation lists: from a CA's signed list to a sorted table of serial numbers, without a pointer in it, that
 * may lie in shared memory or go through a pipe. */
#ifndef CUBE_TLS_CRL_H
#define CUBE_TLS_CRL_H

#include <openssl/x509.h>
#include <stdint.h>

#include "../base/err.h"

#define CUBE_SERIAL_LEN 20 /* RFC 5280 4.1.2.2 */

struct cube_serial
{
	unsigned char bytes[CUBE_SERIAL_LEN]; /* big endian, zeros in front */
};

/* False: negative, or longer than RFC 5280 permits; then out is left alone. */
bool cube_serial_of(const ASN1_INTEGER *serial, struct cube_serial *out);

#define CUBE_CRL_USERS 1u /* it speaks for end-entity certificates */
#define CUBE_CRL_CAS 2u	  /* and for CA certificates */
#define CUBE_CRL_ENTRIES_MAX 4000000
#define CUBE_CRL_TOLERANCE 300 /* seconds that the issuer's clock may be ahead of ours */

struct cube_crl
{
	int64_t this_update, next_update; /* seconds since the epoch */
	uint32_t covers;				  /* CUBE_CRL_USERS, CUBE_CRL_CAS, or both */
	uint32_t n;
	struct cube_serial revoked[]; /* sorted */
};

/* Bytes of a struct cube_crl with n serial numbers. */
size_t cube_crl_bytes(uint32_t n);

/* Finds in data (one DER CRL, or PEM with one or more) the CRL of issuer, verifies it, and gives its compact form, for
 * free(3). Of several in PEM it is the newest one that is good.
 *  - It is the issuer's: by name, and by key identifier where both have one (RFC 5280 5.2.1); the issuer's key usage, if
 *    it has one, permits cRLSign; the signature is right, and by a digest of 112 bits of security or more (not SHA-1).
 *  - now (seconds since the epoch) is from thisUpdate to before nextUpdate, which must be there (RFC 5280 5.1.2.5).
 *  - It is complete for what it covers: no delta CRL, no indirect CRL, not for some reasons or attribute certificates
 *    only (RFC 5280 5.2.4, 5.2.5). No critical extension that is not understood.
 *  - If it names the distribution point that it is for, one of the names is place, the URL that a certificate has said
 *    (6.3.3 (b)(2)(i), but for that certificate's other names). place "": it is not looked at, somebody else answers for
 *    it being the right one.
 * NULL + one line in err (which begins with what is wrong, the caller puts the source in front). */
struct cube_crl *cube_crl_read(const void *data, size_t len, X509 *issuer, const char *place, int64_t now,
		struct cube_err *err) __attribute__((warn_unused_result));

bool cube_crl_has(const struct cube_crl *crl, const struct cube_serial *serial);

#endif
