/* SPDX-License-Identifier: GPL-2.0-or-later */
/* revocation-check of a peer's chain: which method for which certificate, in which order, and what follows. Where the
 * answers come from is the caller's business. */
#ifndef CUBE_TLS_REVOCATION_H
#define CUBE_TLS_REVOCATION_H

#include <openssl/x509.h>

#include "../conf/model.h"
#include "source.h"

#define CUBE_CHECKS_MAX 5		 /* questions about one chain */
#define CUBE_REVOCATION_AGAIN 60 /* seconds until a peer that passed by "none" alone is looked at again */
#define CUBE_REVOCATION_TEXT_MAX 200

/* One question that was asked; enough to ask it again without the certificate. */
struct cube_check
{
	struct cube_source_key source;
	struct cube_serial serial;
	uint8_t ca;		/* about a CA's certificate */
	uint8_t relied; /* its answer was "good"; 0: it had none, and a later method let the peer pass */
	uint8_t pad[2];
};

struct cube_checks
{
	uint32_t again; /* seconds after which all must be asked again; 0: the answers tell how long they hold */
	uint32_t n;
	struct cube_check v[CUBE_CHECKS_MAX];
};

struct cube_question
{
	enum cube_fetch_kind kind;
	const char *url; /* http:// or, for a CRL, a file's path */
	bool configured; /* it is the trustpoint's crl or ocsp-url, not the certificate's own word */
	X509 *issuer;
	X509 *anchor; /* the trusted certificate that the chain ends in */
	struct cube_str trustpoint;
	struct cube_source_key key;
	struct cube_serial serial;
	bool ca;
	const unsigned char *staple; /* OCSP response that the peer sent about its own certificate; NULL: none */
	size_t staple_len;
};

/* Answers one question, in the time that the caller has for it. With CUBE_VERDICT_NO_ANSWER: text gets why. */
typedef enum cube_verdict (*cube_ask_f)(
		void *ctx, const struct cube_question *question, char text[CUBE_SOURCE_TEXT_MAX]);

/* Who asks, and what the peer brought. */
struct cube_revocation_by
{
	cube_ask_f ask; /* NULL: nobody can be asked, so whatever must be asked is refused */
	void *ctx;
	const unsigned char *staple;
	size_t staple_len;
};

struct cube_revocation_result
{
	int error; /* X509_V_OK; X509_V_ERR_CERT_REVOKED; X509_V_ERR_UNABLE_TO_GET_CRL when nothing is known */
	int depth; /* of the certificate that it is about, 0 the peer's own */
	char text[CUBE_REVOCATION_TEXT_MAX]; /* what follows "the certificate" in a sentence; "" with X509_V_OK */
	struct cube_checks checks;
};

/* Judges chain (the peer's own first, the trusted one last, as verified) by the revocation-check of the first of the
 * profile's verify-trustpoints that has the last certificate among its ca.
 *  - Each certificate but the last is checked by each method in order; the next one only where the one before has no
 *    answer, never after "revoked" (CUBE: revocation-check).
 *  - crl: the trustpoint's crl, else (or where that one has no answer) the certificate's first distribution point.
 *    ocsp: the trustpoint's ocsp-url, else the certificate's; a stapled response counts where it is good.
 *    none: passes, but not a certificate that an OCSP responder does not know.
 *  - Without revocation-check in the trustpoint: crl, where the trustpoint or the certificate names one.
 *  - More than CUBE_CHECKS_MAX questions: refused. */
void cube_revocation_check(const struct cube_conf *conf, const struct cube_tls_profile *profile, STACK_OF(X509) * chain,
		const struct cube_revocation_by *by, struct cube_revocation_result *result);

/* Does one of the profile's verify-trustpoints use this method? */
bool cube_revocation_uses(
		const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_revocation method);

#endif
