/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private keys of the calling process. RSA blinding tells threads apart by pthread_self(), which is the same in all
 * forked processes, so no key object is ever used by two of them (docs/design/processes.md). */
#ifndef CUBE_TLS_KEYS_H
#define CUBE_TLS_KEYS_H

#include <openssl/evp.h>

#include "../cube_tenant/api.h"

/* This process's key of a trustpoint (index into snapshot->conf->trustpoints), parsed at its first use; NULL when
 * memory is out. It stays owned here. */
EVP_PKEY *keys_get(const struct cube_snapshot *snapshot, int trustpoint);
/* Forgets all keys of this process. */
void keys_end(void);

#endif
