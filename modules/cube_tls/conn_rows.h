/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of tenants as they are at a moment, copied out of the core's table: whoever shows them to somebody slow
 * holds nobody up. */
#ifndef CUBE_TLS_CONN_ROWS_H
#define CUBE_TLS_CONN_ROWS_H

#include "../libcube/tls/session.h"
#include "conn.h"

struct conn_row
{
	int id, tenant;
	enum cube_role role;
	bool done, resumed;
	bool bad;		 /* it is about to be freed */
	bool mismatched; /* client: it is not proved yet that it leaves from its tenant's address */
	struct cube_addr local, remote;
	const char *version, *cipher, *curve, *key; /* "" before done */
	time_t since;
	int idle;			 /* seconds */
	unsigned queue;		 /* bytes that wait to be sent */
	unsigned generation; /* of the configuration that it began with */
	int64_t not_after;	 /* of the peer's chain; 0: not known */
	char peer_name[128];
	char name[TARGET_HOST_MAX]; /* client: the session target's; server: the SNI that was sent */
};

/* All of them, for free(). How many; -1, and NULL, when memory is out. */
int conn_rows_take(struct conn_row **rows);

#endif
