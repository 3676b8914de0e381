/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the keys of a URI class in six lines (host, host-pattern, user-id, pattern, phone-number, phone-context; an empty line
 * is no key), and behind them URIs, header bodies and Vias. Beyond crashes: a failure has its message, parts lie within the
 * text, and a match is not longer than what it may consist of. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/uri_class.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if(!holds)
		abort();
}

static struct cube_str next_line(struct cube_str *rest)
{
	const char *end = rest->len ? memchr(rest->s, '\n', rest->len) : NULL;
	struct cube_str line = {rest->s, end ? (size_t)(end - rest->s) : rest->len};

	rest->s += end ? line.len + 1 : line.len;
	rest->len -= end ? line.len + 1 : line.len;
	return line;
}

static void within(struct cube_str part, struct cube_str text)
{
	must(part.len == 0 || (part.s >= text.s && part.s + part.len <= text.s + text.len));
}

static void check(const struct cube_uri_class *class, const struct cube_uri_parts *p, struct cube_str text)
{
	static const struct cube_ip ip = {4, {192, 0, 2, 1}};
	struct cube_uri_match match;

	within(p->whole, text);
	within(p->scheme, p->whole);
	within(p->user, p->whole);
	within(p->host, p->whole);
	within(p->phone_context, p->whole);
	must(p->host.len || p->user.len);
	must(p->ip.len == 0 || p->host.len);
	for(int i = 0; class && i < 2; i++) {
		if(cube_uri_class_match(class, p, &ip, 1, i, &match))
			must(match.length <= p->user.len + p->host.len + p->phone_context.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cube_str rest = {(const char *)data, size}, host;
	struct cube_uri_class_texts texts = {.hosts = &host};
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	const struct cube_uri_class *class;
	struct cube_uri_parts parts;
	struct cube_err err = {0};

	if(!arena)
		return 0;
	host = next_line(&rest);
	texts.n_hosts = host.len > 0;
	texts.host_pattern = next_line(&rest);
	texts.user_id = next_line(&rest);
	texts.pattern = next_line(&rest);
	texts.phone_number = next_line(&rest);
	texts.phone_context = next_line(&rest);
	class = cube_uri_class_compile(&texts, "p", arena, &err);
	must((class != NULL) != cube_err_any(&err));
	for(int i = 0; rest.len > 0 && i < 8; i++) {
		struct cube_str line = next_line(&rest);

		if(cube_uri_parse(line, &parts))
			check(class, &parts, line);
		if(cube_uri_parse_header(line, &parts)) {
			struct cube_str next = cube_uri_next(line, &parts);

			check(class, &parts, line);
			must(!next.len || (next.s > parts.whole.s && next.s + next.len == line.s + line.len));
		}
		if(cube_uri_parse_via(line, &parts))
			check(class, &parts, line);
	}
	cube_arena_free(&arena);
	return 0;
}
