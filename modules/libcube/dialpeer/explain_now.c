/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeps a dial-peer that is found from getting the call at present: the decision is cube_usable()'s, as it is for calls. */
#include <stdio.h>

#include "../conf/names.h"
#include "../tls/signed.h"
#include "explain_private.h"

static bool is_down(void *ctx, const struct cube_watch *watch)
{
	const struct cube_explain_run *run = ctx;
	int64_t since;

	return run->ask->down(run->ask->ctx, watch, &since);
}

/* The calls that a dial-peer has, this one included where it comes in by it. False: they cannot be counted. */
static bool calls_of(
		const struct cube_explain_run *run, const struct cube_dial_peer *peer, bool out, unsigned long *calls)
{
	bool counted = run->ask->calls(run->ask->ctx, peer->tag, calls);

	*calls += out && peer == run->in;
	return counted;
}

static bool has_room(const struct cube_explain_run *run, const struct cube_dial_peer *peer, bool out)
{
	unsigned long calls;

	return !peer->max_conn || !run->ask->calls
		   || (calls_of(run, peer, out, &calls) && cube_usable_room(peer->max_conn, calls));
}

static bool has_room_out(void *ctx, const struct cube_dial_peer *peer)
{
	return has_room(ctx, peer, true);
}

bool cube_explain_room_in(const struct cube_explain_run *run)
{
	return !run->in || has_room(run, run->in, false);
}

static bool numbers_pass(void *ctx, const struct cube_dial_peer *peer)
{
	return cube_explain_numbers_pass(ctx, peer);
}

enum cube_usable cube_explain_usable(struct cube_explain_run *run, const struct cube_dial_peer *peer)
{
	const struct cube_present present = {.sips = cube_call_is_sips(&run->call),
			.numbers = numbers_pass,
			.down = run->ask->down ? is_down : NULL,
			.hold = has_room_out,
			.ctx = run};
	enum cube_usable furthest = CUBE_USABLE_NO, one;
	const struct cube_target *target;

	for(unsigned i = 0; (target = cube_dial_peer_target(run->conf, peer, i)); i++) {
		one = cube_usable(run->conf, peer, target, &present);
		if(one == CUBE_USABLE)
			return one;
		furthest = one > furthest ? one : furthest;
	}
	return furthest;
}

/* Since when the last of its targets that was up is down. */
static const char *down_text(
		const struct cube_explain_run *run, const struct cube_dial_peer *peer, char text[CUBE_EXPLAIN_WHY_MAX])
{
	const struct cube_target *target;
	char when[32];
	int64_t last = 0, since;
	struct cube_watch watch;
	unsigned i;

	for(i = 0; (target = cube_dial_peer_target(run->conf, peer, i)); i++) {
		if(cube_watch_of(run->conf, peer, target, &watch) && run->ask->down(run->ask->ctx, &watch, &since)
				&& since > last)
			last = since;
	}
	snprintf(text, CUBE_EXPLAIN_WHY_MAX, "busyout: %s answered OPTIONS since %s",
			i > 1 ? "none of its servers has" : "its target has not", cube_time_text(last, when));
	return text;
}

const char *cube_explain_why_full(const struct cube_explain_run *run, const struct cube_dial_peer *peer, bool out,
		char text[CUBE_EXPLAIN_WHY_MAX])
{
	unsigned long calls;

	if(!calls_of(run, peer, out, &calls))
		return "max-conn: calls cannot be counted, as the dialog module is not loaded";
	snprintf(text, CUBE_EXPLAIN_WHY_MAX, "max-conn: %lu of %d calls are in use", calls, peer->max_conn);
	return text;
}

const char *cube_explain_why_unusable(const struct cube_explain_run *run, const struct cube_dial_peer *peer,
		enum cube_usable why, char text[CUBE_EXPLAIN_WHY_MAX])
{
	if(why == CUBE_USABLE_DOWN)
		return down_text(run, peer, text);
	if(why == CUBE_USABLE_FULL)
		return cube_explain_why_full(run, peer, true, text);
	snprintf(text, CUBE_EXPLAIN_WHY_MAX, "the call is sips, its url %s, and it has no sips-downgrade",
			cube_url_name(peer->url));
	return text;
}

void cube_explain_say_calls(const struct cube_explain_run *run, const struct cube_dial_peer *peer)
{
	const struct cube_rows *rows = run->rows;
	unsigned long calls;

	if(!peer->max_conn)
		return;
	rows->number(rows->ctx, "max-conn", peer->max_conn);
	if(run->ask->calls && run->ask->calls(run->ask->ctx, peer->tag, &calls))
		rows->number(rows->ctx, "calls-now", (int)calls);
}

void cube_explain_say_keepalive(
		const struct cube_explain_run *run, const struct cube_dial_peer *peer, const struct cube_target *target)
{
	const struct cube_rows *rows = run->rows;
	struct cube_watch watch;
	char when[32];
	int64_t since;

	if(!run->ask->down || !cube_watch_of(run->conf, peer, target, &watch))
		return;
	if(run->ask->down(run->ask->ctx, &watch, &since))
		cube_rows_say(
				rows, "keepalive", "no answer to OPTIONS since %s: it is passed over", cube_time_text(since, when));
	else
		rows->text(rows->ctx, "keepalive", "up");
}

void cube_explain_say_sips(const struct cube_explain_run *run, const struct cube_listener *listener)
{
	enum cube_sips_in sips =
			cube_sips_in(run->conf, run->tenant, cube_call_is_sips(&run->call), !listener || listener->secure);

	if(!run->call.uri[CUBE_URI_REQUEST] || !run->tenant_known)
		return;
	if(sips == CUBE_SIPS_IN_CLEAR)
		run->rows->text(run->rows->ctx, "sips", "it did not come by TLS: answered with 400");
	if(sips == CUBE_SIPS_IN_REQUIRED)
		run->rows->text(run->rows->ctx, "sips-required", "its Request-URI is not sips: answered with 480");
}
