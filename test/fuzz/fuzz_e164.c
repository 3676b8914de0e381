/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the bytes are the file of an e164-pattern-map. Line by line it must say what this target's own reading of
 * the file says; what is accepted goes into a dial-plan, which must find the numbers that its patterns match and no
 * others; what is refused does not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/e164_map.h"
#include "../../modules/libcube/dialpeer/pattern.h"
#include "../../modules/libcube/dialpeer/plan.h"

#define PATTERNS_MAX 64 /* in larger files numbers are not looked for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct lines
{
	const struct cube_pattern *pattern[PATTERNS_MAX];
	struct cube_str text[PATTERNS_MAX];
	size_t n;
	unsigned bad;
};

/* The next line of what is left, without what stands around a pattern. */
static struct cube_str cut_line(struct cube_str *rest)
{
	struct cube_str line = {rest->s, 0};

	while(line.len < rest->len && line.s[line.len] != '\n')
		line.len++;
	rest->s += line.len;
	rest->len -= line.len;
	if(rest->len > 0) {
		rest->s++;
		rest->len--;
	}
	while(line.len > 0 && strchr(" \t\r", line.s[line.len - 1]) && line.s[line.len - 1] != '\0')
		line.len--;
	while(line.len > 0 && strchr(" \t\r", line.s[0]) && line.s[0] != '\0') {
		line.s++;
		line.len--;
	}
	return line;
}

static void read_lines(struct cube_str rest, struct cube_arena *arena, struct lines *lines)
{
	if(rest.len >= 3 && memcmp(rest.s, "\xef\xbb\xbf", 3) == 0) {
		rest.s += 3;
		rest.len -= 3;
	}
	while(rest.len > 0) {
		struct cube_str line = cut_line(&rest);
		const struct cube_pattern *pattern;

		if(line.len == 0 || line.s[0] == '!')
			continue;
		pattern = cube_pattern_compile(line, "line", arena, NULL);
		lines->bad += pattern == NULL;
		if(pattern && lines->n < PATTERNS_MAX) {
			lines->text[lines->n] = line;
			lines->pattern[lines->n] = pattern;
		}
		lines->n += pattern != NULL;
	}
}

/* The number that a pattern of digits alone is, and a number near that of others. */
static struct cube_str number_of(struct cube_str text, char buf[CUBE_NUMBER_MAX])
{
	size_t n = 0;

	for(size_t i = 0; i < text.len && n < CUBE_NUMBER_MAX; i++) {
		if(text.s[i] == '.')
			buf[n++] = '5';
		else if(memchr("0123456789ABCDEFabcdef*#+", text.s[i], 25))
			buf[n++] = text.s[i];
	}
	return (struct cube_str){buf, n};
}

static void find(const struct cube_conf *conf, const struct lines *lines, struct cube_str number)
{
	struct cube_call called = {.called = number}, calling = {.calling = number};
	unsigned digits, best = 0, matches = 0;
	struct cube_dial_hit hit;

	for(size_t i = 0; i < lines->n; i++) {
		if(!cube_pattern_match(lines->pattern[i], number, &digits))
			continue;
		matches++;
		best = digits > best ? digits : best;
	}
	if(cube_dial_plan_out(conf, NULL, &called, &hit, 1) != (matches > 0) || (matches && hit.explicit_digits != best))
		abort();
	if(cube_dial_plan_in(conf, CUBE_NONE, &calling, &hit) != (matches > 0) || (matches && hit.explicit_digits != best))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cube_e164_map map = {.tag = 1, .url = CUBE_STR("/map"), .file = {.data = (const char *)data, .len = size}};
	struct cube_target target = {.kind = CUBE_TARGET_DNS};
	struct cube_dial_in in = {.incoming_calling_map = {1, 0}};
	struct cube_dial_out out = {.destination_map = {1, 0}};
	struct cube_dial_peer peer = {.tag = 1,
			.tenant = CUBE_NONE,
			.permission = CUBE_PERMISSION_BOTH,
			.target = &target,
			.in = &in,
			.out = &out};
	struct cube_conf conf = {.dial_peers = &peer, .n_dial_peers = 1, .e164_maps = &map, .n_e164_maps = 1};
	struct cube_err err = {0};
	struct lines lines = {.n = 0};
	char buf[CUBE_NUMBER_MAX];

	conf.arena = cube_arena_new(&cube_alloc_libc, 4096);
	if(!conf.arena)
		return 0;
	read_lines((struct cube_str){(const char *)data, size}, conf.arena, &lines);
	if(cube_e164_check(&map, &err) != (lines.bad == 0) || err.count != lines.bad)
		abort();
	cube_err_reset(&err);
	if((cube_dial_plan_build(&conf, conf.arena, &err) == 0) != (lines.bad == 0) || err.count != lines.bad)
		abort();
	for(size_t i = 0; lines.bad == 0 && lines.n <= PATTERNS_MAX && i < lines.n; i++)
		find(&conf, &lines, number_of(lines.text[i], buf));
	cube_arena_free(&conf.arena);
	return 0;
}
