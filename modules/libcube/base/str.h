/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Length-counted text. Borrowed, never owned: the bytes live in an arena, a SIP message or a constant. */
#ifndef CUBE_BASE_STR_H
#define CUBE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct cube_str
{
	const char *s; /* may be NULL when len is 0; text made by an arena is also NUL-terminated */
	size_t len;
};

#define CUBE_STR(literal) ((struct cube_str){(literal), sizeof(literal) - 1})
/* For printf-like functions: "%.*s", CUBE_FMT(str) */
#define CUBE_FMT(str) (int)(str).len, (str).s ? (str).s : ""

/* A view of a NUL-terminated text; NULL gives the empty text. */
struct cube_str cube_str_of(const char *text);
bool cube_str_eq(struct cube_str a, struct cube_str b);
/* ASCII only, as DNS names and SIP hosts are compared (RFC 4343, RFC 3261 19.1.4). */
bool cube_str_caseeq(struct cube_str a, struct cube_str b);
/* Below 0, 0, above 0: by bytes, and the shorter one first; for sorted tables. */
int cube_str_cmp(struct cube_str a, struct cube_str b);
/* -1, 0, 1: by length, then by the same folding; for sorted tables. */
int cube_str_casecmp(struct cube_str a, struct cube_str b);
bool cube_str_starts(struct cube_str text, struct cube_str prefix);
/* Bytes of the UTF-8 character (RFC 3629) with which text begins; 0 when it is malformed or cut. left: at least 1. */
size_t cube_utf8_next(const char *text, size_t left);

#endif
