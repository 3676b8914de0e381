/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that CRLs are fetched and OCSP responders asked by. Knows nothing of certificates. */
#ifndef CUBE_TLS_URL_H
#define CUBE_TLS_URL_H

#include "../base/str.h"

#define CUBE_FETCH_URL_MAX 1024 /* bytes with a NUL; also of the path of a file, and of a cache file */
#define CUBE_FETCH_SCHEME "http://"

/* Is it http:// and something behind it, printable ASCII without spaces, shorter than CUBE_FETCH_URL_MAX? */
bool cube_fetch_url_ok(struct cube_str url);
/* Is it an address of any scheme, and so no file's path? Who writes ldap://... means no file in a folder of that name. */
bool cube_fetch_has_scheme(struct cube_str text);
/* Are they the same: scheme and server in letters of any size, the rest byte for byte (RFC 5280 7.4)? b is no C string. */
bool cube_fetch_url_same(const char *a, struct cube_str b);
/* The part that names the server, "http://host:port"; of a file's path all of it. Points into url. */
struct cube_str cube_fetch_place(const char *url);

#endif
