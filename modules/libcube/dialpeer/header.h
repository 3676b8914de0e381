/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of a SIP message as it was received, found without taking it apart: most messages need no more, and to take one apart
 * costs more than all that is done with it. Lines end as in Kamailio: with LF, whatever stands before; an empty one ends the
 * headers. All of it takes time by the text's length alone, and reads nothing behind it. */
#ifndef CUBE_DIALPEER_HEADER_H
#define CUBE_DIALPEER_HEADER_H

#include "../base/str.h"

/* Finds the next header of one of n names, in whatever case and with blanks in front of the colon. *rest: the message, or what
 * the last call left of it; its first line is not looked at. *which: the index of its name; *body: what stands behind the colon, with
 * the lines that continue it. False: there is none. */
bool cube_header_next(
		struct cube_str *rest, const struct cube_str *names, unsigned n, unsigned *which, struct cube_str *body);
/* Header lines up to the empty one that Kamailio takes apart without a word of complaint: well formed, and none of those that it
 * looks into when it finds them (Via, To, CSeq, Retry-After; of Content-Length, a number). False: perhaps not. */
bool cube_header_lines_plain(struct cube_str lines);
/* The tag of a From or To header: the body "Bob" <sip:bob@host>;tag=1 or <sip:bob@host>;tag=1, with other parameters or without.
 * False: it is none of these, or has no tag, or there may be more to it; Kamailio's own parser knows. */
bool cube_header_tag(struct cube_str body, struct cube_str *tag);

#endif
