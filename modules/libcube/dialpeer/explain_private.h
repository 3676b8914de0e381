/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For explain*.c alone: a call taken apart, and by what a dial-peer would be found if nothing kept it out. */
#ifndef CUBE_DIALPEER_EXPLAIN_PRIVATE_H
#define CUBE_DIALPEER_EXPLAIN_PRIVATE_H

#include "explain.h"
#include "plan_private.h"
#include "plan_rules.h"
#include "usable.h"

/* How a dial-peer matches. */
struct cube_explain_match
{
	uint8_t by; /* enum cube_dial_by */
	uint8_t rank;
	unsigned digits;		 /* explicit ones; of a URI the characters that matched */
	int step;				 /* how many criteria are tried before this one */
	const char *key;		 /* of the dial-peer: "destination-pattern" */
	int map;				 /* tag of the e164-pattern-map; 0: none */
	struct cube_str pattern; /* the pattern, or the name of the uri; empty: none */
};

/* The best pattern of a map for a number. */
struct cube_explain_map
{
	bool looked, fits;
	unsigned digits;
	struct cube_str pattern;
};

struct cube_explain_number
{
	struct cube_str text; /* empty where there is none; may be in buf */
	bool is_name;		  /* it is none, and not looked at */
	char buf[CUBE_NUMBER_MAX];
};

struct cube_explain_run
{
	const struct cube_conf *conf;
	const struct cube_explain_ask *ask;
	const struct cube_rows *rows;
	int tenant; /* index, CUBE_NONE: sip-ua */
	bool tenant_known;
	const struct cube_dial_peer *in; /* NULL: dial-peer 0 */
	struct cube_uri_parts parts[CUBE_N_URI_OF];
	struct cube_call call;
	struct cube_explain_number numbers[CUBE_N_NUMBERS];
	uint8_t digits[2][CUBE_NUMBER_MAX]; /* of called and calling */
	unsigned n_digits[2];
	struct cube_explain_map *maps[2]; /* by index of conf->e164_maps */
};

/* Takes over the numbers into run->call, and forgets what maps gave for those before. */
void cube_explain_numbers(struct cube_explain_run *run);
/* Does the dial-peer match the call by this criterion, whatever its state? For a policy: by its first rule that fits. */
bool cube_explain_match(struct cube_explain_run *run, const struct cube_dial_peer *peer, enum cube_dial_by by,
		struct cube_explain_match *match);
/* By the first of the criteria for calls that come in, or of those for calls that go out. */
bool cube_explain_match_in(
		struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match);
bool cube_explain_match_out(
		struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match);
/* Is it a dpg, a policy or the call itself that decides where run->in's calls go? */
enum cube_dial_by cube_explain_decides(const struct cube_explain_run *run);

/* "matches": what fits what. */
void cube_explain_say_match(const struct cube_explain_run *run, const struct cube_explain_match *match);
/* Why b comes behind a, which matches by the same criterion; in text, which is returned. */
#define CUBE_EXPLAIN_WHY_MAX 160
const char *cube_explain_why_behind(const struct cube_explain_run *run, const struct cube_dial_hit *a,
		const struct cube_dial_hit *b, char text[CUBE_EXPLAIN_WHY_MAX]);

/* Do the rules of the dial-peer's translation-profile-outgoing let the numbers pass? */
bool cube_explain_numbers_pass(const struct cube_explain_run *run, const struct cube_dial_peer *peer);
/* May a dial-peer that was found get the call now? As the one of its targets that gets furthest. */
enum cube_usable cube_explain_usable(struct cube_explain_run *run, const struct cube_dial_peer *peer);
/* Is it told of among those that are tried? One whose rules reject a number is, with these rules. */
static inline bool cube_explain_listed(enum cube_usable usable)
{
	return usable == CUBE_USABLE || usable == CUBE_USABLE_REJECTED;
}
/* why: SIPS, DOWN or FULL. */
const char *cube_explain_why_unusable(const struct cube_explain_run *run, const struct cube_dial_peer *peer,
		enum cube_usable why, char text[CUBE_EXPLAIN_WHY_MAX]);
bool cube_explain_room_in(const struct cube_explain_run *run); /* has the dial-peer in? */
/* out: it is to go out by it, not to come in. */
const char *cube_explain_why_full(const struct cube_explain_run *run, const struct cube_dial_peer *peer, bool out,
		char text[CUBE_EXPLAIN_WHY_MAX]);
/* max-conn and how many calls there are; the state of a target; what becomes of a call for its scheme (listener: NULL where it
 * is not known). Nothing where nothing is known, or asked for. */
void cube_explain_say_calls(const struct cube_explain_run *run, const struct cube_dial_peer *peer);
void cube_explain_say_keepalive(
		const struct cube_explain_run *run, const struct cube_dial_peer *peer, const struct cube_target *target);
void cube_explain_say_sips(const struct cube_explain_run *run, const struct cube_listener *listener);

/* The dial-peers that match, but are not what was found (hit: NULL for none; hits: n, and what is with each of them now). */
void cube_explain_left_in(struct cube_explain_run *run, const struct cube_dial_hit *hit);
void cube_explain_left_out(
		struct cube_explain_run *run, const struct cube_dial_hit *hits, const enum cube_usable *usable, unsigned n);

#endif
