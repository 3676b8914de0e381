/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who we are and whom we trust, as OpenSSL's objects: each file of a trustpoint is parsed once, whatever number of profiles,
 * roles and connections use it. An SSL gets references when it is made; the SSL_CTX (ctx.h) has none of this, so
 * that profiles of one policy share it. */
#ifndef CUBE_TLS_CREDS_H
#define CUBE_TLS_CREDS_H

#include <openssl/ssl.h>

#include "../base/err.h"
#include "../conf/model.h"
#include "session.h"

struct cube_tls_creds;

/* Empty, for conf, which must live as long as this. NULL when memory is out. */
struct cube_tls_creds *cube_tls_creds_new(const struct cube_conf *conf);
/* Not while an SSL is being given some; those that were have references of their own. NULL is permitted. */
void cube_tls_creds_free(struct cube_tls_creds *creds);
/* Parses what profile needs in this role and proves, with ctx, that OpenSSL takes it. 0, or -1 with lines that begin with the
 * profile's or the trustpoint's path. */
int cube_tls_creds_add(struct cube_tls_creds *creds, const struct cube_tls_profile *profile, enum cube_role role,
		SSL_CTX *ctx, struct cube_err *err) __attribute__((warn_unused_result));
/* Gives ssl the identity and the trust of profile, index profile in conf, instead of what it has, but no key; its sessions
 * belong to policy (as ctx.h says). A client asks for a stapled response where ocsp is a method. Changes nothing in creds: any number of processes may. 0, or -1 when memory is out
 * or the profile was not added in this role. */
int cube_tls_creds_give(const struct cube_tls_creds *creds, unsigned profile, enum cube_role role, SSL *ssl,
		const struct cube_digest *policy) __attribute__((warn_unused_result));

#endif
