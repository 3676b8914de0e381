/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows a failed handshake. Failures are counted by source address in a table of fixed size in shared memory: an
 * address may push out another's count, which only ever errs in favour of the peer. */
#include <string.h>
#include <time.h>

#include "core/dprint.h"
#include "core/locking.h"

#include "../ksr/event.h"
#include "../ksr/vars.h"
#include "counters.h"
#include "failed.h"
#include "targets.h"

#define SLOTS 4096
#define PERIOD 60 /* seconds */

struct source
{
	struct cube_ip ip;
	int64_t window; /* minute since the epoch */
	int n;
	bool said;
};

struct table
{
	gen_lock_t lock;
	struct source slot[SLOTS];
};

static struct table *table;
static int event_route = -1;

int failed_init(void)
{
	event_route = event_route_of("cube:handshake-failed");
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

/* The slot of ip in the minute at hand. With the lock held. */
static struct source *source_of(const struct cube_ip *ip)
{
	struct cube_addr key = {*ip, 0};
	struct source *s = &table->slot[targets_hash(0, &key) % SLOTS];
	int64_t window = time(NULL) / PERIOD;

	if(s->window != window || !cube_ip_eq(&s->ip, ip)) {
		memset(s, 0, sizeof(*s));
		s->ip = *ip;
		s->window = window;
	}
	return s;
}

void failed_note(const struct cube_tls_failed *failed)
{
	char line[CUBE_TLS_FAILURE_LINE_MAX];

	counters_add(failed->tenant, failed->role, cube_tls_failure_of(failed));
	LM_ERR("%s\n", cube_tls_failure_line(failed, line));
	if(failed->role != CUBE_ROLE_SERVER)
		return;
	lock_get(&table->lock);
	source_of(&failed->remote.ip)->n++;
	lock_release(&table->lock);
}

bool failed_too_often(const struct cube_addr *source, int limit)
{
	char text[CUBE_ADDR_TEXT_MAX];
	struct source *s;
	bool often, say = false;

	if(limit <= 0)
		return false;
	lock_get(&table->lock);
	s = source_of(&source->ip);
	often = s->n >= limit;
	if(often && !s->said)
		say = s->said = true;
	lock_release(&table->lock);
	if(say)
		LM_NOTICE("%s: %d handshakes have failed in this minute (handshake-failure-limit); its connections are closed "
				  "until the next one\n",
				cube_ip_text(&source->ip, false, text), limit);
	return often;
}

/* The addresses are what the pseudo-variables of the core read. */
static void event_prepare(const void *ctx, sip_msg_t *msg)
{
	const struct cube_tls_failed *failed = ctx;

	msg->rcv.src_ip = ksr_ip(&failed->remote.ip);
	msg->rcv.src_port = failed->remote.port;
	msg->rcv.dst_ip = ksr_ip(&failed->local.ip);
	msg->rcv.dst_port = failed->local.port;
	msg->rcv.proto = PROTO_TLS;
	msg->rcv.bind_address = ksr_socket_find(&failed->local, PROTO_TLS); /* NULL for a wildcard listener */
	ksr_set_number(KSR_TENANT, failed->tenant);
	ksr_set_text(KSR_FAILURE, cube_str_of(cube_tls_failure_name(cube_tls_failure_of(failed))));
}

void failed_event(const struct cube_tls_failed *failed)
{
	event_run(event_route, event_prepare, failed);
}
