/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a compiled regular expression over a text: all ways to match at once, byte by byte, so that no expression can
 * make it backtrack. The ways are kept in order of preference; of two that are at the same place in the program the
 * preferred one stays, since the other can do nothing more from there. */
#include "regex_private.h"

#include <string.h>

/* One way to match: where it is in the program, where it began, what its groups are. */
struct way
{
	int16_t place; /* the one behind the last instruction is the match */
	int32_t slots[CUBE_REGEX_SLOTS];
};

struct ways
{
	unsigned n;
	struct way v[CUBE_REGEX_CODE_MAX + 1];
};

/* What is yet to be followed: a place, or, with slot >= 0, a slot that gets its old value back. */
struct todo
{
	int32_t value;
	int8_t slot;
};

struct run
{
	const struct cube_regex *regex;
	struct cube_str text;
	unsigned n_slots;						/* that are kept: the first alone when nobody asks for groups */
	uint32_t seen[CUBE_REGEX_CODE_MAX + 1]; /* per instruction: 1 + the byte of the text at which it was reached last */
	struct todo todo[2 * (CUBE_REGEX_CODE_MAX + 1) + 1]; /* an instruction is followed once and leaves two at most */
};

static unsigned todo_add(struct run *run, unsigned n, int32_t value, int slot)
{
	run->todo[n] = (struct todo){.value = value, .slot = (int8_t)slot};
	return n + 1;
}

/* What one instruction leaves to do, last what comes first. */
static unsigned todo_of(struct run *run, unsigned n, int32_t place, int32_t at, int32_t *slots)
{
	const struct cube_regex_insn *insn = &run->regex->code[place];

	switch(insn->op) {
		case CUBE_REGEX_JUMP:
			return todo_add(run, n, place + insn->jump, -1);
		case CUBE_REGEX_SPLIT:
			n = todo_add(run, n, insn->jump < 0 ? place + 1 : place + insn->jump, -1);
			return todo_add(run, n, insn->jump < 0 ? place + insn->jump : place + 1, -1);
		case CUBE_REGEX_SAVE:
			if(insn->arg < run->n_slots) {
				n = todo_add(run, n, slots[insn->arg], insn->arg);
				slots[insn->arg] = at;
			}
			return todo_add(run, n, place + 1, -1);
		case CUBE_REGEX_BEGIN:
			return at == 0 ? todo_add(run, n, place + 1, -1) : n;
		default: /* CUBE_REGEX_END */
			return (size_t)at == run->text.len ? todo_add(run, n, place + 1, -1) : n;
	}
}

/* Adds all ways that lead from a place to an instruction that eats a byte, or to the end. slots is left as it was. */
static void follow(struct run *run, struct ways *ways, int32_t place, int32_t at, int32_t *slots)
{
	unsigned n = todo_add(run, 0, place, -1);

	while(n > 0) {
		struct todo next = run->todo[--n];

		if(next.slot >= 0) {
			slots[next.slot] = next.value;
			continue;
		}
		if(run->seen[next.value] == (uint32_t)at + 1)
			continue;
		run->seen[next.value] = (uint32_t)at + 1;
		if(next.value == run->regex->n || run->regex->code[next.value].op <= CUBE_REGEX_SET) {
			struct way *way = &ways->v[ways->n++];

			way->place = (int16_t)next.value;
			memcpy(way->slots, slots, run->n_slots * sizeof(*slots));
		} else {
			n = todo_of(run, n, next.value, at, slots);
		}
	}
}

static bool eats(const struct cube_regex *regex, int16_t place, unsigned char c)
{
	const struct cube_regex_insn *insn = &regex->code[place];

	if(insn->op == CUBE_REGEX_CHAR)
		return insn->arg == c;
	return insn->op == CUBE_REGEX_ANY || regex->sets[insn->arg].bits[c / 32] >> c % 32 & 1;
}

static void begin(struct run *run, struct ways *ways, int32_t at)
{
	int32_t slots[CUBE_REGEX_SLOTS];

	memset(slots, -1, sizeof(slots));
	slots[0] = at;
	follow(run, ways, 0, at, slots);
}

/* Lets all ways eat the byte at `at` and notes the match, if one is complete before it. Ways that began behind a match
 * are given up: they stand behind it in order. */
static bool step(struct run *run, struct ways *now, struct ways *next, int32_t at, struct way *best)
{
	bool found = false;
	unsigned i;

	next->n = 0;
	for(i = 0; i < now->n; i++) {
		struct way *way = &now->v[i];

		if(best->slots[0] >= 0 && way->slots[0] > best->slots[0])
			break;
		if(way->place == run->regex->n) {
			memcpy(best->slots, way->slots, run->n_slots * sizeof(*way->slots));
			found = true;
		} else if((size_t)at < run->text.len && eats(run->regex, way->place, (unsigned char)run->text.s[at])) {
			follow(run, next, way->place + 1, at + 1, way->slots);
		}
	}
	return found;
}

static void spans_of(const struct way *best, int32_t end, unsigned n_groups, struct cube_regex_span *spans)
{
	unsigned i;

	memset(spans, -1, CUBE_REGEX_SPANS * sizeof(*spans));
	spans[0] = (struct cube_regex_span){best->slots[0], end};
	for(i = 1; i <= n_groups; i++)
		spans[i] = (struct cube_regex_span){best->slots[2 * i - 1], best->slots[2 * i]};
}

bool cube_regex_search(
		const struct cube_regex *regex, struct cube_str text, struct cube_regex_span spans[CUBE_REGEX_SPANS])
{
	struct run run;
	struct ways ways[2], *now = &ways[0], *next = &ways[1], *old;
	struct way best;
	int32_t at, end = -1;

	if(text.len > CUBE_REGEX_SEARCH_MAX)
		return false;
	run.regex = regex;
	run.text = text;
	run.n_slots = spans ? 1 + 2u * regex->n_groups : 1;
	memset(run.seen, 0, (regex->n + 1u) * sizeof(run.seen[0]));
	best.slots[0] = -1;
	now->n = 0;
	for(at = 0; (size_t)at <= text.len; at++) {
		if(end < 0)
			begin(&run, now, at);
		else if(now->n == 0)
			break;
		if(step(&run, now, next, at, &best))
			end = at;
		old = now;
		now = next;
		next = old;
	}
	if(end >= 0 && spans)
		spans_of(&best, end, regex->n_groups, spans);
	return end >= 0;
}
