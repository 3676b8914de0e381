/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks a number up in the dial-plan and puts what matches into hunting order. Only reads. */
#include "plan_private.h"

#include <string.h>

struct search
{
	const struct cube_conf *conf;
	const struct cube_dial_trie *trie;
	uint8_t digits[CUBE_NUMBER_MAX];
	unsigned n_digits;
	struct cube_dial_hit *hits; /* sorted, at most max */
	unsigned n_hits, max;
};

/* Longest match, preference, lower tag; dial-peers are sorted by tag. */
static bool tried_before(const struct cube_dial_hit *a, const struct cube_dial_hit *b)
{
	if(a->explicit_digits != b->explicit_digits)
		return a->explicit_digits > b->explicit_digits;
	if(a->preference != b->preference)
		return a->preference < b->preference;
	return a->peer < b->peer;
}

static void offer(struct search *s, const struct cube_dial_entry *entry, unsigned explicit_digits)
{
	struct cube_dial_hit hit = {&s->conf->dial_peers[entry->peer], explicit_digits, entry->preference, entry->huntstop};
	unsigned i;

	if(s->n_hits < s->max)
		s->n_hits++;
	else if(!tried_before(&hit, &s->hits[s->max - 1]))
		return;
	for(i = s->n_hits - 1; i > 0 && tried_before(&hit, &s->hits[i - 1]); i--)
		s->hits[i] = s->hits[i - 1];
	s->hits[i] = hit;
}

/* The patterns that end at this node, `at` digits into the number. */
static void offer_entries(struct search *s, const struct cube_dial_node *node, unsigned at)
{
	const struct cube_dial_entry *entry = &s->trie->entries[node->entries];
	unsigned extra = 0;
	uint32_t i;

	for(i = 0; i < node->n_entries; i++, entry++) {
		if(!entry->rest && i == s->max)
			return; /* same key: those that follow come later in hunting order too */
		if(!entry->rest || cube_pattern_run(entry->rest, s->digits + at, s->n_digits - at, &extra))
			offer(s, entry, entry->literals + extra);
	}
}

/* Does the label fit the number from *at on? Moves *at behind it. */
static bool label_fits(const struct search *s, const struct cube_dial_node *node, unsigned *at)
{
	unsigned pos = *at;

	for(unsigned i = 0; i < node->n_label; i++) {
		unsigned token = node->label[i];

		if(token >= CUBE_TOKEN_REST) {
			if((token == CUBE_TOKEN_END && pos < s->n_digits)
					|| (token == CUBE_TOKEN_UPTO && s->n_digits - pos > CUBE_T_MAX))
				return false;
			continue;
		}
		if(pos == s->n_digits)
			return false;
		if(token < CUBE_TOKEN_SET ? token != s->digits[pos]
								  : !(s->conf->dial_plan->sets[token - CUBE_TOKEN_SET] >> s->digits[pos] & 1))
			return false;
		pos++;
	}
	*at = pos;
	return true;
}

/* The child that begins with the number's next digit. */
static const struct cube_dial_node *next_node(const struct search *s, const struct cube_dial_node *node, unsigned at)
{
	uint32_t bit = at < s->n_digits ? 1u << s->digits[at] : 0;

	if(!(node->digits & bit))
		return NULL;
	return &s->trie->nodes[node->children + (unsigned)__builtin_popcount(node->digits & (bit - 1))];
}

/* Recursion is as deep as the number is long, and one more: every label but a key's last has a token that eats a
 * digit. */
static void walk(struct search *s, const struct cube_dial_node *node, unsigned at)
{
	const struct cube_dial_node *next, *others;

	for(; node && label_fits(s, node, &at); node = next) {
		next = next_node(s, node, at);
		if(next)
			__builtin_prefetch(next); /* large plans wait for memory more than for anything else */
		offer_entries(s, node, at);
		if(node->n_others == 0)
			continue;
		others = &s->trie->nodes[node->children + (unsigned)__builtin_popcount(node->digits)];
		for(unsigned i = 0; i < node->n_others; i++)
			walk(s, &others[i], at);
	}
}

static unsigned find(const struct cube_conf *conf, const struct cube_dial_trie *trie, uint32_t root,
		struct cube_str number, struct cube_dial_hit *hits, unsigned max)
{
	struct search s = {.conf = conf, .trie = trie, .hits = hits, .max = max};

	s.n_digits = cube_digits_of(number, s.digits);
	if(s.n_digits == 0 || max == 0)
		return 0;
	walk(&s, &trie->nodes[root], 0);
	return s.n_hits;
}

const struct cube_dial_peer *cube_dial_plan_in(const struct cube_conf *conf, int tenant, struct cube_str called)
{
	struct cube_dial_hit hit;

	return find(conf, &conf->dial_plan->in, (uint32_t)(tenant + 1), called, &hit, 1) ? hit.peer : NULL;
}

unsigned cube_dial_plan_out(
		const struct cube_conf *conf, struct cube_str called, struct cube_dial_hit *hits, unsigned max)
{
	unsigned n = find(conf, &conf->dial_plan->out, 0, called, hits, max);

	for(unsigned i = 0; i < n; i++) {
		if(hits[i].huntstop)
			return i + 1;
	}
	return n;
}

static bool find_target(const struct cube_dial_plan *plan, const struct cube_dial_target *wanted)
{
	unsigned low = 0, high = plan->n_targets;

	while(low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = cube_dial_target_cmp(wanted, &plan->targets[middle]);

		if(order == 0)
			return true;
		if(order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool cube_dial_plan_target(const struct cube_conf *conf, int tenant, const struct cube_ip *ip)
{
	struct cube_dial_target wanted = {.tenant = tenant, .ip = *ip};

	return ip->len > 0 && find_target(conf->dial_plan, &wanted);
}

bool cube_dial_plan_target_name(const struct cube_conf *conf, int tenant, struct cube_str host)
{
	struct cube_dial_target wanted = {.tenant = tenant, .host = host};

	return host.len > 0 && find_target(conf->dial_plan, &wanted);
}
