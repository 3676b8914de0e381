/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May a call come, and may it go to a target of a dial-peer now? Who routes calls and who explains it both ask here, so that they
 * cannot differ. */
#ifndef CUBE_DIALPEER_USABLE_H
#define CUBE_DIALPEER_USABLE_H

#include "keepalive.h"
#include "plan.h"

/* ---- in */

enum cube_sips_in
{
	CUBE_SIPS_IN_OK = 0,
	CUBE_SIPS_IN_CLEAR,	   /* what is sips has come by TLS on each hop (RFC 3261 26.2.2): it gets 400 */
	CUBE_SIPS_IN_REQUIRED, /* not sips, and the tenant has sips-required: a request outside of dialogs gets 480 */
};

/* A request to a tenant (index, CUBE_NONE: sip-ua). sips: it is, by its Request-URI or a Route. tls: it has come by TLS. */
enum cube_sips_in cube_sips_in(const struct cube_conf *conf, int tenant, bool sips, bool tls);

/* ---- out */

/* In the order in which it is asked. */
enum cube_usable
{
	CUBE_USABLE = 0,
	CUBE_USABLE_NO,		  /* there is no target, or the dial-peer takes no calls out */
	CUBE_USABLE_SIPS,	  /* a sips call, and its url is another one, without sips-downgrade (RFC 5630) */
	CUBE_USABLE_KEYS,	  /* with it, but the call's SDP has keys, and its session-transport is not TLS */
	CUBE_USABLE_REJECTED, /* its translation rules reject a number */
	CUBE_USABLE_DOWN,	  /* the target does not answer OPTIONS */
	CUBE_USABLE_FULL,	  /* it has max-conn calls */
};

/* What is so at present. The functions are asked one after the other, each only when all before it allow the call. */
struct cube_present
{
	bool sips;													   /* the call: cube_call_is_sips */
	bool keys;													   /* its SDP has some: cube_sdp_has_keys */
	bool (*numbers)(void *ctx, const struct cube_dial_peer *peer); /* do its translation rules let the numbers pass? */
	bool (*down)(void *ctx, const struct cube_watch *watch);	   /* NULL: not known, and taken for up */
	bool (*hold)(void *ctx, const struct cube_dial_peer *peer);	   /* may it have one call more? NULL: likewise */
	void *ctx;
};

bool cube_call_is_sips(const struct cube_call *call);
/* target: one of the dial-peer's; NULL: there is none. */
enum cube_usable cube_usable(const struct cube_conf *conf, const struct cube_dial_peer *peer,
		const struct cube_target *target, const struct cube_present *present);
/* Has the dial-peer a target that is up, or that nobody asks? One that is asked as `but` is (NULL: none) does not count. */
bool cube_usable_up(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct cube_watch *but,
		bool (*down)(void *ctx, const struct cube_watch *watch), void *ctx);
/* max-conn (0: no limit) with so many calls: is there room for another one? */
bool cube_usable_room(int max_conn, unsigned long calls);

#endif
