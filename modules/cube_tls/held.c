/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/mem/shm_mem.h"

#include "held.h"

/* Full behind the first; the second is where even replies, for which nobody looks whether it is full, are not taken. */
#define FULL (256 * 1024)
#define MOST (2 * FULL)

struct held_message
{
	struct held_message *next;
	size_t len;
	char text[];
};

bool held_wanted(const struct cube_conn *conn)
{
	return conn->waiter.waits || conn->held.first;
}

int held_add(struct cube_conn *conn, const char *text, size_t len)
{
	struct held_message *m = conn->held.bytes + len <= MOST ? shm_malloc(sizeof(*m) + len) : NULL;

	if(!m)
		return -1;
	m->next = NULL;
	m->len = len;
	memcpy(m->text, text, len);
	if(conn->held.first)
		conn->held.last->next = m;
	else
		conn->held.first = m;
	conn->held.last = m;
	conn->held.bytes += len;
	return 0;
}

const char *held_first(const struct cube_conn *conn, size_t *len)
{
	const struct held_message *m = conn->held.first;

	*len = m ? m->len : 0;
	return m ? m->text : NULL;
}

void held_drop(struct cube_conn *conn)
{
	struct held_message *m = conn->held.first;

	conn->held.first = m->next;
	conn->held.bytes -= m->len;
	shm_free(m);
}

size_t held_take(struct cube_conn *conn, char *buf, size_t size)
{
	size_t used = 0;

	while(conn->held.first && conn->held.first->len <= size - used) {
		memcpy(buf + used, conn->held.first->text, conn->held.first->len);
		used += conn->held.first->len;
		held_drop(conn);
	}
	return used;
}

bool held_full(const struct cube_conn *conn)
{
	return conn->held.bytes >= FULL;
}

void held_free(struct cube_conn *conn)
{
	while(conn->held.first)
		held_drop(conn);
}
