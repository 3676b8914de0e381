/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose request is this, and may it come in? */
#ifndef CUBE_TENANT_REQUEST_H
#define CUBE_TENANT_REQUEST_H

#include "api.h"

/* Results of cube_tenant_in(). 0 would stop the script. */
enum request_result
{
	REQUEST_ACCEPTED = 1,
	REQUEST_NO_TENANT = -1,		/* the socket is not cube.conf's */
	REQUEST_DISCARD = -2,		/* refused; drop it without an answer */
	REQUEST_REFUSE = -3,		/* refused; answer 403 */
	REQUEST_SIPS_CLEAR = -4,	/* refused: sips without TLS; answer 400 */
	REQUEST_SIPS_REQUIRED = -5, /* refused: not sips; answer 480 with Warning 381 */
};

/* Names the tenant ($cube(tenant), $cube(peer_name)) and refuses, with one log line, a source that it does not trust
 * and a tenant that the running configuration no longer has. */
int ki_tenant_in(sip_msg_t *msg);

#endif
