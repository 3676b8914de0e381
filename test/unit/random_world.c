/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes random dial-plans and writes them as cube.conf. Knows what cube.conf demands, nothing of who is chosen. */
#include "random_world.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PICK(r, list) list[random_below((r), sizeof(list) / sizeof(list[0]))]

static const char *const hosts[] = {"a.co", "b.co", "b.company", "10.0.0.1", "10.0.0.2"};
static const char *const digits[] = {"1", "2", "12", "21", "122"};
static const char *const users[] = {"1", "12", "122", "2121", "3", "2"};
static const char *const headers[] = {"via", "request", "to", "from", "diversion", "referred-by", "called", "calling"};

static bool one_in(struct random_source *r, unsigned n)
{
	return random_below(r, n) == 0;
}

static int maybe(struct random_source *r, unsigned one_in_n, unsigned n)
{
	return one_in(r, one_in_n) ? (int)random_below(r, n) : WORLD_NONE;
}

static void maybe_pattern(struct random_source *r, unsigned one_in_n, char text[WORLD_TEXT])
{
	text[0] = '\0';
	if(one_in(r, one_in_n))
		random_plan_pattern(r, text, WORLD_TEXT);
}

static bool selects_in(const struct world_peer *p)
{
	bool some = p->called[0] || p->answer[0] || p->called_map >= 0 || p->calling_map >= 0;

	for(unsigned i = 0; i <= WORLD_FROM; i++)
		some = some || p->in_uri[i] >= 0;
	return some;
}

static bool selects_out(const struct world *w, unsigned peer)
{
	const struct world_peer *p = &w->peers[peer];
	bool some =
			p->destination[0] || p->destination_map >= 0 || p->destination_calling_map >= 0 || p->destination_uri >= 0;

	for(unsigned i = 0; i < WORLD_HEADERS; i++)
		some = some || p->destination_uri_of[i] >= 0;
	for(unsigned i = 0; i < WORLD_DPGS; i++)
		for(unsigned k = 0; k < w->dpgs[i].n; k++)
			some = some || w->dpgs[i].peers[k] == peer;
	return some;
}

static void random_peer(struct random_source *r, struct world *w, unsigned i)
{
	struct world_peer *p = &w->peers[i];
	unsigned permission = random_below(r, 12);

	p->tag = (int)(i * 7 + 1 + random_below(r, 7));
	p->tenant = (int)random_below(r, 3) * 100;
	p->preference = (int)random_below(r, 3);
	p->shutdown = one_in(r, 15);
	p->huntstop = one_in(r, 25);
	p->may_in = permission > 1;
	p->may_out = permission != 1 && permission != 2;
	maybe_pattern(r, 3, p->called);
	maybe_pattern(r, 4, p->answer);
	maybe_pattern(r, 3, p->destination);
	p->called_map = maybe(r, 6, WORLD_MAPS);
	p->calling_map = maybe(r, 6, WORLD_MAPS);
	p->destination_map = maybe(r, 5, WORLD_MAPS);
	p->destination_calling_map = maybe(r, 4, WORLD_MAPS);
	p->destination_uri = maybe(r, 10, WORLD_URIS);
	for(unsigned of = 0; of < WORLD_HEADERS; of++) {
		if(of <= WORLD_FROM)
			p->in_uri[of] = maybe(r, 8, WORLD_URIS);
		p->destination_uri_of[of] = of == WORLD_REQUEST ? WORLD_NONE : maybe(r, 6, WORLD_URIS);
	}
	p->dpg = maybe(r, 5, WORLD_DPGS);
	p->policy = p->dpg < 0 ? maybe(r, 2, WORLD_POLICIES) : WORLD_NONE;
	p->target = selects_out(w, i);
	p->group_shut = p->target && one_in(r, 15);
	p->in_group = p->target && !p->group_shut && one_in(r, 3);
	if(!p->target && !selects_in(p))
		random_plan_pattern(r, p->called, WORLD_TEXT);
}

static void random_map(struct random_source *r, struct world_map *m)
{
	m->shutdown = one_in(r, 8);
	m->in_file = one_in(r, 2);
	m->n = 1 + random_below(r, WORLD_PATTERNS);
	for(unsigned i = 0; i < m->n; i++)
		random_plan_pattern(r, m->patterns[i], WORLD_TEXT);
}

static void random_dpg(struct random_source *r, const struct world *w, struct world_dpg *dpg)
{
	unsigned wanted = 1 + random_below(r, 6);

	dpg->shutdown = one_in(r, 6);
	while(dpg->n < wanted && dpg->n < w->n_peers) {
		unsigned peer = random_below(r, w->n_peers), i;

		for(i = 0; i < dpg->n && dpg->peers[i] != peer; i++)
			;
		if(i < dpg->n)
			continue;
		dpg->preferences[dpg->n] = (int)random_below(r, 3);
		dpg->peers[dpg->n++] = peer;
	}
}

/* One, two or three words of a rule; nothing is called "request" there. */
static unsigned random_rule(struct random_source *r)
{
	unsigned bits = 0, words = 1 + random_below(r, 3);

	do {
		bits |= 1u << random_below(r, WORLD_CALLING + 1);
		bits &= ~(1u << WORLD_REQUEST);
	} while((unsigned)__builtin_popcount(bits) < words);
	return bits;
}

void random_world(struct random_source *r, struct world *w)
{
	unsigned i, k;

	memset(w, 0, sizeof(*w));
	w->by_lot = one_in(r, 3);
	w->n_peers = 1 + random_below(r, one_in(r, 8) ? WORLD_PEERS : 20);
	for(i = 0; i < WORLD_URIS; i++)
		w->uris[i] = (struct world_uri){
				(enum world_uri_kind)random_below(r, WORLD_URI_KINDS), PICK(r, hosts), PICK(r, digits)};
	for(i = 0; i < WORLD_MAPS; i++)
		random_map(r, &w->maps[i]);
	for(i = 0; i < WORLD_DPGS; i++)
		random_dpg(r, w, &w->dpgs[i]);
	for(i = 0; i < WORLD_POLICIES; i++) {
		unsigned wanted = 1 + random_below(r, 3), rule;

		while(w->policies[i].n < wanted) {
			rule = random_rule(r);
			for(k = 0; k < w->policies[i].n && w->policies[i].rules[k] != rule; k++)
				;
			if(k == w->policies[i].n)
				w->policies[i].rules[w->policies[i].n++] = rule;
		}
	}
	for(i = 0; i < w->n_peers; i++)
		random_peer(r, w, i);
}

/* ---- as text */

struct writer
{
	char *text;
	size_t used, size;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	o->used += (size_t)vsnprintf(o->text + o->used, o->size - o->used, format, args);
	va_end(args);
	if(o->used >= o->size) /* ck_assert writes to a file each time */
		ck_abort_msg("there is no room for more than %zu", o->size);
}

static void put_text(struct writer *o, const char *key, const char *text)
{
	if(!text[0])
		return;
	put(o, " %s \"", key);
	for(; *text; text++)
		put(o, "%s%c", *text == '\\' ? "\\" : "", *text);
	put(o, "\"");
}

static void put_index(struct writer *o, const char *key, int index)
{
	if(index >= 0)
		put(o, " %s = %d", key, index + 1);
}

static void put_uri_ref(struct writer *o, const char *key, const char *header, int index)
{
	if(index >= 0)
		put(o, " %s%s = \"u%d\"", key, header, index);
}

static void put_peer(struct writer *o, const struct world_peer *p)
{
	static const char *const permissions[] = {"none", "orig", "term", "both"};

	put(o, "dial-peer %d { preference = %d permission = %s", p->tag, p->preference,
			permissions[p->may_in + 2 * p->may_out]);
	put(o, "%s%s", p->huntstop ? " huntstop = true" : "", p->shutdown ? " shutdown = true" : "");
	if(p->tenant)
		put(o, " tenant = %d", p->tenant);
	put_text(o, "incoming-called-number =", p->called);
	put_text(o, "answer-address =", p->answer);
	put_text(o, "destination-pattern =", p->destination);
	put_index(o, "incoming-called-e164-pattern-map", p->called_map);
	put_index(o, "incoming-calling-e164-pattern-map", p->calling_map);
	put_index(o, "destination-e164-pattern-map", p->destination_map);
	put_index(o, "destination-calling-e164-pattern-map", p->destination_calling_map);
	put_index(o, "destination-dpg", p->dpg);
	put_index(o, "destination-provision-policy", p->policy);
	put_uri_ref(o, "destination-uri", "", p->destination_uri);
	for(unsigned of = 0; of < WORLD_HEADERS; of++) {
		if(of <= WORLD_FROM)
			put_uri_ref(o, "incoming-uri-", headers[of], p->in_uri[of]);
		put_uri_ref(o, "destination-uri-", headers[of], p->destination_uri_of[of]);
	}
	if(p->target && (p->group_shut || p->in_group))
		put(o, " session-server-group = %d", p->group_shut ? 2 : 1);
	else if(p->target)
		put(o, " session-target = \"ipv4:192.0.2.9\"");
	put(o, " }\n");
}

static void put_uri(struct writer *o, const struct world_uri *u, unsigned i)
{
	bool address = u->host[0] == '1';

	put(o, "uri \"u%u\" {", i);
	if(u->kind == WORLD_URI_HOST || u->kind == WORLD_URI_HOST_AND_USER)
		put(o, " host = { \"%s:%s\" }", address ? "ipv4" : "dns", u->host);
	if(u->kind == WORLD_URI_USER_BEGINS || u->kind == WORLD_URI_HOST_AND_USER)
		put(o, " user-id = \"^%s\"", u->digits);
	if(u->kind == WORLD_URI_USER_HAS)
		put(o, " user-id = \"%s\"", u->digits);
	if(u->kind == WORLD_URI_TEL_BEGINS)
		put(o, " phone-number = \"^%s\"", u->digits);
	if(u->kind == WORLD_URI_WHOLE_HAS)
		put(o, " pattern = \"%s\"", u->digits);
	put(o, " }\n");
}

static void put_map(struct writer *o, const struct world_map *m, unsigned i)
{
	put(o, "e164-pattern-map %u { shutdown = %s", i + 1, m->shutdown ? "true" : "false");
	if(m->in_file)
		put(o, " url = \"map%u\"", i);
	for(unsigned k = 0; k < m->n && !m->in_file; k++)
		put_text(o, k ? "," : "e164 = {", m->patterns[k]);
	put(o, "%s }\n", m->in_file ? "" : " }");
}

static void put_groups(struct writer *o, const struct world *w)
{
	unsigned i, k, of;

	for(i = 0; i < WORLD_DPGS; i++) {
		put(o, "dpg %u { shutdown = %s dial-peer = {", i + 1, w->dpgs[i].shutdown ? "true" : "false");
		for(k = 0; k < w->dpgs[i].n; k++) {
			put(o, "%s \"%d", k ? "," : "", w->peers[w->dpgs[i].peers[k]].tag);
			if(w->dpgs[i].preferences[k])
				put(o, " preference %d", w->dpgs[i].preferences[k]);
			put(o, "\"");
		}
		put(o, " } }\n");
	}
	for(i = 0; i < WORLD_POLICIES; i++) {
		put(o, "provision-policy %u { preference = {", i + 1);
		for(k = 0; k < w->policies[i].n; k++) {
			const char *between = k ? ", \"" : " \"";

			for(of = 0; of <= WORLD_CALLING; of++) {
				if(!(w->policies[i].rules[k] & 1u << of))
					continue;
				put(o, "%s%s", between, headers[of]);
				between = " ";
			}
			put(o, "\"");
		}
		put(o, " } }\n");
	}
}

size_t world_conf(struct random_source *r, const struct world *w, char *text, size_t size)
{
	struct writer o = {text, 0, size};
	unsigned first = random_below(r, w->n_peers), i;

	put(&o, "sip-ua { listen-non-secure = \"127.0.0.1:5060\" dial-peer-hunt-random = %s }\n",
			w->by_lot ? "true" : "false");
	put(&o, "tenant 200 { listen-non-secure = \"127.0.0.1:5080\" } tenant 100 { listen-non-secure = \"127.0.0.1:5070\" "
			"}\n");
	put(&o, "server-group 1 { server = \"ipv4:192.0.2.1\" } server-group 2 { server = \"ipv4:192.0.2.1\" shutdown = "
			"true }\n");
	for(i = 0; i < w->n_peers; i++)
		put_peer(&o, &w->peers[(first + w->n_peers - i) % w->n_peers]);
	for(i = 0; i < WORLD_URIS; i++)
		put_uri(&o, &w->uris[i], i);
	for(i = 0; i < WORLD_MAPS; i++)
		put_map(&o, &w->maps[i], i);
	put_groups(&o, w);
	return o.used;
}

size_t world_map_file(struct random_source *r, const struct world *w, unsigned i, char *text, size_t size)
{
	static const char *const ends[] = {"\n", "\r\n", "\n\n", " \t\r\n", "\n! 1\n", "\n\t!2\r\n \r\n"};
	struct writer o = {text, 0, size};

	put(&o, "%s", one_in(r, 4) ? "\xef\xbb\xbf" : "");
	for(unsigned k = 0; k < w->maps[i].n; k++) {
		put(&o, "%s%s", one_in(r, 4) ? " " : "", w->maps[i].patterns[k]);
		put(&o, "%s", k + 1 == w->maps[i].n && one_in(r, 2) ? "" : PICK(r, ends));
	}
	return o.used;
}

/* ---- calls */

static void random_called(struct random_source *r, const struct world *w, char number[80])
{
	const struct world_peer *p = &w->peers[random_below(r, w->n_peers)];
	const struct world_map *m = &w->maps[random_below(r, WORLD_MAPS)];
	const char *const likes[] = {p->called, p->answer, p->destination, m->patterns[0], m->patterns[m->n - 1]};
	const char *like = PICK(r, likes);

	if(like[0] && !one_in(r, 4))
		random_number_like(r, like, number);
	else if(one_in(r, 6))
		snprintf(number, 80, "%s", one_in(r, 2) ? "" : "alice");
	else
		random_number(r, number, 6);
}

static void random_uri(struct random_source *r, struct world_call *call, enum world_header of, struct writer *o)
{
	bool bad = one_in(r, 8);
	char *whole = call->uri[of].whole;

	call->uri[of].tel = of != WORLD_VIA && one_in(r, 4);
	call->uri[of].host = call->uri[of].tel ? "" : PICK(r, hosts);
	call->uri[of].user = of == WORLD_VIA ? "" : PICK(r, users);
	call->uri[of].there = !bad;
	if(of == WORLD_VIA)
		snprintf(whole, sizeof(call->uri[of].whole), "%s%s", call->uri[of].host, one_in(r, 2) ? ":5061" : "");
	else if(call->uri[of].tel)
		snprintf(whole, sizeof(call->uri[of].whole), "tel:%s", call->uri[of].user);
	else
		snprintf(whole, sizeof(call->uri[of].whole), "%s:%s@%s", one_in(r, 3) ? "sips" : "sip", call->uri[of].user,
				call->uri[of].host);
	put(o, " %s=%s%s", headers[of], bad ? "@" : "", whole);
}

void random_call(struct random_source *r, const struct world *w, struct world_call *call)
{
	struct writer o = {call->line, 0, sizeof(call->line)};

	memset(call, 0, sizeof(*call));
	random_called(r, w, call->called);
	random_called(r, w, call->calling);
	put(&o, "called=%s calling=%s lot=%u", call->called, call->calling, random_below(r, 100000));
	for(unsigned of = 0; of < WORLD_HEADERS; of++)
		if(one_in(r, 3))
			random_uri(r, call, (enum world_header)of, &o);
}
