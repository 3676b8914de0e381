/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes between Kamailio and cube-fetch, the program that fetches CRLs and OCSP responses; and where a certificate
 * says they are to be had. No sockets here. */
#ifndef CUBE_TLS_FETCH_H
#define CUBE_TLS_FETCH_H

#include "../base/str.h"
#include "crl.h"
#include "ocsp.h"
#include "url.h"

enum cube_fetch_kind
{
	CUBE_FETCH_CRL = 1,
	CUBE_FETCH_OCSP,
};

#define CUBE_FETCH_MAGIC 0x63756232u /* "cub2"; another one is another layout */
#define CUBE_FETCH_CERT_MAX 65536
#define CUBE_FETCH_TEXT_MAX 512
#define CUBE_FETCH_CRL_MAX (64u << 20) /* bytes of a CRL as it is fetched */
#define CUBE_FETCH_OCSP_MAX (64u << 10)

/* All in host byte order: both ends are one build on one machine. Behind it: url, issuer's certificate (DER), cache file's
 * path ("" for none), place (as cube_crl_read has it), in this order, no NULs. url is http:// or, for a CRL, a file's
 * path. */
struct cube_fetch_request
{
	uint32_t magic, kind;
	uint32_t seconds; /* for all of it, 1 or more */
	uint32_t url_len, issuer_len, cache_len, place_len;
	struct cube_serial serial; /* OCSP */
};

/* Behind it: text, then data. text, for an operator: why it failed, or what else is to be said, "" for nothing. data, when
 * ok, aligned to nothing: struct cube_crl, or the OCSP response in DER (for stapling). */
struct cube_fetch_reply
{
	uint32_t magic, kind, ok, text_len, data_len;
	struct cube_ocsp ocsp;
};

/* Where the certificate's CRL is to be had: of its CRL distribution points those with full names, for all reasons, by its
 * own issuer (RFC 5280 4.2.1.13). Or where its OCSP responder is (authority information access, 4.2.2.1). The first URL
 * that is ok, with http in small letters. False: there is none; then url is "". */
bool cube_fetch_url_of(X509 *cert, enum cube_fetch_kind kind, char url[CUBE_FETCH_URL_MAX]);

/* Is a reply of len bytes, what is behind it included, one to a question of this kind, and does it hold together: magic,
 * lengths and limits, printable text, a CRL's n and size, an OCSP status, times that a certificate can have (RFC 5280
 * 4.1.2.5: years of four digits)? reply is aligned. The order of a CRL's entries is not looked at. */
bool cube_fetch_reply_ok(const struct cube_fetch_reply *reply, size_t len, enum cube_fetch_kind kind);

#endif
