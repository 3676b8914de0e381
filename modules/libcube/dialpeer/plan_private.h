/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of the dial-peers' patterns, for the files of this folder alone. A pattern is spelt as a key: a token
 * per digit, up to the first item that can repeat. Keys make a trie whose edges are digits or sets of digits, so a
 * look-up walks the number, not the patterns. What can repeat is a pattern of its own at the end of the key. */
#ifndef CUBE_DIALPEER_PLAN_PRIVATE_H
#define CUBE_DIALPEER_PLAN_PRIVATE_H

#include "../base/sort.h"
#include "pattern_private.h"
#include "plan.h"
#include "translate.h"
#include "uri_class.h"

/* Tokens: 0 to CUBE_DIGITS - 1 one digit; CUBE_TOKEN_SET + i a digit of plan->sets[i]; then those that eat nothing. */
#define CUBE_TOKEN_SET CUBE_DIGITS
#define CUBE_TOKEN_REST 253 /* entry->rest goes on from here */
#define CUBE_TOKEN_UPTO 254 /* T$: at most CUBE_T_MAX more digits */
#define CUBE_TOKEN_END 255	/* $: the number ends here */
#define CUBE_SETS_MAX (CUBE_TOKEN_REST - CUBE_TOKEN_SET)

/* What a look-up needs to know of a pattern whose key fits; so it need not touch the dial-peer. */
struct cube_dial_choice
{
	uint32_t peer;	  /* index into conf->dial_peers */
	uint8_t literals; /* explicit digits of the key */
	uint8_t preference;
	bool huntstop;
	bool has_rest; /* the key does not say all */
};

/* A pattern of a dial-peer. Sorted by key; within a key as hunting would, rest apart. */
struct cube_dial_entry
{
	const uint8_t *key;
	const struct cube_pattern *rest; /* NULL unless choice.has_rest */
	struct cube_dial_choice choice;
	uint8_t key_len;
};

#define CUBE_LABEL_MAX 6

/* Half a cache line. */
struct cube_dial_node
{
	uint32_t digits;	/* one digit each that children begin with */
	uint32_t children;	/* index of the first: those by digit in order, then n_others */
	uint32_t entries;	/* index of the first that ends here */
	uint32_t n_entries; /* all of them alike: with rest or without */
	uint8_t n_others;	/* children that begin with another token */
	uint8_t n_label;
	uint8_t label[CUBE_LABEL_MAX]; /* tokens on the way here, the first one included */
	struct cube_dial_choice first; /* of the first entry: most nodes have no other */
};

/* Several tries in one: nodes[r] is the root over entries[first[r]] to entries[first[r + 1] - 1]. */
struct cube_dial_trie
{
	struct cube_dial_entry *entries;
	struct cube_dial_node *nodes;
	uint32_t *first; /* n_roots + 1 */
	uint32_t n_roots, n_nodes;
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

/* Compiles uris and translation-rules, and gathers who asks for a URI. -1: a line for each fault, or memory is out. */
int cube_dial_rules_build(struct cube_conf *conf, struct cube_dial_plan *plan, struct cube_err *err)
		__attribute__((warn_unused_result));
/* Sorts entries and makes nodes. -1: out of memory. */
int cube_dial_trie_build(struct cube_dial_trie *trie, struct cube_arena *arena) __attribute__((warn_unused_result));
int cube_dial_target_cmp(const void *a, const void *b);

#endif
