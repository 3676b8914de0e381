/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thousand trustpoints may name one CA bundle: its contents are kept once. What is in a file is not looked at. */
#include "load_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

struct want
{
	const char *path;
	struct cube_file *file; /* where the contents go; NULL: it is only to be there */
	const char *path_of;	/* the section, for messages */
	const char *key;
};

static int cmp_want(const void *a, const void *b)
{
	const struct want *x = a, *y = b;
	int cmp = strcmp(x->path, y->path);

	return cmp ? cmp : (x->file > y->file) - (x->file < y->file);
}

static void add(struct want *wants, unsigned *n, struct cube_str path, struct cube_file *file, const char *path_of,
		const char *key)
{
	if(path.len)
		wants[(*n)++] = (struct want){path.s, file, path_of, key};
}

/* Has before what want asks for? By cmp_want those without contents come first. */
static bool same(const struct want *before, const struct want *want)
{
	return strcmp(before->path, want->path) == 0 && !before->file == !want->file;
}

static int load(const struct want *want, struct cube_conf *conf, const struct cube_files *files, struct cube_err *err)
{
	char what[CUBE_PATH_MAX + 32];

	snprintf(what, sizeof(what), "%s: %s", want->path_of, want->key);
	if(!want->file)
		return files->look(files->ctx, want->path, what, err);
	return files->read(files->ctx, want->path, what, conf->arena, want->file, err);
}

/* "trustpoint A", kept in scratch; NULL when memory is out. */
static const char *path_of(enum cube_section_id section, struct cube_str title, struct cube_arena *scratch)
{
	char path[CUBE_PATH_MAX];

	return cube_arena_text(scratch, cube_str_of(cube_section_path(&cube_sections[section], title, path)));
}

static int add_all(
		struct cube_conf *conf, bool trustpoints, struct want *wants, unsigned *n, struct cube_arena *scratch)
{
	const char *of;
	char tag[16];
	unsigned i;

	for(i = 0; trustpoints && i < conf->n_trustpoints; i++) {
		struct cube_trustpoint *tp = &conf->trustpoints[i];

		if(!(of = path_of(CUBE_SECTION_TRUSTPOINT, tp->name, scratch)))
			return -1;
		add(wants, n, tp->certificate, &tp->certificate_pem, of, "certificate");
		add(wants, n, tp->private_key, &tp->private_key_pem, of, "private-key");
		add(wants, n, tp->ca, &tp->ca_pem, of, "ca");
		if(!tp->crl_is_url)
			add(wants, n, tp->crl, NULL, of, "crl");
	}
	for(i = 0; i < conf->n_e164_maps; i++) {
		snprintf(tag, sizeof(tag), "%d", conf->e164_maps[i].tag);
		if(!(of = path_of(CUBE_SECTION_E164_MAP, cube_str_of(tag), scratch)))
			return -1;
		add(wants, n, conf->e164_maps[i].url, &conf->e164_maps[i].file, of, "url");
	}
	return 0;
}

int cube_load_files(struct cube_conf *conf, bool trustpoints, const struct cube_files *files,
		struct cube_arena *scratch, struct cube_err *err)
{
	struct want *wants = cube_arena_array(scratch, (size_t)conf->n_trustpoints * 4 + conf->n_e164_maps, sizeof(*wants));
	unsigned i, n = 0;
	int ret = 0;

	if(!wants || add_all(conf, trustpoints, wants, &n, scratch) < 0) {
		cube_err_nomem(err, conf->path.s);
		return -1;
	}
	qsort(wants, n, sizeof(*wants), cmp_want);
	for(i = 0; i < n; i++) {
		if(i == 0 || !same(&wants[i - 1], &wants[i]))
			ret |= load(&wants[i], conf, files, err);
		else if(wants[i].file)
			*wants[i].file = *wants[i - 1].file;
	}
	return ret;
}
