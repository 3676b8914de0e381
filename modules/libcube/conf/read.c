/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only file that knows libconfuse. libconfuse splits the text into sections, keys and words; it converts
 * nothing, keeps nothing (each section is handed on and freed when it ends) and has the last word on nothing. */
#include "read.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* What a key has got so far in the section being read. libconfuse's callbacks have no argument of ours, but each
 * option carries the address where its value is to be stored: here, which leads to the reader. */
struct slot
{
	void *value; /* libconfuse's; stays NULL */
	struct reader *reader;
	struct level *level;
	unsigned key;
};

/* A section being read: one at the root, one inside it. */
struct level
{
	struct slot slots[CUBE_N_SECTIONS][CUBE_KEYS_MAX];
	struct cube_raw_key keys[CUBE_KEYS_MAX];
	struct cube_str *values; /* views of buf, made when the section ends */
	size_t *ends;			 /* where in buf each value ends */
	unsigned n, n_max;
	char *buf;
	size_t used, size;
};

struct reader
{
	struct cube_arena *arena;
	struct cube_err *err;
	const char *path;
	const struct cube_read_sink *sink;
	struct level root, inner;
	struct slot sentinel;
	bool complete; /* the sentinel was read */
	bool unknown;  /* the key before was not known: what libconfuse says next follows from that */
	bool no_memory;
};

const char *cube_section_path(const struct cube_section *section, struct cube_str title, char buf[CUBE_PATH_MAX])
{
	bool inner = section == &cube_section_crypto_signaling;

	snprintf(buf, CUBE_PATH_MAX, "%s%s%s%.*s", inner ? "sip-ua: " : "", section->name,
			section->title == CUBE_TITLE_NONE ? "" : " ", (int)(title.len < CUBE_NAME_MAX ? title.len : CUBE_NAME_MAX),
			title.s ? title.s : "");
	return buf;
}

static struct slot *slot_of(const cfg_opt_t *opt)
{
	return (struct slot *)(void *)opt->simple_value.ptr;
}

/* The first option of the root and of each section is a key, so it has a slot. */
static struct reader *reader_of(const cfg_t *cfg)
{
	return slot_of(&cfg->opts[0])->reader;
}

static const struct cube_section *section_of(const char *name)
{
	unsigned i;

	for(i = 0; i < CUBE_N_SECTIONS; i++) {
		if(strcmp(cube_sections[i].name, name) == 0)
			return &cube_sections[i];
	}
	return strcmp(cube_section_crypto_signaling.name, name) == 0 ? &cube_section_crypto_signaling : NULL;
}

static int reader_nomem(struct reader *r)
{
	if(!r->no_memory)
		cube_err_nomem(r->err, r->path);
	r->no_memory = true;
	return -1;
}

/* Twice the room, old contents kept. */
static void *grow(struct reader *r, const void *old, size_t n, size_t new_n, size_t size)
{
	void *room = cube_arena_array(r->arena, new_n, size);

	if(room && n)
		memcpy(room, old, n * size);
	return room;
}

static int level_add(struct reader *r, struct level *l, const char *value)
{
	size_t len = strlen(value), size;
	unsigned n_max;
	void *room;

	if(len >= l->size - l->used) { /* also the first time, when there is nothing yet */
		size = (l->size + len) * 2 + 1024;
		if(!(room = grow(r, l->buf, l->used, size, 1)))
			return reader_nomem(r);
		l->buf = room;
		l->size = size;
	}
	if(l->n == l->n_max) {
		n_max = l->n_max * 2 + 64;
		if(!(room = grow(r, l->ends, l->n, n_max, sizeof(*l->ends))))
			return reader_nomem(r);
		l->ends = room;
		if(!(l->values = cube_arena_array(r->arena, n_max, sizeof(*l->values))))
			return reader_nomem(r);
		l->n_max = n_max;
	}
	if(len)
		memcpy(l->buf + l->used, value, len);
	l->used += len;
	l->ends[l->n++] = l->used;
	return 0;
}

/* Each value of each key comes by here. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct slot *slot = slot_of(opt);
	struct reader *r = slot->reader;
	struct cube_raw_key *key = &slot->level->keys[slot->key];
	const struct cube_section *section = section_of(cfg->name);
	char path[CUBE_PATH_MAX];

	*(void **)result = NULL;
	r->unknown = false;
	/* libconfuse sets the flag at each '=': with it this is the first value of an assignment */
	if(opt->flags & CFGF_RESET) {
		opt->flags &= ~CFGF_RESET;
		if(key->given) {
			cube_section_path(section, cube_str_of(cfg->title), path);
			cube_err_add(r->err, "%s: %s: given twice", path, opt->name);
		}
		key->given = true;
		key->first = slot->level->n;
		key->n = 0;
	}
	if(strcmp(value, CUBE_TEXT_MARK) == 0) /* an empty list */
		return 0;
	key->n++;
	return level_add(r, slot->level, value);
}

static int on_sentinel(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reader *r = slot_of(opt)->reader;

	*(void **)result = NULL;
	if(strcmp(value, CUBE_TEXT_MARK) != 0) {
		cube_err_add(r->err, "%s: line %d: %s: no such section", r->path, cfg->line, opt->name);
		return -1;
	}
	r->complete = true;
	return 0;
}

static void level_reset(struct level *l)
{
	memset(l->keys, 0, sizeof(l->keys));
	l->n = 0;
	l->used = 0;
}

/* libconfuse validates a section option when one such section has ended. Freed here, it stays the only one:
 * libconfuse would compare each new title with all before it. */
static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
	const cfg_t *section = opt->values[0]->section;
	struct slot *slot = slot_of(&section->opts[0]);
	struct reader *r = slot->reader;
	struct level *l = slot->level;
	struct cube_raw raw = {.section = section_of(opt->name), .title = cube_str_of(section->title)};
	size_t begin = 0;
	unsigned i;
	int ret;

	(void)cfg;
	for(i = 0; i < l->n; begin = l->ends[i++])
		l->values[i] = (struct cube_str){l->buf + begin, l->ends[i] - begin};
	raw.values = l->values;
	memcpy(raw.keys, l->keys, sizeof(raw.keys));
	ret = r->sink->section(r->sink->ctx, &raw);
	level_reset(l);
	cfg_free_value(opt);
	if(ret != 0)
		r->no_memory = true;
	return ret;
}

/* "description, tls-profile, ...": the keys that may be written. */
static void key_names(const struct cube_section *section, char *buf, size_t size)
{
	const char *comma = "";
	size_t used = 0;
	unsigned i;
	int n;

	buf[0] = '\0';
	for(i = 0; i < (section ? section->n_keys : CUBE_N_SECTIONS) && used < size; i++) {
		if(section ? section->keys[i].kind == CUBE_KIND_LATER : cube_sections[i].id == CUBE_SECTION_SRTP_CRYPTO)
			continue;
		n = snprintf(buf + used, size - used, "%s%s", comma, section ? section->keys[i].name : cube_sections[i].name);
		used += n > 0 ? (size_t)n : 0;
		comma = ", ";
	}
	if(section && section->inner && used < size)
		snprintf(buf + used, size - used, ", %s", section->inner->name);
}

static void on_unknown(struct reader *r, const cfg_t *cfg, va_list ap)
{
	const struct cube_section *section = section_of(cfg->name);
	const char *name = va_arg(ap, const char *);
	char path[CUBE_PATH_MAX], names[900];

	key_names(section, names, sizeof(names));
	if(section)
		cube_err_add(r->err, "%s: %.80s: no such key (known: %s)",
				cube_section_path(section, cube_str_of(cfg->title), path), name, names);
	else
		cube_err_add(r->err, "%s: line %d: %.80s: no such section (known: %s)", r->path, cfg->line, name, names);
	r->unknown = true;
}

/* libconfuse's own complaints. Line numbers are right here, since it sees no comments. */
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct reader *r = reader_of(cfg);
	const struct cube_section *section = section_of(cfg->name);
	char text[200], path[CUBE_PATH_MAX] = "";

	if(strcmp(fmt, "no such option '%s'") == 0) {
		on_unknown(r, cfg, ap);
		return;
	}
	if(r->unknown)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if(section)
		cube_section_path(section, cube_str_of(cfg->title), path);
	cube_err_add(r->err, "%s: line %d: %s%s%s", r->path, cfg->line, path, section ? ": " : "", text);
}

static cfg_opt_t *options_new(struct reader *r, const struct cube_section *section, struct level *level, unsigned row)
{
	cfg_opt_t *opts = cube_arena_array(r->arena, section->n_keys + 2u, sizeof(*opts));
	struct slot *slot;
	unsigned i;

	for(i = 0; opts && i < section->n_keys; i++) {
		slot = &level->slots[row][i];
		*slot = (struct slot){NULL, r, level, i};
		opts[i].name = section->keys[i].name;
		/* a pointer, so that libconfuse copies nothing; a list, so that we say what is wrong with a list */
		opts[i].type = CFGT_PTR;
		opts[i].flags = CFGF_LIST;
		opts[i].parsecb = on_value;
		opts[i].simple_value.ptr = &slot->value;
	}
	return opts; /* ends with an option of zeroes */
}

static void option_section(cfg_opt_t *opt, const struct cube_section *section, cfg_opt_t *keys)
{
	opt->name = section->name;
	opt->type = CFGT_SEC;
	/* KEYSTRVAL: an unknown key is reported, but does not end the reading */
	opt->flags = CFGF_MULTI | CFGF_KEYSTRVAL | (section->title == CUBE_TITLE_NONE ? 0 : CFGF_TITLE);
	opt->subopts = keys;
	opt->validcb = on_section;
}

static cfg_opt_t *options_root(struct reader *r)
{
	cfg_opt_t *root = cube_arena_array(r->arena, CUBE_N_SECTIONS + 2, sizeof(*root)), *keys, *inner;
	const struct cube_section *section;
	unsigned i;

	if(!root)
		return NULL;
	r->sentinel = (struct slot){NULL, r, NULL, 0};
	root[0].name = CUBE_TEXT_SENTINEL;
	root[0].type = CFGT_PTR;
	root[0].parsecb = on_sentinel;
	root[0].simple_value.ptr = &r->sentinel.value;
	for(i = 0; i < CUBE_N_SECTIONS; i++) {
		section = &cube_sections[i];
		if(!(keys = options_new(r, section, &r->root, i)))
			return NULL;
		if(section->inner) {
			if(!(inner = options_new(r, section->inner, &r->inner, i)))
				return NULL;
			option_section(&keys[section->n_keys], section->inner, inner);
		}
		option_section(&root[i + 1], section, keys);
	}
	return root;
}

static int read_parse(struct reader *r, struct cube_str text, cfg_opt_t *options)
{
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	FILE *fp = NULL;
	int ret = -1;

	if(cfg && (fp = fmemopen((void *)(uintptr_t)text.s, text.len, "r"))) {
		cfg_set_error_function(cfg, on_error);
		if(cfg_parse_fp(cfg, fp) == CFG_SUCCESS)
			ret = 0;
		else if(!cube_err_any(r->err)) /* the only failure of libconfuse without words */
			reader_nomem(r);
	} else {
		reader_nomem(r);
	}
	if(fp)
		fclose(fp);
	if(cfg)
		cfg_free(cfg);
	return ret;
}

int cube_read(struct cube_str text, const char *path, const struct cube_read_sink *sink, struct cube_arena *arena,
		struct cube_err *err)
{
	struct reader *r = cube_arena_get(arena, sizeof(*r));
	cfg_opt_t *options;

	if(!r) {
		cube_err_nomem(err, path);
		return -1;
	}
	r->arena = arena;
	r->err = err;
	r->path = path;
	r->sink = sink;
	if(!(options = options_root(r)))
		return reader_nomem(r);
	if(read_parse(r, text, options) != 0)
		return -1;
	if(!r->complete) {
		cube_err_add(err, "%s: the file ends inside a section: it is cut off", path);
		return -1;
	}
	return 0;
}
