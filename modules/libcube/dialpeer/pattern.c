/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the text of a pattern to its program. Owns the syntax and its error messages; running the program is
 * pattern_run.c's. Knows nothing of dial-peers. */
#include "pattern_private.h"

#include <string.h>

#define ALLOWED "allowed: 0-9 A-F * # + . [ ] ( ) % ? , \\ and T $ at the end"

struct parser
{
	struct cube_str text;
	size_t at; /* next character */
	const char *path;
	struct cube_err *err;
	struct cube_program *program;
	int item; /* first instruction of what a repeat sign would repeat; -1: nothing */
	bool any; /* there is a T, which by itself makes a pattern */
	unsigned depth;
	struct
	{
		unsigned code; /* first instruction */
		size_t at;	   /* of its ( */
	} group[CUBE_PATTERN_DEPTH_MAX];
};

/* Reports what is wrong with the character at `at`. Always -1. */
static int refuse(const struct parser *p, size_t at, const char *why)
{
	char shown[CUBE_PATTERN_TEXT_MAX + 1];
	size_t i;

	for(i = 0; i < p->text.len && i < CUBE_PATTERN_TEXT_MAX; i++)
		shown[i] = (p->text.s[i] >= ' ' && p->text.s[i] <= '~') ? p->text.s[i] : '?';
	shown[i] = '\0';
	cube_err_add(p->err, "%s: \"%s\": position %zu: %s", p->path, shown, at + 1, why);
	return -1;
}

static void emit(struct parser *p, enum cube_op op, uint32_t set, int jump)
{
	/* CUBE_PROGRAM_MAX is enough for any text of CUBE_PATTERN_TEXT_MAX characters */
	p->program->code[p->program->n++] = (struct cube_insn){.set = set, .jump = (int16_t)jump, .op = (uint8_t)op};
}

static void emit_item(struct parser *p, enum cube_op op, uint32_t set)
{
	p->item = (int)p->program->n;
	emit(p, op, set, 0);
}

/* Puts a SPLIT in front of the item. Jumps are relative and none crosses the item's edges, so moving it is safe. */
static void split_before(struct parser *p, int jump)
{
	struct cube_insn *code = p->program->code + p->item;

	memmove(code + 1, code, (p->program->n - (unsigned)p->item) * sizeof(*code));
	p->program->n++;
	*code = (struct cube_insn){.jump = (int16_t)jump, .op = CUBE_OP_SPLIT};
}

static int parse_repeat(struct parser *p, char sign)
{
	int len = (int)p->program->n - p->item;

	if(p->item < 0)
		return refuse(p, p->at - 1, "nothing to repeat: %, + and ? stand behind a digit, ., [...] or (...)");
	if(sign == '?') {
		split_before(p, len + 1);
	} else if(sign == '%') {
		split_before(p, len + 2);
		emit(p, CUBE_OP_JUMP, 0, -(len + 1));
	} else {
		emit(p, CUBE_OP_SPLIT, 0, -len);
	}
	p->item = -1;
	return 0;
}

/* A + that begins the pattern or a group is the plus sign of E.164; there is nothing that it could repeat. */
static int parse_plus(struct parser *p)
{
	char before = p->at >= 2 ? p->text.s[p->at - 2] : '^';

	if(p->item >= 0 || (before != '^' && before != '('))
		return parse_repeat(p, '+');
	emit_item(p, CUBE_OP_LITERAL, 1u << CUBE_DIGIT_PLUS);
	return 0;
}

/* One digit, or a range of them, inside brackets. */
static int parse_set_member(struct parser *p, uint32_t *set)
{
	size_t from = p->at;
	unsigned low = cube_digit_of(p->text.s[p->at++]), high = low;

	if(low >= CUBE_DIGITS)
		return refuse(p, from, "not a digit (allowed in brackets: 0-9 A-F * # + , - and ^ in front)");
	if(p->at < p->text.len && p->text.s[p->at] == '-') {
		high = ++p->at < p->text.len ? cube_digit_of(p->text.s[p->at++]) : CUBE_DIGITS;
		if(high >= CUBE_DIGIT_STAR || low > high || (low < 10) != (high < 10))
			return refuse(p, from, "not a range (allowed: from a lower to a higher digit of 0-9, or of A-F)");
	}
	*set |= (2u << high) - (1u << low);
	return 0;
}

static int parse_set(struct parser *p)
{
	size_t open = p->at - 1;
	uint32_t set = 0;
	bool negated = false;

	if(p->at < p->text.len && p->text.s[p->at] == '^') {
		negated = true;
		p->at++;
	}
	for(;;) {
		if(p->at >= p->text.len)
			return refuse(p, open, "[ is not closed by ]");
		if(p->text.s[p->at] == ']')
			break;
		if(p->text.s[p->at] == ',')
			p->at++;
		else if(parse_set_member(p, &set) < 0)
			return -1;
	}
	p->at++;
	if(set == 0)
		return refuse(p, open, "no digit between the brackets");
	if(negated)
		set = CUBE_DIGITS_ALL & ~set;
	if(set == 0)
		return refuse(p, open, "every digit is excluded");
	emit_item(p, CUBE_OP_DIGIT, set);
	return 0;
}

static int parse_open(struct parser *p)
{
	if(p->depth == CUBE_PATTERN_DEPTH_MAX)
		return refuse(p, p->at - 1, "too many ( inside each other (at most 8)");
	p->group[p->depth].code = p->program->n;
	p->group[p->depth++].at = p->at - 1;
	p->item = -1;
	return 0;
}

static int parse_close(struct parser *p)
{
	if(p->depth == 0)
		return refuse(p, p->at - 1, ") without (");
	p->depth--;
	if(p->program->n == p->group[p->depth].code)
		return refuse(p, p->group[p->depth].at, "nothing between the parentheses");
	p->item = (int)p->group[p->depth].code;
	return 0;
}

static int parse_escape(struct parser *p)
{
	unsigned digit = p->at < p->text.len ? cube_digit_of(p->text.s[p->at++]) : CUBE_DIGITS;

	if(digit >= CUBE_DIGITS)
		return refuse(p, p->at - 1, "no digit behind \\ (allowed: 0-9 A-F * # +)");
	emit_item(p, CUBE_OP_LITERAL, 1u << digit);
	return 0;
}

static int parse_digit(struct parser *p, char c)
{
	unsigned digit = cube_digit_of(c);

	if(digit >= CUBE_DIGITS)
		return refuse(p, p->at - 1, "no such sign in a pattern (" ALLOWED ")");
	emit_item(p, CUBE_OP_LITERAL, 1u << digit);
	return 0;
}

/* T and $: only at the very end, as T, $ or T$. */
static int parse_tail(struct parser *p, char c)
{
	struct cube_str tail = {p->text.s + p->at - 1, p->text.len - p->at + 1};

	p->any = c == 'T';
	if(cube_str_eq(tail, CUBE_STR("$")))
		p->program->rest_max = 0;
	else if(cube_str_eq(tail, CUBE_STR("T$")))
		p->program->rest_max = CUBE_T_MAX;
	else if(!cube_str_eq(tail, CUBE_STR("T")))
		return refuse(p, p->at - 1, "T and $ only at the end, as T, $ or T$");
	p->at = p->text.len;
	return 0;
}

static int parse_next(struct parser *p)
{
	char c = p->text.s[p->at++];

	switch(c) {
		case '.':
			emit_item(p, CUBE_OP_DIGIT, CUBE_DIGITS_ALL);
			return 0;
		case '[':
			return parse_set(p);
		case '(':
			return parse_open(p);
		case ')':
			return parse_close(p);
		case '%':
		case '?':
			return parse_repeat(p, c);
		case '+':
			return parse_plus(p);
		case ',': /* a pause when dialling; here it only parts what a repeat sign would reach */
			p->item = -1;
			return 0;
		case '\\':
			return parse_escape(p);
		case 'T':
		case '$':
			return parse_tail(p, c);
		case '^':
			return p->at == 1 ? 0 : refuse(p, p->at - 1, "^ only as the first sign of a pattern or of brackets");
		default:
			return parse_digit(p, c);
	}
}

int cube_program_parse(struct cube_str text, const char *path, struct cube_program *program, struct cube_err *err)
{
	struct parser p = {.text = text, .path = path, .err = err, .program = program, .item = -1};

	program->n = 0;
	program->rest_max = CUBE_NUMBER_MAX;
	if(text.len > CUBE_PATTERN_TEXT_MAX)
		return refuse(&p, CUBE_PATTERN_TEXT_MAX, "too long (at most 128 characters)");
	while(p.at < text.len) {
		if(parse_next(&p) < 0)
			return -1;
	}
	if(p.depth > 0)
		return refuse(&p, p.group[p.depth - 1].at, "( is not closed by )");
	if(program->n == 0 && !p.any)
		return refuse(&p, 0, "no digit (" ALLOWED ")");
	return 0;
}

const struct cube_pattern *cube_program_keep(
		const struct cube_program *program, unsigned from, struct cube_arena *arena)
{
	size_t size = (program->n - from) * sizeof(program->code[0]);
	struct cube_pattern *pattern = cube_arena_get(arena, sizeof(*pattern) + size);

	if(!pattern)
		return NULL;
	pattern->n = (uint16_t)(program->n - from);
	pattern->rest_max = (uint16_t)program->rest_max;
	memcpy(pattern->code, program->code + from, size);
	return pattern;
}

const struct cube_pattern *cube_pattern_compile(
		struct cube_str text, const char *path, struct cube_arena *arena, struct cube_err *err)
{
	struct cube_program program;
	const struct cube_pattern *pattern;

	if(cube_program_parse(text, path, &program, err) < 0)
		return NULL;
	pattern = cube_program_keep(&program, 0, arena);
	if(!pattern)
		cube_err_nomem(err, path);
	return pattern;
}
