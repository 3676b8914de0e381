/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of TLS policy: versions, cipher suites and curves by their IOS names and by OpenSSL's. Pure data and
 * look-ups; no SSL object. */
#ifndef CUBE_TLS_POLICY_H
#define CUBE_TLS_POLICY_H

#include "../base/err.h"
#include "../conf/model.h"

/* Which of the built-in lists a suite belongs to (bits). */
enum cube_suite_set
{
	CUBE_SUITES_DEFAULT = 1,
	CUBE_SUITES_STRICT = 2, /* cipher = "strict", strict-cipher */
	CUBE_SUITES_ECDSA = 4,	/* cipher = "ecdsa" */
};

struct cube_suite
{
	const char *ios;		/* "ECDHE_RSA_AES128_GCM_SHA256" */
	const char *openssl;	/* "ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256" */
	unsigned tls_versions;	/* CUBE_TLS_* bits */
	enum cube_key_type key; /* key of the server's certificate; NONE: any (TLS 1.3) */
	unsigned sets;			/* CUBE_SUITES_* bits */
};

/* In the order of preference that the built-in lists have. */
extern const struct cube_suite cube_suites[];
extern const unsigned cube_n_suites;

const struct cube_suite *cube_suite_find(struct cube_str ios_name); /* NULL: no such name */
/* "1.0".."1.3", "1.1+", "1.2+" to a set of versions; 0 for anything else. */
unsigned cube_tls_versions_parse(struct cube_str text);
/* "TLSv1.2, TLSv1.3"; returns buf. */
const char *cube_tls_versions_text(unsigned versions, char buf[64]);
/* "P-256", "P-384", "P-521", "X25519"; X25519MLKEM768 where the running OpenSSL has it (3.5 and later). NULL: no
 * such name. */
const char *cube_curve_openssl(struct cube_str name);

/* Fills profile's cipher_list, ciphersuites and groups (in arena) from its cipher and curves settings and takes out of
 * its tls_versions (to be set before) those for which no suite is left. Refused is what can never work:
 *  - a suite or an identity with ECDSA, with TLS 1.0 (CUBE: "ECDSA ciphers are not supported with TLS version 1.0");
 *  - a version that the profile itself names and its tls-cipher list has no suite for; versions that come from sip-ua
 *    or from the default, or that meet a built-in list, are left out instead (the documents' own sample has one
 *    TLS 1.2 suite under the default versions);
 *  - a suite in a tls-cipher list that needs another key than the server identity's. A TLS client's own key does not
 *    restrict the suite, the server's does: so the client identity is not asked, and the built-in lists keep suites
 *    of both key types, of which OpenSSL as server uses those that its key fits;
 *  - nothing left at all.
 * cipher: the tls-cipher list that profile->cipher_name names, NULL for "strict", "ecdsa" or the default. key_types:
 * keys of the identities in use, by role (NONE: no identity for that role). path names the profile in messages
 * ("tls-profile 100"). 0, or -1 with lines in err. */
int cube_tls_policy_build(struct cube_tls_profile *profile, const struct cube_tls_cipher *cipher,
		const enum cube_key_type key_types[2], const char *path, struct cube_arena *arena, struct cube_err *err)
		__attribute__((warn_unused_result));
/* The versions that a built profile can really negotiate in this role, key being its identity's there: as server, a
 * version needs a suite that the key fits. */
unsigned cube_tls_versions_served(const struct cube_tls_profile *profile, enum cube_role role, enum cube_key_type key);
/* The names, comma-separated, for messages. */
extern const char cube_suite_names[], cube_tls_version_names[], cube_curve_names[];

#endif
