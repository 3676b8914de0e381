/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URIs in the headers of a message: each has the scheme, and the number, that the leg wants on which the message goes on. */
#ifndef CUBE_DIALPEER_HEADERS_H
#define CUBE_DIALPEER_HEADERS_H

#include "../ksr/ksr.h"
#include "../libcube/dialpeer/scheme.h"
#include "dialog.h"

/* What a leg wants. Texts that are empty: nothing of that kind. */
struct headers_leg
{
	enum cube_url url;					/* UNSET: schemes and numbers stay as they are */
	const struct dialog_sender *sender; /* whose Contact gets the proof that it was given by him; NULL: nobody's */
	struct cube_str place;				/* host:port for tel: URIs that become others; without it they stay */
	struct cube_str context;			/* phone-context of local numbers that become tel: */
	struct cube_str from;				/* the user in From as it came */
	struct cube_str calling, redirect;	/* the numbers that take the place of that one, and of who has redirected */
};

#define HEADERS_PLACE_MAX 96
#define HEADERS_VALUES_MAX 100
#define HEADERS_CONTACTS_MAX 8

/* Where a socket of ours is, as host:port, in buf; NULL: empty. */
struct cube_str headers_place(const socket_info_t *si, char buf[HEADERS_PLACE_MAX]);
/* The host in it. */
struct cube_str headers_host(struct cube_str place);
/* Do two user parts mean the same number, or name? */
bool headers_same_number(struct cube_str a, struct cube_str b);
/* Puts another text in the place of a piece of the message as it was received, which may be empty. -1: memory is out. */
int headers_replace(sip_msg_t *msg, struct cube_str piece, struct cube_str text);
/* Changes Contact, Refer-To, Referred-By, P-Asserted-Identity, P-Preferred-Identity, Remote-Party-ID and Diversion, each
 * value of them. Of Contact, and of what carries headers of its own, tel is sip. Who is somebody has a host, who
 * shall be called (Refer-To) its port, too: From and To cannot have one (RFC 3261 20), nor should what is like them. Of two or more P-Asserted-Identity (or
 * -Preferred-) one may be tel and one not, and stays so (RFC 3325 9.1). 0, or -1: memory is out, a URI is too long, or there are
 * more than HEADERS_VALUES_MAX of them. */
int headers_change(sip_msg_t *msg, const struct headers_leg *leg);
/* Are all the URIs that it might change, and From and To, of the scheme sip, and nobody an identity? The headers are parsed. */
bool headers_sip_alone(const sip_msg_t *msg);

/* What a response has that is of interest, found without parsing more of it. */
struct headers_found
{
	struct cube_str contact[HEADERS_CONTACTS_MAX]; /* bodies */
	unsigned n_contacts;
	unsigned n_routes; /* entries in all Record-Route headers */
};

/* Of more Contact headers than HEADERS_CONTACTS_MAX the first ones. */
void headers_find(const sip_msg_t *msg, struct headers_found *found);
/* These Contacts alone get the proof that they were given by this sender. 0, or -1. */
int headers_mark(sip_msg_t *msg, const struct headers_found *found, const struct dialog_sender *sender);

#endif
