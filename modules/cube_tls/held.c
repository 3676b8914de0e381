/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/mem/shm_mem.h"

#include "held.h"

/* Full behind the first; the second is where even replies, for which nobody looks whether it is full, are not taken. */
#define FULL (256 * 1024)
#define MOST (2 * FULL)

bool held_wanted(const struct cube_conn *conn)
{
	return conn->waiter.waits || conn->held.first;
}

int held_add(struct cube_conn *conn, struct cube_str text, struct cube_str host, const struct cube_ip *ip)
{
	struct held_message *m = NULL;

	if(conn->held.bytes + text.len <= MOST)
		m = shm_malloc(sizeof(*m) + text.len + host.len);
	if(!m)
		return -1;
	*m = (struct held_message){.text = {m->room, text.len}, .host = {m->room + text.len, host.len}, .ip = *ip};
	memcpy(m->room, text.s, text.len);
	if(host.len)
		memcpy(m->room + text.len, host.s, host.len);
	if(conn->held.first)
		conn->held.last->next = m;
	else
		conn->held.first = m;
	conn->held.last = m;
	conn->held.bytes += text.len;
	return 0;
}

bool held_is_for_another(const struct held_message *m)
{
	return m->host.len > 0 || m->ip.len > 0;
}

static struct held_message *take_first(struct cube_conn *conn)
{
	struct held_message *m = conn->held.first;

	conn->held.first = m->next;
	conn->held.bytes -= m->text.len;
	m->next = NULL;
	return m;
}

struct held_message *held_next(struct cube_conn *conn)
{
	const struct held_message *m = conn->held.first;

	return m && (conn->done || !held_is_for_another(m)) ? take_first(conn) : NULL;
}

size_t held_take(struct cube_conn *conn, char *buf, size_t size)
{
	size_t used = 0;

	while(conn->held.first && conn->held.first->text.len <= size - used) {
		struct held_message *m = take_first(conn);

		memcpy(buf + used, m->text.s, m->text.len);
		used += m->text.len;
		shm_free(m);
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
		shm_free(take_first(conn));
}
