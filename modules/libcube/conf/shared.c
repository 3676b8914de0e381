/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing, at most half full. */
#include "shared.h"

#include <stdint.h>

#define FIRST_SLOTS 64 /* a power of two, as all sizes are */

/* Where the text is, or would be. FNV-1a. */
static size_t slot_of(const struct cube_shared *shared, struct cube_str text)
{
	uint64_t hash = 14695981039346656037u;
	size_t i;

	for(i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.s[i]) * 1099511628211u;
	i = (hash ^ hash >> 32) & (shared->n_slots - 1);
	while(shared->slots[i] && !cube_str_eq(*shared->slots[i], text))
		i = (i + 1) & (shared->n_slots - 1);
	return i;
}

const void *cube_shared_find(const struct cube_shared *shared, struct cube_str text)
{
	return shared->n_slots ? shared->slots[slot_of(shared, text)] : NULL;
}

static int grow(struct cube_shared *shared, struct cube_arena *scratch)
{
	struct cube_shared larger = {.n = shared->n, .n_slots = shared->n_slots ? shared->n_slots * 2 : FIRST_SLOTS};
	size_t i;

	larger.slots = cube_arena_array(scratch, larger.n_slots, sizeof(const struct cube_str *));
	if(!larger.slots)
		return -1;
	for(i = 0; i < shared->n_slots; i++) {
		if(shared->slots[i])
			larger.slots[slot_of(&larger, *shared->slots[i])] = shared->slots[i];
	}
	*shared = larger;
	return 0;
}

int cube_shared_add(struct cube_shared *shared, const void *object, struct cube_arena *scratch)
{
	const struct cube_str *text = object;

	if(shared->n >= shared->n_slots / 2 && grow(shared, scratch) < 0)
		return -1;
	shared->slots[slot_of(shared, *text)] = text;
	shared->n++;
	return 0;
}
