/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the user part of a SIP URI to the number that patterns are matched with. */
#ifndef CUBE_DIALPEER_NUMBER_H
#define CUBE_DIALPEER_NUMBER_H

#include "../base/str.h"
#include "pattern.h"

/* Decodes %HH (RFC 3261 19.1.4) into buf. False, and decoded is left alone, when it is broken or the result has more than
 * size bytes. */
bool cube_user_decode(struct cube_str user, char *buf, size_t size, struct cube_str *decoded);

/* The user part as it stands in the URI: parameters behind ";" are cut off, %HH is decoded, and where the rest is a
 * telephone number its visual separators "-.()" are left out (RFC 3261 19.1.6, RFC 3966 5.1.1). What is not a number
 * stays as it is. The result is in buf; empty when it has more than CUBE_NUMBER_MAX characters or a broken %HH, and
 * then matches no pattern. */
struct cube_str cube_number_from_user(struct cube_str user, char buf[CUBE_NUMBER_MAX]);

#endif
