/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of an HTTP client as CRLs and OCSP need, by libcurl: HTTP/1.1 without TLS, proxy, cookies or passwords. */
#ifndef CUBE_FETCH_HTTP_H
#define CUBE_FETCH_HTTP_H

#include <stddef.h>

#include "../libcube/base/err.h"

#define HTTP_REDIRECTS_MAX 10

struct http_body
{
	unsigned char *data; /* NULL: GET */
	size_t len;
};

/* GETs url (cube_fetch_url_ok), or POSTs question as an OCSP request. Follows redirects of a GET within http://, but none
 * from elsewhere to this machine's loopback or its link (cube_ip_local). Blocks
 * as long as it takes, but for the time that one address of a host may take to be connected to (seconds). 0 and the
 * answer, of at most max bytes, for free(3); or -1 + one line in err, which was empty, for an operator. Needs SIGPIPE to
 * be ignored; a name is resolved in a thread. */
int http_fetch(const char *url, struct http_body question, size_t max, unsigned seconds, struct http_body *answer,
		struct cube_err *err) __attribute__((warn_unused_result));

#endif
