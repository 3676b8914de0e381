/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the searches of a call, and writes down what they found in the order in which a call goes through them. */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "../conf/load.h"
#include "../conf/names.h"
#include "../tenant/trust.h"
#include "explain_private.h"
#include "number.h"
#include "plan_rules.h"

/* ---- the call */

static bool (*const parse[CUBE_N_URI_OF])(struct cube_str, struct cube_uri_parts *) = {
		[CUBE_URI_VIA] = cube_uri_parse_via,
		[CUBE_URI_REQUEST] = cube_uri_parse,
		[CUBE_URI_TO] = cube_uri_parse_header,
		[CUBE_URI_FROM] = cube_uri_parse_header,
		[CUBE_URI_DIVERSION] = cube_uri_parse_header,
		[CUBE_URI_REFERRED_BY] = cube_uri_parse_header,
};

static const char *const uri_names[CUBE_N_URI_OF] = {[CUBE_URI_VIA] = "via",
		[CUBE_URI_REQUEST] = "ruri",
		[CUBE_URI_TO] = "to",
		[CUBE_URI_FROM] = "from",
		[CUBE_URI_DIVERSION] = "diversion",
		[CUBE_URI_REFERRED_BY] = "referred-by"};

static void read_uris(struct cube_explain_run *run)
{
	for(unsigned of = 0; of < CUBE_N_URI_OF; of++) {
		struct cube_str text = run->ask->uri[of];

		if(text.len == 0)
			continue;
		if(parse[of](text, &run->parts[of])) {
			run->call.uri[of] = &run->parts[of];
			cube_rows_say(run->rows, uri_names[of], "%.*s", CUBE_FMT(run->parts[of].whole));
		} else {
			cube_rows_say(run->rows, uri_names[of], "does not parse, and counts as not there: %.*s", CUBE_FMT(text));
		}
	}
}

/* The number of a user part: as it is given, or else the URI's. name: NULL, and it is not told. */
static void read_number(const struct cube_explain_run *run, const char *name, struct cube_str given,
		const struct cube_uri_parts *uri, struct cube_explain_number *number)
{
	struct cube_str user = given.len || !uri ? given : uri->user;
	uint8_t digits[CUBE_NUMBER_MAX];

	number->text = cube_number_from_user(user, number->buf);
	number->is_name = user.len > 0 && number->text.len == 0;
	if(!name || user.len == 0)
		return;
	if(cube_digits_of(number->text, digits) > 0)
		cube_rows_say(run->rows, name, "%.*s", CUBE_FMT(number->text));
	else
		cube_rows_say(run->rows, name, "no number, and matches no pattern: %.*s", CUBE_FMT(user));
}

/* False: the call is none of a tenant's. */
static bool read_tenant(struct cube_explain_run *run, const struct cube_listener **listener)
{
	const struct cube_explain_ask *ask = run->ask;
	const struct cube_rows *rows = run->rows;
	const struct cube_tenant *t = ask->tenant_tag > 0 ? cube_conf_tenant(run->conf, ask->tenant_tag) : NULL;
	const struct cube_listener *l = NULL;
	char text[CUBE_ADDR_TEXT_MAX];

	if(ask->socket.port) {
		l = cube_conf_listener(run->conf, &ask->socket.ip, ask->socket.port, true);
		if(!l)
			l = cube_conf_listener(run->conf, &ask->socket.ip, ask->socket.port, false);
		cube_rows_say(rows, "socket", "%s%s", cube_addr_text(&ask->socket, text),
				!l			? ", which cube.conf does not name"
				: l->secure ? ", listen-secure"
							: ", listen-non-secure");
	}
	run->tenant = t ? (int)(t - run->conf->tenants) : l && ask->tenant_tag == CUBE_NONE ? l->tenant : CUBE_NONE;
	run->tenant_known = t || l || ask->tenant_tag == 0;
	if(run->tenant_known)
		rows->number(rows->ctx, "tenant", run->tenant == CUBE_NONE ? 0 : run->conf->tenants[run->tenant].tag);
	else if(ask->tenant_tag > 0)
		cube_rows_say(rows, "tenant", "%d, which cube.conf does not have", ask->tenant_tag);
	*listener = l;
	return run->tenant_known || (ask->tenant_tag == CUBE_NONE && !ask->socket.port);
}

static void say_trust(const struct cube_explain_run *run)
{
	static const char *const words[] = {
			[CUBE_TRUST_REFUSE] = "no, unless its certificate passes cn-san-validate: answered with 403",
			[CUBE_TRUST_DISCARD] = "no, unless its certificate passes cn-san-validate: dropped without an answer",
			[CUBE_TRUST_LISTED] = "yes, it is in a trusted-list",
			[CUBE_TRUST_DIAL_PEER] = "yes, it is the target of one of the tenant's dial-peers",
			[CUBE_TRUST_NOT_REQUIRED] = "yes, trusted-authenticate is false",
	};
	char text[CUBE_ADDR_TEXT_MAX];

	if(run->ask->source.len == 0 || !run->tenant_known)
		return;
	cube_rows_say(run->rows, "source", "%s", cube_ip_text(&run->ask->source, false, text));
	cube_rows_say(
			run->rows, "trusted", "%s", words[cube_tenant_trust(run->conf, run->tenant, &run->ask->source, false)]);
}

static bool say_call(struct cube_explain_run *run)
{
	const struct cube_explain_ask *ask = run->ask;
	const struct cube_listener *listener;
	bool ok;

	run->rows->row(run->rows->ctx, "call");
	read_uris(run);
	read_number(run, "called", ask->called, run->call.uri[CUBE_URI_REQUEST], &run->numbers[0]);
	read_number(run, "calling", ask->calling, run->call.uri[CUBE_URI_FROM], &run->numbers[1]);
	read_number(run, NULL, CUBE_STR(""), run->call.uri[CUBE_URI_DIVERSION], &run->numbers[2]);
	ok = read_tenant(run, &listener);
	say_trust(run);
	cube_explain_say_sips(run, listener);
	return ok;
}

/* ---- translation */

static const char *const number_names[CUBE_N_NUMBERS] = {"called", "calling", "redirect-called"};

bool cube_explain_numbers_pass(const struct cube_explain_run *run, const struct cube_dial_peer *peer)
{
	const struct cube_explain_number *n = run->numbers;
	struct cube_dial_translated t;

	for(unsigned which = 0; which < CUBE_N_NUMBERS; which++) {
		cube_dial_translate(run->conf, &cube_dial_more(peer)->translation_out, (enum cube_number_of)which,
				n[which].text, n[which].is_name, &t);
		if(t.what == CUBE_TRANSLATED_REJECTED)
			return false;
	}
	return true;
}

/* One number by one rule of a profile. What is not there is translated, too, but that is told only when it matters. */
static enum cube_translated translate(const struct cube_explain_run *run, const struct cube_name_ref *profile,
		const char *when, unsigned which, struct cube_explain_number *number)
{
	const struct cube_rows *rows = run->rows;
	struct cube_dial_translated t;

	cube_dial_translate(run->conf, profile, (enum cube_number_of)which, number->text, number->is_name, &t);
	if(!t.rules || (t.what == CUBE_TRANSLATED_NOT && number->text.len == 0))
		return t.what;
	rows->row(rows->ctx, "translation");
	cube_rows_say(rows, when, "%.*s", CUBE_FMT(profile->name));
	cube_rows_say(rows, "number", "%s %.*s", number_names[which], CUBE_FMT(number->text));
	if(t.what == CUBE_TRANSLATED_NOT)
		cube_rows_say(rows, "rule", "none of translation-rule %d matches", t.rules);
	else
		cube_rows_say(rows, "rule", "%u of translation-rule %d", t.rule, t.rules);
	if(t.what == CUBE_TRANSLATED_CHANGED) {
		cube_rows_say(rows, "becomes", "%.*s", CUBE_FMT(t.number));
		memcpy(number->buf, t.number.s, t.number.len);
		number->text = (struct cube_str){number->buf, t.number.len};
	}
	return t.what;
}

/* All three. False: one of them is rejected; consequence: of that. */
static bool translate_all(const struct cube_explain_run *run, const struct cube_name_ref *profile, const char *when,
		const char *consequence, struct cube_explain_number numbers[CUBE_N_NUMBERS])
{
	for(unsigned which = 0; which < CUBE_N_NUMBERS; which++) {
		if(translate(run, profile, when, which, &numbers[which]) != CUBE_TRANSLATED_REJECTED)
			continue;
		run->rows->text(run->rows->ctx, "becomes", consequence);
		return false;
	}
	return true;
}

/* ---- in */

static void say_peer(const struct cube_explain_run *run, const struct cube_dial_peer *peer)
{
	const struct cube_rows *rows = run->rows;

	rows->number(rows->ctx, "dial-peer", peer->tag);
	if(cube_dial_more(peer)->description.len)
		cube_rows_say(rows, "description", "%.*s", CUBE_FMT(cube_dial_more(peer)->description));
}

/* Of a hit: which of the dial-peer's patterns it was, and how well it fits. */
static void say_hit(struct cube_explain_run *run, const struct cube_dial_hit *hit)
{
	const struct cube_rows *rows = run->rows;
	struct cube_explain_match m;

	rows->text(rows->ctx, "by", cube_dial_by_name((enum cube_dial_by)hit->by));
	if(hit->by == CUBE_DIAL_BY_DPG || !cube_explain_match(run, hit->peer, (enum cube_dial_by)hit->by, &m))
		return;
	cube_explain_say_match(run, &m);
	if(hit->by == CUBE_DIAL_BY_POLICY)
		rows->number(rows->ctx, "policy-rule", m.step + 1);
	rows->number(rows->ctx, cube_dial_by_uri((enum cube_dial_by)hit->by) ? "matched-characters" : "explicit-digits",
			(int)hit->explicit_digits);
}

static void say_in(struct cube_explain_run *run)
{
	const struct cube_rows *rows = run->rows;
	struct cube_dial_hit hit;
	bool found = cube_dial_plan_in(run->conf, run->tenant, &run->call, &hit);

	rows->row(rows->ctx, "inbound");
	if(found) {
		say_peer(run, hit.peer);
		say_hit(run, &hit);
		cube_explain_say_calls(run, hit.peer);
		run->in = hit.peer;
	} else {
		rows->number(rows->ctx, "dial-peer", 0);
		rows->text(rows->ctx, "by", "no dial-peer of the tenant matches");
	}
	cube_explain_left_in(run, found ? &hit : NULL);
}

/* The dial-peer that the call is taken to have come in by. */
static void say_given(struct cube_explain_run *run)
{
	const struct cube_rows *rows = run->rows;

	run->in = run->ask->peer_tag > 0 ? cube_conf_dial_peer(run->conf, run->ask->peer_tag) : NULL;
	rows->row(rows->ctx, "inbound");
	rows->number(rows->ctx, "dial-peer", run->in ? run->in->tag : 0);
	rows->text(rows->ctx, "by",
			run->in					  ? "it was asked for"
			: run->ask->peer_tag > 0  ? "cube.conf does not have the one that was asked for"
			: run->ask->peer_tag == 0 ? "it was asked for"
									  : "neither tenant nor socket was given");
}

/* ---- out */

static void say_profile(const struct cube_explain_run *run, int tenant, const struct cube_target *target)
{
	const struct cube_rows *rows = run->rows;
	bool own = tenant != CUBE_NONE && run->conf->tenants[tenant].tls_profile != CUBE_NONE;
	const struct cube_tls_profile *p = cube_conf_tls_profile(run->conf, tenant, &target->addr.ip);

	if(target->kind == CUBE_TARGET_DNS && !own)
		rows->text(rows->ctx, "tls-profile", "that of crypto-signaling for the address that DNS gives");
	else if(!p)
		rows->text(rows->ctx, "tls-profile", "none, so that no connection can be made");
	else if(p->tag)
		rows->number(rows->ctx, "tls-profile", p->tag);
	else
		cube_rows_say(rows, "tls-profile", "trustpoint %.*s of crypto-signaling", CUBE_FMT(p->trustpoint_name));
}

/* Where a request goes, with what. */
static void say_target(
		const struct cube_explain_run *run, const struct cube_dial_peer *peer, const struct cube_target *target)
{
	const struct cube_rows *rows = run->rows;
	char text[CUBE_ADDR_TEXT_MAX], port[8] = "";

	if(target->kind == CUBE_TARGET_IP) {
		cube_rows_say(rows, "target", "%s:%s", target->addr.ip.len == 16 ? "ipv6" : "ipv4",
				target->addr.port ? cube_addr_text(&target->addr, text) : cube_ip_text(&target->addr.ip, true, text));
	} else {
		if(target->port)
			snprintf(port, sizeof(port), ":%u", (unsigned)target->port);
		cube_rows_say(rows, "target", "dns:%.*s%s", CUBE_FMT(target->host), port);
	}
	rows->text(rows->ctx, "transport", cube_transport_name(peer->session_transport));
	rows->text(rows->ctx, "url", cube_url_name(peer->url));
	if(cube_call_is_sips(&run->call) && peer->url != CUBE_URL_SIPS)
		rows->text(rows->ctx, "sips-downgrade", "a sips call, which goes on without sips");
	cube_explain_say_keepalive(run, peer, target);
	if(peer->session_transport != CUBE_TRANSPORT_TLS)
		return;
	say_profile(run, peer->tenant, target);
	if(run->ask->connection)
		run->ask->connection(run->ask->ctx, peer->tenant_tag, target, rows);
}

static void say_group(const struct cube_explain_run *run, const struct cube_dial_peer *peer)
{
	const struct cube_server_group *group = &run->conf->server_groups[peer->server_group.index];
	const struct cube_rows *rows = run->rows;

	cube_rows_say(rows, "target", "server-group %d, %s", group->tag,
			group->round_robin ? "from the next server on each time" : "in this order");
	for(unsigned i = 0; i < group->n_servers; i++) {
		rows->row(rows->ctx, "target");
		rows->number(rows->ctx, "dial-peer", peer->tag);
		rows->number(rows->ctx, "server", (int)i + 1);
		say_target(run, peer, &group->servers[i].target);
	}
}

/* before: the one that is tried before it; NULL: it is the first. */
static void say_place(
		const struct cube_explain_run *run, const struct cube_dial_hit *before, const struct cube_dial_hit *hit)
{
	const struct cube_rows *rows = run->rows;
	char why[CUBE_EXPLAIN_WHY_MAX];

	rows->number(rows->ctx, "preference", hit->preference);
	if(before)
		cube_rows_say(rows, "why-here", "behind dial-peer %d: %s", before->peer->tag,
				cube_explain_why_behind(run, before, hit, why));
	if(hit->huntstop)
		rows->text(rows->ctx, "huntstop", "no dial-peer is tried behind it");
	cube_explain_say_calls(run, hit->peer);
	rows->number(rows->ctx, "tenant", hit->peer->tenant_tag);
}

/* False: its translation rules keep it from being tried. */
static bool say_out(struct cube_explain_run *run, unsigned place, const struct cube_dial_hit *before,
		const struct cube_dial_hit *hit)
{
	const struct cube_dial_peer *peer = hit->peer;
	const struct cube_rows *rows = run->rows;
	struct cube_explain_number numbers[CUBE_N_NUMBERS];

	rows->row(rows->ctx, "outbound");
	rows->number(rows->ctx, "place", (int)place);
	say_peer(run, peer);
	say_hit(run, hit);
	say_place(run, before, hit);
	if(peer->server_group.tag)
		say_group(run, peer);
	else
		say_target(run, peer, peer->target);
	for(unsigned which = 0; which < CUBE_N_NUMBERS; which++) {
		const struct cube_explain_number *n = &run->numbers[which];

		numbers[which] = (struct cube_explain_number){.is_name = n->is_name};
		memcpy(numbers[which].buf, n->text.s ? n->text.s : "", n->text.len);
		numbers[which].text = (struct cube_str){numbers[which].buf, n->text.len};
	}
	return translate_all(run, &cube_dial_more(peer)->translation_out, "translation-profile-outgoing",
			"nothing: the dial-peer is passed over", numbers);
}

static void say_nobody(const struct cube_explain_run *run, const char *why)
{
	run->rows->row(run->rows->ctx, "outbound");
	run->rows->text(run->rows->ctx, "by", why);
}

/* Those that are found, as far as they can be used now. How many would get the call. */
static unsigned say_found(struct cube_explain_run *run, const struct cube_dial_hit *hits, unsigned n)
{
	const struct cube_dial_hit *before = NULL;
	enum cube_usable usable[CUBE_HUNT_MAX];
	unsigned i, place = 0, found = 0;
	bool sips = false;

	for(i = 0; i < n; i++) {
		usable[i] = cube_explain_usable(run, hits[i].peer);
		sips |= usable[i] == CUBE_USABLE_SIPS;
		if(!cube_explain_listed(usable[i]))
			continue;
		found += say_out(run, ++place, before, &hits[i]);
		before = &hits[i];
	}
	if(n == 0)
		say_nobody(run, "no dial-peer matches: the call gets 404");
	else if(found == 0 && sips)
		say_nobody(run, "none of those that match may take a sips call: the call gets 480");
	else if(found == 0)
		say_nobody(run, "none of those that match can be used: the call gets 503");
	cube_explain_left_out(run, hits, usable, n);
	return found;
}

static void say_full(const struct cube_explain_run *run)
{
	char why[CUBE_EXPLAIN_WHY_MAX];

	run->rows->row(run->rows->ctx, "outbound");
	cube_rows_say(run->rows, "by", "nobody, as dial-peer %d, by which it comes in, has %s: the call gets 503",
			run->in->tag, cube_explain_why_full(run, run->in, false, why));
}

/* How many would get the call. */
static unsigned say_all_out(struct cube_explain_run *run)
{
	const struct cube_name_ref *own = run->in ? &cube_dial_more(run->in)->translation_in : NULL;
	const struct cube_name_ref *profile = own && own->name.len ? own : &run->conf->sip_ua.translation_in;
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned n;

	if(!translate_all(run, profile, "translation-profile-incoming", "nothing: the call gets 403", run->numbers))
		return 0;
	cube_explain_numbers(run);
	n = cube_dial_plan_out(run->conf, run->in, &run->call, hits, CUBE_HUNT_MAX);
	if(n == 0 || cube_explain_room_in(run))
		return say_found(run, hits, n);
	say_full(run);
	return 0;
}

static int explain(struct cube_explain_run *run)
{
	if(!say_call(run))
		return 0;
	cube_explain_numbers(run);
	if(run->ask->peer_tag == CUBE_NONE && run->tenant_known)
		say_in(run);
	else
		say_given(run);
	return run->ask->in_only ? run->in != NULL : (int)say_all_out(run);
}

int cube_explain(const struct cube_conf *conf, const struct cube_explain_ask *ask, const struct cube_rows *rows)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 0);
	struct cube_explain_run run = {.conf = conf, .ask = ask, .rows = rows};
	int ret = -1;

	for(unsigned i = 0; arena && i < 2; i++)
		run.maps[i] = cube_arena_array(arena, conf->n_e164_maps, sizeof(*run.maps[i]));
	if(arena && run.maps[0] && run.maps[1])
		ret = explain(&run);
	cube_arena_free(&arena);
	return ret;
}
