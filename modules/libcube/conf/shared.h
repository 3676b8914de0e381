/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What many sections say in the same words is kept once. Finds it again while a configuration is read. */
#ifndef CUBE_CONF_SHARED_H
#define CUBE_CONF_SHARED_H

#include "../base/arena.h"

/* Objects that begin with the struct cube_str by which they are found. Zeroed: empty. */
struct cube_shared
{
	const struct cube_str **slots;
	size_t n, n_slots;
};

/* The object with this text; NULL: there is none. */
const void *cube_shared_find(const struct cube_shared *shared, struct cube_str text);
/* object: whose text is not in it yet; is kept. scratch: as long as shared is used. -1 when memory is out. */
int cube_shared_add(struct cube_shared *shared, const void *object, struct cube_arena *scratch)
		__attribute__((warn_unused_result));

#endif
