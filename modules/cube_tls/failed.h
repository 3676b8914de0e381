/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows a failed handshake: the log line, the count against its source, event_route[cube:handshake-failed]. */
#ifndef CUBE_TLS_FAILED_H
#define CUBE_TLS_FAILED_H

#include "../libcube/tls/failure.h"

/* From mod_init. */
int failed_init(void);
/* The line and the count. */
void failed_note(const struct cube_tls_failed *failed);
/* The event route, in which $si, $sp, $Ri, $Rp, $cube(tenant) and $cube(failure) are set. For a process
 * that holds no lock, since the route may do anything. */
void failed_event(const struct cube_tls_failed *failed);
/* Has this source failed limit times or more in the minute at hand? limit 0: there is none. Says so once a minute. */
bool failed_too_often(const struct cube_addr *source, int limit);

#endif
