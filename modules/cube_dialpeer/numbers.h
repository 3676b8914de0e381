/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of a call, as translation profiles make them: kept with the transaction. */
#ifndef CUBE_DIALPEER_NUMBERS_H
#define CUBE_DIALPEER_NUMBERS_H

#include "../libcube/dialpeer/plan_rules.h"
#include "call.h"

/* Notes the numbers of a call that comes in, translated by the profile of its dial-peer (NULL for dial-peer 0), or of sip-ua.
 * False, logged: a rule rejects one of them, or memory is out. */
bool numbers_in(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct call_facts *facts);
/* Puts what was noted in place of what the message says. */
void numbers_of_call(struct call_facts *facts);
/* The called user for this dial-peer, in buf or with the transaction. False, logged: a rule of its profile rejects it. */
bool numbers_out(const struct cube_conf *conf, const struct cube_dial_peer *peer, sip_msg_t *msg,
		char buf[CUBE_NUMBER_MAX], struct cube_str *user);
/* The parameters of the called number, as the caller sent them, where user is still that number; else empty. */
struct cube_str numbers_params(struct cube_str user);
/* May calling or redirecting number be another one than the message has, in the request to this dial-peer? */
bool numbers_any_change(const struct cube_dial_peer *peer);
/* The user that stands for a number in the request to this dial-peer; false: the one that the caller sent stays. Rejected
 * ones are left as they are, since numbers_out has refused the dial-peer. */
bool numbers_changed(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct call_facts *facts,
		enum cube_number_of which, char buf[CUBE_NUMBER_MAX], struct cube_str *user);

#endif
