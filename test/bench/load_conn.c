/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection of the load generator. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

static void watch(struct conn *conn, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = conn};

	epoll_ctl(conn->load->epoll, how, conn->fd, &event);
}

void conn_drop(struct conn *conn)
{
	struct linger reset = {1, 0}; /* no closing state is left behind: there are not ports enough for it */

	if(conn->fd < 0)
		return;
	SSL_set_shutdown(conn->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* or its session could not be resumed */
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(conn->fd);
	conn->fd = -1;
}

static void again(struct conn *conn)
{
	conn_drop(conn);
	if(!conn->load->stopping && (conn->load->kind == LOAD_HANDSHAKES || conn->load->kind == LOAD_RECONNECTS))
		conn_start(conn);
	else
		conn->load->open--;
}

static void fail(struct conn *conn, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	conn->load->failed++;
	conn->load->failure = reason ? reason : what;
	ERR_clear_error();
	SSL_SESSION_free(conn->session);
	conn->session = NULL;
	again(conn);
}

int conn_on_session(SSL *ssl, SSL_SESSION *session)
{
	struct conn *conn = SSL_get_app_data(ssl);

	SSL_SESSION_free(conn->session);
	conn->session = session;
	return 1;
}

static void offer_session(struct conn *conn)
{
	if(conn->session && conn->load->kind == LOAD_RECONNECTS)
		SSL_set_session(conn->ssl, conn->session);
	if(conn->load->version < TLS1_3_VERSION)
		return;
	SSL_SESSION_free(conn->session); /* a ticket of TLS 1.3 is for one connection */
	conn->session = NULL;
}

void conn_start(struct conn *conn)
{
	int on = 1;

	conn->in_len = conn->out_len = conn->out_done = 0;
	conn->unanswered = 0;
	conn->state = STATE_CONNECT;
	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	conn->ssl = SSL_new(conn->load->ctx);
	if(conn->fd < 0 || !conn->ssl || SSL_set_fd(conn->ssl, conn->fd) != 1) {
		perror("load: socket");
		_exit(1);
	}
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	SSL_set_app_data(conn->ssl, conn);
	SSL_set_connect_state(conn->ssl);
	offer_session(conn);
	if(connect(conn->fd, (struct sockaddr *)&conn->load->server, sizeof(conn->load->server)) != 0
			&& errno != EINPROGRESS) {
		perror("load: connect");
		_exit(1);
	}
	watch(conn, EPOLL_CTL_ADD, EPOLLOUT);
}

/* True: SSL's operation is to be tried again behind the next event; which one, epoll is told. */
static bool wants(struct conn *conn, int rc)
{
	switch(SSL_get_error(conn->ssl, rc)) {
		case SSL_ERROR_WANT_READ:
			watch(conn, EPOLL_CTL_MOD, EPOLLIN);
			return true;
		case SSL_ERROR_WANT_WRITE:
			watch(conn, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			return true;
		default:
			return false;
	}
}

static void compose(struct conn *conn)
{
	int target = conn->load->kind == LOAD_HOLD ? 1 : conn->load->inflight;

	if(conn->out_done < conn->out_len)
		return;
	conn->out_len = conn->out_done = 0;
	for(; conn->unanswered < target; conn->unanswered++) {
		int len = snprintf(conn->out + conn->out_len, LOAD_BUFFER - conn->out_len,
				"OPTIONS sip:bench@server.example SIP/2.0\r\n"
				"Via: SIP/2.0/TLS client.example:5061;branch=z9hG4bK%d-%u\r\n"
				"Max-Forwards: 70\r\n"
				"From: <sip:load@client.example>;tag=%d\r\n"
				"To: <sip:bench@server.example>\r\n"
				"Call-ID: %d-%u@client.example\r\n"
				"CSeq: %u OPTIONS\r\n"
				"Content-Length: 0\r\n\r\n",
				conn->number, conn->cseq, conn->number, conn->number, conn->cseq, conn->cseq);

		if(len <= 0 || (size_t)len >= LOAD_BUFFER - conn->out_len)
			break;
		conn->out_len += (size_t)len;
		conn->cseq++;
	}
}

/* Takes whole answers out of the input, none of which has a body. -1: one is not a 200. */
static int take_answers(struct conn *conn)
{
	char *at = conn->in, *end = conn->in + conn->in_len, *stop;

	while((stop = memmem(at, (size_t)(end - at), "\r\n\r\n", 4)) != NULL) {
		if(strncmp(at, "SIP/2.0 200 ", 12) != 0)
			return -1;
		conn->unanswered--;
		conn->load->done++;
		at = stop + 4;
	}
	conn->in_len = (size_t)(end - at);
	memmove(conn->in, at, conn->in_len);
	return 0;
}

static void step_open(struct conn *conn)
{
	int rc;

	for(;;) {
		if(conn->load->kind == LOAD_REQUESTS || conn->cseq == 0)
			compose(conn);
		if(conn->out_done < conn->out_len) {
			rc = SSL_write(conn->ssl, conn->out + conn->out_done, (int)(conn->out_len - conn->out_done));
			if(rc <= 0)
				break;
			conn->out_done += (size_t)rc;
		}
		rc = SSL_read(conn->ssl, conn->in + conn->in_len, (int)(LOAD_BUFFER - conn->in_len));
		if(rc <= 0)
			break;
		conn->in_len += (size_t)rc;
		if(take_answers(conn) < 0) {
			fail(conn, "an answer is not 200");
			return;
		}
	}
	if(!wants(conn, rc))
		fail(conn, "the server closed the connection");
}

/* Behind our close_notify comes the server's end. */
static void step_close(struct conn *conn)
{
	char byte;
	int rc, error;

	ERR_clear_error();
	while((rc = SSL_read(conn->ssl, &byte, 1)) > 0)
		;
	if(wants(conn, rc))
		return;
	error = SSL_get_error(conn->ssl, rc);
	if(error == SSL_ERROR_SSL) {
		fail(conn, "an alert");
		return;
	}
	ERR_clear_error();
	conn->load->done++;
	conn->load->resumed += SSL_session_reused(conn->ssl) != 0;
	again(conn);
}

/* A TLS 1.3 client is done before the server has seen its certificate. That it is accepted a ticket tells. */
static void step_ticket(struct conn *conn)
{
	char byte;
	int rc;

	if(conn->load->version >= TLS1_3_VERSION) {
		ERR_clear_error();
		rc = SSL_read(conn->ssl, &byte, 1);
		if(!conn->session) {
			if(!wants(conn, rc))
				fail(conn, "the server closed the connection behind the handshake");
			return;
		}
	}
	conn->state = STATE_CLOSE;
	SSL_shutdown(conn->ssl);
	step_close(conn);
}

static void established(struct conn *conn)
{
	conn->load->established++;
	if(conn->load->kind == LOAD_REQUESTS || conn->load->kind == LOAD_HOLD) {
		conn->state = STATE_OPEN;
		step_open(conn);
		return;
	}
	conn->state = STATE_TICKET;
	step_ticket(conn);
}

void conn_step(struct conn *conn)
{
	int rc, error = 0;
	socklen_t len = sizeof(error);

	switch(conn->state) {
		case STATE_CONNECT:
			if(getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error) {
				fail(conn, strerror(error));
				return;
			}
			conn->state = STATE_HANDSHAKE;
			/* fall through */
		case STATE_HANDSHAKE:
			ERR_clear_error();
			rc = SSL_do_handshake(conn->ssl);
			if(rc == 1)
				established(conn);
			else if(!wants(conn, rc))
				fail(conn, "the server closed the connection during the handshake");
			return;
		case STATE_TICKET:
			step_ticket(conn);
			return;
		case STATE_OPEN:
			step_open(conn);
			return;
		case STATE_CLOSE:
			step_close(conn);
			return;
	}
}
