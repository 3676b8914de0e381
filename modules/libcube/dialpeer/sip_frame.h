/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where one SIP message ends and the next begins in a stream. */
#ifndef CUBE_DIALPEER_SIP_FRAME_H
#define CUBE_DIALPEER_SIP_FRAME_H

#include "../base/str.h"

/* Bytes of the first message in the stream: headers, empty line, and as many of body as Content-Length (or "l") says, none
 * without one (RFC 3261 18.3). 0 when it is not whole or its length does not parse. */
size_t cube_sip_frame(struct cube_str stream);

#endif
