/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of revocation, copied out of the table: whoever shows it to somebody slow holds nobody up. */
#ifndef CUBE_TLS_SOURCE_ROWS_H
#define CUBE_TLS_SOURCE_ROWS_H

#include "sources_private.h"

struct source_row
{
	struct entry e; /* what it points to may be gone */
	enum cube_source_state state;
	uint32_t entries; /* of a CRL */
	int64_t this_update, until;
	char url[CUBE_FETCH_URL_MAX];
};

/* All sources or, without peers, all but OCSP's answers on peers' certificates, of which there may be thousands; for
 * free(). *n 0: none; -1: memory is out, and it is NULL. */
struct source_row *source_rows_take(bool peers, int *n);
/* Is it a source for certificates that this trustpoint verifies, or for its own? */
bool source_row_concerns(const struct source_row *row, const struct cube_trustpoint *tp);

#endif
