/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that is put together in memory of a fixed size. What each call needs is made with this, as printf costs many
 * times as much. */
#ifndef CUBE_BASE_WRITE_H
#define CUBE_BASE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct cube_writing
{
	char *s; /* len bytes, no NUL behind them */
	size_t len, size;
	bool full; /* something had no room: nothing is added any more */
};

#define CUBE_WRITE_IN(buf) ((struct cube_writing){.s = (buf), .size = sizeof(buf)})

void cube_write(struct cube_writing *w, struct cube_str piece);
/* Decimal. */
void cube_write_number(struct cube_writing *w, unsigned long number);
/* A NUL behind it, which len does not count. False: there was no room for all. */
bool cube_write_end(struct cube_writing *w);

#endif
