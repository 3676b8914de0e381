/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading with another size of block: a test that lets each single allocation fail asks for 0, which gives every
 * piece of memory its own. */
#ifndef CUBE_CONF_LOAD_BLOCKS_H
#define CUBE_CONF_LOAD_BLOCKS_H

#include "load.h"

/* As cube_conf_load, with arenas of this block size. */
int cube_conf_load_blocks(const char *path, const struct cube_files *files, const struct cube_alloc *alloc,
		size_t block_size, struct cube_conf **conf, struct cube_err *err) __attribute__((warn_unused_result));

#endif
