/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random patterns and a naive matcher. The matcher reads the text of the pattern anew each time: for every place in
 * the number where an item may begin it notes where the item may end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_pattern.h"

unsigned random_below(struct random_source *r, unsigned n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (unsigned)((r->state >> 16) % n);
}

unsigned random_times(void)
{
	const char *times = getenv("TIMES");
	unsigned long n = times ? strtoul(times, NULL, 10) : 1;

	return n >= 1 && n <= 10000 ? (unsigned)n : 1;
}

static void put(char *text, size_t size, const char *piece)
{
	size_t len = strlen(text);

	if(len + strlen(piece) + 1 <= size)
		snprintf(text + len, size - len, "%s", piece);
}

static const char *const atoms[] = {"1", "2", "1", "2", "3", "A", "b", "*", "#", "\\+", ".", ".", "[12]", "[1-3]",
		"[^1]", "[2,A-C]", "[^2-9*]", "[1]", "12", "21", "1,2"};
static const char *const signs[] = {"%", "+", "?"};
#define PICK(r, list) list[random_below((r), sizeof(list) / sizeof(list[0]))]

static void put_items(struct random_source *r, char *text, size_t size, unsigned depth)
{
	unsigned n = 1 + random_below(r, depth == 0 ? 6 : 3);

	for(unsigned i = 0; i < n && strlen(text) + 16 < size; i++) {
		if(depth < 4 && strlen(text) + 32 < size && random_below(r, 5) == 0) {
			put(text, size, random_below(r, 6) ? "(" : "(+");
			put_items(r, text, size - 8, depth + 1);
			put(text, size, ")");
		} else {
			put(text, size, PICK(r, atoms));
		}
		if(random_below(r, 4) == 0)
			put(text, size, PICK(r, signs));
	}
}

void random_pattern(struct random_source *r, char *text, size_t size)
{
	static const char *const heads[] = {"", "", "", "", "^", "+", "^+"};
	static const char *const tails[] = {"", "", "", "$", "$", "T", "T$"};

	text[0] = '\0';
	put(text, size, PICK(r, heads));
	put_items(r, text, size - 8, 0);
	put(text, size, PICK(r, tails));
}

void random_plan_pattern(struct random_source *r, char *text, size_t size)
{
	static const char *const tails[] = {"", "$", "T", ".", "..", "[1-3]", "[12]..$", "[^1]T", "T$", "%", "(12)?3"};
	unsigned n = 1 + random_below(r, 4), i;

	if(random_below(r, 3) == 0) {
		random_pattern(r, text, size);
		return;
	}
	for(i = 0; i < n; i++)
		text[i] = "11223+.*"[random_below(r, i ? 4 : 8)];
	snprintf(text + i, size - i, "%s", tails[random_below(r, sizeof(tails) / sizeof(tails[0]))]);
}

void random_number(struct random_source *r, char *text, unsigned max_len)
{
	unsigned n = 1 + random_below(r, max_len);

	for(unsigned i = 0; i < n; i++)
		text[i] = "112212123AaB*#+9"[random_below(r, 16)];
	text[n] = '\0';
}

void random_number_like(struct random_source *r, const char *pattern, char *text)
{
	unsigned n = 0;

	for(const char *p = pattern; *p && n < 60; p++) {
		bool first = p == pattern || p[-1] == '^' || p[-1] == '(' || p[-1] == '\\';

		if(*p == '[')
			p += strcspn(p, "]");
		if(*p == '.' || *p == ']')
			text[n++] = "123C"[random_below(r, 4)];
		else if(*p == '+' ? first : strchr("0123456789ABCDEFabcdef*#", *p) != NULL)
			text[n++] = *p;
	}
	if(n == 0)
		text[n++] = '1';
	text[n] = '\0';
	if(random_below(r, 4) == 0)
		text[random_below(r, n)] = '3';
}

/* ends[i]: most explicit digits on a way that is at place i of the number; -1: no way. */
#define PLACES 66
struct ends
{
	int at[PLACES];
};

struct reader
{
	const char *p; /* next character of the pattern */
	const char *number;
	int len;
};

static const char alphabet[] = "0123456789ABCDEF*#+";

static char upper(char c)
{
	return c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
}

static struct ends nowhere(void)
{
	struct ends e;

	for(int i = 0; i < PLACES; i++)
		e.at[i] = -1;
	return e;
}

static struct ends either(struct ends a, struct ends b)
{
	for(int i = 0; i < PLACES; i++)
		a.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];
	return a;
}

/* One digit that is among the members. */
static struct ends one(const struct reader *r, struct ends from, const char *members, int worth)
{
	struct ends to = nowhere();

	for(int i = 0; i < r->len; i++)
		if(from.at[i] >= 0 && strchr(members, upper(r->number[i])))
			to.at[i + 1] = from.at[i] + worth;
	return to;
}

static struct ends read_set(struct reader *r, struct ends from)
{
	bool in[sizeof(alphabet)] = {false}, negated = false;
	char members[sizeof(alphabet)] = "";
	size_t n = 0;

	if(*r->p == '^') {
		negated = true;
		r->p++;
	}
	while(*r->p != ']') {
		const char *low = strchr(alphabet, upper(*r->p++)), *high = low;

		if(low && *low == '\0')
			break;
		if(!low)
			continue; /* a comma */
		if(*r->p == '-') {
			high = strchr(alphabet, upper(r->p[1]));
			r->p += 2;
		}
		for(; low <= high; low++)
			in[low - alphabet] = true;
	}
	r->p++;
	for(size_t i = 0; alphabet[i]; i++)
		if(in[i] != negated)
			members[n++] = alphabet[i];
	members[n] = '\0';
	return one(r, from, members, 0);
}

static struct ends read_items(struct reader *r, struct ends from);

/* One item without its repeat sign. */
static struct ends read_item(struct reader *r, struct ends from)
{
	char literal[2] = "";
	struct ends to;

	switch(*r->p++) {
		case '(':
			to = read_items(r, from);
			r->p++;
			return to;
		case '[':
			return read_set(r, from);
		case '.':
			return one(r, from, alphabet, 0);
		case '\\':
			r->p++;
			/* fall through */
		default:
			literal[0] = upper(r->p[-1]);
			return one(r, from, literal, 1);
	}
}

static struct ends read_repeated(struct reader *r, struct ends from)
{
	const char *item = r->p;
	struct ends once = read_item(r, from), all;
	char sign = *r->p;

	if(sign != '%' && sign != '?' && sign != '+')
		return once;
	all = sign == '+' ? once : either(from, once);
	for(bool more = sign != '?'; more;) {
		struct ends before = all;

		r->p = item;
		all = either(all, read_item(r, all));
		more = memcmp(&before, &all, sizeof(all)) != 0;
	}
	r->p++;
	return all;
}

static struct ends read_items(struct reader *r, struct ends from)
{
	while(*r->p && *r->p != ')' && *r->p != 'T' && *r->p != '$') {
		if(*r->p == ',')
			r->p++;
		else
			from = read_repeated(r, from);
	}
	return from;
}

bool naive_match(const char *pattern, const char *number, unsigned *digits)
{
	struct reader r = {pattern + (pattern[0] == '^'), number, (int)strlen(number)};
	struct ends e = nowhere();
	int rest = PLACES, best = -1;

	if(r.len < 1 || r.len > 64 || strspn(number, "0123456789ABCDEFabcdef*#+") != (size_t)r.len)
		return false;
	e.at[0] = 0;
	e = read_items(&r, e);
	if(strcmp(r.p, "$") == 0)
		rest = 0;
	else if(strcmp(r.p, "T$") == 0)
		rest = 32;
	for(int i = 0; i <= r.len; i++)
		if(r.len - i <= rest && e.at[i] > best)
			best = e.at[i];
	*digits = best < 0 ? 0 : (unsigned)best;
	return best >= 0;
}
