/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the TLS connections of each tenant, by role, since the server's start. */
#ifndef CUBE_TLS_COUNTERS_H
#define CUBE_TLS_COUNTERS_H

#include <stdint.h>

#include "../libcube/base/net.h"
#include "../libcube/conf/model.h"
#include "../libcube/tls/failure.h"

/* What is counted beside each enum cube_tls_failure, of which there are as many as failure lines in the log. A connection is
 * begun once and then ends up in one of done, the failures, conn-failed, limited and unserved: their sum is begun less
 * those whose handshake is under way. */
enum cube_tls_count
{
	CUBE_COUNT_DONE = CUBE_TLS_FAILURES, /* handshakes that both sides accepted */
	CUBE_COUNT_RESUMED,					 /* those of them that resumed a session */
	CUBE_COUNT_LIMITED,					 /* connections closed before a handshake by handshake-failure-limit */
	CUBE_COUNT_UNSERVED,				 /* for lack of a profile, an address or memory here; the log says which */
	CUBE_COUNT_BEGUN,					 /* connections, whatever became of them */
	CUBE_COUNT_CONN_FAILED,				 /* as client: nobody answered, so there was no handshake */
	/* of those that were done */
	CUBE_COUNT_REMOTE_CLOSED, /* ended by the far end */
	CUBE_COUNT_AGED_OUT,	  /* idle for connection-aging-tls */
	CUBE_COUNT_CLEARED,		  /* by an operator, or since the peer was revoked or its tenant removed */
	CUBE_COUNT_SEND_FAILED,	  /* messages that could not be sent */
	CUBE_COUNT_SENT,		  /* messages */
	CUBE_COUNT_SENT_BYTES,	  /* of clear text */
	CUBE_COUNT_RECEIVED,
	CUBE_COUNT_RECEIVED_BYTES,
	CUBE_COUNTS,
};

/* Of one tenant in one role. Each only grows; read and written without a lock, one by one. */
struct cube_tls_counters
{
	uint64_t n[CUBE_COUNTS];
};

/* From mod_init. */
int counters_init(void);
/* Makes room for the tenants of conf; what was counted for them before stays. 0, or -1 with a line in err. */
int counters_prepare(const struct cube_conf *conf, struct cube_err *err);
/* tenant: a tag that was prepared, 0 for sip-ua. NULL for another one. Never freed. */
const struct cube_tls_counters *counters_get(int tenant, enum cube_role role);
/* The prepared tag that follows this one; -1 begins, and ends. In no order. */
int counters_next(int tenant);
/* what: an enum cube_tls_failure or cube_tls_count. In any process, whatever locks it holds. */
void counters_add(int tenant, enum cube_role role, unsigned what);
/* n more; a negative n takes back what was counted for the wrong tenant. */
void counters_add_n(int tenant, enum cube_role role, unsigned what, int64_t n);
/* "done", "conn-failed", ... ; of a failure as cube_tls_failure_name has it. */
const char *counters_name(unsigned what);

/* The longest queue of messages that waited for a handshake. */
struct counters_queue
{
	unsigned n;
	struct cube_addr remote;
};
void counters_queue_note(unsigned n, const struct cube_addr *remote);
struct counters_queue counters_queue_get(void);

#endif
