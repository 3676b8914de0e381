/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings of what ends: which are due, each one once, and in what words. Knows no clock. */
#ifndef CUBE_TLS_EXPIRY_H
#define CUBE_TLS_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/str.h"
#include "certinfo.h"

enum cube_expiry_use
{
	CUBE_EXPIRY_OWN = 0, /* a certificate of our identity, or of its chain */
	CUBE_EXPIRY_CA,
	CUBE_EXPIRY_CRL, /* or an OCSP response */
	CUBE_EXPIRY_PEER,
};

/* "own", "ca", "crl", "peer" */
const char *cube_expiry_use_name(enum cube_expiry_use use);

#define CUBE_EXPIRY_EARLY (-2)
/* As cube_expiry_stage, but CUBE_EXPIRY_EARLY for what begins only after now. */
int cube_validity_stage(int64_t not_before, int64_t not_after, int64_t now);

/* What was told of. Zeroed it is empty. */
#define CUBE_TOLD_MAX 8192
struct cube_told_key
{
	unsigned char bytes[16];
};
struct cube_told
{
	unsigned n;
	struct cube_told_entry
	{
		struct cube_told_key key;
		int stage;
		int64_t seen;
	} v[CUBE_TOLD_MAX]; /* sorted by key */
};

/* Names what ends: by something that is its own, and a number. 0, or -1 when OpenSSL fails. */
int cube_told_key_of(const void *own, size_t len, int64_t number, struct cube_told_key *key)
		__attribute__((warn_unused_result));
/* Is the warning of this stage (not CUBE_EXPIRY_NONE) to be given? It is when the last one for this key had another; then
 * it counts as given. Beyond CUBE_TOLD_MAX keys the one that was asked for longest ago is forgotten. */
bool cube_told_due(struct cube_told *told, const struct cube_told_key *key, int stage, int64_t now);

struct cube_expiry
{
	enum cube_expiry_use use;
	int stage;					/* not CUBE_EXPIRY_NONE */
	struct cube_str trustpoint; /* not for a peer */
	unsigned others;			/* further trustpoints that have the same certificate */
	const char *what;			/* own, ca: its subject; crl: "CRL of A from B"; peer: its name, may be "" */
	struct cube_str file;		/* own, ca: where it is kept */
	const char *error;			/* crl: why there is no newer one */
	int tenant;					/* peer */
	const char *remote;			/* peer: its address */
	int64_t not_before, not_after, now;
};

#define CUBE_EXPIRY_LINE_MAX 2048
/* One line for the log, without its end: what ends, when, and what to do. Returns line. */
const char *cube_expiry_line(const struct cube_expiry *expiry, char line[CUBE_EXPIRY_LINE_MAX]);

#endif
