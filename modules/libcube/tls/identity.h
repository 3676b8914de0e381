/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose certificate is it? The names in a certificate against those that are permitted. */
#ifndef CUBE_TLS_IDENTITY_H
#define CUBE_TLS_IDENTITY_H

#include <openssl/x509.h>

#include "../base/net.h"
#include "../conf/model.h"

#define CUBE_PEER_NAME_MAX 256

/* How X509_check_host is asked for entries of cn-san, and with which flags a chain's name constraints are applied: the
 * CN counts. */
#define CUBE_IDENTITY_HOST_FLAGS                                                 \
	(X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS \
			| X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS)

/* Does one of the certificate's names equal one of the permitted ones? Permitted are the cn-san list, the target's host
 * name (empty: none; a trailing dot is ignored) and the target's address (ip.len 0: none).
 *  - The certificate's names are every dNSName, every sip: or sips: URI (name.h) and every CN. For an entry of cn-san
 *    the CN counts beside SANs (CUBE: "CN or any SAN name"). For the target, which comes from routing, it counts only
 *    where the SANs have no name of a host or domain (RFC 5922 7.1, RFC 6125 6.4.4): whose peers still need it can
 *    list the name in cn-san.
 *  - A wildcard in a certificate ("*.acme.co" as dNSName or CN) stands for exactly one left-most label, whole, under at
 *    least two more (RFC 9525 6.3; against RFC 5922 7.2, since public CAs' wildcard certificates are in use on trunks).
 *  - "*.acme.co" in cn-san permits exactly one left-most label, and a certificate for "*.acme.co" itself.
 *  - An address is matched by an iPAddress SAN alone, never by a name or a CN.
 * matched, when not NULL, gets the permitted name that fitted, cut to CUBE_PEER_NAME_MAX. */
bool cube_identity_match(X509 *cert, const struct cube_list *names, struct cube_str host, const struct cube_ip *ip,
		char matched[CUBE_PEER_NAME_MAX]);

/* Were the CAs of chain (the peer's certificate first) allowed to issue its sip: and sips: URIs? A domain that counts as
 * a name must obey the name constraints for DNS names, which OpenSSL applies to dNSName and CN but not to such a URI:
 * else a CA that is confined to .acme.co could name any SIP domain. */
bool cube_identity_permitted(STACK_OF(X509) * chain);

/* The names as text for logs and show commands: "sip.acme.co, CN edge", printable ASCII only, cut where it does not
 * fit. A certificate without any gives its subject. Returns buf. */
const char *cube_identity_text(X509 *cert, char *buf, size_t size);
/* The one name that the certificate goes by: its first dNSName, else the domain of its first SIP URI (name.h), else its
 * first CN, else nothing; printable ASCII, cut where it does not fit. Returns buf. */
const char *cube_identity_name(X509 *cert, char *buf, size_t size);

#endif
