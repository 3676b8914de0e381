/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a finished handshake came to, in the words of show sip-ua connections. */
#ifndef CUBE_TLS_FACTS_H
#define CUBE_TLS_FACTS_H

#include <openssl/ssl.h>

/* The group of the key exchange: "P-256", "P-384", "P-521", "X25519", or OpenSSL's name for another one; "" where there was
 * none (RSA and DHE key exchange, TLS 1.2 sessions that were resumed). Lives as long as ssl. */
const char *cube_tls_group_name(const SSL *ssl);
/* What the TLS server signs with: "RSA", "ECDSA"; "" when it is something else. */
const char *cube_tls_server_key(const SSL *ssl);

#endif
