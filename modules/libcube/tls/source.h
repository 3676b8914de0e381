/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known from one place that tells of revocation: a CRL of one issuer, or an OCSP responder's word on one
 * certificate; what it is worth now, and when to ask again. Knows no lock, no socket and no clock: who keeps it brings
 * them. */
#ifndef CUBE_TLS_SOURCE_H
#define CUBE_TLS_SOURCE_H

#include "fetch.h"

#define CUBE_SOURCE_KEY_LEN 16
#define CUBE_SOURCE_TEXT_MAX 160

/* Names a source: the same for the same issuer (its whole certificate) and place, and, for OCSP, serial number. A CRL that
 * is configured is another one than that of a certificate's distribution point, which must be the one of this place. */
struct cube_source_key
{
	unsigned char bytes[CUBE_SOURCE_KEY_LEN];
};

/* What a source says of a certificate. */
enum cube_verdict
{
	CUBE_VERDICT_NO_ANSWER = 0, /* nothing that holds now */
	CUBE_VERDICT_GOOD,
	CUBE_VERDICT_REVOKED,
	CUBE_VERDICT_UNKNOWN, /* the responder does not know the certificate (RFC 6960 2.2) */
};

struct cube_source
{
	enum cube_fetch_kind kind;
	struct cube_crl *crl;  /* CRL: the last one that was good; NULL: none yet. Whose memory it is: the keeper's. */
	struct cube_ocsp ocsp; /* OCSP: valid when ocsp_known */
	bool ocsp_known;
	int64_t due;					  /* when to ask (again), seconds since the epoch */
	int64_t tried;					  /* last attempt's end; 0: there was none */
	unsigned failures;				  /* attempts in a row that brought nothing */
	char error[CUBE_SOURCE_TEXT_MAX]; /* of the last attempt; "" when it was good */
};

/* url: a C string. serial: NULL for a CRL. configured: the CRL's url is the trustpoint's crl. 0, or -1 when OpenSSL fails. */
int cube_source_key_of(enum cube_fetch_kind kind, bool configured, X509 *issuer, const char *url,
		const struct cube_serial *serial, struct cube_source_key *key) __attribute__((warn_unused_result));

/* ca: is the certificate that is asked about a CA's? With CUBE_VERDICT_NO_ANSWER, text (of CUBE_SOURCE_TEXT_MAX bytes)
 * gets why, for an operator. */
enum cube_verdict cube_source_verdict(
		const struct cube_source *source, const struct cube_serial *serial, bool ca, int64_t now, char *text);

/* When what it knows ends to hold; 0 when it knows nothing. */
int64_t cube_source_until(const struct cube_source *source);

/* The warning that is due at now, as cube_expiry_stage has it: 0 when what it knows has run out, 1 when it does so within
 * a day; both only where attempts to renew it fail (three in a row for the latter, since a CRL that lives a week, or an
 * hour, is renewed at half of that); else CUBE_EXPIRY_NONE. What says "revoked" never runs out. */
int cube_source_stage(const struct cube_source *source, int64_t now);
/* The same in a word, for whoever watches. */
enum cube_source_state
{
	CUBE_SOURCE_WAITING = 0, /* nobody has been asked yet */
	CUBE_SOURCE_FAILED,		 /* it knows nothing, and the last attempt brought nothing */
	CUBE_SOURCE_OUT_OF_DATE,
	CUBE_SOURCE_GOOD,
	CUBE_SOURCE_UNKNOWN, /* the responder does not know the certificate */
	CUBE_SOURCE_REVOKED, /* the certificate that was asked about */
	CUBE_SOURCE_STATES,
};
enum cube_source_state cube_source_state(const struct cube_source *source, int64_t now);
/* "waiting", "failed", "out of date", "good", "unknown", "revoked" */
const char *cube_source_state_name(enum cube_source_state state);

/* An attempt brought a CRL or an OCSP response that is good by crl.h or ocsp.h. False: what is known is newer, so it is
 * somebody's replay or a mirror that lags; then the attempt counts as failed. On true, crl is the source's, and the one
 * before is in *old, for the caller to free. */
bool cube_source_take_crl(struct cube_source *source, struct cube_crl *crl, int64_t now, struct cube_crl **old);
bool cube_source_take_ocsp(struct cube_source *source, const struct cube_ocsp *ocsp, int64_t now);
/* An attempt brought nothing. What is known stays until it ends by itself. */
void cube_source_failed(struct cube_source *source, const char *text, int64_t now);

#endif
