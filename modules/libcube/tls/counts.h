/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of TLS connections. */
#ifndef CUBE_TLS_COUNTS_H
#define CUBE_TLS_COUNTS_H

#include <stdint.h>

#include "failure.h"

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

#endif
