/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sorted keys to a compact trie: children of a node lie side by side, chains are folded into labels. Knows
 * tokens and entries, not where they come from. */
#include "plan_private.h"

#include <string.h>

struct builder
{
	const struct cube_dial_entry *entries;
	struct cube_dial_node *nodes; /* NULL while nodes are only counted */
	uint32_t n_nodes;
};

/* The entries of a node: they share the first `depth` tokens of their keys. */
struct range
{
	uint32_t low, high;
	unsigned depth;
};

static int entry_cmp(const void *a, const void *b)
{
	const struct cube_dial_entry *x = a, *y = b;
	int order = memcmp(x->key, y->key, x->key_len < y->key_len ? x->key_len : y->key_len);

	if(order == 0)
		order = x->key_len - y->key_len;
	if(order == 0)
		order = y->choice.literals - x->choice.literals; /* [5] is spelt like 5 */
	if(order == 0)
		order = x->choice.preference - y->choice.preference;
	if(order == 0)
		order = x->choice.peer < y->choice.peer ? -1 : x->choice.peer > y->choice.peer;
	return order;
}

/* Tokens that all of the range share behind depth; the keys are sorted, so the first and the last tell. */
static unsigned shared_tokens(const struct cube_dial_entry *entries, const struct range *range)
{
	const struct cube_dial_entry *a = &entries[range->low], *b = &entries[range->high - 1];
	unsigned n = 0;

	while(n < CUBE_LABEL_MAX && range->depth + n < a->key_len && a->key[range->depth + n] == b->key[range->depth + n])
		n++;
	return n;
}

static uint32_t same_token_end(const struct cube_dial_entry *entries, uint32_t low, const struct range *range)
{
	uint8_t token = entries[low].key[range->depth];

	while(low < range->high && entries[low].key[range->depth] == token)
		low++;
	return low;
}

/* How many children the range makes: one for each token that comes next. */
static uint32_t count_children(const struct cube_dial_entry *entries, const struct range *range)
{
	uint32_t n = 0, at;

	for(at = range->low; at < range->high; at = same_token_end(entries, at, range))
		n++;
	return n;
}

/* Recursion is as deep as a key is long. */
static void build_node(struct builder *b, uint32_t self, struct range range)
{
	struct cube_dial_node node = {.entries = range.low};
	struct range child;
	uint32_t at;

	if(range.low < range.high) {
		node.n_label = (uint8_t)shared_tokens(b->entries, &range);
		memcpy(node.label, b->entries[range.low].key + range.depth, node.n_label);
		range.depth += node.n_label;
		while(range.low < range.high && b->entries[range.low].key_len == range.depth)
			range.low++;
		node.n_entries = range.low - node.entries;
		node.first = b->entries[node.entries].choice;
	}
	at = node.children = b->n_nodes;
	b->n_nodes += count_children(b->entries, &range);
	for(child = range; child.low < range.high; child.low = child.high) {
		uint8_t token = b->entries[child.low].key[range.depth];

		child.high = same_token_end(b->entries, child.low, &range);
		if(token < CUBE_DIGITS)
			node.digits |= 1u << token;
		else
			node.n_others++;
		build_node(b, at++, child);
	}
	if(b->nodes)
		b->nodes[self] = node;
}

static void build_all(struct builder *b, const struct cube_dial_trie *trie)
{
	b->n_nodes = trie->n_roots;
	for(uint32_t r = 0; r < trie->n_roots; r++)
		build_node(b, r, (struct range){trie->first[r], trie->first[r + 1], 0});
}

int cube_dial_trie_build(struct cube_dial_trie *trie, struct cube_arena *arena)
{
	struct builder b = {.entries = trie->entries};

	for(uint32_t r = 0; r < trie->n_roots; r++)
		cube_sort(
				trie->entries + trie->first[r], trie->first[r + 1] - trie->first[r], sizeof(*trie->entries), entry_cmp);
	build_all(&b, trie);
	trie->n_nodes = b.n_nodes;
	/* one more, so that the first can begin at a multiple of its size: then each is in one cache line */
	b.nodes = cube_arena_array(arena, b.n_nodes + (size_t)1, sizeof(*b.nodes));
	if(!b.nodes)
		return -1;
	b.nodes = (void *)(((uintptr_t)b.nodes + sizeof(*b.nodes) - 1) / sizeof(*b.nodes) * sizeof(*b.nodes));
	trie->nodes = b.nodes;
	build_all(&b, trie);
	return 0;
}
