/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stock tls module, as far as cube_tls leans on it: four symbols and one structure. This is the only place that
 * includes its headers. */
#ifndef CUBE_TLS_STOCK_TLS_H
#define CUBE_TLS_STOCK_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "core/tcp_conn.h"

/* Finds what is needed in the loaded tls.so. 0, or -1 with an error line. */
int stock_tls_bind(void);
/* Shared memory, in bytes, below which the stock module takes no new connection: its low_mem_threshold1. */
unsigned long stock_tls_low_memory(void);
/* Gives the connection an SSL of ours in the shape that the stock module expects; from then on ssl belongs to the
 * connection. With c->write_lock held and c->extra_data NULL. 0 or -1 (ssl is still the caller's). */
int stock_tls_supply(struct tcp_connection *c, SSL *ssl);
/* The connection's SSL, NULL before it has one. */
SSL *stock_tls_ssl(const struct tcp_connection *c);
bool stock_tls_established(const struct tcp_connection *c);
/* Copies the clear text that waits for the handshake to buf; returns how much, at most size. With c->write_lock held. */
size_t stock_tls_queued(const struct tcp_connection *c, char *buf, size_t size);
/* What the stock module's info callback keeps in its flags: that the handshake is done, and that the peer began a
 * second one (which it then answers by closing). */
void stock_tls_note_start(const SSL *ssl);
void stock_tls_note_done(const SSL *ssl);

#endif
