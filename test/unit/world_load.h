/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world of random_world.h as a configuration. */
#ifndef TEST_WORLD_LOAD_H
#define TEST_WORLD_LOAD_H

#include "helper.h"
#include "random_world.h"

/* Its cube.conf, with the lines of more behind, loaded; fails the test when that has errors. End it with cube_conf_free. */
struct cube_conf *world_load(struct random_source *r, const struct world *w, const char *more);

#endif
