/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends OPTIONS by tm, and hears what became of them. What comes back in some other process is left in a place of shared
 * memory by one step that cannot wait: whatever targets do, no process that serves calls is held up by it. */
#ifndef CUBE_DIALPEER_ASK_H
#define CUBE_DIALPEER_ASK_H

#include "../cube_tenant/api.h"
#include "../libcube/dialpeer/keepalive.h"

/* Questions on their way are limited by kind: each to a dead target stays for tm's fr_timer (5 s), with one of the core's
 * connections where it is not UDP, and with a transaction in any case. */
enum ask_kind
{
	ASK_ADDRESS_UDP = 0,
	ASK_ADDRESS_STREAM,
	ASK_NAME_UDP,
	ASK_NAME_STREAM,
	ASK_KINDS,
};

/* From mod_init. 0, or -1, logged. */
int ask_init(const struct cube_tenant_api *api);

/* ---- for the keepalive processes; a kind belongs to one of them */

enum ask_kind ask_kind_of(const struct cube_watch *watch);
/* A place for a question; -1: all of this kind are taken. */
int ask_place(enum ask_kind kind);
/* Sends it. 0: ask_result() will have what it comes to; else that, and the place is free. */
int ask_send(int place, const struct cube_conf *conf, const struct cube_watch *watch);
/* What the question in this place came to, with which it is free, and after how many ms; 0: nothing yet. */
int ask_result(int place, int *ms);
/* Nobody waits for it any more. */
void ask_forget(int place);

#endif
