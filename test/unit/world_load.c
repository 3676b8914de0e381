/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "world_load.h"

struct cube_conf *world_load(struct random_source *r, const struct world *w, const char *more)
{
	static char text[1 << 17];
	struct helper_files files;
	struct cube_conf *conf;
	struct cube_err err;
	char path[32];
	size_t len;

	helper_files_init(&files);
	for(unsigned i = 0; i < WORLD_MAPS; i++) {
		snprintf(path, sizeof(path), "/cfg/map%u", i);
		len = world_map_file(r, w, i, text, sizeof(text));
		helper_files_put(&files, path, text, len, 0644);
	}
	len = world_conf(r, w, text, sizeof(text));
	ck_assert_uint_lt(len + strlen(more), sizeof(text));
	memcpy(text + len, more, strlen(more) + 1);
	conf = helper_load(&files, text, len + strlen(more), &err);
	ck_assert_msg(conf != NULL, "%s\n%s", err.text, text);
	helper_files_free(&files);
	return conf;
}
