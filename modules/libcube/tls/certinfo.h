/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator wants to know of a certificate, and when he is to be warned that it ends. */
#ifndef CUBE_TLS_CERTINFO_H
#define CUBE_TLS_CERTINFO_H

#include <openssl/x509.h>
#include <stdint.h>

#include "crl.h"

#define CUBE_CERT_TEXT_MAX 256

/* All text is printable ASCII, cut where it does not fit. */
struct cube_cert_info
{
	char subject[CUBE_CERT_TEXT_MAX]; /* "CN=sip.acme.co,O=Acme" (RFC 2253) */
	char issuer[CUBE_CERT_TEXT_MAX];
	char names[CUBE_CERT_TEXT_MAX];		  /* "sip.acme.co, CN edge"; its subject when it has none */
	char serial[2 * CUBE_SERIAL_LEN + 1]; /* hexadecimal, capitals, as openssl x509 -serial has it */
	char key[32];						  /* "RSA 2048", "EC P-256", "ED25519" */
	int64_t not_before, not_after;		  /* seconds since the epoch; 0: it has no such time, so it never is valid */
};

void cube_cert_info(X509 *cert, struct cube_cert_info *info);

/* Hexadecimal without zeros in front but for one digit pair; returns text. */
const char *cube_serial_text(const struct cube_serial *serial, char text[2 * CUBE_SERIAL_LEN + 1]);

/* Whole days until end, rounded down; negative once it is over. */
int cube_days_left(int64_t end, int64_t now);

#define CUBE_EXPIRY_NONE (-1)
/* The warning that is due at now for what ends at end: 30, 14, 7, 3 or 1, the days before the end at which a warning
 * begins to hold; 0 when it is over; CUBE_EXPIRY_NONE when more than 30 days are left. A warning is given when the number
 * is another one than the last time. */
int cube_expiry_stage(int64_t end, int64_t now);

#endif
