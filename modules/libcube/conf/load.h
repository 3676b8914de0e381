/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the text of a cube.conf to a checked, complete, immutable configuration. */
#ifndef CUBE_CONF_LOAD_H
#define CUBE_CONF_LOAD_H

#include "model.h"

/* Reads the file at path and all that it names through files, checks everything, resolves inheritance, compiles
 * the TLS policies and the dial plan. On success *conf is complete and owned by the caller (cube_conf_free).
 * On failure -1, nothing is left behind, and err (may be NULL) has one line per fault, as many as were found. */
int cube_conf_load(const char *path, const struct cube_files *files, const struct cube_alloc *alloc,
		struct cube_conf **conf, struct cube_err *err) __attribute__((warn_unused_result));
/* The same without the files of trustpoints, for whoever only asks which way calls go and may not read keys: certificates
 * are not checked, and the TLS policies are not made. */
int cube_conf_load_plan(const char *path, const struct cube_files *files, const struct cube_alloc *alloc,
		struct cube_conf **conf, struct cube_err *err) __attribute__((warn_unused_result));
void cube_conf_free(struct cube_conf **conf); /* wipes and frees; sets NULL */

/* Look-ups by tag; NULL when there is none. Binary search. */
const struct cube_tenant *cube_conf_tenant(const struct cube_conf *conf, int tag);
const struct cube_dial_peer *cube_conf_dial_peer(const struct cube_conf *conf, int tag);
/* The listener that owns a local address: exact, else the wildcard address of that port. secure: TLS or not. */
const struct cube_listener *cube_conf_listener(
		const struct cube_conf *conf, const struct cube_ip *ip, uint16_t port, bool secure);
/* The TLS profile for a connection of tenant (index or CUBE_NONE) with peer: the tenant's, else crypto-signaling by
 * longest prefix, else its default, else NULL: then there is no TLS with that peer. (CUBE: tenant tls-profile, crypto
 * signaling remote-addr, crypto signaling default.) */
const struct cube_tls_profile *cube_conf_tls_profile(
		const struct cube_conf *conf, int tenant, const struct cube_ip *peer);

#endif
