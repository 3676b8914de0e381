/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way in which libcube reports a failure: text for the operator, one line per fault, each naming its
 * object by path ("tenant 100: tls-profile 7: no such tls-profile"). Lower case, no full stop, no function name. */
#ifndef CUBE_BASE_ERR_H
#define CUBE_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define CUBE_ERR_TEXT_MAX 4096
#define CUBE_ERR_LINES_MAX 20

struct cube_err
{
	unsigned count;				  /* faults reported, also those that no longer fitted */
	size_t used;				  /* bytes of text, without the NUL */
	char text[CUBE_ERR_TEXT_MAX]; /* lines separated by '\n', no trailing one; always NUL-terminated */
};

void cube_err_reset(struct cube_err *err);
/* Adds one line. Over-long lines are cut; beyond CUBE_ERR_LINES_MAX lines only the count grows. err may be NULL. */
void cube_err_add(struct cube_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The line that every allocation failure gives. */
void cube_err_nomem(struct cube_err *err, const char *path);
bool cube_err_any(const struct cube_err *err);

#endif
