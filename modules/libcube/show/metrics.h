/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state as Prometheus reads it (text exposition format 0.0.4). docs/operations.md has the names.
 *  - Of each tenant, sip-ua as tenant 0, and role there always are the handshakes, at 0 too: who is to be told of the first
 *    one that fails needs to have seen that there was none before.
 *  - The other counters of a tenant and role begin with its first connection; those that most never need (by reason, by
 *    what closed it) with the first thing to count. So a thousand tenants without traffic take half a megabyte.
 *  - A gauge that counts things of a kind has no line for a kind of which there is none. */
#ifndef CUBE_SHOW_METRICS_H
#define CUBE_SHOW_METRICS_H

#include "state.h"

#define CUBE_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Gives the text piece by piece; each piece ends with a line's end. */
void cube_metrics(const struct cube_state *state, cube_put_f put, void *ctx);

#endif
