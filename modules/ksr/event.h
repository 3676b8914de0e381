/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event routes of our own. */
#ifndef CUBE_KSR_EVENT_H
#define CUBE_KSR_EVENT_H

#include "core/parser/msg_parser.h"

/* The number of event_route[name]; -1: the script has none. From mod_init. */
int event_route_of(const char *name);
/* Runs it with variables of its own, which prepare sets (ksr_set_number and so on; msg: for addresses). For a process
 * that holds no lock, since the route may do anything. Nothing happens for -1. */
void event_run(int route, void (*prepare)(const void *ctx, sip_msg_t *msg), const void *ctx);

#endif
