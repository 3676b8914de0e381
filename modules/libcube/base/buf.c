/* SPDX-License-Identifier: GPL-2.0-or-later */
/* It doubles, so that a text of n bytes is copied twice at the most. */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 4096 /* bytes */

static bool grow(struct cube_buf *b, size_t len)
{
	size_t size = b->size > 0 ? b->size : FIRST;
	char *more;

	if(len > CUBE_BUF_MAX - b->len)
		return false;
	while(size - b->len < len)
		size *= 2;
	if(size == b->size)
		return true;
	more = realloc(b->s, size);
	if(more == NULL)
		return false;
	b->s = more;
	b->size = size;
	return true;
}

void cube_buf_put(void *buf, const char *piece, size_t len)
{
	struct cube_buf *b = buf;

	b->failed = b->failed || !grow(b, len);
	if(b->failed || len == 0)
		return;
	memcpy(b->s + b->len, piece, len);
	b->len += len;
}
