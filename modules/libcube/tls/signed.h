/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a CRL and of an OCSP response alike: when, and by what kind of signature. */
#ifndef CUBE_TLS_SIGNED_H
#define CUBE_TLS_SIGNED_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define CUBE_EARLY_TEXT_MAX 96

/* Seconds since the epoch, of UTCTime or GeneralizedTime. False: there is none (NULL), or it is no time. */
bool cube_time_of(const ASN1_TIME *time, int64_t *seconds);
/* "2026-01-27 10:00:00 UTC"; returns buf. */
const char *cube_time_text(int64_t seconds, char buf[32]);
/* What is said of a certificate whose notBefore this is, and to come: "is not valid before ...; check this machine's
 * clock". Almost always it is the clock, and that is on this side: the CA's stands on the certificate. Returns buf. */
const char *cube_early_text(int64_t not_before, char buf[CUBE_EARLY_TEXT_MAX]);
/* Is the digest of this signature algorithm one of 112 bits of security or more, as at OpenSSL's security level 2? MD5 and
 * SHA-1 are not, nor is an algorithm that OpenSSL does not know. */
bool cube_signature_strong(const X509_ALGOR *algorithm);
/* Does OpenSSL's error queue say that memory was out? Empties it. */
bool cube_openssl_nomem(void);

#endif
