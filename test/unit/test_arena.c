/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/arena.c: alignment, zeroes, limits, failing allocators, and that what is given back holds nothing. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "helper.h"

START_TEST(aligned_zeroed_apart)
{
	struct helper_alloc h;
	struct cube_arena *arena;
	unsigned char *got[200];
	unsigned i, k;

	helper_alloc_init(&h, HELPER_NEVER, false);
	ck_assert_ptr_nonnull(arena = cube_arena_new(&h.alloc, 1000));
	for(i = 0; i < 200; i++) {
		ck_assert_ptr_nonnull(got[i] = cube_arena_get(arena, i));
		ck_assert_uint_eq((uintptr_t)got[i] % _Alignof(max_align_t), 0);
		for(k = 0; k < i; k++)
			ck_assert_uint_eq(got[i][k], 0);
		memset(got[i], (int)i, i);
	}
	for(i = 0; i < 200; i++) {
		for(k = 0; k < i; k++)
			ck_assert_uint_eq(got[i][k], i);
	}
	ck_assert_int_gt(h.live, 1);
	ck_assert_uint_ge(cube_arena_bytes(arena), 200 * 199 / 2);
	cube_arena_free(&arena);
	ck_assert_ptr_null(arena);
	ck_assert_int_eq(h.live, 0);
	cube_arena_free(&arena);
}
END_TEST

START_TEST(sizes)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, (size_t)_i);
	char *big, *small;

	ck_assert_ptr_nonnull(arena);
	ck_assert_ptr_nonnull(small = cube_arena_get(arena, 8));
	ck_assert_ptr_nonnull(big = cube_arena_get(arena, 100000));
	memset(big, 'x', 100000);
	ck_assert_ptr_nonnull(cube_arena_get(arena, 8));
	ck_assert_int_eq(small[0], 0);
	ck_assert_ptr_null(cube_arena_get(arena, SIZE_MAX));
	ck_assert_ptr_null(cube_arena_get(arena, SIZE_MAX - 16));
	ck_assert_ptr_null(cube_arena_array(arena, SIZE_MAX / 2 + 1, 2));
	ck_assert_ptr_null(cube_arena_text(arena, (struct cube_str){"", SIZE_MAX}));
	ck_assert_ptr_nonnull(cube_arena_array(arena, 0, 100));
	ck_assert_ptr_nonnull(cube_arena_array(arena, 100, 0));
	ck_assert_str_eq(cube_arena_text(arena, (struct cube_str){NULL, 0}), "");
	ck_assert_str_eq(cube_arena_text(arena, (struct cube_str){"abc", 2}), "ab");
	cube_arena_free(&arena);
}
END_TEST

/* A large request does not end the block that is being filled. */
START_TEST(large_requests_apart)
{
	struct helper_alloc h;
	struct cube_arena *arena;
	long calls;

	helper_alloc_init(&h, HELPER_NEVER, false);
	arena = cube_arena_new(&h.alloc, 4096);
	ck_assert_ptr_nonnull(cube_arena_get(arena, 100));
	ck_assert_ptr_nonnull(cube_arena_get(arena, 100000));
	calls = h.calls;
	ck_assert_ptr_nonnull(cube_arena_get(arena, 3000));
	ck_assert_int_eq(h.calls, calls);
	cube_arena_free(&arena);
	ck_assert_int_eq(h.live, 0);
}
END_TEST

START_TEST(no_memory)
{
	struct helper_alloc h;
	struct cube_arena *arena;

	helper_alloc_init(&h, 0, false);
	ck_assert_ptr_null(cube_arena_new(&h.alloc, 4096));
	helper_alloc_init(&h, 1, false);
	ck_assert_ptr_nonnull(arena = cube_arena_new(&h.alloc, 4096));
	ck_assert_ptr_null(cube_arena_get(arena, 5000));
	ck_assert_ptr_nonnull(cube_arena_get(arena, 100)); /* what there is can still be used */
	cube_arena_free(&arena);
	ck_assert_int_eq(h.live, 0);
}
END_TEST

static bool wiped = true;

/* Aligned to 8 only, as some allocators are; and looks at what comes back. */
static void *odd_alloc(void *ctx, size_t size)
{
	size_t *block = malloc(size + 24);

	(void)ctx;
	ck_assert_ptr_nonnull(block);
	block[0] = size;
	return (char *)block + 8;
}

static void odd_free(void *ctx, void *at)
{
	size_t *block = (size_t *)(void *)((char *)at - 8), i;

	(void)ctx;
	for(i = 0; i < block[0]; i++)
		wiped = wiped && ((char *)at)[i] == 0;
	free(block);
}

START_TEST(odd_allocator)
{
	const struct cube_alloc alloc = {odd_alloc, odd_free, NULL};
	struct cube_arena *arena = cube_arena_new(&alloc, 256);
	unsigned i;
	char *got;

	for(i = 1; i < 100; i++) {
		ck_assert_ptr_nonnull(got = cube_arena_get(arena, i * 7));
		ck_assert_uint_eq((uintptr_t)got % _Alignof(max_align_t), 0);
		memset(got, 'k', i * 7);
	}
	cube_arena_free(&arena);
	ck_assert_msg(wiped, "private keys would be left in memory");
}
END_TEST

Suite *suite_arena(void);
Suite *suite_arena(void)
{
	Suite *suite = suite_create("arena");
	TCase *tcase = tcase_create("arena");

	tcase_add_test(tcase, aligned_zeroed_apart);
	tcase_add_loop_test(tcase, sizes, 0, 200);
	tcase_add_test(tcase, large_requests_apart);
	tcase_add_test(tcase, no_memory);
	tcase_add_test(tcase, odd_allocator);
	suite_add_tcase(suite, tcase);
	return suite;
}
