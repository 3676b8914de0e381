/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sorted keys to a compact trie: children of a node lie side by side, chains are folded into labels. Knows
 * tokens and entries, not where they come from. */
#include "plan_private.h"

#include <string.h>

#define NODE_CELLS 2
#define LINE_CELLS (CUBE_LINE / sizeof(union cube_dial_cell))
#define NEAR_CELLS 8192 /* a trie of so many is near the processor anyway */

struct builder
{
	const struct cube_dial_entry *entries;
	union cube_dial_cell *cells; /* NULL while cells are only counted */
	struct cube_dial_listed *listed;
	uint64_t n_cells, n_listed;
	bool fetch; /* is it worth while to ask early for what lies below a node? */
};

/* The entries of a node: they share the first `depth` tokens of their keys. */
struct range
{
	uint32_t low, high;
	unsigned depth;
};

static int key_cmp(const struct cube_dial_entry *x, const struct cube_dial_entry *y)
{
	int order = memcmp(x->key, y->key, x->key_len < y->key_len ? x->key_len : y->key_len);

	return order ? order : x->key_len - y->key_len;
}

static int entry_cmp(const void *a, const void *b)
{
	const struct cube_dial_entry *x = a, *y = b;
	int order = key_cmp(x, y);

	if(order == 0)
		order = y->literals - x->literals; /* [5] is spelt like 5 */
	if(order == 0)
		order = x->preference - y->preference;
	if(order == 0)
		order = x->peer < y->peer ? -1 : x->peer > y->peer;
	return order;
}

/* Tokens that all of the range share behind depth; the keys are sorted, so the first and the last tell. */
static unsigned shared_tokens(const struct cube_dial_entry *entries, const struct range *range)
{
	const struct cube_dial_entry *a = &entries[range->low], *b = &entries[range->high - 1];
	unsigned depth = range->depth;

	while(depth < a->key_len && a->key[depth] == b->key[depth])
		depth++;
	return depth - range->depth;
}

static unsigned code_of(uint8_t token)
{
	if(token <= 9)
		return token + 1u;
	return token == CUBE_DIGIT_PLUS ? CUBE_CODE_PLUS : 0;
}

/* Puts as many of n tokens as are codes into the label; returns how many. */
static unsigned add_codes(struct cube_dial_choice *choice, const uint8_t *tokens, unsigned n)
{
	unsigned i;

	for(i = 0; i < n && i < CUBE_SHORT_LABEL && code_of(tokens[i]); i++)
		choice->label = (uint16_t)(choice->label | (code_of(tokens[i]) << CUBE_CODE_BITS * i));
	choice->n_label = i & 7;
	return i;
}

/* Do all keys end alike, and is what they have behind depth what a choice can say? */
static bool is_short(const struct cube_dial_entry *entries, const struct range *range, struct cube_dial_choice *choice)
{
	const struct cube_dial_entry *entry = &entries[range->low];
	unsigned at = range->depth, dots = 0;

	if(key_cmp(entry, &entries[range->high - 1]) != 0)
		return false;
	at += add_codes(choice, entry->key + at, entry->key_len - at);
	for(; dots < CUBE_SHORT_DOTS && at < entry->key_len && entry->key[at] == CUBE_TOKEN_DOT; at++)
		dots++;
	choice->dots = dots & 15;
	choice->ends = at < entry->key_len && entry->key[at] == CUBE_TOKEN_END;
	return at + choice->ends == entry->key_len;
}

static bool is_plain(const struct cube_dial_entry *entry)
{
	unsigned digits = 0;

	for(unsigned i = 0; i < entry->key_len; i++)
		digits += entry->key[i] < CUBE_DIGITS;
	return !entry->rest && entry->literals == digits && entry->preference < 16;
}

static void list(struct builder *b, uint32_t low, uint32_t high)
{
	for(uint32_t i = low; i < high; i++, b->n_listed++) {
		const struct cube_dial_entry *entry = &b->entries[i];

		if(b->listed)
			b->listed[b->n_listed] = (struct cube_dial_listed){.rest = entry->rest,
					.peer = entry->peer,
					.literals = entry->literals,
					.preference = entry->preference,
					.huntstop = entry->huntstop,
					.last = i + 1 == high};
	}
}

/* Entries of the same key. */
static void choose(struct builder *b, uint32_t low, uint32_t high, struct cube_dial_choice *choice)
{
	const struct cube_dial_entry *entry = &b->entries[low];

	if(low == high)
		return;
	if(high - low > 1 || !is_plain(entry)) {
		choice->kind = CUBE_DIAL_LIST;
		choice->peer = (uint32_t)b->n_listed;
		list(b, low, high);
		return;
	}
	choice->kind = CUBE_DIAL_ONE;
	choice->peer = entry->peer;
	choice->preference = entry->preference & 15u;
	choice->huntstop = entry->huntstop;
}

static void put(const struct builder *b, uint64_t at, union cube_dial_cell cell)
{
	if(b->cells)
		b->cells[at] = cell;
}

/* The first entry that does not end at range->depth. */
static uint32_t ended(const struct builder *b, const struct range *range)
{
	uint32_t at = range->low;

	while(at < range->high && b->entries[at].key_len == range->depth)
		at++;
	return at;
}

/* Those of the range that have the token of the first one behind depth. */
static struct range next_child(const struct builder *b, const struct range *range, uint32_t low)
{
	struct range child = {low, low, range->depth};
	uint8_t token = b->entries[low].key[range->depth];

	while(child.high < range->high && b->entries[child.high].key[range->depth] == token)
		child.high++;
	child.depth += code_of(token) > 0;
	return child;
}

/* Which children a node has: none of the range ends at its depth. */
static uint32_t children_of(const struct builder *b, const struct range *range)
{
	struct range child;
	uint32_t bits = 0;

	for(uint32_t at = range->low; at < range->high; at = child.high) {
		unsigned code = code_of(b->entries[at].key[range->depth]);

		child = next_child(b, range, at);
		if(code == 0)
			bits += CUBE_LINKS_OTHER;
		else if(is_short(b->entries, &child, &(struct cube_dial_choice){0}))
			bits |= 1u << (CUBE_CODES + code);
		else
			bits |= 1u << code;
	}
	return bits;
}

static void build_node(struct builder *b, uint64_t self, struct range range);
static void build_other(struct builder *b, uint64_t self, struct range range);

static void build_leaf(struct builder *b, uint64_t self, const struct range *range)
{
	union cube_dial_cell cell = {.choice = {0}};

	if(is_short(b->entries, range, &cell.choice))
		choose(b, range->low, range->high, &cell.choice);
	put(b, self, cell);
}

/* A child of an other, for those that end where it does. */
static void build_ended(struct builder *b, uint64_t self, uint32_t low, uint32_t high)
{
	union cube_dial_cell cell = {.choice = {0}};

	choose(b, low, high, &cell.choice);
	put(b, self, cell);
	put(b, self + 1, (union cube_dial_cell){.label = {.leaf = true, .tokens = {CUBE_TOKEN_REST}}});
}

/* The children of a node, of which those from low on end there. */
static struct cube_dial_links build_children(struct builder *b, uint32_t low, const struct range *range)
{
	uint32_t bits = children_of(b, range) + (low < range->low ? CUBE_LINKS_OTHER : 0);
	uint64_t n_leaves = (uint64_t)__builtin_popcount(CUBE_LINKS_LEAVES(bits)), leaves, children, inner, others;
	struct range child;

	children = b->n_cells + n_leaves;
	if(CUBE_LINKS_INNER(bits) || CUBE_LINKS_OTHERS(bits))
		children += children % NODE_CELLS; /* then a node is in one cache line */
	leaves = children - n_leaves;
	inner = children;
	others = inner + NODE_CELLS * (uint64_t)__builtin_popcount(CUBE_LINKS_INNER(bits));
	b->n_cells = others + NODE_CELLS * (uint64_t)CUBE_LINKS_OTHERS(bits);
	if(low < range->low) {
		build_ended(b, others, low, range->low);
		others += NODE_CELLS;
	}
	for(uint32_t at = range->low; at < range->high; at = child.high) {
		unsigned code = code_of(b->entries[at].key[range->depth]);

		child = next_child(b, range, at);
		if(code == 0) {
			build_other(b, others, child);
			others += NODE_CELLS;
		} else if(bits >> code & 1) {
			build_node(b, inner, child);
			inner += NODE_CELLS;
		} else {
			build_leaf(b, leaves++, &child);
		}
	}
	return (struct cube_dial_links){(uint32_t)children, bits};
}

/* Recursion is as deep as a key is long. */
static void build_node(struct builder *b, uint64_t self, struct range range)
{
	union cube_dial_cell cell = {.choice = {0}}, links;
	uint32_t low = range.low;
	uint64_t lines;

	if(range.low < range.high) {
		range.depth +=
				add_codes(&cell.choice, b->entries[range.low].key + range.depth, shared_tokens(b->entries, &range));
		range.low = ended(b, &range);
		choose(b, low, range.low, &cell.choice);
	}
	links.links = build_children(b, range.low, &range);
	lines = (b->n_cells - links.links.children + CUBE_LEAVES_MAX + LINE_CELLS - 1) / LINE_CELLS;
	if(b->fetch && lines <= CUBE_FETCH_MAX)
		cell.choice.dots = lines & 15;
	put(b, self, cell);
	put(b, self + 1, links);
}

/* Puts as many of n tokens into the label as fit; returns how many. */
static unsigned add_tokens(struct cube_dial_label *label, const uint8_t *tokens, unsigned n)
{
	unsigned i = 0, again;

	while(i < n && label->n < CUBE_LABEL_MAX) {
		uint8_t token = label->tokens[label->n++] = tokens[i++];

		for(again = 0; i + again < n && again < CUBE_TOKEN_REST - CUBE_TOKEN_AGAIN && tokens[i + again] == token;)
			again++;
		if(again > 0 && label->n < CUBE_LABEL_MAX) {
			label->tokens[label->n++] = (uint8_t)(CUBE_TOKEN_AGAIN + again - 1);
			i += again;
		}
	}
	return i;
}

/* If all keys end alike: as few tokens as can be in the label, the rest in the choice. False: it does not fit. */
static bool split_leaf(const struct cube_dial_entry *entries, const struct range *range, struct cube_dial_label *label,
		struct cube_dial_choice *choice)
{
	const struct cube_dial_entry *entry = &entries[range->low];
	struct range behind = *range;

	do {
		behind.depth++;
		*choice = (struct cube_dial_choice){0};
		if(key_cmp(entry, &entries[range->high - 1]) != 0 || behind.depth > entry->key_len)
			return false;
	} while(!is_short(entries, &behind, choice));
	label->leaf = true;
	return add_tokens(label, entry->key + range->depth, behind.depth - range->depth) == behind.depth - range->depth;
}

static void build_other(struct builder *b, uint64_t self, struct range range)
{
	union cube_dial_cell cell = {.choice = {0}}, label = {.label = {0}};
	uint32_t low = range.low;

	if(split_leaf(b->entries, &range, &label.label, &cell.choice)) {
		choose(b, low, range.high, &cell.choice);
	} else {
		label.label = (struct cube_dial_label){0};
		range.depth += add_tokens(&label.label, b->entries[low].key + range.depth, shared_tokens(b->entries, &range));
		range.low = ended(b, &range);
		cell.links = build_children(b, low, &range);
	}
	put(b, self, cell);
	put(b, self + 1, label);
}

static void build_all(struct builder *b, const struct cube_dial_trie *trie)
{
	/* so many more that children have as many before them as leaves could be */
	b->n_cells = (uint64_t)trie->n_roots * NODE_CELLS + CUBE_LEAVES_MAX;
	b->n_listed = 0;
	for(uint32_t r = 0; r < trie->n_roots; r++)
		build_node(b, (uint64_t)r * NODE_CELLS, (struct range){trie->n_before[r], trie->n_before[r + 1], 0});
}

/* How many codes a root's starts are chosen by: few, where a table of them would be large beside its patterns. */
static unsigned start_codes(const struct cube_dial_trie *trie, uint32_t r)
{
	uint32_t n = trie->n_before[r + 1] - trie->n_before[r];

	return n < 500 ? 0 : n < 30000 ? 3 : 4;
}

/* Where a number that begins with these n codes may start. */
static struct cube_dial_start start_of(const struct cube_dial_trie *trie, uint32_t r, uint32_t codes, unsigned n)
{
	struct cube_dial_start start = {.cell = (r * NODE_CELLS) & (CUBE_CELLS_MAX - 1)};
	unsigned at = 0;

	for(;;) {
		const union cube_dial_cell *cell = &trie->cells[start.cell];
		struct cube_dial_choice choice = cell->choice;
		struct cube_dial_links links = cell[1].links;
		unsigned code;

		start.depth = at & 7;
		if(choice.kind != CUBE_DIAL_NOBODY || CUBE_LINKS_OTHERS(links.bits) || at + choice.n_label >= n
				|| ((codes >> CUBE_CODE_BITS * at ^ choice.label) & ((1u << CUBE_CODE_BITS * choice.n_label) - 1)))
			return start;
		code = codes >> CUBE_CODE_BITS * (at + choice.n_label) & 15;
		if(!(CUBE_LINKS_INNER(links.bits) >> code & 1))
			return start;
		at += choice.n_label + 1u;
		code = (unsigned)__builtin_popcount(links.bits & ((1u << code) - 1));
		start.cell = (links.children + NODE_CELLS * code) & (CUBE_CELLS_MAX - 1);
	}
}

static int build_starts(struct cube_dial_trie *trie, struct cube_arena *arena)
{
	struct cube_dial_root *roots = cube_arena_array(arena, trie->n_roots, sizeof(*roots));
	struct cube_dial_start *starts;
	uint64_t n = 0;

	for(uint32_t r = 0; roots && r < trie->n_roots; r++) {
		roots[r].first = (uint32_t)n;
		roots[r].mask = (1u << CUBE_CODE_BITS * start_codes(trie, r)) - 1;
		n += roots[r].mask + 1u;
	}
	starts = roots && n <= UINT32_MAX ? cube_arena_array(arena, (size_t)n, sizeof(*starts)) : NULL;
	if(!starts)
		return -1;
	for(uint32_t r = 0; r < trie->n_roots; r++) {
		for(uint32_t codes = 0; codes <= roots[r].mask; codes++)
			starts[roots[r].first + codes] = start_of(trie, r, codes, start_codes(trie, r));
	}
	trie->roots = roots;
	trie->starts = starts;
	return 0;
}

int cube_dial_trie_build(struct cube_dial_trie *trie, struct cube_arena *arena)
{
	struct builder b = {.entries = trie->entries};

	for(uint32_t r = 0; r < trie->n_roots; r++)
		cube_sort(trie->entries + trie->n_before[r], trie->n_before[r + 1] - trie->n_before[r], sizeof(*trie->entries),
				entry_cmp);
	build_all(&b, trie);
	if(b.n_cells > CUBE_CELLS_MAX)
		return -1;
	/* so many more that the first can begin at a cache line */
	b.cells = cube_arena_array(arena, (size_t)b.n_cells + LINE_CELLS, sizeof(*b.cells));
	b.listed = cube_arena_array(arena, (size_t)b.n_listed, sizeof(*b.listed));
	if(!b.cells || !b.listed)
		return -1;
	b.cells = (void *)(((uintptr_t)b.cells + CUBE_LINE - 1) / CUBE_LINE * CUBE_LINE);
	trie->cells = b.cells;
	trie->listed = b.listed;
	b.fetch = b.n_cells > NEAR_CELLS;
	build_all(&b, trie);
	if(build_starts(trie, arena) < 0)
		return -1;
	trie->entries = NULL;
	trie->n_before = NULL;
	return 0;
}
