/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the words of one key to the member of the model that holds it, by the key's kind. Each word is judged by
 * itself; what it refers to is check.c's. */
#ifndef CUBE_CONF_VALUE_H
#define CUBE_CONF_VALUE_H

#include "model.h"
#include "schema.h"
#include "shared.h"

/* What values of the same words have together; memory for the time of reading. */
struct cube_value_shared
{
	struct cube_shared texts, targets;
	struct cube_arena *scratch;
};

struct cube_value
{
	const struct cube_key *key;
	const char *path;		  /* of the section, for messages */
	const struct cube_str *v; /* the words; need not live longer than the call */
	unsigned n;
	void *object;			  /* the struct that has the member */
	struct cube_str folder;	  /* relative paths begin here; "" or ends in '/' */
	struct cube_arena *arena; /* of the configuration */
	struct cube_value_shared *shared;
	struct cube_err *err;
};

/* Faults become lines in err, and the member stays as it was. -1 only when memory is out (with a line in err). */
int cube_value_store(const struct cube_value *value) __attribute__((warn_unused_result));

/* "path: key "seen": reason", the value cut to what a line can bear. */
#define CUBE_SEEN_MAX 80
#define CUBE_SEEN(str) (int)((str).len < CUBE_SEEN_MAX ? (str).len : CUBE_SEEN_MAX), (str).s ? (str).s : ""

#endif
