/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/dprint.h"

#include "../ksr/vars.h"
#include "../libcube/dialpeer/plan_rules.h"
#include "numbers.h"

static const enum ksr_text vars[CUBE_N_NUMBERS] = {
		[CUBE_NUMBER_CALLED] = KSR_CALLED, [CUBE_NUMBER_CALLING] = KSR_CALLING, [CUBE_NUMBER_REDIRECT] = KSR_REDIRECT};
static const char *const words[CUBE_N_NUMBERS] = {
		[CUBE_NUMBER_CALLED] = "called", [CUBE_NUMBER_CALLING] = "calling", [CUBE_NUMBER_REDIRECT] = "redirecting"};

/* By a profile. *user: what stands there, and what is to stand there, which is in buf if it is changed. */
static enum cube_translated translate(const struct cube_conf *conf, const struct cube_name_ref *profile,
		enum cube_number_of which, char buf[CUBE_NUMBER_MAX], struct cube_str *user)
{
	struct cube_dial_translated t;
	char digits[CUBE_NUMBER_MAX];
	struct cube_str number;

	if(!profile->name.len)
		return CUBE_TRANSLATED_NOT;
	number = cube_number_from_user(*user, digits);
	cube_dial_translate(conf, profile, which, number, user->len > 0 && number.len == 0, &t);
	if(t.what == CUBE_TRANSLATED_CHANGED) {
		memcpy(buf, t.number.s, t.number.len);
		*user = (struct cube_str){buf, t.number.len};
	}
	return t.what;
}

static struct cube_str user_of(const struct call_facts *f, enum cube_number_of which)
{
	static const enum cube_uri_of of[CUBE_N_NUMBERS] = {[CUBE_NUMBER_CALLED] = CUBE_URI_REQUEST,
			[CUBE_NUMBER_CALLING] = CUBE_URI_FROM,
			[CUBE_NUMBER_REDIRECT] = CUBE_URI_DIVERSION};

	return f->call.uri[of[which]] ? f->parts[of[which]].user : (struct cube_str){NULL, 0};
}

/* phone-context, isub and the like of the called number; they are of no other one. */
static bool note_params(const struct call_facts *f, struct cube_str user)
{
	struct cube_str params =
			f->call.uri[CUBE_URI_REQUEST] ? f->parts[CUBE_URI_REQUEST].user_params : (struct cube_str){NULL, 0};

	return !params.len || !cube_str_eq(user, user_of(f, CUBE_NUMBER_CALLED)) || ksr_set_text(KSR_PARAMS, params) == 0;
}

struct cube_str numbers_params(struct cube_str user)
{
	return cube_str_eq(user, ksr_text(KSR_CALLED)) ? ksr_text(KSR_PARAMS) : (struct cube_str){NULL, 0};
}

bool numbers_in(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct call_facts *facts)
{
	const struct cube_name_ref *own = peer ? &cube_dial_more(peer)->translation_in : NULL;
	const struct cube_name_ref *p = own && own->name.len ? own : &conf->sip_ua.translation_in;
	char buf[CUBE_NUMBER_MAX];

	for(int which = 0; which < CUBE_N_NUMBERS; which++) {
		struct cube_str user = user_of(facts, which);

		if(translate(conf, p, which, buf, &user) == CUBE_TRANSLATED_REJECTED) {
			LM_NOTICE("translation-profile %.*s rejects the %s number of a call that comes in by dial-peer %d\n",
					CUBE_FMT(p->name), words[which], peer ? peer->tag : 0);
			return false;
		}
		/* what is as it came, the message has; but its Request-URI changes with each dial-peer */
		if((which == CUBE_NUMBER_CALLED || !cube_str_eq(user, user_of(facts, which)))
				&& ksr_set_text(vars[which], user) < 0)
			return false;
		if(which == CUBE_NUMBER_CALLED && !note_params(facts, user))
			return false;
	}
	return true;
}

/* The user part that the dial-peer in has left. */
static struct cube_str noted(const struct call_facts *f, enum cube_number_of which)
{
	struct cube_str user = ksr_text(vars[which]);

	return user.len || which == CUBE_NUMBER_CALLED ? user : user_of(f, which);
}

void numbers_of_call(struct call_facts *f)
{
	f->call.called = cube_number_from_user(noted(f, CUBE_NUMBER_CALLED), f->called);
	f->call.calling = cube_number_from_user(noted(f, CUBE_NUMBER_CALLING), f->calling);
}

bool numbers_out(const struct cube_conf *conf, const struct cube_dial_peer *peer, sip_msg_t *msg,
		char buf[CUBE_NUMBER_MAX], struct cube_str *called)
{
	const struct cube_name_ref *p = &cube_dial_more(peer)->translation_out;
	char other[CUBE_NUMBER_MAX];
	struct call_facts facts;

	*called = ksr_text(KSR_CALLED);
	if(!p->name.len)
		return true;
	if(!call_read(msg, CALL_NUMBERS, &facts))
		return false;
	for(int which = CUBE_N_NUMBERS - 1; which >= 0; which--) { /* the called one last: it stays in buf */
		*called = noted(&facts, which);
		if(translate(conf, p, which, which == CUBE_NUMBER_CALLED ? buf : other, called) == CUBE_TRANSLATED_REJECTED) {
			LM_NOTICE("dial-peer %d: translation-profile %.*s rejects the %s number; it is passed over\n", peer->tag,
					CUBE_FMT(p->name), words[which]);
			return false;
		}
	}
	return true;
}

bool numbers_any_change(const struct cube_dial_peer *peer)
{
	return cube_dial_more(peer)->translation_out.name.len || ksr_text(KSR_CALLING).s || ksr_text(KSR_REDIRECT).s;
}

bool numbers_changed(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct call_facts *facts,
		enum cube_number_of which, char buf[CUBE_NUMBER_MAX], struct cube_str *user)
{
	*user = noted(facts, which);
	(void)translate(conf, &cube_dial_more(peer)->translation_out, which, buf, user);
	return user->len > 0;
}
