/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is given to both sides of a dialog so that they can prove, with each request, that there is such a dialog and that the
 * request goes where the other side is (RFC 3261 12.2): a parameter of our Record-Route headers, and one of each Contact. Both
 * are MACs by a key that nobody else has. There is no table of dialogs. */
#ifndef CUBE_DIALPEER_PROOF_H
#define CUBE_DIALPEER_PROOF_H

#include "../base/net.h"
#include "uri.h"

#define CUBE_PROOF_KEY 16
#define CUBE_PROOF_LEN 16 /* hexadecimal digits: 64 bits, for a proof that can only be tried out by asking us */
#define CUBE_PROOF_URI_MAX 1024
#define CUBE_PROOF_TARGET "cube-to" /* the parameter of a Contact */

/* What proofs are made with: SipHash, which is made for short texts and has just this length, in a context of OpenSSL's. That is
 * used again and again, so each process has its own. */
struct cube_prover;

/* NULL: memory is out. */
struct cube_prover *cube_prover_new(const unsigned char key[CUBE_PROOF_KEY]);
void cube_prover_free(struct cube_prover *prover);

/* In every request and response of a dialog. caller_tag: of who sent the INVITE, in its From header. in, out: tags of the tenants
 * of the caller's leg and of the called party's. */
struct cube_proof_dialog
{
	struct cube_str call_id, caller_tag;
	int in, out;
};

/* Ours on one side of a dialog. */
struct cube_proof_leg
{
	struct cube_addr addr;
	int proto;	 /* a number for the transport */
	int tenant;	 /* tag; 0 for sip-ua, -1 for nobody */
	char scheme; /* a letter */
};

/* As far as a URI says where a request goes. Parameters other than maddr, and the scheme, say by which transport. */
struct cube_proof_place
{
	struct cube_str user, host, port, maddr;
};

/* Of a URI that leaves no doubt, such as most Contacts are. False: of what it is must be found out otherwise. */
bool cube_proof_place(const struct cube_uri_parts *parts, struct cube_proof_place *place);

/* For our Record-Route: this dialog, between these legs, and next is where it goes on behind us; NULL: to the Contact. False: a
 * text is too long. */
bool cube_proof_route(struct cube_prover *prover, const struct cube_proof_dialog *dialog,
		const struct cube_proof_leg *in, const struct cube_proof_leg *out, const struct cube_proof_place *next,
		char proof[CUBE_PROOF_LEN + 1]);
/* For a Contact: the caller, or the called party, of this dialog is here. A caller may give two calls one Call-ID and tag, so the
 * tenants are in it, too. */
bool cube_proof_target(struct cube_prover *prover, const struct cube_proof_dialog *dialog, bool caller,
		const struct cube_proof_place *place, char proof[CUBE_PROOF_LEN + 1]);
/* Takes the same time whatever is wrong. */
bool cube_proof_is(const char *proof, struct cube_str shown);

/* The value of a parameter in the text of a URI, the last one of that name; false: there is none. */
bool cube_proof_find(struct cube_str uri, const char *name, struct cube_str *value);
/* The parameter cube-to of a URI. */
#define CUBE_PROOF_MARK ";" CUBE_PROOF_TARGET "="
struct cube_proof_mark
{
	char text[sizeof(CUBE_PROOF_MARK) - 1 + CUBE_PROOF_LEN];
	size_t at; /* what of the URI stands in front of it */
};

/* False: with it the URI is longer than CUBE_PROOF_URI_MAX. */
bool cube_proof_mark(
		struct cube_str uri, struct cube_str host, const char proof[CUBE_PROOF_LEN + 1], struct cube_proof_mark *mark);
/* The URI without the last such parameter. *changed is in buf. False: it has none. */
bool cube_proof_unmark(
		struct cube_str uri, char buf[CUBE_PROOF_URI_MAX], struct cube_str *changed, struct cube_str *shown);

#endif
