/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which dial-peers a number selects, in the order in which they are tried; and which addresses they point to. */
#ifndef CUBE_DIALPEER_PLAN_H
#define CUBE_DIALPEER_PLAN_H

#include "../base/err.h"
#include "../conf/model.h"
#include "uri.h"

#define CUBE_HUNT_MAX 32 /* dial-peers that one call can be offered to */

/* What dial-peers are chosen by. Numbers as cube_number_from_user gives them, empty where there is none. */
struct cube_call
{
	struct cube_str called, calling;
	const struct cube_uri_parts *uri[CUBE_N_URI_OF]; /* NULL where there is none, or a bad one */
	uint32_t lot;									 /* any number, for dial-peer-hunt-random */
};

/* By what a dial-peer was found; in the order in which that is tried. */
enum cube_dial_by
{
	CUBE_DIAL_BY_NONE = 0,
	CUBE_DIAL_BY_INCOMING_URI_VIA,
	CUBE_DIAL_BY_INCOMING_URI_REQUEST,
	CUBE_DIAL_BY_INCOMING_URI_TO,
	CUBE_DIAL_BY_INCOMING_URI_FROM,
	CUBE_DIAL_BY_INCOMING_CALLED,  /* number or map */
	CUBE_DIAL_BY_INCOMING_CALLING, /* answer-address or map */
	CUBE_DIAL_BY_INCOMING_PATTERN, /* destination-pattern, by the calling number */
	CUBE_DIAL_BY_DPG,
	CUBE_DIAL_BY_POLICY,
	CUBE_DIAL_BY_URI,
	CUBE_DIAL_BY_CALLED,
	CUBE_DIAL_BY_CALLING,
};

struct cube_dial_hit
{
	const struct cube_dial_peer *peer;
	unsigned explicit_digits; /* of a URI: what cube_uri_match has as length */
	uint8_t rank;			  /* of a URI: enum cube_uri_rank; lower is better */
	uint8_t preference;		  /* the dial-peer's, or the one that its dpg gives it */
	uint8_t by;				  /* enum cube_dial_by */
	bool huntstop;
};

/* Compiles every pattern, uri and translation-rule of conf into conf->dial_plan, in conf->arena. Everything that
 * dial-peers name must be complete, files of maps loaded, and tables sorted. 0, or -1 with a line for each fault and
 * conf->dial_plan unchanged. O(n log n) for n patterns. scratch: for the time of the call. */
int cube_dial_plan_build(struct cube_conf *conf, struct cube_arena *scratch, struct cube_err *err)
		__attribute__((warn_unused_result));

/* Inbound: the dial-peer of tenant (index or CUBE_NONE) by which the call comes in. Criteria one after the other: incoming
 * uri (via, request, to, from), called number, calling number, destination-pattern against the calling number; within one
 * the longest match, then preference, then the lower tag. Left out are dial-peers that are shut down or may not take
 * calls in. False: none, which is dial-peer 0. (CUBE: inbound dial-peer matching.) */
bool cube_dial_plan_in(
		const struct cube_conf *conf, int tenant, const struct cube_call *call, struct cube_dial_hit *hit);
/* Outbound: the dial-peers, of whatever tenant, that are tried, in that order, at most max. in: the inbound dial-peer, NULL
 * for dial-peer 0. Its dpg, or its provision-policy, decides alone; else destination-uri, then the called number, then the
 * calling number: the first of them by which one is found. Within it the longest match, preference, then the lower tag,
 * or by lot. Dial-peers that are shut down, may not take calls out, or have no target are left out; the list ends behind
 * one with huntstop. Returns how many. */
unsigned cube_dial_plan_out(const struct cube_conf *conf, const struct cube_dial_peer *in, const struct cube_call *call,
		struct cube_dial_hit *hits, unsigned max);
/* May a call come in, or go out, by this dial-peer? Whether something selects it is another question. */
bool cube_dial_takes_in(const struct cube_dial_peer *peer);
bool cube_dial_takes_out(const struct cube_conf *conf, const struct cube_dial_peer *peer);
/* The words for an operator: "incoming-called-number". */
const char *cube_dial_by_name(enum cube_dial_by by);
bool cube_dial_by_uri(enum cube_dial_by by); /* is it a URI that was compared, so that the length is of characters? */
/* Can calls come in or go out by it: neither shut down nor without permission, and what has a target can use it? The
 * operational state of CUBE. */
bool cube_dial_peer_up(const struct cube_conf *conf, const struct cube_dial_peer *peer);
/* Is ip the session-target, or a server of the session-server-group, of one of tenant's (index or CUBE_NONE) dial-peers
 * that is not shut down? Targets given by name are not resolved and never match. */
bool cube_dial_plan_target(const struct cube_conf *conf, int tenant, const struct cube_ip *ip);
/* Is host, in whatever case, the name in such a target of one of them? */
bool cube_dial_plan_target_name(const struct cube_conf *conf, int tenant, struct cube_str host);

#endif
