/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's TLS hooks, decorated. Connections on listeners that cube.conf does not name pass through untouched. */
#include <errno.h>
#include <string.h>

#include "core/dprint.h"
#include "core/pt.h"
#include "core/script_cb.h"
#include "core/tcp_int_send.h"
#include "core/timer_ticks.h"
#include "core/tls_hooks.h"

#include "close.h"
#include "conn.h"
#include "counters.h"
#include "failed.h"
#include "held.h"
#include "hooks.h"
#include "isolate.h"
#include "outbound.h"
#include "stock_tls.h"
#include "unsent.h"

static struct tls_hooks stock;
static const struct cube_tenant_api *tenant;

/* With write_lock held. 0: goes on (ours or the stock module's), -1: refused. */
static int supply_unsafe(struct tcp_connection *c)
{
	const struct cube_socket *sock;
	struct cube_ip ip;

	if(c->extra_data)
		return 0;
	ip = ksr_cube_ip(&c->rcv.dst_ip);
	sock = tenant->socket(&ip, c->rcv.dst_port, true);
	return sock ? conn_supply(c, sock->tenant_tag) : 0; /* the stock module makes its own */
}

/* Ends a connection that was refused, and has been logged, as if the peer had closed it. */
static int end_quietly(struct tcp_connection *c, rd_conn_flags_t *flags)
{
	c->state = S_CONN_EOF;
	*flags |= RD_CONN_EOF;
	return 0;
}

/* Has the far end accepted us too? A TLS 1.3 client has done its part before it knows: data or an orderly close tell it. */
static bool far_end_agrees(const struct tcp_connection *c, const struct cube_conn *conn, int rc)
{
	const SSL *ssl = stock_tls_ssl(c);

	if(!stock_tls_established(c))
		return false;
	if(conn->peer.role == CUBE_ROLE_SERVER || rc > 0 || SSL_version(ssl) < TLS1_3_VERSION)
		return true;
	return (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0 && conn->error == 0;
}

/* The connection that this process read from last: the messages that come next are its. */
static struct
{
	int id, tenant;
	enum cube_role role;
} reading;

static int on_message(sip_msg_t *msg, unsigned int flags, void *param)
{
	if((msg->rcv.proto == PROTO_TLS || msg->rcv.proto == PROTO_WSS) && msg->rcv.proto_reserved1 == reading.id)
		counters_add(reading.tenant, reading.role, CUBE_COUNT_RECEIVED);
	return 1;
}

static void note_read(struct cube_conn *conn, int rc, rd_conn_flags_t flags)
{
	reading.id = conn->id;
	reading.tenant = conn->tenant_tag;
	reading.role = conn->peer.role;
	if(rc > 0) {
		conn->active = get_ticks_raw();
		counters_add_n(conn->tenant_tag, conn->peer.role, CUBE_COUNT_RECEIVED_BYTES, rc);
	}
	if(rc < 0 || (flags & RD_CONN_EOF))
		conn_note_closed(conn, CUBE_COUNT_REMOTE_CLOSED);
}

static int send_message(struct tcp_connection *c, struct cube_str message)
{
	const char *text, *rest = message.s;
	unsigned int n, rest_len = (unsigned int)message.len;
	snd_flags_t flags;
	int rc = 0;

	while(rc >= 0 && rest_len > 0) {
		text = rest;
		n = rest_len;
		flags = c->send_flags;
		rc = stock.encode(c, &text, &n, &rest, &rest_len, &flags);
		if(rc >= 0 && n > 0)
			rc = tcpconn_send_unsafe(c->fd, c, text, n, flags);
	}
	return rc;
}

/* What was held while the handshake waited goes out, or to the stock module's queue where the handshake goes on; what is for another
 * target than the certificate turned out to be of is taken out into refused. -1: it cannot be sent. Only this process, which reads,
 * adds nothing meanwhile: who finds something here adds to it. */
static int send_held(struct tcp_connection *c, struct cube_conn *conn, struct held_message **refused)
{
	struct held_message *m;
	int rc = 0;

	lock_get(&c->write_lock);
	while(rc >= 0 && (m = held_next(conn))) {
		if(held_is_for_another(m) && conn_covers_unsafe(c, m->host, &m->ip) != CONN_COVERS) {
			*refused = m;
			refused = &m->next;
			continue;
		}
		rc = send_message(c, m->text);
		shm_free(m);
	}
	lock_release(&c->write_lock);
	return rc;
}

static void answer_refused(struct tcp_connection *c, const struct cube_conn *conn, struct held_message *m)
{
	struct held_message *next;

	for(; m; m = next) {
		next = m->next;
		isolate_uncovered(conn->tenant_tag, &conn->remote, m->host, &m->ip);
		unsent_answer_one(c, m->text);
		ksr_quiet_end(); /* behind a script a reader is quiet */
		shm_free(m);
	}
}

/* A read before both sides have accepted each other: no byte of SIP comes of it unless it completes the handshake. */
static int read_unsettled(struct tcp_connection *c, rd_conn_flags_t *flags, struct cube_conn *conn)
{
	struct held_message *refused = NULL;
	struct cube_tls_failed failed;
	int rc;

	if(conn->peer.role == CUBE_ROLE_CLIENT && conn_prove_local(c, conn) < 0)
		return end_quietly(c, flags);
	ksr_quiet_begin(); /* the stock module and the core write five lines for a handshake that failed; ours says it in one */
	conn->waiter.process = process_no;
	rc = stock.read(c, flags);
	conn->waiter.process = -1;
	if(conn->held.first && rc >= 0 && !(*flags & RD_CONN_EOF) && send_held(c, conn, &refused) < 0) {
		c->req.error = TCP_READ_ERROR;
		rc = -1;
	}
	ksr_quiet_end();
	answer_refused(c, conn, refused);
	if(far_end_agrees(c, conn, rc)) {
		if(conn->failure_noted) /* the janitor was quicker */
			return end_quietly(c, flags);
		conn->settled = true;
		counters_add(conn->tenant_tag, conn->peer.role, CUBE_COUNT_DONE);
		if(conn->resumed)
			counters_add(conn->tenant_tag, conn->peer.role, CUBE_COUNT_RESUMED);
		c->lifetime = S_TO_TICKS(conn->snapshot->conf->sip_ua.connection_aging_tls);
		note_read(conn, rc, *flags);
		return rc;
	}
	if(rc >= 0 && !(*flags & RD_CONN_EOF))
		return rc; /* it goes on with the next flight */
	if(conn_failed(c, conn, &failed)) {
		failed_event(&failed);
		if(conn->peer.role == CUBE_ROLE_CLIENT)
			unsent_answer(c);
	}
	return end_quietly(c, flags);
}

static int hook_read(struct tcp_connection *c, rd_conn_flags_t *flags)
{
	struct cube_conn *conn;
	int rc = 0;

	ksr_quiet_end();
	if(!c->extra_data) {
		lock_get(&c->write_lock);
		rc = supply_unsafe(c);
		lock_release(&c->write_lock);
		if(rc < 0) {
			ksr_quiet_begin();
			return end_quietly(c, flags);
		}
	}
	conn = conn_get(c);
	if(conn && !conn->settled) {
		rc = read_unsettled(c, flags, conn);
	} else if(conn) {
		ksr_quiet_begin(); /* a far end that resets its connection is no error of ours */
		rc = stock.read(c, flags);
		ksr_quiet_end();
		note_read(conn, rc, *flags);
	} else {
		rc = stock.read(c, flags);
	}
	ksr_quiet_begin(); /* the core would log what it cannot take apart, bodies and all; see cube_tenant's quiet.c */
	return rc;
}

/* Nothing is sent, and the sender is told that all is well. */
static int swallow(unsigned int *plen, const char **rest_buf, unsigned int *rest_len)
{
	*plen = 0;
	*rest_buf = NULL;
	*rest_len = 0;
	return 0;
}

/* rest: the core comes back with it, and it is the same message. */
static void note_sent(const struct cube_conn *conn, int rc, unsigned int len, unsigned int rest)
{
	if(rc < 0) {
		counters_add(conn->tenant_tag, conn->peer.role, CUBE_COUNT_SEND_FAILED);
		return;
	}
	counters_add_n(conn->tenant_tag, conn->peer.role, CUBE_COUNT_SENT_BYTES, (int64_t)len - rest);
	if(rest == 0)
		counters_add(conn->tenant_tag, conn->peer.role, CUBE_COUNT_SENT);
}

/* For a request to another target than the handshake is for: its host or ip while that is not done, empty when it turns out to be
 * good for both. False: it is not good for that one, logged. */
static bool find_other(const struct tcp_connection *c, struct cube_str *host, struct cube_ip *ip)
{
	const struct cube_conn *conn = conn_get(c);
	enum conn_covers covers = CONN_COVERS;

	if(isolate_undecided(c, host, ip))
		covers = conn_covers_unsafe(c, *host, ip);
	if(covers == CONN_COVERS_UNKNOWN)
		return true;
	if(covers == CONN_COVERS_NOT)
		isolate_uncovered(conn->tenant_tag, &conn->remote, *host, ip);
	*host = (struct cube_str){NULL, 0};
	ip->len = 0;
	return covers == CONN_COVERS;
}

static int hold(struct cube_conn *conn, struct cube_str message, struct cube_str host, const struct cube_ip *ip)
{
	int rc = held_add(conn, message, host, ip);

	note_sent(conn, rc, (unsigned int)message.len, 0);
	if(rc == 0)
		counters_queue_note(++conn->queued, &conn->remote);
	return rc;
}

static int hook_encode(struct tcp_connection *c, const char **pbuf, unsigned int *plen, const char **rest_buf,
		unsigned int *rest_len, snd_flags_t *send_flags)
{
	struct cube_tls_failed failed;
	unsigned int len = *plen;
	struct cube_conn *conn;
	struct cube_str host;
	struct cube_ip ip;
	int rc;

	if(supply_unsafe(c) < 0)
		return -1;
	conn = conn_get(c);
	if(!isolate_allows(c, conn)) /* not an error of the connection, which lives on for those whose it is */
		return swallow(plen, rest_buf, rest_len);
	/* tm acknowledges the answer that it got for the far end (unsent.c): there is nobody to send that to */
	if(conn && (conn->failure_noted || unsent_answering(c)) && *plen > 4 && memcmp(*pbuf, "ACK ", 4) == 0)
		return swallow(plen, rest_buf, rest_len);
	if(conn && conn->failure_noted)
		return -1;
	if(!conn)
		return stock.encode(c, pbuf, plen, rest_buf, rest_len, send_flags);
	if(!find_other(
			   c, &host, &ip)) /* the handshake was done behind isolate.c's look at it; the sender's timer tells him */
		return swallow(plen, rest_buf, rest_len);
	if(held_wanted(conn) || host.len || ip.len)
		return hold(conn, (struct cube_str){*pbuf, len}, host, &ip) < 0 ? -1 : swallow(plen, rest_buf, rest_len);
	conn_note_sent(c, conn);
	if(stock_tls_established(c)) {
		rc = stock.encode(c, pbuf, plen, rest_buf, rest_len, send_flags);
		note_sent(conn, rc, len, *rest_len);
		return rc;
	}
	ksr_quiet_begin();
	rc = stock.encode(c, pbuf, plen, rest_buf, rest_len, send_flags);
	ksr_quiet_end();
	if(rc < 0) {
		conn_failed(c, conn, &failed); /* no event: write_lock is held */
		return rc;
	}
	note_sent(conn, rc, len, 0);
	counters_queue_note(++conn->queued, &conn->remote);
	return rc;
}

/* In TCP main, before the core closes the socket. */
static void hook_close(struct tcp_connection *c, int fd)
{
	struct cube_conn *conn = conn_get(c);

	if(conn && c->state != S_CONN_BAD && TICKS_GE(get_ticks_raw(), c->timeout))
		conn_note_closed(conn, CUBE_COUNT_AGED_OUT);
	if(!conn) {
		stock.tcpconn_close(c, fd);
		return;
	}
	close_notify(c, fd); /* the stock module's could touch an SSL whose handshake waits */
	if(conn->peer.role != CUBE_ROLE_CLIENT)
		return;
	outbound_release(fd);
	outbound_remove(conn);
}

static int hook_init_si(socket_info_t *si)
{
	struct cube_ip ip = ksr_cube_ip(&si->address);
	struct cube_socket *sock = tenant->socket(&ip, si->port_no, true);
	int rc;

	if(sock && !sock->down) {
		rc = stock.init_si(si);
		if(rc == 0)
			return 0;
		tenant->socket_failed(sock, errno);
	} else if(!sock) {
		return stock.init_si(si);
	}
	/* down: the tenant is, the others run; the core passes over a socket without a descriptor */
	si->socket = -1;
	si->proto = PROTO_TLS;
	return 0;
}

int hooks_install(const struct cube_tenant_api *api)
{
	struct tls_hooks ours;

	tenant = api;
	stock = tls_hook;
	if(!stock.read || !stock.encode || !stock.tcpconn_close || !stock.init_si) {
		LM_ERR("tls.so has registered no hooks; is tls loaded before cube_tls, and enable_tls=yes set?\n");
		return -1;
	}
	if(register_script_cb(on_message, PRE_SCRIPT_CB | REQUEST_CB | ONREPLY_CB, NULL) < 0) {
		LM_ERR("the core takes no more callbacks for incoming messages\n");
		return -1;
	}
	ours = stock;
	ours.read = hook_read;
	ours.encode = hook_encode;
	ours.tcpconn_close = hook_close;
	ours.init_si = hook_init_si;
	tls_hook = ours;
	return 0;
}
