/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look-ups in a large dial-plan, without a server:
 *   dialplan time <kind> <patterns> <rounds>   one line of JSON: nanoseconds for a look-up in each round; bytes of the index
 *                                              and of the dial-peers for a pattern; how many patterns match a number, on average;
 *                                              how many were compared with a loop over all patterns, and differed
 *   dialplan list <kind> <patterns>            the patterns, one a line
 *   dialplan load <kind> <patterns> <targets>  one line of JSON: what it takes to read a cube.conf with a dial-peer for each
 *                                              pattern, in a tenant, with one of so many targets: seconds; bytes in use
 *                                              behind it, and at most
 * kind: see plan_make(). */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../modules/libcube/conf/load.h"
#include "../../modules/libcube/dialpeer/pattern.h"
#include "plans.h"

#define CHECKS 10000000 /* comparisons of a number with a pattern */
#define CHECKED_MAX 1000
#define IN_TENANT 100 /* dial-peers */

static struct plan plan;

static void die(const char *what)
{
	fprintf(stderr, "dialplan: %s\n", what);
	exit(2);
}

struct naive
{
	unsigned n; /* dial-peers that match */
	unsigned explicit_digits;
	const struct cube_dial_peer *best;
};

/* All patterns in turn: tags go up, so an equal match comes later in hunting order. */
static void compare_all(struct naive *found, unsigned n)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 65536);

	for(unsigned p = 0; p < plan.conf.n_dial_peers; p++) {
		const struct cube_dial_peer *peer = &plan.conf.dial_peers[p];
		const struct cube_pattern *pattern =
				arena ? cube_pattern_compile(peer->destination_pattern, "", arena, &plan.err) : NULL;

		if(!pattern)
			die("out of memory");
		for(unsigned i = 0; i < n; i++) {
			unsigned digits;

			if(!cube_pattern_match(pattern, plan.numbers[i], &digits))
				continue;
			found[i].n++;
			if(!found[i].best || digits > found[i].explicit_digits) {
				found[i].best = peer;
				found[i].explicit_digits = digits;
			}
		}
	}
	cube_arena_free(&arena);
}

static unsigned wrong(unsigned n)
{
	static struct naive found[CHECKED_MAX];
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned i, bad = 0;

	compare_all(found, n);
	for(i = 0; i < n; i++) {
		unsigned got = plan_out(&plan, plan.numbers[i], hits);

		if(got != (found[i].n < CUBE_HUNT_MAX ? found[i].n : CUBE_HUNT_MAX)
				|| (got > 0 && hits[0].peer != found[i].best))
			bad++;
	}
	return bad;
}

/* For a number, on average. */
static double matches(void)
{
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	unsigned n = 0;

	for(unsigned i = 0; i < PLAN_NUMBERS; i++)
		n += plan_out(&plan, plan.numbers[i], hits);
	return (double)n / PLAN_NUMBERS;
}

static void measure(unsigned n, unsigned rounds)
{
	unsigned checked = CHECKS / n < CHECKED_MAX ? CHECKS / n : CHECKED_MAX;
	size_t peers = 0;
	uint64_t sum;

	plan_time(&plan, plan_find_ours, &plan, PLAN_NUMBERS, &sum);
	printf("{\"ns\": [");
	for(unsigned i = 0; i < rounds; i++)
		printf("%s%.1f", i ? ", " : "", plan_time(&plan, plan_find_ours, &plan, PLAN_NUMBERS, &sum));
	for(unsigned i = 0; i < n; i++)
		peers += sizeof(*plan.conf.dial_peers) + plan.conf.dial_peers[i].destination_pattern.len + 1;
	printf("], \"index\": %.1f, \"peer\": %.1f, \"matches\": %.2f, \"checked\": %u, \"wrong\": %u}\n",
			(double)plan.index_bytes / n, (double)peers / n, matches(), checked, wrong(checked));
}

/* ---- reading */

struct block
{
	size_t size;
	max_align_t data[];
};

struct bytes
{
	size_t used, most;
};

static void *counted_alloc(void *ctx, size_t size)
{
	struct bytes *bytes = ctx;
	struct block *b = malloc(sizeof(*b) + size);

	if(!b)
		return NULL;
	b->size = size;
	bytes->used += size;
	if(bytes->used > bytes->most)
		bytes->most = bytes->used;
	return b->data;
}

static void counted_free(void *ctx, void *data)
{
	struct bytes *bytes = ctx;
	struct block *b = (struct block *)((char *)data - offsetof(struct block, data));

	bytes->used -= b->size;
	free(b);
}

static int read_text(void *ctx, const char *path, const char *what, struct cube_arena *arena, struct cube_file *file,
		struct cube_err *err)
{
	const struct cube_str *text = ctx;

	(void)path;
	*file = (struct cube_file){.data = cube_arena_text(arena, *text), .len = text->len};
	if(file->data)
		return 0;
	cube_err_nomem(err, what);
	return -1;
}

static struct cube_str conf_text(unsigned n, unsigned targets)
{
	struct cube_str text = {NULL, 0};
	char *buf;
	FILE *fp = open_memstream(&buf, &text.len);

	if(!fp)
		die("out of memory");
	fprintf(fp, "sip-ua {\n    listen-non-secure = { \"192.0.2.1:5060\" }\n}\n");
	for(unsigned i = 0; i * IN_TENANT < n && i < CUBE_TAG_MAX; i++)
		fprintf(fp, "tenant %u {\n    description = \"tenant %u\"\n}\n", i + 1, i + 1);
	for(unsigned i = 0; i < n; i++) {
		unsigned target = i % targets;

		fprintf(fp,
				"dial-peer %u {\n    tenant = %u\n    destination-pattern = \"%.*s\"\n"
				"    session-target = \"ipv4:10.%u.%u.%u:5060\"\n}\n",
				i + 1, i / IN_TENANT % CUBE_TAG_MAX + 1, CUBE_FMT(plan.conf.dial_peers[i].destination_pattern),
				target >> 16, target >> 8 & 255, target & 255);
	}
	if(fclose(fp) != 0)
		die("out of memory");
	text.s = buf;
	return text;
}

static void load(unsigned n, unsigned targets)
{
	struct cube_str text = conf_text(n, targets);
	struct cube_files files = {.read = read_text, .ctx = &text};
	struct bytes bytes = {0, 0};
	struct cube_alloc alloc = {counted_alloc, counted_free, &bytes};
	struct cube_conf *conf = NULL;
	clock_t began = clock();

	if(cube_conf_load_plan("bench.conf", &files, &alloc, &conf, &plan.err) < 0)
		die(plan.err.text);
	printf("{\"seconds\": %.2f, \"file\": %zu, \"used\": %zu, \"most\": %zu, \"peer\": %zu}\n",
			(double)(clock() - began) / CLOCKS_PER_SEC, text.len, bytes.used, bytes.most, sizeof(*conf->dial_peers));
	cube_conf_free(&conf);
	free((void *)(uintptr_t)text.s);
}

int main(int argc, char **argv)
{
	bool list = argc == 4 && strcmp(argv[1], "list") == 0, loads = argc == 5 && strcmp(argv[1], "load") == 0;
	unsigned n;

	if(!list && !loads && !(argc == 5 && strcmp(argv[1], "time") == 0))
		die("usage: dialplan time <kind> <patterns> <rounds> | dialplan list <kind> <patterns> | "
			"dialplan load <kind> <patterns> <targets>");
	n = (unsigned)strtoul(argv[3], NULL, 10);
	if(n == 0 || n > CHECKS || plan_make(&plan, &cube_alloc_libc, argv[2], n) < 0)
		die(plan.err.text);
	if(list) {
		for(unsigned i = 0; i < n; i++)
			printf("%.*s\n", CUBE_FMT(plan.conf.dial_peers[i].destination_pattern));
	} else if(loads) {
		unsigned targets = (unsigned)strtoul(argv[4], NULL, 10);

		load(n, targets > 0 ? targets : 1);
	} else {
		measure(n, (unsigned)strtoul(argv[4], NULL, 10));
	}
	plan_free(&plan);
	return 0;
}
