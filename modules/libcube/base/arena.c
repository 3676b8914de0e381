/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks in a list, filled from the front. Knows nothing of what is stored in them; wipes all of it at the end,
 * since some of it is private keys. */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN _Alignof(max_align_t)

struct block
{
	struct block *next;
	size_t size; /* of the whole block, this header included */
	size_t used;
};

struct cube_arena
{
	struct cube_alloc alloc;
	struct block *first; /* the one being filled; larger ones of their own come behind it */
	size_t block_size;
	size_t bytes;
};

static void *libc_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void libc_free(void *ctx, void *block)
{
	(void)ctx;
	free(block);
}

const struct cube_alloc cube_alloc_libc = {libc_alloc, libc_free, NULL};

/* Where size bytes would begin in b: 0 when they do not fit. Aligned by address, since an allocator may align less
 * than the compiler assumes. */
static size_t block_place(const struct block *b, size_t size, size_t align)
{
	size_t at = b->used + (align - ((uintptr_t)b + b->used) % align) % align;

	return at <= b->size && size <= b->size - at ? at : 0;
}

static struct block *block_new(const struct cube_alloc *alloc, size_t size)
{
	struct block *b;

	if(!(b = alloc->alloc(alloc->ctx, size)))
		return NULL;
	memset(b, 0, size);
	b->size = size;
	b->used = sizeof(*b);
	return b;
}

static void *block_get(struct block *b, size_t size, size_t align)
{
	size_t at = block_place(b, size, align);

	if(!at)
		return NULL;
	b->used = at + size;
	return (char *)b + at;
}

struct cube_arena *cube_arena_new(const struct cube_alloc *alloc, size_t block_size)
{
	size_t least = sizeof(struct block) + sizeof(struct cube_arena) + ALIGN,
		   size = block_size > least ? block_size : least;
	struct cube_arena *arena;
	struct block *b;

	if(!(b = block_new(alloc, size)))
		return NULL;
	arena = block_get(b, sizeof(*arena), ALIGN); /* fits: see the least size above */
	arena->alloc = *alloc;
	arena->first = b;
	arena->block_size = block_size;
	arena->bytes = size;
	return arena;
}

void cube_arena_free(struct cube_arena **arena)
{
	struct cube_alloc alloc;
	struct block *b, *next;

	if(!*arena)
		return;
	alloc = (*arena)->alloc; /* the arena lies in one of the blocks */
	for(b = (*arena)->first; b; b = next) {
		next = b->next;
		explicit_bzero(b, b->size);
		alloc.free(alloc.ctx, b);
	}
	*arena = NULL;
}

static void *get(struct cube_arena *arena, size_t size, size_t align)
{
	size_t need, least = arena->block_size;
	struct block *b;
	void *got;

	if((got = block_get(arena->first, size, align)))
		return got;
	if(size > SIZE_MAX - sizeof(*b) - ALIGN)
		return NULL;
	need = sizeof(*b) + ALIGN + size;
	if(!(b = block_new(&arena->alloc, need > least ? need : least)))
		return NULL;
	arena->bytes += b->size;
	if(need > least) { /* full at once: go on filling the present one */
		b->next = arena->first->next;
		arena->first->next = b;
	} else {
		b->next = arena->first;
		arena->first = b;
	}
	return block_get(b, size, align);
}

void *cube_arena_get(struct cube_arena *arena, size_t size)
{
	return get(arena, size, ALIGN);
}

void *cube_arena_array(struct cube_arena *arena, size_t n, size_t size)
{
	if(size && n > SIZE_MAX / size)
		return NULL;
	return cube_arena_get(arena, n * size);
}

char *cube_arena_text(struct cube_arena *arena, struct cube_str text)
{
	char *copy;

	if(text.len == SIZE_MAX || !(copy = get(arena, text.len + 1, 1)))
		return NULL;
	if(text.len)
		memcpy(copy, text.s, text.len);
	return copy;
}

const struct cube_alloc *cube_arena_alloc(const struct cube_arena *arena)
{
	return &arena->alloc;
}

size_t cube_arena_bytes(const struct cube_arena *arena)
{
	return arena->bytes;
}
