/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name rules of peer verification, as far as they are text alone: what may stand in cn-san, and how a SIP URI of a
 * certificate speaks for a domain. dNSName and CN are left to OpenSSL's X509_check_host (identity.c). */
#ifndef CUBE_TLS_NAME_H
#define CUBE_TLS_NAME_H

#include "../base/str.h"

/* A host name ("sip.acme.co"): labels of letters, digits, '-' and '_', 1 to 63 each, 253 in all; no trailing dot; the
 * last label is not all digits, so that an IP address is never taken for a name. A-labels are plain labels here. */
bool cube_name_is_host(struct cube_str name);
/* What cn-san takes: a host name, or "*." and a host name. (CUBE: "FQDN or *.domain", 3 to 128 characters.) */
bool cube_name_is_permit(struct cube_str name);
/* Does a permitted name cover a host name? Case-insensitive in ASCII; "*.acme.co" covers exactly one more label on the
 * left. False where either is malformed, the presented one being a wildcard included (RFC 5922 7.2: no wildcards in SIP
 * identities). */
bool cube_name_match(struct cube_str permit, struct cube_str host);
/* The domain that a URI of a subjectAltName identifies, by RFC 5922 7.1: scheme sip (or sips, which names the same
 * domains), no userinfo, a host name. With a port, parameters or headers it names less than the domain: false,
 * and domain is left alone. */
bool cube_name_sip_domain(struct cube_str uri, struct cube_str *domain);

#endif
