/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting in place: quicksort that gives way to heapsort where its pivots are bad, so that no dial-plan can make it
 * slow. Knows nothing of what it sorts. */
#include "sort.h"

#include <stdbool.h>

#include <string.h>

#define SMALL 12
#define ITEM_MAX 128 /* bytes of the largest item that is sorted here */

struct items
{
	unsigned char *base;
	size_t size;
	int (*cmp)(const void *a, const void *b);
};

static unsigned char *item(const struct items *s, size_t i)
{
	return s->base + i * s->size;
}

static bool less(const struct items *s, size_t a, size_t b)
{
	return s->cmp(item(s, a), item(s, b)) < 0;
}

static void swap(const struct items *s, size_t a, size_t b)
{
	unsigned char keep[ITEM_MAX];

	memcpy(keep, item(s, a), s->size);
	memmove(item(s, a), item(s, b), s->size);
	memcpy(item(s, b), keep, s->size);
}

static void insertion_sort(const struct items *s, size_t low, size_t high)
{
	for(size_t i = low + 1; i < high; i++) {
		for(size_t j = i; j > low && less(s, j, j - 1); j--)
			swap(s, j, j - 1);
	}
}

static void sift_down(const struct items *s, size_t low, size_t at, size_t n)
{
	size_t child;

	while((child = 2 * at + 1) < n) {
		if(child + 1 < n && less(s, low + child, low + child + 1))
			child++;
		if(!less(s, low + at, low + child))
			return;
		swap(s, low + at, low + child);
		at = child;
	}
}

static void heap_sort(const struct items *s, size_t low, size_t high)
{
	size_t n = high - low, i;

	for(i = n / 2; i > 0; i--)
		sift_down(s, low, i - 1, n);
	for(i = n; i > 1; i--) {
		swap(s, low, low + i - 1);
		sift_down(s, low, 0, i - 1);
	}
}

/* Median of three to low, then Hoare's partition around it. The pivot's place. */
static size_t partition(const struct items *s, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2, last = high - 1, i = low, j = high;

	if(less(s, middle, low))
		swap(s, middle, low);
	if(less(s, last, middle))
		swap(s, last, middle);
	if(less(s, middle, low))
		swap(s, middle, low);
	swap(s, low, middle);
	for(;;) {
		while(++i < last && less(s, i, low))
			;
		while(less(s, low, --j))
			;
		if(i >= j)
			break;
		swap(s, i, j);
	}
	swap(s, low, j);
	return j;
}

void cube_sort(void *base, size_t n, size_t size, int (*cmp)(const void *a, const void *b))
{
	struct
	{
		size_t low, high;
		unsigned patience;
	} todo[sizeof(size_t) * 8]; /* the larger part waits here, so each is at most half of the one below */
	struct items s = {base, size, cmp};
	size_t low, high, middle;
	unsigned depth = 0, patience = 1;

	for(middle = n; middle > 1; middle /= 2)
		patience += 2;
	todo[depth].low = 0;
	todo[depth].high = n;
	todo[depth++].patience = patience;
	while(depth > 0) {
		low = todo[--depth].low;
		high = todo[depth].high;
		patience = todo[depth].patience;
		while(high - low > SMALL && patience-- > 0) {
			middle = partition(&s, low, high);
			todo[depth].low = middle - low < high - middle ? middle + 1 : low;
			todo[depth].high = middle - low < high - middle ? high : middle;
			todo[depth++].patience = patience;
			if(middle - low < high - middle)
				high = middle;
			else
				low = middle + 1;
		}
		if(high - low > SMALL)
			heap_sort(&s, low, high);
		else
			insertion_sort(&s, low, high);
	}
}
