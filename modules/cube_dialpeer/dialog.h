/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request of a dialog is relayed within a dialog that we made, between its two legs, to where the other side is; who sends it
 * proves that by what was given to him (libcube's dialpeer/proof.h). */
#ifndef CUBE_DIALPEER_DIALOG_H
#define CUBE_DIALPEER_DIALOG_H

#include "../cube_tenant/api.h"
#include "../libcube/conf/model.h"
#include "../libcube/dialpeer/proof.h"

/* Results of cube_dialpeer_dialog(). 0 would stop the script. */
enum dialog_result
{
	DIALOG_OK = 1,
	DIALOG_FAILED = -1, /* memory is out, or there is no configuration; answer 500 */
	DIALOG_NONE = -2,	/* there is no such dialog; answer 481 */
	DIALOG_REFUSED = -3 /* it does not lead to the other side of its dialog, or came from elsewhere; answer 403 */
};

/* Who has sent a message of a dialog. */
struct dialog_sender
{
	struct cube_proof_dialog dialog;
	bool caller;
};

/* The letters of the legs' schemes, p for sip, s for sips, the caller's first, and the proof. */
#define DIALOG_VALUE_LEN (2 + CUBE_PROOF_LEN)

/* From mod_init. */
int dialog_init(void);
/* In a process that works on calls, behind the fork. */
int dialog_child_init(void);
/* by_caller: was the request, or the one that is answered, sent by who sent the INVITE? False: the message has no Call-ID, or no
 * tag there. */
bool dialog_sender(sip_msg_t *msg, bool by_caller, struct dialog_sender *sender);
/* In a branch_route: notes with the dialog, in the Record-Route headers, the legs that it has. 0, or -1. */
int dialog_note(sip_msg_t *msg, enum cube_url in, enum cube_url out);
/* The URI of a sender's Contact, with its proof; host: of it. *marked is in buf. False: it can be no Contact. */
bool dialog_mark(
		const struct dialog_sender *sender, struct cube_str uri, char buf[CUBE_PROOF_URI_MAX], struct cube_str *marked);
/* Our Record-Route headers in an answer to the INVITE get the proof of where the called party's side begins. 0, or -1. */
int dialog_answered(sip_msg_t *msg);

/* A request of a dialog, behind loose_route(): may it be relayed? Then its URIs have the scheme of the leg that it goes to, and
 * it leaves from a listener of that leg's tenant. Otherwise there is a line in the log. */
int ki_dialpeer_dialog(sip_msg_t *msg);

#endif
