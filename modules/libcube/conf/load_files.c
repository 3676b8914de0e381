/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thousand trustpoints may name one CA bundle: its contents are kept once. What is in a file is not looked at. */
#include "load_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct want
{
	const char *path;
	struct cube_file *file; /* where the contents go; NULL: it is only to be there */
	const struct cube_trustpoint *trustpoint;
	const char *key;
};

static int cmp_want(const void *a, const void *b)
{
	const struct want *x = a, *y = b;
	int cmp = strcmp(x->path, y->path);

	return cmp ? cmp : (x->file > y->file) - (x->file < y->file);
}

static void add(struct want *wants, unsigned *n, struct cube_str path, struct cube_file *file,
		const struct cube_trustpoint *trustpoint, const char *key)
{
	if(path.len)
		wants[(*n)++] = (struct want){path.s, file, trustpoint, key};
}

/* Has before what want asks for? By cmp_want those without contents come first. */
static bool same(const struct want *before, const struct want *want)
{
	return strcmp(before->path, want->path) == 0 && !before->file == !want->file;
}

static int load(const struct want *want, struct cube_conf *conf, const struct cube_files *files, struct cube_err *err)
{
	char what[192];

	snprintf(what, sizeof(what), "trustpoint %.*s: %s", CUBE_FMT(want->trustpoint->name), want->key);
	if(!want->file)
		return files->look(files->ctx, want->path, what, err);
	return files->read(files->ctx, want->path, what, conf->arena, want->file, err);
}

int cube_load_files(
		struct cube_conf *conf, const struct cube_files *files, struct cube_arena *scratch, struct cube_err *err)
{
	struct want *wants = cube_arena_array(scratch, (size_t)conf->n_trustpoints * 4, sizeof(*wants));
	struct cube_trustpoint *tp;
	unsigned i, n = 0;
	int ret = 0;

	if(!wants) {
		cube_err_nomem(err, conf->path.s);
		return -1;
	}
	for(i = 0; i < conf->n_trustpoints; i++) {
		tp = &conf->trustpoints[i];
		add(wants, &n, tp->certificate, &tp->certificate_pem, tp, "certificate");
		add(wants, &n, tp->private_key, &tp->private_key_pem, tp, "private-key");
		add(wants, &n, tp->ca, &tp->ca_pem, tp, "ca");
		if(!tp->crl_is_url)
			add(wants, &n, tp->crl, NULL, tp, "crl");
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
