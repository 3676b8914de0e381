/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Near misses: dial-peers that match a call, but do not get it, and why. */
#include <stdio.h>

#include "../conf/names.h"
#include "explain_private.h"

static const char *const rank_names[] = {[CUBE_URI_RANK_HOST] = "the host",
		[CUBE_URI_RANK_USER] = "the user",
		[CUBE_URI_RANK_TEL] = "a telephone number",
		[CUBE_URI_RANK_PATTERN] = "the whole URI"};

const char *cube_explain_why_behind(const struct cube_explain_run *run, const struct cube_dial_hit *a,
		const struct cube_dial_hit *b, char text[CUBE_EXPLAIN_WHY_MAX])
{
	if(a->rank != b->rank)
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "its uri asks for %s, not for %s", rank_names[b->rank],
				rank_names[a->rank]);
	else if(a->explicit_digits != b->explicit_digits && cube_dial_by_uri((enum cube_dial_by)b->by))
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "fewer characters of the URI matched: %u, not %u", b->explicit_digits,
				a->explicit_digits);
	else if(a->explicit_digits != b->explicit_digits)
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "fewer explicit digits: %u, not %u", b->explicit_digits,
				a->explicit_digits);
	else if(a->preference != b->preference)
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "preference %u, not %u", (unsigned)b->preference, (unsigned)a->preference);
	else if(b->by == CUBE_DIAL_BY_DPG)
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "it stands behind it in the dpg");
	else if(run->conf->sip_ua.dial_peer_hunt_random && b->by > CUBE_DIAL_BY_DPG)
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "they are equal, and dial-peer-hunt-random draws lots");
	else
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "higher tag");
	return text;
}

void cube_explain_say_match(const struct cube_explain_run *run, const struct cube_explain_match *m)
{
	if(m->map)
		cube_rows_say(run->rows, "matches", "%s %d, pattern %.*s", m->key, m->map, CUBE_FMT(m->pattern));
	else
		cube_rows_say(run->rows, "matches", "%s%s%.*s", m->key, m->pattern.len ? " " : "", CUBE_FMT(m->pattern));
}

/* What left a dial-peer out, and how many rows were written of them. */
struct left
{
	struct cube_explain_run *run;
	const char *heading;
	unsigned n;
};

static void left_row(
		struct left *left, const struct cube_dial_peer *peer, const struct cube_explain_match *m, const char *why)
{
	const struct cube_rows *rows = left->run->rows;

	if(left->n++ >= CUBE_EXPLAIN_LEFT_OUT_MAX)
		return;
	rows->row(rows->ctx, left->heading);
	rows->number(rows->ctx, "dial-peer", peer->tag);
	cube_explain_say_match(left->run, m);
	rows->text(rows->ctx, "left-out", why);
}

static void left_end(const struct left *left)
{
	const struct cube_rows *rows = left->run->rows;

	if(left->n <= CUBE_EXPLAIN_LEFT_OUT_MAX)
		return;
	rows->row(rows->ctx, left->heading);
	rows->number(rows->ctx, "more", (int)(left->n - CUBE_EXPLAIN_LEFT_OUT_MAX));
}

static const char *step_name(const struct cube_explain_match *m, char text[CUBE_EXPLAIN_WHY_MAX])
{
	if(m->by == CUBE_DIAL_BY_POLICY)
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "found only by rule %d of the policy, which comes later", m->step + 1);
	else
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "found only by %s, which comes later",
				cube_dial_by_name((enum cube_dial_by)m->by));
	return text;
}

/* ---- in */

static struct cube_dial_hit hit_of(const struct cube_dial_peer *peer, const struct cube_explain_match *m)
{
	return (struct cube_dial_hit){.peer = peer,
			.explicit_digits = m->digits,
			.rank = m->rank,
			.preference = (uint8_t)peer->preference,
			.by = m->by};
}

static const char *why_not_in(const struct cube_explain_run *run, const struct cube_dial_hit *taken,
		const struct cube_dial_peer *peer, const struct cube_explain_match *m, char text[CUBE_EXPLAIN_WHY_MAX])
{
	struct cube_dial_hit hit = hit_of(peer, m);

	if(peer->tenant != run->tenant) {
		if(peer->tenant == CUBE_NONE)
			return "it is sip-ua's";
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "it is tenant %d's", peer->tenant_tag);
		return text;
	}
	if(peer->shutdown)
		return "shut down";
	if(!cube_dial_takes_in(peer)) {
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "permission %s", cube_permission_name(peer->permission));
		return text;
	}
	if(m->by != taken->by)
		return step_name(m, text);
	return cube_explain_why_behind(run, taken, &hit, text);
}

/* Those of the call's own tenant first. */
void cube_explain_left_in(struct cube_explain_run *run, const struct cube_dial_hit *hit)
{
	struct left left = {run, "inbound-left-out", 0};
	const struct cube_conf *conf = run->conf;
	struct cube_explain_match m;
	char text[CUBE_EXPLAIN_WHY_MAX];

	for(unsigned i = 0; i < 2 * conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i % conf->n_dial_peers];

		if((peer->tenant == run->tenant) == (i < conf->n_dial_peers) && (!hit || peer != hit->peer)
				&& cube_explain_match_in(run, peer, &m))
			left_row(&left, peer, &m, why_not_in(run, hit ? hit : &(struct cube_dial_hit){.by = 0}, peer, &m, text));
	}
	left_end(&left);
}

/* ---- out */

/* NULL: nothing but other dial-peers keeps it out. */
static const char *unfit(
		const struct cube_conf *conf, const struct cube_dial_peer *peer, char text[CUBE_EXPLAIN_WHY_MAX])
{
	if(peer->shutdown)
		return "shut down";
	if(!(peer->permission & CUBE_PERMISSION_TERM)) {
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "permission %s", cube_permission_name(peer->permission));
		return text;
	}
	if(cube_dial_takes_out(conf, peer))
		return NULL;
	if(!peer->server_group.tag)
		return "it has no session-target";
	snprintf(text, CUBE_EXPLAIN_WHY_MAX, "server-group %d is shut down", peer->server_group.tag);
	return text;
}

/* m matches by what decides: the dpg, the policy or the call. */
static const char *why_not_out(const struct cube_explain_run *run, const struct cube_dial_hit *hits, unsigned n,
		const struct cube_explain_match *found, const struct cube_dial_peer *peer, const struct cube_explain_match *m,
		char text[CUBE_EXPLAIN_WHY_MAX])
{
	const char *why = unfit(run->conf, peer, text);

	if(why)
		return why;
	if(n > 0 && m->step > found->step)
		return step_name(m, text);
	if(n > 0 && hits[n - 1].huntstop) {
		snprintf(text, CUBE_EXPLAIN_WHY_MAX, "behind dial-peer %d, which has huntstop", hits[n - 1].peer->tag);
		return text;
	}
	snprintf(text, CUBE_EXPLAIN_WHY_MAX, "behind %u others; no more are tried for a call", n);
	return text;
}

static bool is_hit(const struct cube_dial_hit *hits, unsigned n, const struct cube_dial_peer *peer)
{
	unsigned i;

	for(i = 0; i < n && hits[i].peer != peer; i++)
		;
	return i < n;
}

/* Does the dial-peer match by what decides? */
static bool match_decided(struct cube_explain_run *run, enum cube_dial_by decides, const struct cube_dial_peer *peer,
		struct cube_explain_match *m)
{
	return decides ? cube_explain_match(run, peer, decides, m) : cube_explain_match_out(run, peer, m);
}

/* Those that are found, and cannot be used now. */
static void left_now(struct left *left, enum cube_dial_by decides, const struct cube_dial_hit *hits,
		const enum cube_usable *usable, unsigned n)
{
	char text[CUBE_EXPLAIN_WHY_MAX];
	struct cube_explain_match m;

	for(unsigned i = 0; i < n; i++) {
		if(!cube_explain_listed(usable[i]) && match_decided(left->run, decides, hits[i].peer, &m))
			left_row(left, hits[i].peer, &m, cube_explain_why_unusable(left->run, hits[i].peer, usable[i], text));
	}
}

void cube_explain_left_out(
		struct cube_explain_run *run, const struct cube_dial_hit *hits, const enum cube_usable *usable, unsigned n)
{
	enum cube_dial_by decides = cube_explain_decides(run);
	struct left left = {run, "outbound-left-out", 0};
	struct cube_explain_match found = {.step = 0}, m;
	char text[CUBE_EXPLAIN_WHY_MAX];

	if(n > 0)
		match_decided(run, decides, hits[0].peer, &found);
	left_now(&left, decides, hits, usable, n);
	for(unsigned i = 0; i < run->conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &run->conf->dial_peers[i];

		if(is_hit(hits, n, peer))
			continue;
		if(match_decided(run, decides, peer, &m)) {
			left_row(&left, peer, &m, why_not_out(run, hits, n, &found, peer, &m, text));
		} else if(decides && cube_explain_match_out(run, peer, &m)) {
			snprintf(text, sizeof(text), "the %s of dial-peer %d decides alone", cube_dial_by_name(decides),
					run->in->tag);
			left_row(&left, peer, &m, text);
		}
	}
	left_end(&left);
}
