/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resumption, as far as it is arithmetic: by which policy a session was made and what its peer was found to be. A session that
 * is not certain to pass all checks again is not resumed; the full handshake that follows makes them. */
#ifndef CUBE_TLS_SESSION_H
#define CUBE_TLS_SESSION_H

#include <openssl/ssl.h>
#include <stdint.h>

#include "../conf/model.h"
#include "verify.h"

#define CUBE_SESSION_SECONDS 7200 /* how long a session may be resumed (RFC 8446 4.6.1 permits 7 days) */

/* Of all that decides in a profile and role: versions, suites, groups, names, CAs, how revocation is checked, identity.
 * Equal digests mean the same verdict on the same peer, also across a reload. SHA-256. */
struct cube_digest
{
	unsigned char bytes[32];
};

/* 0, or -1 when OpenSSL fails. */
int cube_tls_policy_digest(const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role,
		struct cube_digest *digest) __attribute__((warn_unused_result));

/* What goes with a session, beside it. */
struct cube_session_peer
{
	uint32_t size; /* of this structure: another one's is not read */
	int32_t tenant;
	int64_t not_after; /* until when the verdict holds: the earliest end of a certificate in the peer's chain, or less */
	uint32_t cn_san_verified, pad;
	struct cube_checks checks;
};

/* For a session that is made at now. Where it continues another one, peer has that one's end (cube_session_restore): however
 * often a session is renewed, CUBE_SESSION_SECONDS behind the full handshake there is another one. */
struct cube_session_peer cube_session_peer_of(const struct cube_tls_peer *peer, int tenant, int64_t now);
/* May a session with this record be resumed by tenant at now? record may be anything of len bytes. True: what was asked
 * about revocation is in checks, for the caller to ask again. */
bool cube_session_fits(const void *record, size_t len, int tenant, int64_t now, struct cube_checks *checks);
/* Puts the verdict that was kept into peer, whose handshake had none of its own. record: one that fits. */
void cube_session_restore(const void *record, struct cube_tls_peer *peer);

/* As i2d_SSL_SESSION() writes it, for d2i_SSL_SESSION(), but without the peer's certificate: whoever resumes it has the record.
 * Returns the bytes in buf, which the caller cleanses; 0 when they are more than size, or memory is out. */
size_t cube_session_pack(SSL_SESSION *session, unsigned char *buf, size_t size);

#endif
