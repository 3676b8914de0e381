/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of session-target, sip-server and cn-san entries. Form only: nothing is resolved, and matching against a
 * certificate is tls/name.h's. */
#ifndef CUBE_CONF_TARGET_H
#define CUBE_CONF_TARGET_H

#include "model.h"

/* "ipv4:A[:P]", "ipv6:[A][:P]", "ipv6:A", "dns:host[:port]". On failure what is wrong with it, else NULL. The host
 * of target is a view of text. */
const char *cube_target_parse(struct cube_str text, struct cube_target *target);
/* IOS: 3 to 128 characters, a host name or "*." and one. The name has a dot of its own: "*.com" would permit half of
 * the world. */
bool cube_cn_san_ok(struct cube_str name);

#endif
