/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of session-target, sip-server and cn-san entries. Form only: nothing is resolved, and matching against a
 * certificate is tls/name.h's. */
#ifndef CUBE_CONF_TARGET_H
#define CUBE_CONF_TARGET_H

#include "model.h"

#define CUBE_TARGET_TEXT_MAX 264 /* a host name has 253 characters; ":65535", NUL */

/* "ipv4:A[:P]", "ipv6:[A][:P]", "ipv6:A", "dns:host[:port]". On failure what is wrong with it, else NULL. The host
 * of target is a view of text. */
const char *cube_target_parse(struct cube_str text, struct cube_target *target);
/* "192.0.2.1:5061", "[2001:db8::1]", "sip.acme.co:5080": as a URI has it, without a port where none is given. Returns buf. */
const char *cube_target_text(const struct cube_target *target, char buf[CUBE_TARGET_TEXT_MAX]);
/* Below 0, 0, above 0: for sorted tables; names by cube_str_casecmp. */
int cube_target_cmp(const struct cube_target *a, const struct cube_target *b);
/* IOS: 3 to 128 characters, a host name or "*." and one. The name has a dot of its own: "*.com" would permit half of
 * the world. */
bool cube_cn_san_ok(struct cube_str name);

#endif
