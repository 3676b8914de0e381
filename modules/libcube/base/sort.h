/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting without memory of its own. */
#ifndef CUBE_BASE_SORT_H
#define CUBE_BASE_SORT_H

#include <stddef.h>

/* In place, O(n log n) for any input, no memory of its own (unlike the C library's). size: at most 128 bytes. */
void cube_sort(void *base, size_t n, size_t size, int (*cmp)(const void *a, const void *b));

#endif
