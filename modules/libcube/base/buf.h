/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that is put together of pieces, in memory of the C library that grows as it must. */
#ifndef CUBE_BASE_BUF_H
#define CUBE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#define CUBE_BUF_MAX (64u << 20) /* bytes */

/* Begins as zeros; s is for free(3). len 0 begins another text in the same memory. */
struct cube_buf
{
	char *s; /* len bytes, no NUL behind them; may be NULL while len is 0 */
	size_t len, size;
	bool failed; /* memory was out, or it would have more than CUBE_BUF_MAX bytes: nothing is added any more */
};

/* Adds a piece. buf: struct cube_buf *, so that it serves wherever pieces of a text are given to a function. */
void cube_buf_put(void *buf, const char *piece, size_t len);

#endif
