/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRLs and OCSP responses for cube_tls.trustpoints. */
#ifndef CUBE_TLS_SOURCES_RPC_H
#define CUBE_TLS_SOURCES_RPC_H

#include "core/rpc.h"

#include "source_rows.h"

/* Those of a trustpoint, and how many of them (bad) are anything but good. */
int source_rows_count(const struct source_row *rows, int n, const struct cube_trustpoint *tp, int *bad);
/* Adds them to a list, while there is room. How many found none. */
int source_rows_add(
		rpc_t *rpc, void *list, const struct source_row *rows, int n, const struct cube_trustpoint *tp, size_t *room);
/* The methods of revocation-check: "crl none", "crl (default)". */
void source_methods_text(const struct cube_trustpoint *tp, char text[64]);

#endif
