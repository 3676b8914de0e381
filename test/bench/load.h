/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of the load generator: non-blocking, each with a place of its own in one epoll set. */
#ifndef CUBE_BENCH_LOAD_H
#define CUBE_BENCH_LOAD_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum load_kind
{
	LOAD_HANDSHAKES, /* connect, full handshake, close, again */
	LOAD_RECONNECTS, /* the same, offering the session of the connection before */
	LOAD_REQUESTS,	 /* OPTIONS on connections that stay */
	LOAD_HOLD,		 /* one OPTIONS on each, then idle */
};

struct load
{
	enum load_kind kind;
	SSL_CTX *ctx;
	struct sockaddr_in server;
	int version; /* TLS1_2_VERSION, TLS1_3_VERSION */
	int inflight;
	int epoll;
	int open;		  /* connections that there are */
	bool stopping;	  /* no new ones are made */
	uint64_t done;	  /* handshakes that the server has accepted, or requests that were answered */
	uint64_t resumed; /* of done */
	uint64_t failed;
	uint64_t established;
	const char *failure; /* of the last one that failed */
};

#define LOAD_BUFFER 32768

enum state
{
	STATE_CONNECT,
	STATE_HANDSHAKE,
	STATE_TICKET,
	STATE_OPEN,
	STATE_CLOSE,
};

struct conn
{
	struct load *load;
	int number;
	int fd;
	SSL *ssl;
	SSL_SESSION *session; /* for the next connection */
	enum state state;
	int unanswered;
	uint32_t cseq;
	size_t in_len, out_len, out_done;
	char in[LOAD_BUFFER], out[LOAD_BUFFER];
};

/* Opens the connection. */
void conn_start(struct conn *conn);
/* Goes on after an event of epoll. */
void conn_step(struct conn *conn);
/* Ends it without a word. */
void conn_drop(struct conn *conn);
/* For SSL_CTX_sess_set_new_cb. */
int conn_on_session(SSL *ssl, SSL_SESSION *session);

#endif
