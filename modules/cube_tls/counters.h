/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the TLS connections of each tenant, by role, since the server's start. */
#ifndef CUBE_TLS_COUNTERS_H
#define CUBE_TLS_COUNTERS_H

#include <stdint.h>

#include "../libcube/base/net.h"
#include "../libcube/conf/model.h"
#include "../libcube/tls/counts.h"

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
