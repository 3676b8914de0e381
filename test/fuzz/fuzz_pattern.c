/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: a pattern in the first line, numbers in the others. What compiles must also go into a dial-plan, and
 * pattern and dial-plan must say the same of every number. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/pattern.h"
#include "../../modules/libcube/dialpeer/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cube_str next_line(struct cube_str *rest)
{
	const char *end = rest->len ? memchr(rest->s, '\n', rest->len) : NULL;
	struct cube_str line = {rest->s, end ? (size_t)(end - rest->s) : rest->len};

	rest->s += end ? line.len + 1 : line.len;
	rest->len -= end ? line.len + 1 : line.len;
	return line;
}

static void compare(const struct cube_conf *conf, const struct cube_pattern *pattern, struct cube_str number)
{
	struct cube_call called = {.called = number}, calling = {.calling = number};
	struct cube_dial_hit hit[2], in;
	unsigned digits = 0, n = cube_dial_plan_out(conf, NULL, &called, hit, 2);
	bool match = cube_pattern_match(pattern, number, &digits);

	if(n != match || (match && (hit[0].explicit_digits != digits || digits > number.len)))
		abort();
	if(cube_dial_plan_in(conf, CUBE_NONE, &called, &in) != match
			|| cube_dial_plan_in(conf, CUBE_NONE, &calling, &in) != match)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cube_str rest = {(const char *)data, size}, text = next_line(&rest);
	struct cube_target target = {.kind = CUBE_TARGET_DNS};
	struct cube_dial_in in = {.incoming_called_number = text};
	struct cube_dial_peer peer = {.tag = 1,
			.tenant = CUBE_NONE,
			.permission = CUBE_PERMISSION_BOTH,
			.destination_pattern = text,
			.target = &target,
			.in = &in};
	struct cube_conf conf = {.dial_peers = &peer, .n_dial_peers = 1};
	const struct cube_pattern *pattern;
	struct cube_err err = {0};

	conf.arena = cube_arena_new(&cube_alloc_libc, 4096);
	if(!conf.arena)
		return 0;
	pattern = cube_pattern_compile(text, "pattern", conf.arena, &err);
	if((pattern != NULL) == cube_err_any(&err))
		abort();
	cube_err_reset(&err);
	if(text.len > 0 && (cube_dial_plan_build(&conf, conf.arena, &err) == 0) != (pattern != NULL))
		abort();
	for(int i = 0; pattern && rest.len > 0 && i < 8; i++)
		compare(&conf, pattern, next_line(&rest));
	cube_arena_free(&conf.arena);
	return 0;
}
