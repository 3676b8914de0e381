/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of revocation, as the operator sees it. */
#include <time.h>


#include "../libcube/conf/names.h"
#include "../libcube/tls/certinfo.h"
#include "../libcube/tls/signed.h"
#include "../libcube/tls/trustpoint.h"
#include "sources_rpc.h"

#define SOURCE_BYTES (CUBE_FETCH_URL_MAX + 700) /* of an answer, at the most */

static const char *when(int64_t seconds, char buf[32])
{
	return seconds > 0 ? cube_time_text(seconds, buf) : "";
}

static int row_add(rpc_t *rpc, void *list, const struct source_row *r)
{
	char this_update[32], until[32], tried[32], due[32], serial[2 * CUBE_SERIAL_LEN + 1];
	const struct cube_source *s = &r->e.source;
	void *row;

	if(rpc->array_add(list, "{", &row) < 0)
		return -1;
	if(rpc->struct_add(row, "sssssssss", "kind", s->kind == CUBE_FETCH_CRL ? "crl" : "ocsp", "issuer", r->e.issuer_name,
			   "from", r->url, "state", cube_source_state_name(r->state), "this-update",
			   when(r->this_update, this_update), "next-update", when(r->until, until), "tried", when(s->tried, tried),
			   "next-try", r->e.fetching ? "now" : when(s->due, due), "error", s->error)
			< 0)
		return -1;
	if(s->kind == CUBE_FETCH_CRL)
		return rpc->struct_add(row, "d", "entries", (int)r->entries);
	return rpc->struct_add(
			row, "ss", "serial", cube_serial_text(&r->e.serial, serial), "stapled", r->e.response ? "yes" : "no");
}

void source_methods_text(const struct cube_trustpoint *tp, char text[64])
{
	size_t used = 0;
	unsigned i;

	text[0] = '\0';
	for(i = 0; i < tp->n_revocation; i++)
		used += (size_t)snprintf(text + used, 64 - used, "%s%s", i ? " " : "",
				cube_revocation_name((enum cube_revocation)tp->revocation[i]));
	if(!tp->revocation_given)
		snprintf(text + used, 64 - used, " (default)");
}

int source_rows_count(const struct source_row *rows, int n, const struct cube_trustpoint *tp, int *bad)
{
	int i, count = 0;

	*bad = 0;
	for(i = 0; i < n; i++) {
		if(!source_row_concerns(&rows[i], tp))
			continue;
		count++;
		*bad += rows[i].state != CUBE_SOURCE_GOOD;
	}
	return count;
}

int source_rows_add(
		rpc_t *rpc, void *list, const struct source_row *rows, int n, const struct cube_trustpoint *tp, size_t *room)
{
	int i, more = 0;

	for(i = 0; i < n; i++) {
		if(!source_row_concerns(&rows[i], tp))
			continue;
		if(*room < SOURCE_BYTES || row_add(rpc, list, &rows[i]) < 0)
			more++;
		else
			*room -= SOURCE_BYTES;
	}
	return more;
}
