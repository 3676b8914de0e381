/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls for tests, written as a line, and what the dial-plan makes of them, written as a line. */
#ifndef CUBE_TEST_CALLS_H
#define CUBE_TEST_CALLS_H

#include "../../modules/libcube/dialpeer/plan.h"

/* "called=2001 calling=+4930 via=192.0.2.1 request=sip:1@acme.co to= from= diversion= referred-by= lot=7", as many of them
 * as wanted; what cannot be parsed as a URI is not there. */
struct call
{
	struct cube_call call; /* give this to the code under test */
	struct cube_uri_parts parts[CUBE_N_URI_OF];
	char text[1024];
};
void call_read(struct call *call, const char *line);

#define CALL_RESULT_MAX 512
/* "in: ..." or "in 100: ..." (the tenant's tag): "tag by", or "nobody". "out: ..." or "out 5: ..." (the inbound dial-peer's
 * tag): "by: tag/digits tag/digits", or "nobody"; without digits for dpg. Fails the test when conf has no such tenant
 * or dial-peer. max: of the list. Returns buf. */
const char *call_select(const struct cube_conf *conf, const char *line, unsigned max, char buf[CALL_RESULT_MAX]);

/* Of two dial-peers that match: does this one come first? */
bool call_tried_before(const struct cube_dial_hit *a, const struct cube_dial_hit *b);

#endif
