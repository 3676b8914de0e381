/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes section after section from read.c and makes the structs of the model of them, in the order of the file. */
#ifndef CUBE_CONF_FILL_H
#define CUBE_CONF_FILL_H

#include "model.h"
#include "read.h"
#include "value.h"

struct cube_fill_chunk;

/* Grows while reading, in memory that is given back afterwards. */
struct cube_fill_vector
{
	struct cube_fill_chunk *first, *last;
	unsigned n;
};

struct cube_fill
{
	struct cube_conf *conf;
	struct cube_arena *scratch;
	struct cube_err *err;
	struct cube_str folder;
	struct cube_value_shared shared;
	unsigned n_sip_ua;
	struct cube_fill_vector vectors[CUBE_SECTION_CRYPTO_SIGNALING + 1]; /* by enum cube_section_id */
};

/* conf: with its arena and path. Sets the defaults that do not depend on anything. */
void cube_fill_begin(struct cube_fill *fill, struct cube_conf *conf, struct cube_arena *scratch, struct cube_err *err);
/* For struct cube_read_sink; ctx is the struct cube_fill. -1 only when memory is out. */
int cube_fill_section(void *ctx, const struct cube_raw *raw);
/* Moves what was filled into conf. 0, or -1 when memory is out. */
int cube_fill_end(struct cube_fill *fill) __attribute__((warn_unused_result));

#endif
