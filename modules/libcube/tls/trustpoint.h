/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates, keys and CA lists of a trustpoint: what OpenSSL makes of their PEM text. */
#ifndef CUBE_TLS_TRUSTPOINT_H
#define CUBE_TLS_TRUSTPOINT_H

#include <openssl/ssl.h>

#include "../base/err.h"
#include "../conf/model.h"
#include "certinfo.h"
#include "url.h"

#define CUBE_CHAIN_MAX 10 /* certificates in an identity's chain, leaf included */
#define CUBE_CA_MAX 512	  /* certificates in a ca file; the list of their names must fit a CertificateRequest */

/* Judges the loaded files (those that are empty because their key is not given are passed over):
 *  - each parses as PEM; keys are not encrypted (there is nobody to type the password);
 *  - certificate and private-key are both given or both not, and belong together;
 *  - the chain has at most CUBE_CHAIN_MAX certificates, each followed by its issuer (RFC 5246 7.4.2);
 *  - the key is RSA of 2048 bits or more, or EC on P-256, P-384 or P-521;
 *  - the key file is readable by its owner alone (0600), or by root and a group (0640) when root owns it, which is
 *    how Debian keeps keys for group ssl-cert;
 *  - the ca file has 1 to CUBE_CA_MAX certificates.
 * Dates are not judged: they are the business of the handshake and of the expiry warnings. Sets key_type, and own_set
 * and ca_set in arena; a ca_set that is there already was made of the same ca file, which is not parsed again. 0, or -1
 * with one line per fault, each beginning "trustpoint <name>: ". */
int cube_trustpoint_check(struct cube_trustpoint *tp, struct cube_arena *arena, struct cube_err *err)
		__attribute__((warn_unused_result));
/* Is the certificate with this SHA-256 of its DER (X509_digest) in set (a trustpoint's own_set or ca_set)? */
bool cube_cert_set_has(const struct cube_cert_set *set, const unsigned char sha256[32]);
/* The one that ends first; NULL when there is none. */
const struct cube_cert_span *cube_cert_set_first_end(const struct cube_cert_set *set);

/* The CA certificates, for sk_X509_pop_free(.., X509_free); NULL: there are none, or memory is out. */
STACK_OF(X509) * cube_trustpoint_cas(const struct cube_trustpoint *tp);
/* Where our own certificate's OCSP response is to be had: ocsp-url, else what the certificate names. False: nowhere, or
 * its issuer is neither in the certificate file nor in ca. On true, cert and issuer are the caller's to free. */
bool cube_trustpoint_responder(
		const struct cube_trustpoint *tp, X509 **cert, X509 **issuer, char url[CUBE_FETCH_URL_MAX]);

/* A new private key object from the trustpoint's PEM, for the calling process alone (RSA blinding is per process);
 * NULL when there is none, it does not parse or memory is out. The caller frees it. */
EVP_PKEY *cube_trustpoint_key(const struct cube_trustpoint *tp);
/* The certificates of the identity, leaf first; the caller frees them. NULL + err. */
STACK_OF(X509) * cube_trustpoint_chain(const struct cube_trustpoint *tp, struct cube_err *err);
/* What is to be said of the certificate at index in its file: that of the CAs, or of the identity. False: it cannot be
 * had (memory is out). */
bool cube_trustpoint_info(const struct cube_trustpoint *tp, bool ca, unsigned index, struct cube_cert_info *info);
/* Adds the trustpoint's CA certificates to store, and to named the first one of each name (references), for the list of
 * names in a CertificateRequest. A certificate that another one issued ends a chain as a self-signed one does, as
 * CUBE's chain-validation stop: so a subordinate CA, or one peer's own certificate, can be trusted alone. 0 or -1 + err. */
int cube_trustpoint_trust(const struct cube_trustpoint *tp, X509_STORE *store, STACK_OF(X509) * named,
		struct cube_err *err) __attribute__((warn_unused_result));

#endif
