/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One new struct per section, its title, its keys. Knows which struct belongs to which section; the forms of values
 * are value.c's, relations between sections check.c's. */
#include "fill.h"

#include <stddef.h>
#include <string.h>

#include "names.h"

void cube_fill_begin(struct cube_fill *fill, struct cube_conf *conf, struct cube_arena *scratch, struct cube_err *err)
{
	const char *slash = strrchr(conf->path.s, '/');

	memset(fill, 0, sizeof(*fill));
	fill->conf = conf;
	fill->scratch = fill->shared.scratch = scratch;
	fill->err = err;
	if(slash)
		fill->folder = (struct cube_str){conf->path.s, (size_t)(slash - conf->path.s) + 1};
	conf->sip_ua.trusted_authenticate = true;
	conf->sip_ua.silent_discard_untrusted = true;
	conf->sip_ua.connection_establish_tls = 20;
	conf->sip_ua.connection_aging_tls = 3600;
	conf->sip_ua.crl_cache = CUBE_STR("/var/cache/kamailio-cube");
}

#define CHUNK 32 /* structs */

struct cube_fill_chunk
{
	struct cube_fill_chunk *next;
	unsigned n;
	max_align_t v[];
};

/* A zeroed struct for the section, in scratch memory. */
static void *vector_add(struct cube_fill *fill, const struct cube_section *section)
{
	struct cube_fill_vector *vector = &fill->vectors[section->id];
	struct cube_fill_chunk *chunk = vector->last;
	char *v;

	if(!chunk || chunk->n == CHUNK) {
		if(!(chunk = cube_arena_get(fill->scratch, sizeof(*chunk) + CHUNK * section->size))) {
			cube_err_nomem(fill->err, fill->conf->path.s);
			return NULL;
		}
		*(vector->last ? &vector->last->next : &vector->first) = chunk;
		vector->last = chunk;
	}
	v = (char *)chunk->v + chunk->n++ * section->size;
	vector->n++;
	return memset(v, 0, section->size); /* may hold what was taken back */
}

static void vector_take_back(struct cube_fill_vector *vector)
{
	vector->last->n--;
	vector->n--;
}

static int copy_title(struct cube_fill *fill, const struct cube_raw *raw, const char *path, struct cube_str *to)
{
	const char *s = cube_arena_text(fill->conf->arena, raw->title);

	if(!s) {
		cube_err_nomem(fill->err, path);
		return -1;
	}
	*to = (struct cube_str){s, raw->title.len};
	return 0;
}

/* The title in its place. 1: it is wrong and the section is left out. */
static int fill_title(struct cube_fill *fill, const struct cube_raw *raw, const char *path, void *object)
{
	struct cube_crypto_signaling *signaling = object;
	int tag;

	switch(raw->section->title) {
		case CUBE_TITLE_TAG:
			if(!cube_number_parse(raw->title, raw->section->max_tag, &tag) || tag == 0) {
				cube_err_add(fill->err, "%s \"%.*s\": not a number from 1 to %d (digits only, no leading zero)",
						raw->section->name, CUBE_SEEN(raw->title), raw->section->max_tag);
				return 1;
			}
			*(int *)object = tag; /* the first member of each of them */
			return 0;
		case CUBE_TITLE_NAME:
			if(raw->title.len == 0 || raw->title.len > CUBE_NAME_MAX) {
				cube_err_add(fill->err, "%s: a name of %zu characters (1 to %d)", raw->section->name, raw->title.len,
						CUBE_NAME_MAX);
				return 1;
			}
			return copy_title(fill, raw, path, object); /* likewise */
		case CUBE_TITLE_NETWORK:
			if(!cube_str_eq(raw->title, CUBE_STR("default")) && !cube_prefix_parse(raw->title, &signaling->prefix)) {
				cube_err_add(fill->err,
						"sip-ua: crypto-signaling \"%.*s\": not a network (allowed: default, or one like 192.0.2.0/24 "
						"or "
						"2001:db8::/32, with no bit set behind the prefix)",
						CUBE_SEEN(raw->title));
				return 1;
			}
			return copy_title(fill, raw, path, &signaling->peer);
		default:
			return 0;
	}
}

static const struct cube_raw_key *raw_key(const struct cube_raw *raw, const char *name)
{
	unsigned i;

	for(i = 0; i < raw->section->n_keys; i++) {
		if(strcmp(raw->section->keys[i].name, name) == 0)
			return &raw->keys[i];
	}
	return NULL;
}

/* Who writes a list of names expects that it is looked at. */
static void check_cn_san(struct cube_fill *fill, const struct cube_raw *raw, const char *path)
{
	const struct cube_raw_key *names = raw_key(raw, "cn-san"), *validate = raw_key(raw, "cn-san-validate");

	if(names && validate && names->given && !validate->given)
		cube_err_add(fill->err,
				"%s: cn-san: nothing is validated without cn-san-validate (allowed: none, server, client, "
				"bidirectional)",
				path);
}

/* The struct that has the key's member: made, where it is a part that is not there yet. NULL when memory is out. */
static void *key_struct(const struct cube_fill *fill, const struct cube_key *key, void *object)
{
	void *at = cube_key_struct(key, object);

	if(!at && (at = cube_arena_get(fill->conf->arena, key->part->size)))
		memcpy((char *)object + key->part->pointer, &at, sizeof(at));
	return at;
}

static int fill_keys(struct cube_fill *fill, const struct cube_raw *raw, const char *path, void *object)
{
	struct cube_value value = {.path = path,
			.folder = fill->folder,
			.arena = fill->conf->arena,
			.err = fill->err,
			.shared = &fill->shared};
	unsigned i;

	for(i = 0; i < raw->section->n_keys; i++) {
		if(!raw->keys[i].given)
			continue;
		value.key = &raw->section->keys[i];
		value.v = raw->keys[i].n ? raw->values + raw->keys[i].first : NULL;
		value.n = raw->keys[i].n;
		if(!(value.object = key_struct(fill, value.key, object))) {
			cube_err_nomem(fill->err, path);
			return -1;
		}
		if(cube_value_store(&value) != 0)
			return -1;
	}
	check_cn_san(fill, raw, path);
	return 0;
}

/* Those that are not zero. What depends on something else is inherit.c's. */
static void fill_defaults(enum cube_section_id id, void *object)
{
	struct cube_dial_peer *peer = object;
	struct cube_keepalive *keepalive = object;

	if(id == CUBE_SECTION_DIAL_PEER) {
		peer->permission = CUBE_PERMISSION_BOTH;
	} else if(id == CUBE_SECTION_KEEPALIVE) {
		keepalive->up_interval = 60;
		keepalive->down_interval = 30;
		keepalive->retry = 5;
	}
}

int cube_fill_section(void *ctx, const struct cube_raw *raw)
{
	struct cube_fill *fill = ctx;
	enum cube_section_id id = raw->section->id;
	char path[CUBE_PATH_MAX];
	void *object;
	int ret;

	cube_section_path(raw->section, raw->title, path);
	if(id == CUBE_SECTION_SRTP_CRYPTO) {
		cube_err_add(fill->err, "%s: this release does not implement it; remove the section", path);
		return 0;
	}
	if(id == CUBE_SECTION_SIP_UA) {
		if(fill->n_sip_ua++) {
			cube_err_add(fill->err, "%s: configured twice", path);
			return 0;
		}
		return fill_keys(fill, raw, path, &fill->conf->sip_ua);
	}
	if(!(object = vector_add(fill, raw->section)))
		return -1;
	fill_defaults(id, object);
	if((ret = fill_title(fill, raw, path, object)) == 0)
		return fill_keys(fill, raw, path, object);
	vector_take_back(&fill->vectors[id]);
	return ret < 0 ? -1 : 0;
}

/* Into a table of conf. */
static int move(struct cube_fill *fill, const struct cube_section *section)
{
	const struct cube_fill_vector *vector = &fill->vectors[section->id];
	char *v = cube_arena_array(fill->conf->arena, vector->n, section->size), *at = v;
	const struct cube_fill_chunk *chunk;

	if(!v)
		return -1;
	for(chunk = vector->first; chunk; chunk = chunk->next) {
		memcpy(at, chunk->v, chunk->n * section->size);
		at += chunk->n * section->size;
	}
	memcpy((char *)fill->conf + section->table, &v, sizeof(v));
	memcpy((char *)fill->conf + section->count, &vector->n, sizeof(vector->n));
	return 0;
}

int cube_fill_end(struct cube_fill *fill)
{
	int ret = move(fill, &cube_section_crypto_signaling);
	unsigned i;

	for(i = 0; i < CUBE_N_SECTIONS; i++) {
		if(cube_sections[i].size)
			ret |= move(fill, &cube_sections[i]);
	}
	if(ret < 0)
		cube_err_nomem(fill->err, fill->conf->path.s);
	return ret;
}
