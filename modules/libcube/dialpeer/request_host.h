/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a SIP request on its way out says that it goes. */
#ifndef CUBE_DIALPEER_REQUEST_HOST_H
#define CUBE_DIALPEER_REQUEST_HOST_H

#include "../base/str.h"

/* The host of the Request-URI of a SIP request as it stands in a send buffer: "sip.acme.co", "192.0.2.1",
 * "[2001:db8::1]". False for a response, for another scheme than sip and sips, and for what does not parse. Looks at the
 * first line only. */
bool cube_request_host(struct cube_str message, struct cube_str *host);
/* Is its Request-URI, or the first of its Route headers, of the scheme sips, so that it may go by TLS alone (RFC 3261
 * 26.2.2, RFC 5630)? False for a response. */
bool cube_request_is_sips(struct cube_str message);
/* The same of what is parsed: the Request-URI, and the body of the first Route header, len 0 without one. */
bool cube_request_uri_is_sips(struct cube_str uri, struct cube_str route);
/* Is it a request within a dialog, that is with a tag in its To header (RFC 3261 12.2)? Looks at the headers only. */
bool cube_request_in_dialog(struct cube_str message);

#endif
