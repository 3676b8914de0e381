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

/* A header that does not parse counts as one that is not there. False: the Request-URI is none, logged. */
bool call_read(sip_msg_t *msg, struct call_facts *facts);

#endif
