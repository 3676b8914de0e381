/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads calls that are written as a line. Knows how the URIs of headers are parsed, nothing of how dial-peers are chosen. */
#include "calls.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const headers[CUBE_N_URI_OF] = {"via", "request", "to", "from", "diversion", "referred-by"};
static const char *const by_words[] = {"nothing", "via", "request", "to", "from", "called", "calling", "pattern", "dpg",
		"policy", "uri", "called", "calling"};

static bool read_uri(enum cube_uri_of of, const char *text, struct cube_uri_parts *parts)
{
	if(of == CUBE_URI_VIA)
		return cube_uri_parse_via(cube_str_of(text), parts);
	if(of == CUBE_URI_REQUEST)
		return cube_uri_parse(cube_str_of(text), parts);
	return cube_uri_parse_header(cube_str_of(text), parts);
}

/* via: room for its value, in front of which the transport must stand; a blank would part the facts. */
static void read_fact(struct call *call, const char *key, char *value, char *via, size_t room)
{
	unsigned of;

	if(strcmp(key, "called") == 0) {
		call->call.called = cube_str_of(value);
	} else if(strcmp(key, "calling") == 0) {
		call->call.calling = cube_str_of(value);
	} else if(strcmp(key, "lot") == 0) {
		call->call.lot = (uint32_t)strtoul(value, NULL, 10);
	} else {
		for(of = 0; of < CUBE_N_URI_OF && strcmp(headers[of], key) != 0; of++)
			;
		ck_assert_msg(of < CUBE_N_URI_OF, "no such fact: %s", key);
		if(of == CUBE_URI_VIA) {
			ck_assert_int_lt(snprintf(via, room, "SIP/2.0/TLS %s", value), (int)room);
			value = via;
		}
		if(read_uri((enum cube_uri_of)of, value, &call->parts[of]))
			call->call.uri[of] = &call->parts[of];
	}
}

void call_read(struct call *call, const char *line)
{
	char *word, *value, *rest = call->text;
	size_t len = strlen(line) + 1;

	ck_assert_uint_lt(len, sizeof(call->text));
	memset(&call->call, 0, sizeof(call->call));
	memcpy(call->text, line, len);
	for(word = strtok_r(rest, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		value = strchr(word, '=');
		ck_assert_msg(value != NULL, "no fact: %s", word);
		*value++ = '\0';
		read_fact(call, word, value, call->text + len, sizeof(call->text) - len);
	}
}

static const char *select_in(const struct cube_conf *conf, int tag, const struct cube_call *call, char *buf)
{
	int tenant = CUBE_NONE;
	struct cube_dial_hit hit = {.peer = NULL};

	for(unsigned i = 0; i < conf->n_tenants; i++)
		if(conf->tenants[i].tag == tag)
			tenant = (int)i;
	ck_assert_msg((tag == 0) == (tenant == CUBE_NONE), "no tenant %d", tag);
	if(cube_dial_plan_in(conf, tenant, call, &hit))
		snprintf(buf, CALL_RESULT_MAX, "%d %s", hit.peer->tag, by_words[hit.by]);
	else
		snprintf(buf, CALL_RESULT_MAX, "nobody");
	return buf;
}

static const char *select_out(
		const struct cube_conf *conf, int tag, const struct cube_call *call, unsigned max, char *buf)
{
	const struct cube_dial_peer *in = NULL;
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned n, i;
	size_t used;

	for(i = 0; i < conf->n_dial_peers; i++)
		if(conf->dial_peers[i].tag == tag)
			in = &conf->dial_peers[i];
	ck_assert_msg((tag == 0) == (in == NULL), "no dial-peer %d", tag);
	n = cube_dial_plan_out(conf, in, call, hits, max);
	ck_assert_uint_le(n, max);
	used = (size_t)snprintf(buf, CALL_RESULT_MAX, "%s", n ? by_words[hits[0].by] : "nobody");
	for(i = 0; i < n; i++) {
		used += (size_t)snprintf(buf + used, CALL_RESULT_MAX - used, "%s %d", i ? "" : ":", hits[i].peer->tag);
		if(hits[i].by != CUBE_DIAL_BY_DPG)
			used += (size_t)snprintf(buf + used, CALL_RESULT_MAX - used, "/%u", hits[i].explicit_digits);
		ck_assert_uint_eq(hits[i].by, hits[0].by);
	}
	return buf;
}

const char *call_select(const struct cube_conf *conf, const char *line, unsigned max, char buf[CALL_RESULT_MAX])
{
	const char *facts = strchr(line, ':') + 1;
	bool in = strncmp(line, "in", 2) == 0;
	int tag = (int)strtol(line + (in ? 2 : 3), NULL, 10);
	struct call call;

	call_read(&call, facts);
	return in ? select_in(conf, tag, &call.call, buf) : select_out(conf, tag, &call.call, max, buf);
}

bool call_tried_before(const struct cube_dial_hit *a, const struct cube_dial_hit *b)
{
	if(a->explicit_digits != b->explicit_digits)
		return a->explicit_digits > b->explicit_digits;
	if(a->peer->preference != b->peer->preference)
		return a->peer->preference < b->peer->preference;
	return a->peer->tag < b->peer->tag;
}
