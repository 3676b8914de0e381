/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Order: every table of a configuration sorted by what it is looked up by, nothing in it twice. */
#ifndef CUBE_CONF_INDEX_H
#define CUBE_CONF_INDEX_H

#include "../base/err.h"
#include "model.h"
#include "schema.h"

/* Sorts tables by tag or name, crypto-signaling by prefix (longest first, default last). A line in err for each section
 * that is configured twice. */
void cube_index_build(struct cube_conf *conf, struct cube_err *err);

/* Objects of a table; not of sip-ua. */
unsigned cube_index_count(const struct cube_conf *conf, const struct cube_section *section);
void *cube_index_object(const struct cube_conf *conf, const struct cube_section *section, unsigned index);

/* Indexes into the tables of a sorted conf; CUBE_NONE when there is none. By tag or by name, as the section's title is. */
int cube_index_tag(const struct cube_conf *conf, enum cube_section_id section, int tag);
int cube_index_name(const struct cube_conf *conf, enum cube_section_id section, struct cube_str name);
int cube_index_trustpoint(const struct cube_conf *conf, struct cube_str name);
int cube_index_tls_cipher(const struct cube_conf *conf, int tag);
int cube_index_tls_profile(const struct cube_conf *conf, int tag); /* before inherit.c has added profiles */
int cube_index_tenant(const struct cube_conf *conf, int tag);
int cube_index_dial_peer(const struct cube_conf *conf, int tag);

#endif
