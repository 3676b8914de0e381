/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modules note of a call, kept with the transaction; the script sees some of it as $cube(name). */
#ifndef CUBE_KSR_VARS_H
#define CUBE_KSR_VARS_H

#include "ksr.h"

enum ksr_number
{
	KSR_TENANT = 0,
	KSR_DIALPEER_IN,
	KSR_DIALPEER_OUT,
	KSR_SIPS,	   /* it came as sips */
	KSR_TEL,	   /* its Request-URI was a tel: URI */
	KSR_SIPS_OUT,  /* it goes out as sips */
	KSR_BY_CALLED, /* a request within the dialog is the called party's */
	KSR_TENANT_TO, /* tag of whose listener it goes out by */
	KSR_CODEC,	   /* one of its dial-peers has codecs */
	KSR_REPLY_LEG, /* enum cube_url of the leg that replies go to, when they are to be changed */
	KSR_ROUTE,	   /* the dial-peer whose block of the script is there, 0: none is */
	KSR_DAYS,	   /* in event_route[cube:cert-expiring] */
	KSR_N_NUMBERS,
};

enum ksr_text
{
	KSR_PEER_NAME = 0,
	KSR_TARGET,
	KSR_HUNT, /* see libcube/dialpeer/hunting.h */
	KSR_HOLD, /* see hold.c of cube_dialpeer */
	KSR_CALLED,
	KSR_PARAMS, /* of the called number */
	KSR_CALLING,
	KSR_REDIRECT,
	KSR_FAILURE, /* in event_route[cube:handshake-failed] */
	KSR_TRUSTPOINT,
	KSR_USE,
	KSR_DIALPEER, /* in event_route[cube:trunk-down] and trunk-up */
	KSR_REASON,
	KSR_N_TEXTS,
};

/* -1: memory is out, logged. */
int ksr_set_number(enum ksr_number which, int value);
int ksr_set_flag(enum ksr_number which, int value);			  /* one that counts as 0 while it is not set */
int ksr_set_text(enum ksr_text which, struct cube_str value); /* not one that ksr_text() has given */
/* So much will be set one day. Other processes read what a transaction has without a lock: once it exists no text may need more
 * room than it has had. Counts as set, to the empty text. */
int ksr_reserve_text(enum ksr_text which, size_t len);
int ksr_number(enum ksr_number which, int unset);
/* s NULL: not set. Valid until a text is set or reserved. */
struct cube_str ksr_text(enum ksr_text which);

#endif
