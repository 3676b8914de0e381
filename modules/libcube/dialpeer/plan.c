/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the dial-plan of a configuration: compiles the patterns, spells them as keys, gathers the targets. Which
 * dial-peers take part is decided here; looking up is plan_find.c's. */
#include "plan_private.h"

#include <stdio.h>
#include <string.h>

#define KEY_BLOCK 16384 /* bytes of keys that are taken from the arena at a time */

struct builder
{
	struct cube_conf *conf;
	struct cube_dial_plan *plan;
	struct cube_err *err;
	uint8_t *keys; /* room for keys */
	size_t keys_left;
	bool bad; /* at least one pattern was refused */
};

static bool takes_calls_in(const struct cube_dial_peer *peer)
{
	return !peer->shutdown && peer->incoming_called_number.len > 0;
}

static bool takes_calls_out(const struct cube_dial_peer *peer)
{
	return !peer->shutdown && peer->destination_pattern.len > 0 && peer->target.kind != CUBE_TARGET_NONE;
}

/* The token of a set of digits; CUBE_TOKEN_REST when there are more different sets than tokens. */
static uint8_t set_token(struct cube_dial_plan *plan, uint32_t set)
{
	unsigned i;

	if((set & (set - 1)) == 0)
		return (uint8_t)__builtin_ctz(set);
	for(i = 0; i < plan->n_sets; i++) {
		if(plan->sets[i] == set)
			return (uint8_t)(CUBE_TOKEN_SET + i);
	}
	if(i == CUBE_SETS_MAX)
		return CUBE_TOKEN_REST;
	plan->sets[plan->n_sets++] = set;
	return (uint8_t)(CUBE_TOKEN_SET + i);
}

/* How many instructions match exactly one digit each, whatever comes: those before the first that a jump starts from
 * or leads to. */
static unsigned straight_part(const struct cube_program *program)
{
	int n = (int)program->n, i, from;

	for(i = 0; i < (int)program->n; i++) {
		if(program->code[i].op < CUBE_OP_SPLIT)
			continue;
		from = program->code[i].jump < 0 ? i + program->code[i].jump : i;
		if(from < n)
			n = from;
	}
	return (unsigned)n;
}

static uint8_t *key_room(struct builder *b)
{
	if(b->keys_left < CUBE_PROGRAM_MAX + 1) {
		b->keys = cube_arena_get(b->conf->arena, KEY_BLOCK);
		b->keys_left = b->keys ? KEY_BLOCK : 0;
	}
	return b->keys;
}

static int make_entry(
		struct builder *b, const struct cube_program *program, uint32_t peer, struct cube_dial_entry *entry)
{
	unsigned straight = straight_part(program), i;
	uint8_t *key = key_room(b), len = 0, token;

	if(!key)
		return -1;
	*entry = (struct cube_dial_entry){.key = key, .peer = peer};
	entry->preference = (uint8_t)b->conf->dial_peers[peer].preference;
	entry->huntstop = b->conf->dial_peers[peer].huntstop;
	for(i = 0; i < straight; i++) {
		token = set_token(b->plan, program->code[i].set);
		if(token == CUBE_TOKEN_REST)
			break;
		key[len++] = token;
		entry->literals = (uint8_t)(entry->literals + (program->code[i].op == CUBE_OP_LITERAL));
	}
	if(i < program->n) {
		key[len++] = CUBE_TOKEN_REST;
		entry->rest = cube_program_keep(program, i, b->conf->arena);
	} else if(program->rest_max == 0) {
		key[len++] = CUBE_TOKEN_END;
	} else if(program->rest_max == CUBE_T_MAX) {
		key[len++] = CUBE_TOKEN_UPTO;
	}
	entry->key_len = len;
	b->keys += len;
	b->keys_left -= len;
	return i < program->n && !entry->rest ? -1 : 0;
}

/* Compiles one pattern; entry is NULL for a dial-peer that does not take part but must be right all the same. */
static int add_pattern(
		struct builder *b, uint32_t peer, const char *key, struct cube_str text, struct cube_dial_entry *entry)
{
	struct cube_program program;
	char path[64];

	if(text.len == 0)
		return 0;
	snprintf(path, sizeof(path), "dial-peer %d: %s", b->conf->dial_peers[peer].tag, key);
	if(cube_program_parse(text, path, &program, b->err) < 0) {
		b->bad = true;
		return 0;
	}
	return entry && !b->bad ? make_entry(b, &program, peer, entry) : 0;
}

/* Counts per tenant where its entries of the inbound trie begin. */
static void place_tenants(const struct cube_conf *conf, struct cube_dial_trie *in)
{
	uint32_t i;

	for(i = 0; i < conf->n_dial_peers; i++) {
		if(takes_calls_in(&conf->dial_peers[i]))
			in->first[conf->dial_peers[i].tenant + 2]++;
	}
	for(i = 1; i <= in->n_roots; i++)
		in->first[i] += in->first[i - 1];
}

static int add_patterns(struct builder *b)
{
	const struct cube_conf *conf = b->conf;
	struct cube_dial_trie *in = &b->plan->in, *out = &b->plan->out;
	uint32_t *next = cube_arena_array(conf->arena, in->n_roots, sizeof(*next)), i;

	if(!next)
		return -1;
	memcpy(next, in->first, in->n_roots * sizeof(*next));
	for(i = 0; i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];
		struct cube_dial_entry *to_out = NULL, *to_in = NULL;

		if(takes_calls_out(peer))
			to_out = &out->entries[out->first[1]++];
		if(takes_calls_in(peer))
			to_in = &in->entries[next[peer->tenant + 1]++];
		if(add_pattern(b, i, "destination-pattern", peer->destination_pattern, to_out) < 0
				|| add_pattern(b, i, "incoming-called-number", peer->incoming_called_number, to_in) < 0)
			return -1;
	}
	return 0;
}

int cube_dial_target_cmp(const void *a, const void *b)
{
	const struct cube_dial_target *x = a, *y = b;
	int order;

	if(x->tenant != y->tenant)
		return x->tenant < y->tenant ? -1 : 1;
	order = cube_ip_cmp(&x->ip, &y->ip);
	return order ? order : cube_str_casecmp(x->host, y->host);
}

static void add_targets(const struct cube_conf *conf, struct cube_dial_plan *plan)
{
	unsigned i, n = 0;

	for(i = 0; i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];

		if(peer->shutdown || peer->target.kind == CUBE_TARGET_NONE)
			continue;
		plan->targets[n].tenant = peer->tenant;
		if(peer->target.kind == CUBE_TARGET_IP)
			plan->targets[n].ip = peer->target.addr.ip;
		else
			plan->targets[n].host = peer->target.host;
		n++;
	}
	cube_sort(plan->targets, n, sizeof(*plan->targets), cube_dial_target_cmp);
	for(i = 0; i < n; i++) {
		if(plan->n_targets == 0 || cube_dial_target_cmp(&plan->targets[plan->n_targets - 1], &plan->targets[i]) != 0)
			plan->targets[plan->n_targets++] = plan->targets[i];
	}
}

/* All arrays, by counting first. */
static int make_room(const struct cube_conf *conf, struct cube_dial_plan *plan)
{
	struct cube_arena *arena = conf->arena;
	uint32_t n_in = 0, n_out = 0, n_targets = 0, i;

	for(i = 0; i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];

		n_in += takes_calls_in(peer);
		n_out += takes_calls_out(peer);
		n_targets += !peer->shutdown && peer->target.kind != CUBE_TARGET_NONE;
	}
	plan->out.n_roots = 1;
	plan->in.n_roots = conf->n_tenants + 1;
	plan->out.first = cube_arena_array(arena, 2, sizeof(*plan->out.first));
	plan->in.first = cube_arena_array(arena, plan->in.n_roots + (size_t)1, sizeof(*plan->in.first));
	plan->out.entries = cube_arena_array(arena, n_out, sizeof(*plan->out.entries));
	plan->in.entries = cube_arena_array(arena, n_in, sizeof(*plan->in.entries));
	plan->targets = cube_arena_array(arena, n_targets, sizeof(*plan->targets));
	return plan->out.first && plan->in.first && plan->out.entries && plan->in.entries && plan->targets ? 0 : -1;
}

int cube_dial_plan_build(struct cube_conf *conf, struct cube_err *err)
{
	struct cube_dial_plan *plan = cube_arena_get(conf->arena, sizeof(*plan));
	struct builder b = {.conf = conf, .plan = plan, .err = err};

	if(!plan || make_room(conf, plan) < 0)
		goto nomem;
	place_tenants(conf, &plan->in);
	if(add_patterns(&b) < 0)
		goto nomem;
	if(b.bad)
		return -1;
	add_targets(conf, plan);
	if(cube_dial_trie_build(&plan->out, conf->arena) < 0 || cube_dial_trie_build(&plan->in, conf->arena) < 0)
		goto nomem;
	conf->dial_plan = plan;
	return 0;
nomem:
	cube_err_nomem(err, "dial-peers");
	return -1;
}
