/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks a number up in a trie of the dial-plan and puts what matches into hunting order. Only reads. */
#include "plan_private.h"

#include <endian.h>
#include <string.h>

#define CODES_IN_WORD 16
#define CHUNK 8 /* characters of a number that are looked at at once */
#define ONES 0x0101010101010101u
#define CODES_1 0x1111111111111111u

/* ---- hunting order */

/* What a dial-peer draws. It need not be hard to guess. */
static uint32_t draw(uint32_t lot, const struct cube_dial_peer *peer)
{
	uint32_t x = lot * 0x9e3779b1u ^ (uint32_t)peer->tag;

	for(int i = 0; i < 3; i++) {
		x *= 0x85ebca6bu;
		x ^= x >> 15;
	}
	return x;
}

static bool equal_hits(const struct cube_dial_hit *a, const struct cube_dial_hit *b)
{
	return a->rank == b->rank && a->explicit_digits == b->explicit_digits && a->preference == b->preference;
}

/* Longest match, preference, then by lot or the lower tag; dial-peers are sorted by tag. The lot decides here, not when
 * the list is complete, so that those which a full list leaves out are chosen by lot, too. */
static bool tried_before(const struct cube_dial_search *s, const struct cube_dial_hit *a, const struct cube_dial_hit *b)
{
	uint32_t x, y;

	if(a->rank != b->rank)
		return a->rank < b->rank;
	if(a->explicit_digits != b->explicit_digits)
		return a->explicit_digits > b->explicit_digits;
	if(a->preference != b->preference)
		return a->preference < b->preference;
	if(s->by_lot && (x = draw(s->lot, a->peer)) != (y = draw(s->lot, b->peer)))
		return x < y;
	return a->peer < b->peer;
}

/* A dial-peer with several patterns is found once, by the best of them. True: it is in the list, with this or a better one,
 * and the other one is gone. */
static bool is_there(struct cube_dial_search *s, const struct cube_dial_hit *hit)
{
	unsigned i;

	for(i = 0; i < s->n_hits && s->hits[i].peer != hit->peer; i++)
		;
	if(i == s->n_hits)
		return false;
	if(!tried_before(s, hit, &s->hits[i]))
		return true;
	s->n_hits--;
	memmove(&s->hits[i], &s->hits[i + 1], (s->n_hits - i) * sizeof(s->hits[0]));
	return false;
}

static inline bool is_full_of_better(const struct cube_dial_search *s, const struct cube_dial_hit *hit)
{
	return s->n_hits == s->max && (s->max == 0 || !tried_before(s, hit, &s->hits[s->max - 1]));
}

/* One that is not in the list, which has room for it or a worse one. */
static inline void insert(struct cube_dial_search *s, const struct cube_dial_hit *hit)
{
	unsigned i;

	if(s->n_hits < s->max)
		s->n_hits++;
	for(i = s->n_hits - 1; i > 0 && tried_before(s, hit, &s->hits[i - 1]); i--)
		s->hits[i] = s->hits[i - 1];
	s->hits[i] = *hit;
	s->huntstop |= hit->huntstop;
}

void cube_dial_offer(struct cube_dial_search *s, const struct cube_dial_hit *hit)
{
	if(!is_full_of_better(s, hit) && !is_there(s, hit))
		insert(s, hit);
}

/* Those of the same key come one after the other in hunting order, but equals by tag: can none behind this one be
 * wanted? */
static bool is_last_wanted(const struct cube_dial_search *s, const struct cube_dial_hit *hit)
{
	return is_full_of_better(s, hit) && (!s->by_lot || !equal_hits(hit, &s->hits[s->max - 1]));
}

/* ---- the number */

/* A number as digits and as codes. */
struct number
{
	unsigned n;
	uint8_t digits[CUBE_NUMBER_MAX];
	uint64_t codes[CUBE_NUMBER_MAX / CODES_IN_WORD + 1]; /* and a word of ends */
};

static uint64_t load(const char *s)
{
	uint64_t word;

	memcpy(&word, s, sizeof(word));
	return le64toh(word);
}

static void store(uint8_t *to, uint64_t word)
{
	word = htole64(word);
	memcpy(to, &word, sizeof(word));
}

/* Has one of so many characters less 0x30 the upper bit, or gets it here? Then it is none of 0-9. */
static uint64_t not_decimal(uint64_t digits)
{
	return (digits + ONES * (0x80 - 10)) | digits;
}

/* The lower halves of eight bytes, the upper ones of which are 0. */
static uint64_t pack(uint64_t bytes)
{
	bytes = (bytes | bytes >> 4) & 0x00ff00ff00ff00ff;
	bytes = (bytes | bytes >> 8) & 0x0000ffff0000ffff;
	return (bytes | bytes >> 16) & 0xffffffff;
}

/* Any number, character by character. */
static bool read_any(struct number *number, struct cube_str text)
{
	memset(number->codes, 0, sizeof(number->codes));
	number->n = cube_digits_of(text, number->digits);
	for(unsigned i = 0; i < number->n; i++) {
		unsigned digit = number->digits[i], code = digit <= 9 ? digit + 1 : 0;

		if(digit == CUBE_DIGIT_PLUS)
			code = CUBE_CODE_PLUS;
		number->codes[i / CODES_IN_WORD] |= (uint64_t)code << i % CODES_IN_WORD * CUBE_CODE_BITS;
	}
	return number->n > 0;
}

/* As most are, 8 to 15 of 0-9 and perhaps + before them: eight characters at once. False: it is not a number, or too
 * long. */
static bool read_number(struct number *number, struct cube_str text)
{
	size_t plus, n, over;
	uint64_t first, last;

	if(text.len < CHUNK)
		return read_any(number, text);
	plus = text.s[0] == '+';
	n = text.len - plus;
	if(n - CHUNK >= CHUNK)
		return read_any(number, text);
	first = load(text.s + plus) ^ ONES * '0';
	last = load(text.s + text.len - CHUNK) ^ ONES * '0';
	if((not_decimal(first) | not_decimal(last)) & ONES * 0x80)
		return read_any(number, text);
	over = 8 * (2 * CHUNK - n) - 1; /* bits of last that first has, too, but one: C knows no shift by 64 */
	last = last >> 1 >> over;
	number->n = (unsigned)text.len;
	number->digits[0] = CUBE_DIGIT_PLUS;
	store(number->digits + plus, first);
	store(number->digits + plus + CHUNK, last);
	number->codes[0] = (pack(first) | pack(last) << 32) + (CODES_1 >> CUBE_CODE_BITS * (CODES_IN_WORD - n));
	number->codes[0] = plus ? number->codes[0] << CUBE_CODE_BITS | CUBE_CODE_PLUS : number->codes[0];
	number->codes[1] = 0;
	number->codes[2] = 0;
	return true;
}

/* From `at` on, as many as fit into a word; `at` digits at most are in number. */
static uint64_t codes_from(const struct number *number, unsigned at)
{
	unsigned word = at / CODES_IN_WORD, shift = at % CODES_IN_WORD * CUBE_CODE_BITS;

	if(shift == 0)
		return number->codes[word];
	return number->codes[word] >> shift | number->codes[word + 1] << (64 - shift);
}

/* ---- the trie */

/* One that matches. */
struct match
{
	union cube_dial_cell cell; /* its choice */
	unsigned digits;
};

#define MATCHES_MAX 32 /* that are gathered before they are offered */
#define OTHERS_AT_ONCE 64

struct walk
{
	struct cube_dial_search *s;
	const struct cube_dial_trie *trie;
	const union cube_dial_cell *cells;
	const uint32_t *firsts;
	bool rising; /* each match has more digits than the one before it */
	unsigned n_matches;
	struct number number;
	struct match matches[MATCHES_MAX];
};

/* Where a walk stands. */
struct place
{
	uint64_t codes;	 /* what comes next */
	unsigned at;	 /* digits of the number before it */
	unsigned chosen; /* of them, those that a set matched */
};

static __attribute__((noinline)) void offer(struct walk *w, struct cube_dial_hit hit)
{
	struct cube_dial_search *s = w->s;

	if(!is_full_of_better(s, &hit) && (!s->allows || s->allows(s, hit.peer))
			&& !(w->trie->repeats && is_there(s, &hit)))
		insert(s, &hit);
}

static inline void make_hit(const struct cube_dial_search *s, const struct match *match, struct cube_dial_hit *hit)
{
	hit->peer = &s->conf->dial_peers[match->cell.choice.peer];
	hit->explicit_digits = match->digits;
	hit->rank = 0;
	hit->preference = match->cell.choice.preference;
	hit->by = s->by;
	hit->huntstop = match->cell.choice.huntstop;
}

/* Is one of so many digits wanted, whoever it is, and comes behind all others? */
static inline bool is_next(const struct walk *w, unsigned digits)
{
	const struct cube_dial_search *s = w->s;

	return s->n_hits < s->max && (s->n_hits == 0 || digits < s->hits[s->n_hits - 1].explicit_digits) && !s->allows
		   && !w->trie->repeats;
}

/* The last ones first: they are the longest more often than not, so little is moved. */
static __attribute__((noinline)) void offer_matches(struct walk *w)
{
	struct cube_dial_search *s = w->s;

	while(w->n_matches > 0) {
		const struct match *match = &w->matches[--w->n_matches];
		struct cube_dial_hit hit;

		make_hit(s, match, &hit);
		if(is_next(w, match->digits)) {
			s->hits[s->n_hits++] = hit;
			s->huntstop |= hit.huntstop;
		} else {
			offer(w, hit);
		}
	}
}

/* As most numbers have them: all are wanted as they are, the last one first. */
static inline void add_matches(struct walk *w)
{
	struct cube_dial_search *s = w->s;
	unsigned n = w->n_matches < s->max ? w->n_matches : s->max, huntstop = 0;
	const struct match *match = &w->matches[w->n_matches];
	struct cube_dial_hit *hit = s->hits;

	if(!w->rising || s->n_hits > 0 || s->allows || w->trie->repeats) {
		offer_matches(w);
		return;
	}
	s->n_hits = n;
	for(; n > 0; n--, hit++) {
		make_hit(s, --match, hit);
		huntstop |= match->cell.choice.huntstop;
	}
	s->huntstop |= huntstop;
}

static __attribute__((noinline)) void offer_list(struct walk *w, uint32_t first, unsigned at)
{
	const struct cube_dial_listed *entry = &w->trie->listed[first];
	struct cube_dial_search *s = w->s;
	unsigned extra = 0;

	for(bool last = false; !last; last = entry++->last) {
		struct cube_dial_hit hit = {.peer = &s->conf->dial_peers[entry->peer],
				.preference = entry->preference,
				.huntstop = entry->huntstop,
				.by = s->by};

		if(entry->rest && !cube_pattern_run(entry->rest, w->number.digits + at, w->number.n - at, &extra))
			continue;
		hit.explicit_digits = entry->literals + extra;
		if(!entry->rest && is_last_wanted(s, &hit))
			return;
		offer(w, hit);
	}
}

/* Who is chosen here, if `fits`; without a branch where there is one at most, as that could not be foreseen. */
static inline void take(struct walk *w, const union cube_dial_cell *cell, unsigned at, unsigned chosen, bool fits)
{
	unsigned kind = cell->choice.kind;

	if(kind == CUBE_DIAL_LIST) {
		if(fits)
			offer_list(w, cell->choice.peer, at);
		return;
	}
	w->matches[w->n_matches] = (struct match){*cell, at - chosen};
	w->n_matches += fits & kind;
	if(w->n_matches == MATCHES_MAX)
		offer_matches(w);
}

static inline bool label_fits(struct cube_dial_choice choice, uint64_t codes)
{
	return ((choice.label ^ codes) & ((1u << CUBE_CODE_BITS * choice.n_label) - 1)) == 0;
}

static inline void take_leaf(struct walk *w, const union cube_dial_cell *cell, struct place place)
{
	struct cube_dial_choice choice = cell->choice;
	unsigned at = place.at + choice.n_label;
	unsigned left = w->number.n - at - choice.dots; /* wraps, to much more, if there are less */

	take(w, cell, at, place.chosen, label_fits(choice, place.codes) & (left <= ((choice.ends - 1u) & CUBE_NUMBER_MAX)));
}

/* Does the label fit the number from `place` on? Moves place behind it. */
static bool tokens_fit(const struct walk *w, const struct cube_dial_label *label, struct place *place)
{
	const struct number *number = &w->number;
	unsigned at = place->at, end, i;

	for(i = 0; i < label->n; i++) {
		unsigned token = label->tokens[i];

		if(token >= CUBE_TOKEN_REST) {
			if((token == CUBE_TOKEN_END && at < number->n) || (token == CUBE_TOKEN_UPTO && number->n - at > CUBE_T_MAX))
				return false;
			continue;
		}
		end = at + 1;
		if(i + 1u < label->n && label->tokens[i + 1] >= CUBE_TOKEN_AGAIN && label->tokens[i + 1] < CUBE_TOKEN_REST)
			end += label->tokens[++i] - CUBE_TOKEN_AGAIN + 1u;
		if(end > number->n)
			return false;
		if(token >= CUBE_TOKEN_SET)
			place->chosen += end - at;
		if(token == CUBE_TOKEN_DOT)
			at = end;
		for(; at < end; at++) {
			if(token < CUBE_TOKEN_SET ? token != number->digits[at] : !(w->firsts[token] >> number->digits[at] & 1))
				return false;
		}
	}
	place->at = at;
	place->codes = codes_from(number, at);
	return true;
}

/* How many of twelve bits are set. The compiler's own is a call of a function where every x86-64 must do. */
static inline unsigned count_bits(uint64_t bits)
{
	/* four copies, fifteen bits apart, of which every fourth bit is each of the twelve once; then their sum */
	bits = (bits * 0x200040008001 & 0x111111111111111) * 0x1111111111111111;
	return (unsigned)(bits >> 60);
}

static void walk(struct walk *w, const union cube_dial_cell *links, struct place place);

/* One of the others, the first token of which fits. */
static void walk_other(struct walk *w, const union cube_dial_cell *cell, struct place place)
{
	const struct cube_dial_label *label = &cell[1].label;

	if(label->n == 1 && label->tokens[0] < CUBE_TOKEN_REST) {
		place.chosen += label->tokens[0] >= CUBE_TOKEN_SET;
		place.at++;
		place.codes = codes_from(&w->number, place.at);
	} else if(!tokens_fit(w, label, &place)) {
		return;
	}
	if(label->leaf)
		take_leaf(w, cell, place);
	else
		walk(w, cell, place);
}

/* First all are asked whether their first token fits, without a branch, as that could not be foreseen. */
static __attribute__((noinline)) void walk_others(
		struct walk *w, const union cube_dial_cell *cell, unsigned n, struct place place)
{
	unsigned next = place.at < w->number.n ? w->number.digits[place.at] : CUBE_DIGITS;

	w->rising = false;
	for(; n > 0; cell += 2 * OTHERS_AT_ONCE) {
		unsigned here = n < OTHERS_AT_ONCE ? n : OTHERS_AT_ONCE;
		uint64_t fits = 0;

		for(unsigned i = 0; i < here; i++)
			fits |= (uint64_t)(w->firsts[cell[2 * i + 1].label.tokens[0]] >> next & 1) << i;
		for(; fits; fits &= fits - 1)
			walk_other(w, cell + 2 * __builtin_ctzll(fits), place);
		n -= here;
	}
}

/* Where little is left below a node, all of it is asked for at once, so that memory is waited for once. In two steps, as
 * a loop of so many turns would be foreseen too seldom. Inlined always, since the compiler
 * leaves out a call of a function that does nothing else. */
static inline __attribute__((always_inline)) void fetch(const union cube_dial_cell *children, unsigned lines)
{
	const char *line = (const char *)(children - CUBE_LEAVES_MAX);

	if(lines == 0)
		return;
	for(int i = 0; i < CUBE_FETCH_MAX / 2; i++, line += CUBE_LINE)
		__builtin_prefetch(line);
	if(lines <= CUBE_FETCH_MAX / 2)
		return;
	for(int i = 0; i < CUBE_FETCH_MAX / 2; i++, line += CUBE_LINE)
		__builtin_prefetch(line);
}

/* The label of a node, and who is chosen there. False: it does not fit. */
static inline bool enter(struct walk *w, const union cube_dial_cell *cell, struct place *place)
{
	struct cube_dial_choice choice = cell->choice;

	fetch(&w->cells[cell[1].links.children], choice.dots);
	if(!label_fits(choice, place->codes))
		return false;
	place->at += choice.n_label;
	place->codes >>= CUBE_CODE_BITS * choice.n_label;
	if(w->number.n > CODES_IN_WORD)
		place->codes = codes_from(&w->number, place->at);
	take(w, cell, place->at, place->chosen, true);
	return true;
}

/* Recursion is as deep as the number is long, and one more: every label of an other, but a key's last, has a token that
 * eats a digit. */
static inline __attribute__((always_inline)) void walk_down(
		struct walk *w, const union cube_dial_cell *links, struct place place)
{
	for(;;) {
		const union cube_dial_cell *cell = &w->cells[links->links.children];
		uint32_t bits = links->links.bits, code = place.codes & 15, leaves = CUBE_LINKS_LEAVES(bits) >> code;

		if(CUBE_LINKS_OTHERS(bits))
			walk_others(w, cell + 2 * count_bits(CUBE_LINKS_INNER(bits)), CUBE_LINKS_OTHERS(bits), place);
		place.at++;
		place.codes >>= CUBE_CODE_BITS;
		if(bits >> code & 1) {
			cell += 2 * count_bits(bits & ((1u << code) - 1));
			if(!enter(w, cell, &place))
				return;
			links = cell + 1;
			continue;
		}
		if(leaves & 1)
			take_leaf(w, cell - count_bits(leaves), place);
		return;
	}
}

static void walk(struct walk *w, const union cube_dial_cell *links, struct place place)
{
	walk_down(w, links, place);
}

void cube_dial_find(struct cube_dial_search *s, enum cube_dial_index index, uint32_t root, struct cube_str number)
{
	const struct cube_dial_plan *plan = s->conf->dial_plan;
	const struct cube_dial_trie *trie = &plan->index[index];
	struct cube_dial_start start;
	struct place place = {0, 0, 0};
	struct walk w; /* not cleared, which would take as long as the rest of it */

	if(s->max == 0 || !read_number(&w.number, number))
		return;
	start = trie->starts[trie->roots[root].first + (w.number.codes[0] & trie->roots[root].mask)];
	w.s = s;
	w.trie = trie;
	w.cells = trie->cells;
	w.firsts = plan->firsts;
	w.rising = true;
	w.n_matches = 0;
	place.at = start.depth;
	place.codes = w.number.codes[0] >> CUBE_CODE_BITS * start.depth;
	if(!enter(&w, &w.cells[start.cell], &place))
		return;
	walk_down(&w, &w.cells[start.cell + 1], place);
	add_matches(&w);
}
