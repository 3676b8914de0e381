/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dial-peers, and the servers of a dial-peer's server-group, that are still to be tried for a call. It is kept as text
 * between two tries, by tag, so that a reload between them is harmless. */
#ifndef CUBE_DIALPEER_HUNTING_H
#define CUBE_DIALPEER_HUNTING_H

#include "plan.h"

struct cube_hunting
{
	int tag[CUBE_HUNT_MAX]; /* the first is the one that is being tried */
	unsigned n;
	unsigned server; /* of the first's server-group: which one is tried next */
	unsigned left;	 /* and how many are */
};

/* As much as all of it takes. */
#define CUBE_HUNTING_TEXT_MAX (CUBE_HUNT_MAX * 11 + 24)
const char *cube_hunting_text(const struct cube_hunting *hunting, char buf[CUBE_HUNTING_TEXT_MAX]);
/* False: it is not what cube_hunting_text has written. */
bool cube_hunting_parse(struct cube_str text, struct cube_hunting *hunting);

/* hits as cube_dial_plan_out has found them; turn as below. */
void cube_hunting_begin(struct cube_hunting *hunting, const struct cube_conf *conf, const struct cube_dial_hit *hits,
		unsigned n, unsigned turn);

/* What follows a try that has failed. */
enum cube_hunting_step
{
	CUBE_HUNTING_ENDS = 0, /* the response is the caller's */
	CUBE_HUNTING_SERVER,   /* the next server of the group, and behind the last one the next dial-peer */
	CUBE_HUNTING_PEER,	   /* the next dial-peer */
};

/* peer: whose target has failed. response: what it said, 0: nothing, or it was not reached. IOS: a server group goes on
 * behind 404, 500, 503 and no answer, unless its huntstop has the response; other responses are voice-hunt's. */
enum cube_hunting_step cube_hunting_behind(
		const struct cube_conf *conf, const struct cube_dial_peer *peer, int response);
/* To the next server, or with CUBE_HUNTING_PEER, or where there is none, to the next dial-peer. turn: where a round robin
 * begins. False: there is nobody left. */
bool cube_hunting_next(
		struct cube_hunting *hunting, const struct cube_conf *conf, enum cube_hunting_step step, unsigned turn);
/* The target that it is at; NULL: its dial-peer, or that server, is no more there. *peer gets the dial-peer, if it is. */
const struct cube_target *cube_hunting_target(
		const struct cube_hunting *hunting, const struct cube_conf *conf, const struct cube_dial_peer **peer);

#endif
