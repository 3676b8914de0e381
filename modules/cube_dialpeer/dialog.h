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

/* From mod_init. */
int dialog_init(void);
/* In a process that works on calls, behind the fork. */
int dialog_child_init(void);
/* In a branch_route: the legs that the dialog of this INVITE has are noted, with their proof, in our Record-Route header on
 * the leg out; sender is who sent it. 0, or -1: it has no Call-ID or no tag, or memory is out. */
int dialog_begin(sip_msg_t *msg, const struct cube_conf *conf, enum cube_url in, enum cube_url out,
		struct dialog_sender *sender);
/* Who has sent a provisional or positive response, which has n_routes entries in its Record-Route headers; ours there gets the proof
 * of where the called party's side begins. 0, or -1: it has no Call-ID or no tag, or memory is out. */
int dialog_answered(sip_msg_t *msg, unsigned n_routes, struct dialog_sender *sender);
/* The proof of a sender's Contact; parts: its URI taken apart, NULL: it is not. False: it can be no Contact. */
bool dialog_mark(const struct dialog_sender *sender, struct cube_str uri, const struct cube_uri_parts *parts,
		struct cube_proof_mark *mark);

/* A request of a dialog, behind loose_route(): may it be relayed? Then its URIs have the scheme of the leg that it goes to, and
 * it leaves from a listener of that leg's tenant. Otherwise there is a line in the log. */
int ki_dialpeer_dialog(sip_msg_t *msg);

#endif
