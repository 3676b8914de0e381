/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An arena: memory that is handed out piece by piece and given back all at once. The blocks come from an injected
 * allocator (shared memory inside Kamailio, malloc in tests and tools), are zeroed when handed out and wiped before
 * they are given back, since private keys pass through them. */
#ifndef CUBE_BASE_ARENA_H
#define CUBE_BASE_ARENA_H

#include <stdint.h>

#include "str.h"

struct cube_alloc
{
	void *(*alloc)(void *ctx, size_t size); /* NULL when out of memory */
	void (*free)(void *ctx, void *block);
	void *ctx;
};

/* malloc and free of the C library. */
extern const struct cube_alloc cube_alloc_libc;

struct cube_arena; /* lives in its own first block */

/* All functions return NULL when the allocator does. block_size: bytes asked for at a time; larger requests get a
 * block of their own; 0: every request has one. */
struct cube_arena *cube_arena_new(const struct cube_alloc *alloc, size_t block_size);
void cube_arena_free(struct cube_arena **arena); /* wipes, frees, sets NULL; NULL is fine */
void *cube_arena_get(struct cube_arena *arena, size_t size) __attribute__((warn_unused_result));
/* n elements of size bytes; NULL also on multiplication overflow. n == 0 gives a valid pointer. */
void *cube_arena_array(struct cube_arena *arena, size_t n, size_t size) __attribute__((warn_unused_result));
/* A copy, and a NUL behind it. */
char *cube_arena_text(struct cube_arena *arena, struct cube_str text) __attribute__((warn_unused_result));
const struct cube_alloc *cube_arena_alloc(const struct cube_arena *arena); /* where its blocks come from */
size_t cube_arena_bytes(const struct cube_arena *arena); /* taken from the allocator, for show commands */

#endif
