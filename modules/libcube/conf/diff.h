/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload changes: the objects that two configurations do not have in common. */
#ifndef CUBE_CONF_DIFF_H
#define CUBE_CONF_DIFF_H

#include "model.h"
#include "schema.h"

enum cube_change
{
	CUBE_CHANGE_ADDED = 0,
	CUBE_CHANGE_REMOVED,
	CUBE_CHANGE_CHANGED, /* a value, also an inherited one; of a trustpoint also what is in its files */
};

/* title: "100", "Provider"; "" for sip-ua. Valid during the call. */
typedef void (*cube_diff_f)(void *ctx, enum cube_section_id section, struct cube_str title, enum cube_change change);

/* Calls change for each object that is not the same in both, section by section, in the order of titles. What differs
 * stays untold: values may be secrets. 0, or -1 when memory is out: then not all was told. */
int cube_conf_diff(const struct cube_conf *before, const struct cube_conf *after, cube_diff_f change, void *ctx)
		__attribute__((warn_unused_result));

/* "added", "removed", "changed" */
const char *cube_change_name(enum cube_change change);

#endif
