/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effective configuration as text in cube.conf's own syntax: what was inherited is written out, secrets never. */
#ifndef CUBE_CONF_DUMP_H
#define CUBE_CONF_DUMP_H

#include "model.h"
#include "schema.h"

/* How many of a section's objects there are, and one of them as text. */
unsigned cube_conf_count(const struct cube_conf *conf, enum cube_section_id section);
void cube_conf_dump_one(const struct cube_conf *conf, enum cube_section_id section, unsigned index,
		void (*put)(void *ctx, const char *text, size_t len), void *ctx);
/* Calls put with pieces of the text, in order. */
void cube_conf_dump(const struct cube_conf *conf, void (*put)(void *ctx, const char *text, size_t len), void *ctx);

#endif
