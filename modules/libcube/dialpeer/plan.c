/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the dial-plan of a configuration: compiles the patterns, spells them as keys, gathers the targets. Which
 * dial-peers take part is decided here; looking up is plan_find.c's. */
#include "plan_private.h"

#include <stdio.h>
#include <string.h>

#include "e164_map.h"

#define KEY_BLOCK 16384 /* bytes of keys that are taken from scratch at a time */

struct builder
{
	struct cube_conf *conf;
	struct cube_dial_plan *plan;
	struct cube_arena *scratch;
	struct cube_err *err;
	uint32_t *map_of; /* by index of an e164-pattern-map: the dial-peer that stands for it in CUBE_DIAL_OUT_MAP */
	uint8_t *keys;	  /* room for keys */
	size_t keys_left;
};

bool cube_dial_takes_in(const struct cube_dial_peer *peer)
{
	return !peer->shutdown && (peer->permission & CUBE_PERMISSION_ORIG);
}

bool cube_dial_takes_out(const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	bool target =
			peer->server_group.tag ? !conf->server_groups[peer->server_group.index].shutdown : peer->target != NULL;

	return !peer->shutdown && (peer->permission & CUBE_PERMISSION_TERM) && target;
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

/* When all keys are made. */
static void fill_firsts(struct cube_dial_plan *plan)
{
	for(unsigned token = 0; token < CUBE_TOKENS; token++) {
		if(token < CUBE_DIGITS)
			plan->firsts[token] = 1u << token;
		else if(token < CUBE_TOKEN_SET + plan->n_sets)
			plan->firsts[token] = plan->sets[token - CUBE_TOKEN_SET];
		else if(token >= CUBE_TOKEN_REST)
			plan->firsts[token] = CUBE_DIGITS_ALL | 1u << CUBE_DIGITS;
	}
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
		b->keys = cube_arena_get(b->scratch, KEY_BLOCK);
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

/* The patterns of a dial-peer for one index, one after the other. */
struct patterns
{
	const struct cube_e164_map *map; /* NULL: there is none, or it is shut down */
	struct cube_e164_cursor cursor;
	struct cube_str text; /* the one that stands in the dial-peer */
};

static struct patterns patterns_of(const struct builder *b, uint32_t i, enum cube_dial_index index)
{
	const struct cube_conf *conf = b->conf;
	const struct cube_dial_peer *peer = &conf->dial_peers[i];
	bool in = index <= CUBE_DIAL_IN_PATTERN;
	struct cube_ref map = {0, CUBE_NONE};
	struct patterns p = {.map = NULL};

	if(in ? !cube_dial_takes_in(peer) : !cube_dial_takes_out(conf, peer))
		return p;
	switch(index) {
		case CUBE_DIAL_IN_CALLED:
			p.text = cube_dial_in(peer)->incoming_called_number;
			map = cube_dial_in(peer)->incoming_called_map;
			break;
		case CUBE_DIAL_IN_CALLING:
			p.text = cube_dial_in(peer)->answer_address;
			map = cube_dial_in(peer)->incoming_calling_map;
			break;
		case CUBE_DIAL_IN_PATTERN:
			p.text = peer->destination_pattern;
			break;
		case CUBE_DIAL_OUT_CALLED:
			p.text = peer->destination_pattern;
			map = cube_dial_out(peer)->destination_map;
			break;
		case CUBE_DIAL_OUT_CALLING:
			map = cube_dial_out(peer)->destination_calling_map;
			break;
		default:
			map = cube_dial_out(peer)->destination_calling_map;
			if(map.tag && b->map_of[map.index] != i)
				map.tag = 0;
	}
	if(map.tag && !conf->e164_maps[map.index].shutdown)
		p.map = &conf->e164_maps[map.index];
	return p;
}

static bool pattern_next(struct patterns *p, struct cube_str *text)
{
	if(p->text.len > 0) {
		*text = p->text;
		p->text.len = 0;
		return true;
	}
	return p->map && cube_e164_next(p->map, &p->cursor, text);
}

static int check_pattern(struct builder *b, const struct cube_dial_peer *peer, const char *key, struct cube_str text)
{
	struct cube_program program;
	char path[64];

	if(text.len == 0)
		return 0;
	snprintf(path, sizeof(path), "dial-peer %d: %s", peer->tag, key);
	return cube_program_parse(text, path, &program, b->err);
}

/* All of them, also of those that take no part. -1: there are faults. */
static int check_patterns(struct builder *b)
{
	const struct cube_conf *conf = b->conf;
	int ret = 0;
	unsigned i;

	for(i = 0; i < conf->n_e164_maps; i++)
		ret |= cube_e164_check(&conf->e164_maps[i], b->err) ? 0 : -1;
	for(i = 0; i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];

		ret |= check_pattern(b, peer, "destination-pattern", peer->destination_pattern);
		ret |= check_pattern(b, peer, "incoming-called-number", cube_dial_in(peer)->incoming_called_number);
		ret |= check_pattern(b, peer, "answer-address", cube_dial_in(peer)->answer_address);
	}
	return ret;
}

/* A map is in its index once, however many dial-peers have it; in none when no policy can ask. -1: out of memory. */
static int share_maps(struct builder *b)
{
	const struct cube_conf *conf = b->conf;
	uint32_t i;

	b->map_of = cube_arena_array(b->scratch, conf->n_e164_maps, sizeof(*b->map_of));
	if(!b->map_of)
		return -1;
	for(i = 0; i < conf->n_e164_maps; i++)
		b->map_of[i] = UINT32_MAX;
	for(i = 0; conf->n_policies > 0 && i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];

		if(cube_dial_out(peer)->destination_calling_map.tag && cube_dial_takes_out(conf, peer))
			b->map_of[cube_dial_out(peer)->destination_calling_map.index] = i;
	}
	return 0;
}

static uint32_t roots_of(const struct cube_conf *conf, enum cube_dial_index index)
{
	if(index <= CUBE_DIAL_IN_PATTERN)
		return conf->n_tenants + 1;
	return index == CUBE_DIAL_OUT_MAP ? conf->n_e164_maps : 1;
}

static uint32_t root_of(const struct cube_dial_peer *peer, enum cube_dial_index index)
{
	if(index == CUBE_DIAL_OUT_MAP)
		return (uint32_t)cube_dial_out(peer)->destination_calling_map.index;
	return index <= CUBE_DIAL_IN_PATTERN ? (uint32_t)(peer->tenant + 1) : 0;
}

/* Counts where the entries of each root begin. -1: out of memory, or more patterns than can be counted. */
static int place_entries(struct builder *b, enum cube_dial_index index)
{
	const struct cube_conf *conf = b->conf;
	struct cube_dial_trie *trie = &b->plan->index[index];
	struct cube_str text;
	uint64_t n = 0;
	uint32_t i;

	trie->n_roots = roots_of(conf, index);
	trie->n_before = cube_arena_array(b->scratch, trie->n_roots + (size_t)1, sizeof(*trie->n_before));
	if(!trie->n_before)
		return -1;
	for(i = 0; i < conf->n_dial_peers; i++) {
		struct patterns p = patterns_of(b, i, index);
		uint64_t before = n;

		for(; pattern_next(&p, &text); n++)
			trie->n_before[root_of(&conf->dial_peers[i], index) + 1]++;
		trie->repeats |= n - before > 1;
	}
	for(i = 1; i <= trie->n_roots; i++)
		trie->n_before[i] += trie->n_before[i - 1];
	trie->entries = n < UINT32_MAX ? cube_arena_array(b->scratch, (size_t)n, sizeof(*trie->entries)) : NULL;
	return trie->entries ? 0 : -1;
}

static int add_entries(struct builder *b, enum cube_dial_index index)
{
	const struct cube_conf *conf = b->conf;
	struct cube_dial_trie *trie = &b->plan->index[index];
	uint32_t *next = cube_arena_array(b->scratch, trie->n_roots, sizeof(*next)), i;
	struct cube_program program;
	struct cube_str text;

	if(!next)
		return -1;
	memcpy(next, trie->n_before, trie->n_roots * sizeof(*next));
	for(i = 0; i < conf->n_dial_peers; i++) {
		struct patterns p = patterns_of(b, i, index);

		while(pattern_next(&p, &text)) {
			if(cube_program_parse(text, "", &program, b->err) < 0
					|| make_entry(b, &program, i, &trie->entries[next[root_of(&conf->dial_peers[i], index)]++]) < 0)
				return -1;
		}
	}
	return 0;
}

static int build_index(struct builder *b, enum cube_dial_index index)
{
	if(place_entries(b, index) < 0 || add_entries(b, index) < 0)
		return -1;
	return cube_dial_trie_build(&b->plan->index[index], b->conf->arena);
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

static void add_target(struct cube_dial_target *all, unsigned *n, int tenant, const struct cube_target *target)
{
	all[*n] = (struct cube_dial_target){.tenant = tenant};
	if(target->kind == CUBE_TARGET_IP)
		all[*n].ip = target->addr.ip;
	else
		all[*n].host = target->host;
	(*n)++;
}

/* Sorts n targets; of equal ones one is left. -1: out of memory. */
static int keep_targets(struct builder *b, struct cube_dial_target *all, unsigned n)
{
	struct cube_dial_plan *plan = b->plan;
	unsigned kept = 0, i;

	cube_sort(all, n, sizeof(*all), cube_dial_target_cmp);
	for(i = 0; i < n; i++) {
		if(kept == 0 || cube_dial_target_cmp(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	}
	plan->targets = cube_arena_array(b->conf->arena, kept, sizeof(*all));
	if(!plan->targets)
		return -1;
	memcpy(plan->targets, all, kept * sizeof(*all));
	plan->n_targets = kept;
	return 0;
}

/* Of all dial-peers that are not shut down, whatever their permission. */
static int add_targets(struct builder *b)
{
	const struct cube_conf *conf = b->conf;
	struct cube_dial_target *all;
	size_t most = conf->n_dial_peers;
	unsigned i, k, n = 0;

	for(i = 0; i < conf->n_dial_peers; i++) {
		if(conf->dial_peers[i].server_group.tag)
			most += conf->server_groups[conf->dial_peers[i].server_group.index].n_servers;
	}
	all = cube_arena_array(b->scratch, most, sizeof(*all));
	if(!all)
		return -1;
	for(i = 0; i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];
		const struct cube_server_group *group =
				peer->server_group.tag ? &conf->server_groups[peer->server_group.index] : NULL;

		if(peer->shutdown || (group && group->shutdown))
			continue;
		if(peer->target)
			add_target(all, &n, peer->tenant, peer->target);
		for(k = 0; group && k < group->n_servers; k++)
			add_target(all, &n, peer->tenant, &group->servers[k].target);
	}
	return keep_targets(b, all, n);
}

int cube_dial_plan_build(struct cube_conf *conf, struct cube_arena *scratch, struct cube_err *err)
{
	struct cube_dial_plan *plan = cube_arena_get(conf->arena, sizeof(*plan));
	struct builder b = {.conf = conf, .plan = plan, .scratch = scratch, .err = err};
	int faults = check_patterns(&b), ret = plan ? 0 : -1, index;

	if(ret == 0)
		faults |= cube_dial_rules_build(conf, plan, err);
	if(faults)
		return -1;
	if(ret == 0) {
		plan->sets[plan->n_sets++] = CUBE_DIGITS_ALL; /* CUBE_TOKEN_DOT */
		ret = share_maps(&b);
	}
	for(index = 0; ret == 0 && index < CUBE_N_DIAL_INDEXES; index++)
		ret = build_index(&b, (enum cube_dial_index)index);
	if(ret < 0 || add_targets(&b) < 0) {
		cube_err_nomem(err, "dial-peers");
		return -1;
	}
	fill_firsts(plan);
	conf->dial_plan = plan;
	return 0;
}
