/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends a connection from any process: as the core does behind a failed write, the connection is marked and the TCP main
 * process, which alone may free it, is told. */
#include "core/dprint.h"
#include "core/globals.h"
#include "core/pass_fd.h"
#include "core/timer_ticks.h"
#include "core/timer.h"

#include "close.h"
#include "conn.h"
#include "counters.h"

/* TCP main takes over one reference, unhashes the connection and frees it when nobody else has one. */
static int hand_over(struct tcp_connection *c)
{
	long message[2] = {(long)c, CONN_EOF};

	if(unix_tcp_sock >= 0 && send_all(unix_tcp_sock, message, sizeof(message)) > 0)
		return 0;
	LM_ERR("connection %d: the TCP main process takes no message\n", c->id);
	return -1;
}

int close_connection(int id)
{
	struct tcp_connection *c = tcpconn_get(id, NULL, 0, NULL, 0);

	if(!c)
		return -1;
	c->state = S_CONN_BAD; /* nobody sends on it or finds it any more */
	c->timeout = get_ticks_raw();
	if(hand_over(c) == 0)
		return 0;
	tcpconn_put(c);
	return -1;
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
	if(c)
		put_connection(c);
	return c ? close_connection(id) : -1;
}

void put_connection(struct tcp_connection *c)
{
	if(!tcpconn_put(c))
		return;
	/* it was closed and given up by everyone else meanwhile: only we know of it now */
	atomic_set(&c->refcnt, 1);
	hand_over(c);
}
