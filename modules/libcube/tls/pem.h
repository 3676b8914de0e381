/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PEM text to OpenSSL objects, without ever asking for a password. */
#ifndef CUBE_TLS_PEM_H
#define CUBE_TLS_PEM_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "../base/err.h"
#include "../base/file.h"

/* All certificates of file, in order, at most max. what begins the message ("trustpoint x: certificate /etc/x.pem").
 * NULL and one line in err when there is none, one does not parse, or there are more. The caller frees it with
 * sk_X509_pop_free(certs, X509_free). */
STACK_OF(X509) * cube_pem_certs(const struct cube_file *file, int max, const char *what, struct cube_err *err);
/* The first private key of file; NULL and one line in err (may be NULL) when there is none or it is encrypted. */
EVP_PKEY *cube_pem_key(const struct cube_file *file, const char *what, struct cube_err *err);

#endif
