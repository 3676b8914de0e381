/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the text of a regular expression to its program. Owns both spellings and their error messages; running the
 * program is regex_run.c's. */
#include "regex_private.h"

#include <string.h>

struct group
{
	unsigned code;	 /* first instruction of the group, its SAVE included */
	unsigned branch; /* first of the alternative being read */
	int jumps; /* last JUMP that leads behind the group, once that is known; each names the one before; -1: none */
	unsigned number; /* of its slots; above CUBE_REGEX_GROUPS_MAX: none */
	size_t at;		 /* of its ( */
};

struct parser
{
	struct cube_str text;
	size_t at; /* next character */
	enum cube_regex_spelling spelling;
	const char *path;
	struct cube_err *err;
	int item; /* first instruction of what a repeat sign would repeat; -1: nothing */
	unsigned depth, n_groups, n, n_sets;
	struct group group[CUBE_REGEX_DEPTH_MAX + 1]; /* the first is the whole expression */
	struct cube_regex_insn code[CUBE_REGEX_CODE_MAX];
	struct cube_regex_set sets[CUBE_REGEX_SETS_MAX];
};

/* Reports what is wrong with the character at `at`. Always -1. */
static int refuse(const struct parser *p, size_t at, const char *why)
{
	char shown[CUBE_REGEX_TEXT_MAX + 1];
	size_t i;

	for(i = 0; i < p->text.len && i < CUBE_REGEX_TEXT_MAX; i++)
		shown[i] = (p->text.s[i] >= ' ' && p->text.s[i] <= '~') ? p->text.s[i] : '?';
	shown[i] = '\0';
	cube_err_add(p->err, "%s: \"%s\": position %zu: %s (allowed: characters, %s | . [...] [^...] * + ? ^ $ and \\)",
			p->path, shown, at + 1, why, p->spelling == CUBE_REGEX_RULE ? "\\( \\)" : "( )");
	return -1;
}

static void emit(struct parser *p, enum cube_regex_op op, unsigned arg, int jump)
{
	/* CUBE_REGEX_CODE_MAX is enough for any text of CUBE_REGEX_TEXT_MAX characters */
	p->code[p->n++] = (struct cube_regex_insn){.op = (uint8_t)op, .arg = (uint8_t)arg, .jump = (int16_t)jump};
}

static int emit_item(struct parser *p, enum cube_regex_op op, unsigned arg)
{
	p->item = (int)p->n;
	emit(p, op, arg, 0);
	return 0;
}

/* Puts a SPLIT in front of the instructions from `from` on. Jumps are relative and none crosses that edge, so moving
 * them is safe. */
static void split_before(struct parser *p, unsigned from, int jump)
{
	struct cube_regex_insn *code = p->code + from;

	memmove(code + 1, code, (p->n - from) * sizeof(*code));
	p->n++;
	*code = (struct cube_regex_insn){.op = CUBE_REGEX_SPLIT, .jump = (int16_t)jump};
}

static int parse_repeat(struct parser *p, char sign)
{
	int len = (int)p->n - p->item;

	if(p->item < 0)
		return refuse(p, p->at - 1,
				"nothing to repeat: *, + and ? stand behind a character, ., [...] or a group; \\ in "
				"front makes the sign a character");
	if(sign == '?') {
		split_before(p, (unsigned)p->item, len + 1);
	} else if(sign == '*') {
		split_before(p, (unsigned)p->item, len + 2);
		emit(p, CUBE_REGEX_JUMP, 0, -(len + 1));
	} else {
		emit(p, CUBE_REGEX_SPLIT, 0, -len);
	}
	p->item = -1;
	return 0;
}

static int parse_open(struct parser *p)
{
	struct group *g;

	if(p->depth == CUBE_REGEX_DEPTH_MAX)
		return refuse(p, p->at - 1, "too many groups inside each other (at most 8)");
	g = &p->group[++p->depth];
	*g = (struct group){.code = p->n, .jumps = -1, .number = CUBE_REGEX_GROUPS_MAX + 1, .at = p->at - 1};
	if(p->n_groups < CUBE_REGEX_GROUPS_MAX) {
		g->number = ++p->n_groups;
		emit(p, CUBE_REGEX_SAVE, 2 * g->number - 1, 0);
	}
	g->branch = p->n;
	p->item = -1;
	return 0;
}

/* | : what stood before it in the group is one alternative. */
static int parse_or(struct parser *p)
{
	struct group *g = &p->group[p->depth];

	split_before(p, g->branch, (int)(p->n - g->branch) + 2);
	emit(p, CUBE_REGEX_JUMP, 0, g->jumps);
	g->jumps = (int)p->n - 1;
	g->branch = p->n;
	p->item = -1;
	return 0;
}

/* The alternatives of a group lead to where it ends. */
static void join(struct parser *p, const struct group *g)
{
	int at, before;

	for(at = g->jumps; at >= 0; at = before) {
		before = p->code[at].jump;
		p->code[at].jump = (int16_t)((int)p->n - at);
	}
}

static int parse_close(struct parser *p)
{
	struct group *g = &p->group[p->depth];

	if(p->depth == 0)
		return refuse(p, p->at - 1, "a group is closed that was not opened");
	p->depth--;
	join(p, g);
	if(g->number <= CUBE_REGEX_GROUPS_MAX)
		emit(p, CUBE_REGEX_SAVE, 2 * g->number, 0);
	p->item = (int)g->code;
	return 0;
}

/* One character, or a range of them, inside brackets. */
static int parse_member(struct parser *p, struct cube_regex_set *set)
{
	size_t from = p->at;
	unsigned low = (unsigned char)p->text.s[p->at++], high = low, c;

	if(low == '[' && p->at < p->text.len && p->text.s[p->at] && strchr(":.=", p->text.s[p->at]))
		return refuse(p, from, "no named classes: write the range, as in [0-9]");
	/* a - in front of the ] is a character */
	if(p->text.len - p->at > 1 && p->text.s[p->at] == '-' && p->text.s[p->at + 1] != ']') {
		high = (unsigned char)p->text.s[p->at + 1];
		p->at += 2;
		if(low > high)
			return refuse(p, from, "not a range: its end comes before its beginning");
	}
	for(c = low; c <= high; c++)
		set->bits[c / 32] |= 1u << c % 32;
	return 0;
}

static int parse_set(struct parser *p)
{
	struct cube_regex_set *set = &p->sets[p->n_sets]; /* for their number see CUBE_REGEX_SETS_MAX */
	size_t open = p->at - 1, first;
	bool negated = p->at < p->text.len && p->text.s[p->at] == '^';
	unsigned i;

	p->at += negated;
	if(p->text.len - p->at < 2) /* before anything is written: there may be no room for a set that is not whole */
		return refuse(p, open, "[ is not closed by ]");
	memset(set, 0, sizeof(*set));
	/* a ] in the first place is a character */
	for(first = p->at; p->at < p->text.len && (p->text.s[p->at] != ']' || p->at == first);) {
		if(parse_member(p, set) < 0)
			return -1;
	}
	if(p->at == p->text.len)
		return refuse(p, open, "[ is not closed by ]");
	p->at++;
	for(i = 0; negated && i < 8; i++)
		set->bits[i] = ~set->bits[i];
	return emit_item(p, CUBE_REGEX_SET, p->n_sets++);
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static int parse_sign(struct parser *p, char c)
{
	switch(c) {
		case '(':
			return parse_open(p);
		case ')':
			return parse_close(p);
		case '|':
			return parse_or(p);
		case '[':
			return parse_set(p);
		case '.':
			return emit_item(p, CUBE_REGEX_ANY, 0);
		case '^':
		case '$':
			p->item = -1;
			emit(p, c == '^' ? CUBE_REGEX_BEGIN : CUBE_REGEX_END, 0, 0);
			return 0;
		case '{':
			return refuse(p, p->at - 1, "{ } is no repeat sign here; \\{ is the character");
		default:
			return parse_repeat(p, c);
	}
}

static int parse_escape(struct parser *p)
{
	char c;

	if(p->at == p->text.len)
		return refuse(p, p->at - 1, "nothing behind \\");
	c = p->text.s[p->at++];
	if(p->spelling == CUBE_REGEX_RULE && (c == '(' || c == ')' || c == '|'))
		return parse_sign(p, c);
	if(is_letter_or_digit(c))
		return refuse(p, p->at - 2, "\\ in front of a letter or digit means nothing");
	return emit_item(p, CUBE_REGEX_CHAR, (unsigned char)c);
}

static int parse_next(struct parser *p)
{
	char c = p->text.s[p->at++];

	if(c == '\\')
		return parse_escape(p);
	if(p->spelling == CUBE_REGEX_RULE && (c == '(' || c == ')'))
		return refuse(p, p->at - 1, "groups are written \\( \\)");
	if(c && strchr("()|[.^${*+?", c))
		return parse_sign(p, c);
	return emit_item(p, CUBE_REGEX_CHAR, (unsigned char)c);
}

static int parse(struct parser *p)
{
	p->item = -1;
	p->group[0].jumps = -1;
	if(p->text.len > CUBE_REGEX_TEXT_MAX)
		return refuse(p, CUBE_REGEX_TEXT_MAX, "too long: at most 128 characters");
	while(p->at < p->text.len) {
		if(parse_next(p) < 0)
			return -1;
	}
	if(p->depth > 0)
		return refuse(p, p->group[p->depth].at, "the group is not closed");
	join(p, &p->group[0]);
	return 0;
}

const struct cube_regex *cube_regex_compile(struct cube_str text, enum cube_regex_spelling spelling, const char *path,
		struct cube_arena *arena, struct cube_err *err)
{
	struct parser p = {.text = text, .spelling = spelling, .path = path, .err = err};
	struct cube_regex_set *sets;
	struct cube_regex *regex;

	if(parse(&p) < 0)
		return NULL;
	regex = cube_arena_get(arena, sizeof(*regex) + p.n * sizeof(p.code[0]));
	sets = cube_arena_array(arena, p.n_sets, sizeof(*sets));
	if(!regex || !sets) {
		cube_err_nomem(err, path);
		return NULL;
	}
	memcpy(regex->code, p.code, p.n * sizeof(p.code[0]));
	memcpy(sets, p.sets, p.n_sets * sizeof(*sets));
	regex->n = (uint16_t)p.n;
	regex->n_groups = (uint8_t)p.n_groups;
	regex->sets = sets;
	return regex;
}

unsigned cube_regex_groups(const struct cube_regex *regex)
{
	return regex->n_groups;
}
