/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends a connection from any process: as the core does behind a failed write, the connection is marked and the TCP main
 * process, which alone may free it, is told. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "core/dprint.h"
#include "core/globals.h"
#include "core/pass_fd.h"
#include "core/timer_ticks.h"
#include "core/timer.h"

#include "close.h"
#include "conn.h"
#include "counters.h"
#include "stock_tls.h"

/* TCP main takes over one reference, unhashes the connection and frees it when nobody else has one. */
static int hand_over(struct tcp_connection *c)
{
	long message[2] = {(long)c, CONN_EOF};

	if(unix_tcp_sock >= 0 && send_all(unix_tcp_sock, message, sizeof(message)) > 0)
		return 0;
	LM_ERR("connection %d: the TCP main process takes no message\n", c->id);
	return -1;
}

/* c: as tcpconn_get() gave it; the reference is given away. */
static int end(struct tcp_connection *c)
{
	c->state = S_CONN_BAD; /* nobody sends on it or finds it any more */
	c->timeout = get_ticks_raw();
	if(hand_over(c) == 0)
		return 0;
	tcpconn_put(c);
	return -1;
}

int close_connection(int id)
{
	struct tcp_connection *c = tcpconn_get(id, NULL, 0, NULL, 0);

	return c ? end(c) : -1;
}

void close_announce(int id)
{
	struct tcp_connection *c = tcpconn_get(id, NULL, 0, NULL, 0);
	struct cube_conn *conn = c ? conn_get(c) : NULL;

	if(conn)
		conn->leaving = true;
	if(c)
		put_connection(c);
}

int close_cleared(int id)
{
	struct tcp_connection *c = tcpconn_get(id, NULL, 0, NULL, 0);
	struct cube_conn *conn = c ? conn_get(c) : NULL;

	if(conn)
		conn_note_closed(conn, CUBE_COUNT_CLEARED);
	return c ? end(c) : -1;
}

/* SSL's own buffers are the stock module's, and point to a stack that is gone. */
static size_t notify_bytes(SSL *ssl, char *buf, int size)
{
	BIO *stock = SSL_get_wbio(ssl), *mem = BIO_new(BIO_s_mem());
	int n = 0;

	if(mem && BIO_up_ref(stock)) {
		SSL_set0_wbio(ssl, mem);
		SSL_shutdown(ssl); /* the first one only sends */
		n = BIO_read(mem, buf, size);
		SSL_set0_wbio(ssl, stock);
	} else {
		BIO_free(mem);
	}
	ERR_clear_error();
	return n > 0 ? (size_t)n : 0;
}

void close_notify(struct tcp_connection *c, int fd)
{
	const struct cube_conn *conn = conn_get(c);
	SSL *ssl = stock_tls_ssl(c);
	char buf[256]; /* an alert of any suite */
	size_t n;

	/* TCP main waits for nobody, and what is queued is cut off already */
	if(!conn || !conn->done || conn->error || fd < 0 || SSL_get_shutdown(ssl) != 0 || lock_try(&c->write_lock) != 0)
		return;
	if(c->wbuf_q.queued == 0 && (n = notify_bytes(ssl, buf, sizeof(buf))) > 0)
		send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	lock_release(&c->write_lock);
}

void put_connection(struct tcp_connection *c)
{
	if(!tcpconn_put(c))
		return;
	/* it was closed and given up by everyone else meanwhile: only we know of it now */
	atomic_set(&c->refcnt, 1);
	hand_over(c);
}
