/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conn_walk.h"

#define BUCKETS_AT_ONCE 16 /* of the core's table, under its lock */

extern gen_lock_t *tcpconn_lock;
extern struct tcp_connection **tcpconn_id_hash;

bool conn_walk(int *at, void (*visit)(struct tcp_connection *c, void *arg), void *arg)
{
	int end = *at + BUCKETS_AT_ONCE;

	if(*at >= TCP_ID_HASH_SIZE)
		return false;
	TCPCONN_LOCK;
	for(; *at < end && *at < TCP_ID_HASH_SIZE; (*at)++) {
		for(struct tcp_connection *c = tcpconn_id_hash[*at]; c; c = c->id_next)
			visit(c, arg);
	}
	TCPCONN_UNLOCK;
	return true;
}
