/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the certificates of trustpoints end. */
#ifndef CUBE_TLS_TRUSTPOINTS_H
#define CUBE_TLS_TRUSTPOINTS_H

#include "../libcube/tls/expiry.h"
#include "../libcube/tls/trustpoint.h"

/* Calls end for each trustpoint of conf and each use (CUBE_EXPIRY_OWN, CUBE_EXPIRY_CA) of which it has certificates, with
 * the earliest end of one of them, seconds since the epoch. Parses nothing: cheap in any process. */
void trustpoints_ends(const struct cube_conf *conf,
		void (*end)(void *ctx, struct cube_str trustpoint, enum cube_expiry_use use, int64_t not_after), void *ctx);

/* The certificates of a use; their spans by trustpoint.h. */
static inline const struct cube_cert_set *trustpoint_set(const struct cube_trustpoint *tp, enum cube_expiry_use use)
{
	return use == CUBE_EXPIRY_CA ? &tp->ca_set : &tp->own_set;
}

#endif
