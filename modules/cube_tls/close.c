/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends a connection from any process: as the core does behind a failed write, the connection is marked and the TCP main
 * process, which alone may free it, is told. */
#include "core/dprint.h"
#include "core/globals.h"
#include "core/pass_fd.h"
#include "core/timer_ticks.h"
#include "core/timer.h"

#include "close.h"

int close_connection(int id)
{
	struct tcp_connection *c;
	long message[2];

	if(unix_tcp_sock < 0)
		return -1;
	c = tcpconn_get(id, NULL, 0, NULL, 0);
	if(!c)
		return -1;
	c->state = S_CONN_BAD; /* nobody sends on it or finds it any more */
	c->timeout = get_ticks_raw();
	message[0] = (long)c;
	message[1] = CONN_EOF; /* takes over our reference */
	if(send_all(unix_tcp_sock, message, sizeof(message)) > 0)
		return 0;
	LM_ERR("connection %d could not be closed: the TCP main process does not take the message\n", id);
	tcpconn_put(c);
	return -1;
}
