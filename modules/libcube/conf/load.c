/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps from a file to a configuration, in order: read, fill, sort, check, inherit, load what is named, build.
 * Each step may find any number of faults; the next one runs only on what the one before found good. */
#include "load.h"

#include <stdio.h>

#include "../base/sort.h"
#include "../dialpeer/plan.h"
#include "../tenant/sni.h"
#include "../tls/policy.h"
#include "../tls/trustpoint.h"
#include "check.h"
#include "fill.h"
#include "groups.h"
#include "index.h"
#include "inherit.h"
#include "load_blocks.h"
#include "load_files.h"
#include "names.h"
#include "read.h"
#include "text.h"

#define BLOCK_SIZE (32u << 10)

/* The file is given back as soon as the parser's copy of it is made. */
static int read_text(const struct cube_conf *conf, const struct cube_files *files, size_t block_size,
		struct cube_arena *scratch, struct cube_str *text, struct cube_err *err)
{
	struct cube_arena *own = cube_arena_new(cube_arena_alloc(scratch), block_size);
	struct cube_file file;
	int ret = -1;

	if(!own)
		cube_err_nomem(err, conf->path.s);
	else if(files->read(files->ctx, conf->path.s, "configuration", own, &file, err) == 0)
		ret = cube_text_clean((struct cube_str){file.data, file.len}, conf->path.s, scratch, text, err);
	cube_arena_free(&own);
	return ret;
}

/* Likewise all that reading takes besides what is kept. */
static int read_file(struct cube_conf *conf, const struct cube_files *files, size_t block_size, struct cube_err *err)
{
	struct cube_arena *scratch = cube_arena_new(cube_arena_alloc(conf->arena), block_size);
	struct cube_fill fill;
	struct cube_read_sink sink = {cube_fill_section, &fill};
	struct cube_str text;
	int ret = -1;

	if(!scratch) {
		cube_err_nomem(err, conf->path.s);
		return -1;
	}
	if(read_text(conf, files, block_size, scratch, &text, err) == 0) {
		cube_fill_begin(&fill, conf, scratch, err);
		if(cube_read(text, conf->path.s, &sink, scratch, err) == 0)
			ret = cube_fill_end(&fill);
	}
	cube_arena_free(&scratch);
	return ret;
}

static int build_policy(struct cube_conf *conf, struct cube_tls_profile *p, const char *path, struct cube_err *err)
{
	const struct cube_tls_cipher *cipher = NULL;
	enum cube_key_type keys[2];
	unsigned role;
	int tag, index;

	for(role = 0; role < 2; role++)
		keys[role] = p->trustpoint[role] == CUBE_NONE ? CUBE_KEY_NONE : conf->trustpoints[p->trustpoint[role]].key_type;
	if(cube_number_parse(p->cipher_name, CUBE_TAG_MAX, &tag) && (index = cube_index_tls_cipher(conf, tag)) != CUBE_NONE)
		cipher = &conf->tls_ciphers[index];
	return cube_tls_policy_build(p, cipher, keys, path, conf->arena, err);
}

static int build_policies(struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_crypto_signaling *s;
	char path[128];
	unsigned i;
	int ret = 0;

	for(i = 0; i < conf->n_tls_profiles && conf->tls_profiles[i].tag; i++) {
		snprintf(path, sizeof(path), "tls-profile %d", conf->tls_profiles[i].tag);
		if(build_policy(conf, &conf->tls_profiles[i], path, err) != 0)
			ret = -1;
	}
	for(i = 0; i < conf->sip_ua.n_crypto_signaling; i++) {
		s = &conf->sip_ua.crypto_signaling[i];
		snprintf(path, sizeof(path), "sip-ua: crypto-signaling %.*s", CUBE_FMT(s->peer));
		if(!s->tls_profile_tag && build_policy(conf, &conf->tls_profiles[s->tls_profile], path, err) != 0)
			ret = -1;
	}
	return ret;
}

static int cmp_ca(const void *a, const void *b)
{
	const struct cube_trustpoint *x = *(struct cube_trustpoint *const *)a, *y = *(struct cube_trustpoint *const *)b;

	if(x->ca_pem.data != y->ca_pem.data)
		return x->ca_pem.data > y->ca_pem.data ? 1 : -1;
	return (x > y) - (x < y);
}

/* For each trustpoint the first one with the same ca: a bundle that a thousand have is parsed once. NULL when memory
 * is out. */
static unsigned *first_with_ca(const struct cube_conf *conf, struct cube_arena *scratch)
{
	struct cube_trustpoint **v = cube_arena_array(scratch, conf->n_trustpoints, sizeof(*v));
	unsigned *first = cube_arena_array(scratch, conf->n_trustpoints, sizeof(*first));
	unsigned i, at = 0;

	if(!v || !first)
		return NULL;
	for(i = 0; i < conf->n_trustpoints; i++)
		v[i] = &conf->trustpoints[i];
	cube_sort(v, conf->n_trustpoints, sizeof(*v), cmp_ca);
	for(i = 0; i < conf->n_trustpoints; i++) {
		if(v[i]->ca_pem.data != v[at]->ca_pem.data)
			at = i;
		first[v[i] - conf->trustpoints] = (unsigned)(v[at] - conf->trustpoints);
	}
	return first;
}

static int check_trustpoints(struct cube_conf *conf, struct cube_arena *scratch, struct cube_err *err)
{
	unsigned *first = first_with_ca(conf, scratch), i;
	struct cube_trustpoint *tp;
	int ret = 0;

	if(!first) {
		cube_err_nomem(err, conf->path.s);
		return -1;
	}
	for(i = 0; i < conf->n_trustpoints; i++) {
		tp = &conf->trustpoints[i];
		tp->ca_set = conf->trustpoints[first[i]].ca_set;
		if(cube_trustpoint_check(tp, conf->arena, err) != 0)
			ret = -1;
	}
	return ret;
}

/* Everything behind reading. Stops at the end of the first step that has found faults. */
static int complete(struct cube_conf *conf, bool trustpoints, const struct cube_files *files,
		struct cube_arena *scratch, struct cube_err *err)
{
	int plan, loaded;

	cube_index_build(conf, err);
	cube_check_refs(conf, err);
	if(cube_groups_build(conf, err) != 0 || cube_check_ports(conf, err) != 0 || cube_err_any(err))
		return -1;
	if(cube_inherit(conf, err) != 0)
		return -1;
	cube_check_tls(conf, err);
	cube_check_dial(conf, err);
	if(cube_err_any(err))
		return -1;
	if(cube_sni_build(conf, err) != 0)
		return -1;
	loaded = cube_load_files(conf, trustpoints, files, scratch, err);
	plan = cube_dial_plan_build(conf, scratch, err);
	if(!trustpoints)
		return loaded != 0 ? -1 : plan;
	if(loaded != 0 || check_trustpoints(conf, scratch, err) != 0)
		return -1;
	if(build_policies(conf, err) != 0)
		return -1;
	return plan;
}

static struct cube_conf *conf_new(const char *path, const struct cube_alloc *alloc, size_t block_size)
{
	struct cube_arena *arena = cube_arena_new(alloc, block_size);
	struct cube_conf *conf = arena ? cube_arena_get(arena, sizeof(*conf)) : NULL;

	if(conf) {
		conf->arena = arena;
		conf->path = cube_str_of(cube_arena_text(arena, cube_str_of(path)));
	}
	if(!conf || !conf->path.s) {
		cube_arena_free(&arena);
		return NULL;
	}
	return conf;
}

static int load(const char *path, bool trustpoints, const struct cube_files *files, const struct cube_alloc *alloc,
		size_t block_size, struct cube_conf **conf, struct cube_err *err)
{
	struct cube_arena *scratch = NULL;
	struct cube_conf *new = NULL;
	struct cube_err own;
	int ret = -1;

	if(!err)
		err = &own; /* steps ask it whether there were faults */
	cube_err_reset(err);
	if(!(new = conf_new(path, alloc, block_size)))
		cube_err_nomem(err, path);
	else if(read_file(new, files, block_size, err) == 0) {
		if((scratch = cube_arena_new(alloc, block_size)))
			ret = complete(new, trustpoints, files, scratch, err);
		else
			cube_err_nomem(err, path);
	}
	cube_arena_free(&scratch);
	if(ret != 0) {
		cube_conf_free(&new);
		return -1;
	}
	*conf = new;
	return 0;
}

int cube_conf_load_blocks(const char *path, const struct cube_files *files, const struct cube_alloc *alloc,
		size_t block_size, struct cube_conf **conf, struct cube_err *err)
{
	return load(path, true, files, alloc, block_size, conf, err);
}

int cube_conf_load(const char *path, const struct cube_files *files, const struct cube_alloc *alloc,
		struct cube_conf **conf, struct cube_err *err)
{
	return load(path, true, files, alloc, BLOCK_SIZE, conf, err);
}

int cube_conf_load_plan(const char *path, const struct cube_files *files, const struct cube_alloc *alloc,
		struct cube_conf **conf, struct cube_err *err)
{
	return load(path, false, files, alloc, BLOCK_SIZE, conf, err);
}

void cube_conf_free(struct cube_conf **conf)
{
	struct cube_arena *arena = *conf ? (*conf)->arena : NULL;

	cube_arena_free(&arena);
	*conf = NULL;
}
