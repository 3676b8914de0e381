/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRLs and OCSP responses for cube_tls.trustpoints. */
#ifndef CUBE_TLS_SOURCES_RPC_H
#define CUBE_TLS_SOURCES_RPC_H

#include "core/rpc.h"

#include "../libcube/conf/model.h"

struct source_row;

/* All sources; for free(). NULL with *n 0: none; with *n -1: memory is out. */
struct source_row *source_rows_take(int *n);
/* Those of a trustpoint, and how many of them (bad) are anything but good. */
int source_rows_count(const struct source_row *rows, int n, const struct cube_trustpoint *tp, int64_t now, int *bad);
/* Adds them to a list, while there is room. How many found none. */
int source_rows_add(rpc_t *rpc, void *list, const struct source_row *rows, int n, const struct cube_trustpoint *tp,
		int64_t now, size_t *room);
/* The methods of revocation-check: "crl none", "crl (default)". */
void source_methods_text(const struct cube_trustpoint *tp, char text[64]);

#endif
