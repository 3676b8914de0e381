/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the TLS connections of each tenant, by role, since the server's start. */
#ifndef CUBE_TLS_COUNTERS_H
#define CUBE_TLS_COUNTERS_H

#include <stdint.h>

#include "../libcube/conf/model.h"
#include "../libcube/tls/failure.h"

/* What is counted beside each enum cube_tls_failure, of which there are as many as failure lines in the log. */
enum cube_tls_count
{
	CUBE_COUNT_DONE = CUBE_TLS_FAILURES, /* handshakes that both sides accepted */
	CUBE_COUNT_RESUMED,					 /* those of them that resumed a session */
	CUBE_COUNT_LIMITED,					 /* connections closed before a handshake by handshake-failure-limit */
	CUBE_COUNT_UNSERVED,				 /* for lack of a profile, an address or memory here; the log says which */
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
/* what: an enum cube_tls_failure or cube_tls_count. In any process, whatever locks it holds. */
void counters_add(int tenant, enum cube_role role, unsigned what);

#endif
