/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a SIP request to what dial-peers are chosen by. */
#ifndef CUBE_DIALPEER_CALL_H
#define CUBE_DIALPEER_CALL_H

#include "../ksr/ksr.h"
#include "../libcube/dialpeer/number.h"
#include "../libcube/dialpeer/plan.h"

/* Points into the message, and into itself: not to be copied, and no longer of use than the message. */
struct call_facts
{
	struct cube_call call;
	struct cube_uri_parts parts[CUBE_N_URI_OF];
	char called[CUBE_NUMBER_MAX], calling[CUBE_NUMBER_MAX];
};

#define CALL_URI(of) (1u << (of))
#define CALL_NUMBERS (CALL_URI(CUBE_URI_REQUEST) | CALL_URI(CUBE_URI_FROM) | CALL_URI(CUBE_URI_DIVERSION))
#define CALL_ALL ((1u << CUBE_N_URI_OF) - 1)

/* wanted: the URIs that are to be read (CALL_URI); the others count as not there, as does a header that does not parse. False:
 * the Request-URI is none, logged. */
bool call_read(sip_msg_t *msg, unsigned wanted, struct call_facts *facts);
/* The called and the calling number, of facts with the URIs that they are in. */
void call_numbers(const sip_msg_t *msg, struct call_facts *facts);
/* What dial-peers may be chosen by. */
unsigned call_wanted(const struct cube_conf *conf);

#endif
