/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dry run: which dial-peers a call would get, and why these, in this order, and no others. Decides nothing itself: what it
 * explains is what cube_dial_plan_in and cube_dial_plan_out find, and what cube_usable then says of it. */
#ifndef CUBE_DIALPEER_EXPLAIN_H
#define CUBE_DIALPEER_EXPLAIN_H

#include "../base/err.h"
#include "../conf/model.h"
#include "../show/rows.h"
#include "keepalive.h"

#define CUBE_EXPLAIN_LEFT_OUT_MAX 10 /* dial-peers that are told of in each direction, though they are not taken */

/* What is known of the call; all texts are as in a SIP message and may be hostile. Zeroed and cube_explain_begin: nothing. */
struct cube_explain_ask
{
	bool in_only;						/* how the call comes in, and no further */
	int tenant_tag;						/* 0: sip-ua; CUBE_NONE: that of socket */
	int peer_tag;						/* of the inbound dial-peer, 0: none; CUBE_NONE: it is searched for */
	struct cube_addr socket;			/* that the call comes to; port 0: not known */
	struct cube_ip source;				/* from where; len 0: not known */
	struct cube_str called, calling;	/* user parts of URIs; empty: those of the Request-URI and of From */
	struct cube_str uri[CUBE_N_URI_OF]; /* Request-URI, and bodies of headers; empty: not known */
	/* Adds to the row of a target what is known of a TLS connection to it, for tenant (tag; 0: sip-ua); NULL: nothing is. */
	void (*connection)(void *ctx, int tenant_tag, const struct cube_target *target, const struct cube_rows *rows);
	/* What is so at present. NULL: not known, and nothing is said of it. down: is the target taken for down, and since when
	 * (seconds since the epoch)? calls: how many the dial-peer of this tag has that count for its max-conn; false: they cannot
	 * be counted. */
	bool (*down)(void *ctx, const struct cube_watch *watch, int64_t *since);
	bool (*calls)(void *ctx, int tag, unsigned long *calls);
	void *ctx;
};

void cube_explain_begin(struct cube_explain_ask *ask);
/* One fact, by its name: called, calling, tenant, socket, source, dial-peer, ruri, from, to, via, diversion, referred-by.
 * value is kept, not copied. -1 with a line in err: there is no such name, or the value is no such thing. */
int cube_explain_set(struct cube_explain_ask *ask, struct cube_str name, struct cube_str value, struct cube_err *err)
		__attribute__((warn_unused_result));
bool cube_explain_has(struct cube_str name); /* is it one of them? */
/* A word of a command: name=value, a Request-URI, or else the called number. Likewise. */
int cube_explain_word(struct cube_explain_ask *ask, struct cube_str word, struct cube_err *err)
		__attribute__((warn_unused_result));
/* The names, with commas, for a usage line. */
#define CUBE_EXPLAIN_NAMES \
	"called, calling, tenant, socket, source, dial-peer, ruri, from, to, via, diversion, referred-by"

/* Explains. Rows: call, inbound, inbound-left-out, translation, outbound, target, outbound-left-out. Returns how many
 * dial-peers would get the call: the outbound ones, or, with in_only, 0 or 1; -1 when memory is out. Time grows with
 * the number of dial-peers and of patterns in maps; what is written does not. */
int cube_explain(const struct cube_conf *conf, const struct cube_explain_ask *ask, const struct cube_rows *rows)
		__attribute__((warn_unused_result));

#endif
