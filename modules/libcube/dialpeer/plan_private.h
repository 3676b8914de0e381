/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of the dial-peers' patterns, for the files of this folder alone. A pattern is spelt as a key: a token
 * per digit, up to the first item that can repeat. Keys make a trie whose edges are digits or sets of digits, so a
 * look-up walks the number, not the patterns. What can repeat is a pattern of its own at the end of the key.
 *
 * A look-up in a large plan waits for memory, and memory near the processor is small: so the trie is as small as it can
 * be. It is made of cells of eight bytes. A pattern of which nothing but digits, dots and $ is left is one cell, a node
 * with children is two, with whom it has as bits; children lie side by side. What hunting asks of a dial-peer is in the
 * cell, so that dial-peers are not touched; keys are gone once the trie is there. */
#ifndef CUBE_DIALPEER_PLAN_PRIVATE_H
#define CUBE_DIALPEER_PLAN_PRIVATE_H

#include "../base/sort.h"
#include "pattern_private.h"
#include "plan.h"
#include "translate.h"
#include "uri_class.h"

/* Tokens: 0 to CUBE_DIGITS - 1 one digit; CUBE_TOKEN_SET + i a digit of plan->sets[i]; then those that eat nothing. */
#define CUBE_TOKEN_SET CUBE_DIGITS
#define CUBE_TOKEN_DOT CUBE_TOKEN_SET /* sets[0] is all digits */
#define CUBE_TOKEN_AGAIN 237		  /* in labels alone: + i, the token before i + 1 times more */
#define CUBE_TOKEN_REST 253			  /* entry->rest goes on from here */
#define CUBE_TOKEN_UPTO 254			  /* T$: at most CUBE_T_MAX more digits */
#define CUBE_TOKEN_END 255			  /* $: the number ends here */
#define CUBE_TOKENS 256
#define CUBE_SETS_MAX (CUBE_TOKEN_AGAIN - CUBE_TOKEN_SET)

/* Digits that most numbers are of, as four bits: 0-9 1-10, + 11; 0 the others, and the end of a number. */
#define CUBE_CODES 12
#define CUBE_CODE_PLUS 11
#define CUBE_CODE_BITS 4

/* A pattern of a dial-peer while the trie is built. Sorted by key; within a key as hunting would, rest apart. */
struct cube_dial_entry
{
	const uint8_t *key;
	const struct cube_pattern *rest; /* NULL: the key says all */
	uint32_t peer;					 /* index into conf->dial_peers */
	uint8_t key_len;
	uint8_t literals; /* explicit digits of the key */
	uint8_t preference;
	bool huntstop;
};

/* One that shares its key with another one, or has a rest. */
struct cube_dial_listed
{
	const struct cube_pattern *rest;
	uint32_t peer;
	uint8_t literals;
	uint8_t preference;
	bool huntstop;
	bool last; /* of its key */
};

enum cube_dial_kind
{
	CUBE_DIAL_NOBODY = 0, /* no pattern ends here */
	CUBE_DIAL_ONE,		  /* every digit of its key is explicit, unless it is one of a set */
	CUBE_DIAL_LIST,
};

#define CUBE_LINE 64	 /* bytes of a cache line */
#define CUBE_FETCH_MAX 8 /* lines that are asked for at once */
#define CUBE_SHORT_LABEL 4
#define CUBE_SHORT_DOTS 15

/* Who is chosen where a key ends, and how the number must go on before that. */
struct cube_dial_choice
{
	uint32_t peer;		  /* of LIST: index into listed */
	uint32_t label : 16;  /* codes, the first one lowest */
	uint32_t n_label : 3; /* how many */
	uint32_t dots : 4;	  /* of a leaf: digits behind them; of a node: lines of all below it, 0: many, or near */
	uint32_t ends : 1;	  /* of a leaf: then the number does */
	uint32_t preference : 4;
	uint32_t huntstop : 1;
	uint32_t kind : 2; /* enum cube_dial_kind */
};

/* The children: first leaves, by code; then those with children of their own, by code, two cells each; then others, two cells
 * each. What they have below them follows. */
struct cube_dial_links
{
	uint32_t children; /* index of the first cell behind the leaves */
	uint32_t bits;	   /* see below */
};

/* A bit for each code that such a child begins with; it is not in the child's label again. */
#define CUBE_LINKS_INNER(bits) ((bits) & ((1u << CUBE_CODES) - 1))
#define CUBE_LINKS_LEAVES(bits) ((bits) >> CUBE_CODES & ((1u << CUBE_CODES) - 1))
/* How many begin with another token; or with none: one that ends here, if this is an other. */
#define CUBE_LINKS_OTHERS(bits) ((bits) >> 2 * CUBE_CODES)
#define CUBE_LINKS_OTHER (1u << 2 * CUBE_CODES)
#define CUBE_LEAVES_MAX (CUBE_CODES - 1) /* none begins with code 0 */

#define CUBE_LABEL_MAX 6

/* Tokens on the way to one of the others: all of them, or of a leaf those before what its choice says. */
struct cube_dial_label
{
	uint8_t n; /* 0: none, and tokens[0] is CUBE_TOKEN_REST */
	bool leaf;
	uint8_t tokens[CUBE_LABEL_MAX];
};

/* A leaf: choice. A node: choice, links. One of the others: choice or links, label. */
union cube_dial_cell
{
	struct cube_dial_choice choice;
	struct cube_dial_links links;
	struct cube_dial_label label;
};

/* Where a look-up may begin: at starts[first + (its first codes & mask)], as every number that begins with them goes there
 * without choosing anybody on the way. */
struct cube_dial_root
{
	uint32_t first, mask;
};

struct cube_dial_start
{
	uint32_t cell : 29; /* a node */
	uint32_t depth : 3; /* codes before its label */
};

#define CUBE_CELLS_MAX (1u << 29)

/* Several tries in one: cells[2 * r] is the root over entries[n_before[r]] to entries[n_before[r + 1] - 1]. */
struct cube_dial_trie
{
	const union cube_dial_cell *cells;
	const struct cube_dial_listed *listed;
	const struct cube_dial_start *starts;
	const struct cube_dial_root *roots;
	struct cube_dial_entry *entries; /* these two are gone when it is built */
	uint32_t *n_before;				 /* n_roots + 1 */
	uint32_t n_roots;
	bool repeats; /* a dial-peer can have several patterns */
};

/* An address, or (ip.len 0) a name. */
struct cube_dial_target
{
	int tenant;
	struct cube_ip ip;
	struct cube_str host;
};

/* What numbers are looked up in. Those for calls that come in have a root per tenant index + 1, that of single maps one
 * per map, the others one. */
enum cube_dial_index
{
	CUBE_DIAL_IN_CALLED = 0, /* incoming-called-number, incoming-called-e164-pattern-map */
	CUBE_DIAL_IN_CALLING,	 /* answer-address, incoming-calling-e164-pattern-map */
	CUBE_DIAL_IN_PATTERN,	 /* destination-pattern, for the calling number */
	CUBE_DIAL_OUT_CALLED,	 /* destination-pattern, destination-e164-pattern-map */
	CUBE_DIAL_OUT_CALLING,	 /* destination-calling-e164-pattern-map */
	CUBE_DIAL_OUT_MAP,		 /* each of these by itself, for policies; whose dial-peer it is says nothing */
	CUBE_N_DIAL_INDEXES,
};

/* A dial-peer that asks for a URI of calls that come in. */
struct cube_dial_uri
{
	int tenant;
	uint32_t peer, uri; /* indexes */
	uint8_t of;			/* enum cube_uri_of */
};

struct cube_dial_plan
{
	uint32_t sets[CUBE_SETS_MAX];
	unsigned n_sets;
	uint32_t firsts[CUBE_TOKENS]; /* by token: the digits that can be next, bit CUBE_DIGITS the end of the number */
	struct cube_dial_trie index[CUBE_N_DIAL_INDEXES];
	const struct cube_uri_class **classes; /* by index of conf->uris */
	struct cube_dial_uri *uris_in;		   /* sorted by tenant, of, peer */
	unsigned n_uris_in;
	uint32_t *uris_out; /* dial-peers with destination-uri, then those with one of destination-uri-... */
	unsigned n_uris_out, n_uris_of;
	const struct cube_translation **translations; /* by index of conf->translation_rules */
	struct cube_dial_target *targets;			  /* sorted, unique */
	unsigned n_targets;
};

/* A look-up that goes on: what is asked for, and what was found. */
struct cube_dial_search
{
	const struct cube_conf *conf;
	/* the dial-peers that may be found; NULL: all */
	bool (*allows)(const struct cube_dial_search *s, const struct cube_dial_peer *peer);
	const void *arg;
	bool by_lot;   /* between equals, not by tag */
	bool huntstop; /* one that was found has it */
	uint32_t lot;
	uint8_t by;
	struct cube_dial_hit *hits; /* in hunting order, at most max */
	unsigned n_hits, max;
};

/* Adds a hit, unless max better ones are there, or a better one of its dial-peer; then a worse one goes. */
void cube_dial_offer(struct cube_dial_search *s, const struct cube_dial_hit *hit);
/* Adds the dial-peers with a pattern of this root that matches number. */
void cube_dial_find(struct cube_dial_search *s, enum cube_dial_index index, uint32_t root, struct cube_str number);

/* Compiles uris and translation-rules, and gathers who asks for a URI. -1: a line for each fault, or memory is out. */
int cube_dial_rules_build(struct cube_conf *conf, struct cube_dial_plan *plan, struct cube_err *err)
		__attribute__((warn_unused_result));
/* Sorts entries and makes the cells, in arena. -1: out of memory, or more patterns than can be counted. */
int cube_dial_trie_build(struct cube_dial_trie *trie, struct cube_arena *arena) __attribute__((warn_unused_result));
int cube_dial_target_cmp(const void *a, const void *b);

#endif
