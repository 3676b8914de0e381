/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Order: every table of a configuration sorted by what it is looked up by, nothing in it twice. */
#ifndef CUBE_CONF_INDEX_H
#define CUBE_CONF_INDEX_H

#include "../base/err.h"
#include "model.h"

/* Sorts tables by tag, trustpoints by name, crypto-signaling by prefix (longest first, default last). A line in err
 * for each section that is configured twice. */
void cube_index_build(struct cube_conf *conf, struct cube_err *err);

/* Indexes into the tables of a sorted conf; CUBE_NONE when there is none. */
int cube_index_trustpoint(const struct cube_conf *conf, struct cube_str name);
int cube_index_tls_cipher(const struct cube_conf *conf, int tag);
int cube_index_tls_profile(const struct cube_conf *conf, int tag); /* before inherit.c has added profiles */
int cube_index_tenant(const struct cube_conf *conf, int tag);
int cube_index_dial_peer(const struct cube_conf *conf, int tag);

#endif
