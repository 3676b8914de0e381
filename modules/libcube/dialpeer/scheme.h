/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One and the same URI in another scheme: sip, sips and tel (RFC 3261 19.1, RFC 3966, RFC 5630). */
#ifndef CUBE_DIALPEER_SCHEME_H
#define CUBE_DIALPEER_SCHEME_H

#include "../conf/model.h"
#include "uri.h"

#define CUBE_SCHEME_TEXT_MAX 1024 /* bytes of a URI that is made */

/* The scheme of a URI that was taken apart; UNSET where it has none (a Via's host). */
enum cube_url cube_scheme_of(const struct cube_uri_parts *parts);

/* What stands for it where there can be no telephone number: sips, or sip. */
enum cube_url cube_scheme_plain(enum cube_url url);

/* Is no URI among these headers another one than sip: is "sips:" or "tel:" nowhere in the text? */
bool cube_scheme_sip_alone(struct cube_str headers);

/* What a URI becomes. user: the telephone number or name that takes the place of its own; len 0: its own stays. host: for
 * tel: URIs that become others, and as phone-context of local numbers; "" where there is none. A transport parameter would
 * contradict sips; it is kept under another name there, and gets its own back. What is no telephone number stays sip when
 * it is to be tel. False: it does not fit into buf, or needs a host. *uri is in buf. */
bool cube_scheme_change(const struct cube_uri_parts *parts, enum cube_url to, struct cube_str user,
		struct cube_str host, char buf[CUBE_SCHEME_TEXT_MAX], struct cube_str *uri);

#endif
