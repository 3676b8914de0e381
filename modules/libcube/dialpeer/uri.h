/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes URIs of SIP messages apart, as far as URI classes ask for their parts. */
#ifndef CUBE_DIALPEER_URI_H
#define CUBE_DIALPEER_URI_H

#include "../base/net.h"

/* Views of the text that was parsed, as they stand there; empty where there is no such part. */
struct cube_uri_parts
{
	struct cube_str whole;		   /* the URI, without < > and header parameters; of a Via the host and port */
	struct cube_str scheme;		   /* "sip", "sips" or "tel", in any case; empty of a Via */
	struct cube_str user;		   /* without parameters and password; of a tel: URI the telephone number */
	struct cube_str user_params;   /* of the user part or the tel: URI, from the first ; on */
	struct cube_str host;		   /* an IPv6 address in brackets */
	struct cube_ip ip;			   /* when host is an address; else unset */
	struct cube_str phone_context; /* value of the first such parameter of the user part or the tel: URI */
};

/* All return false, with parts left alone, for what is not well-formed: another scheme than sip, sips and tel, a host that
 * is neither a name nor an address, a port that is none, blanks and control characters in the URI. The text is hostile;
 * time is bounded by its length. Nothing is decoded. */

/* A Request-URI: RFC 3261 19.1, RFC 3966 3. */
bool cube_uri_parse(struct cube_str text, struct cube_uri_parts *parts);
/* May this stand before the @ of a SIP URI: a user part, with its parameters or without? */
bool cube_uri_is_user(struct cube_str text);
/* The body of a From, To, Contact, Diversion... header: "Bob" <sip:...>;tag=1, or sip:...;tag=1. Of several values the
 * first. RFC 3261 20. */
bool cube_uri_parse_header(struct cube_str body, struct cube_uri_parts *parts);
/* What stands behind the value that was parsed from the front of body, and its comma: the next one, or nothing. */
struct cube_str cube_uri_next(struct cube_str body, const struct cube_uri_parts *parts);
/* The body of a Via header: the host of its first sent-by. RFC 3261 20.42. */
bool cube_uri_parse_via(struct cube_str body, struct cube_uri_parts *parts);

#endif
