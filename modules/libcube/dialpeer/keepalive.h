/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OPTIONS keepalive: which targets of a configuration are asked whether they are there, and what is known of one as the
 * answers come. A target is up until it has failed as often in a row as its options-keepalive has `retry`; the first good
 * answer brings it back. */
#ifndef CUBE_DIALPEER_KEEPALIVE_H
#define CUBE_DIALPEER_KEEPALIVE_H

#include "../conf/model.h"

/* ---- which */

/* One target that is asked. Dial-peers of one tenant share it where transport and options-keepalive are the same too. */
struct cube_watch
{
	int tenant;					   /* tag; 0: sip-ua */
	int profile;				   /* tag of the options-keepalive */
	enum cube_transport transport; /* of the OPTIONS */
	struct cube_target target;	   /* its host is the configuration's text */
};

struct cube_watched
{
	struct cube_watch watch;
	unsigned n_peers;
	const unsigned *peers; /* the dial-peers that have it: indexes, ascending */
};

struct cube_watch_list
{
	struct cube_watched *v; /* sorted by cube_watch_cmp, each once */
	unsigned n;
	unsigned *peers;
};

int cube_watch_cmp(const struct cube_watch *a, const struct cube_watch *b);
/* All targets of the dial-peers that can be called and have an options-keepalive. 0, or -1 when memory is out; also then the
 * list is for cube_watch_list_free(). It must not outlive conf. */
int cube_watch_list_make(const struct cube_conf *conf, struct cube_watch_list *list);
void cube_watch_list_free(struct cube_watch_list *list);
/* How a dial-peer's target is asked: its own, or one of a server of its group. False: it is not. */
bool cube_watch_of(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct cube_target *target,
		struct cube_watch *watch);
/* The dial-peer's targets, whether watched or not, from i = 0 on. NULL: there are no more. */
const struct cube_target *cube_dial_peer_target(
		const struct cube_conf *conf, const struct cube_dial_peer *peer, unsigned i);

/* ---- what is known of one. Times are seconds of a clock that nobody sets. */

/* What an attempt came to: a SIP response's status from 200 on, or one of these. */
enum cube_keepalive_result
{
	CUBE_KEEPALIVE_NOTHING = 0,	  /* there was none yet */
	CUBE_KEEPALIVE_NO_ANSWER,	  /* tm's fr_timer ran out */
	CUBE_KEEPALIVE_NOT_SENT,	  /* no address for the name, nobody listens there, or another tenant's connection */
	CUBE_KEEPALIVE_NO_LISTENER,	  /* the tenant has none that is open */
	CUBE_KEEPALIVE_TLS_HANDSHAKE, /* it failed */
};

enum cube_keepalive_change
{
	CUBE_KEEPALIVE_SAME = 0,
	CUBE_KEEPALIVE_DOWN,
	CUBE_KEEPALIVE_UP,
};

#define CUBE_KEEPALIVE_FIRST 50	 /* targets that are asked for the first time in one second, at most */
#define CUBE_KEEPALIVE_LIMIT 120 /* seconds; a question of which nobody tells what became is taken for unanswered */

struct cube_keepalive_state
{
	bool down;
	bool asking;   /* a question is on its way */
	int failures;  /* in a row */
	int64_t asked; /* the last question; 0: there was none */
	int64_t next;  /* when the next one is due; while asking: when nobody will answer any more */
};

/* A target that is new: up, and asked soon. place: how many began before it at this time. */
void cube_keepalive_begin(struct cube_keepalive_state *state, int64_t now, unsigned place);
/* Is it to be asked now? */
bool cube_keepalive_due(const struct cube_keepalive_state *state, const struct cube_keepalive *profile, int64_t now);
/* Should the answer, or word that there is none, have been here long since? */
bool cube_keepalive_overdue(const struct cube_keepalive_state *state, int64_t now);
void cube_keepalive_asked(struct cube_keepalive_state *state, int64_t now);
/* CUBE: 503, 505 and silence are bad; whoever gives any other answer, even an error, is there. */
bool cube_keepalive_good(int result);
/* What the question came to; with this the next one has its time. */
enum cube_keepalive_change cube_keepalive_answered(
		struct cube_keepalive_state *state, const struct cube_keepalive *profile, int result, int64_t now);
/* "503", "no answer"; returns buf where it writes a number. */
const char *cube_keepalive_result_name(int result, char buf[16]);

#endif
