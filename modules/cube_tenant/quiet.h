/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core writes messages that it cannot parse, or whose end it cannot find, into the log, whole, with the SDP and the keys in
 * it, whoever sent them and whosever listener they came to. */
#ifndef CUBE_TENANT_QUIET_H
#define CUBE_TENANT_QUIET_H

/* From mod_init: from then on the parser is quiet, and one line of ours names the sender. */
int quiet_init(void);
/* From child_init, in each process. */
void quiet_child(int rank);

#endif
