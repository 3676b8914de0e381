/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SSL_CTX of each profile and role of a configuration, shared by all processes. */
#ifndef CUBE_TLS_CONTEXTS_H
#define CUBE_TLS_CONTEXTS_H

#include <openssl/ssl.h>

#include "../libcube/conf/model.h"
#include "../libcube/tls/session.h"

/* As struct cube_tls_ops has them. */
int contexts_prepare(const struct cube_conf *conf, void **tls, struct cube_err *err);
void contexts_discard(void *tls);

/* NULL: the profile has none for this role. policy gets the digest of all that decides in it. Both are borrowed. */
SSL_CTX *contexts_get(void *tls, unsigned profile, enum cube_role role, const struct cube_digest **policy);

#endif
