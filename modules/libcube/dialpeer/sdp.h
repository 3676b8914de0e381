/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dial-peers want to know of a session description. */
#ifndef CUBE_DIALPEER_SDP_H
#define CUBE_DIALPEER_SDP_H

#include "../base/str.h"

/* Does a line of the text give keys of the media: a=crypto (RFC 4568), a=key-mgmt (RFC 4567) or k= (RFC 4566 5.12)? They are
 * why sips is asked for. text: the body, or the whole message, in whose headers no such line can stand. */
bool cube_sdp_has_keys(struct cube_str text);

#endif
