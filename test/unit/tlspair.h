/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two TLS ends in one process, joined by memory: ours, from a configuration made in memory, and a plain OpenSSL peer.
 * No sockets, no files. */
#ifndef CUBE_TEST_TLSPAIR_H
#define CUBE_TEST_TLSPAIR_H

#include <openssl/ssl.h>

#include "../../modules/libcube/tls/creds.h"
#include "../../modules/libcube/tls/ctx.h"
#include "../../modules/libcube/tls/policy.h"
#include "../../modules/libcube/tls/trustpoint.h"
#include "../../modules/libcube/tls/verify.h"
#include "pki.h"

/* Our end: one profile with one identity and one trustpoint that verifies. */
struct ours
{
	struct cube_arena *arena;
	struct cube_conf conf;
	struct cube_trustpoint trustpoints[2]; /* identity; verification */
	struct cube_tls_profile profile;
	int verify_index;
	char *texts[3];
	struct cube_tls_peer peer;
};

/* id: our identity, n certificates, leaf first (0: none); cas: what verifies the peer. The profile has tag 100, the
 * default versions and ciphers: change it before ours_ready. */
void ours_make(struct ours *o, const struct pki *const *id, unsigned n, const struct pki *const *cas, unsigned n_cas);
/* Builds the policy; fails the test when it is refused. */
void ours_ready(struct ours *o);
void ours_free(struct ours *o);
/* An SSL of our own without key and peer. NULL and err when its context or its certificates are refused. */
SSL *ours_bare_ssl(struct ours *o, enum cube_role role, struct cube_err *err);
/* An SSL of our own with key and peer attached; o->peer gets profile and role. NULL and err when there is no context. */
SSL *ours_ssl(struct ours *o, enum cube_role role, struct cube_err *err);

/* A peer that OpenSSL alone makes: every version and suite at security level 0, trusts ca (NULL: nobody is verified),
 * shows id's n certificates (0: none). */
SSL *plain_ssl(bool server, const struct pki *const *id, unsigned n, const struct pki *ca);

/* Shakes hands and then sends one byte each way. True when both ends have got the other's byte. */
bool tls_meet(SSL *a, SSL *b);
/* Why this end failed in tls_meet: SSL_R_*, 0 when it did not; and as text, whose wording depends on OpenSSL's version. */
int tls_reason(const SSL *ssl);
const char *tls_reason_text(const SSL *ssl);

#endif
