/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/dprint.h"

#include "../ksr/vars.h"
#include "../libcube/dialpeer/plan_rules.h"
#include "numbers.h"

static const enum ksr_text vars[N_NUMBERS] = {
		[NUMBER_CALLED] = KSR_CALLED, [NUMBER_CALLING] = KSR_CALLING, [NUMBER_REDIRECT] = KSR_REDIRECT};
static const char *const words[N_NUMBERS] = {
		[NUMBER_CALLED] = "called", [NUMBER_CALLING] = "calling", [NUMBER_REDIRECT] = "redirecting"};

static struct cube_ref rules_of(const struct cube_translation_profile *profile, enum number which)
{
	if(which == NUMBER_CALLED)
		return profile->called;
	return which == NUMBER_CALLING ? profile->calling : profile->redirect_called;
}

/* By a profile (NULL: none). *user: what stands there, and what is to stand there, which is in buf if it is changed. */
static enum cube_translated translate(const struct cube_conf *conf, const struct cube_translation_profile *profile,
		enum number which, char buf[CUBE_NUMBER_MAX], struct cube_str *user)
{
	struct cube_ref rules = profile ? rules_of(profile, which) : (struct cube_ref){0, CUBE_NONE};
	struct cube_str number, out;
	char digits[CUBE_NUMBER_MAX];
	enum cube_translated result;

	number = cube_number_from_user(*user, digits);
	if(!rules.tag || (user->len > 0 && number.len == 0)) /* a name is no number */
		return CUBE_TRANSLATED_NOT;
	result = cube_translation_apply(cube_dial_translation(conf, rules.index), number, buf, &out, NULL);
	if(result == CUBE_TRANSLATED_CHANGED)
		*user = out;
	return result;
}

static struct cube_str user_of(const struct call_facts *f, enum number which)
{
	static const enum cube_uri_of of[N_NUMBERS] = {[NUMBER_CALLED] = CUBE_URI_REQUEST,
			[NUMBER_CALLING] = CUBE_URI_FROM,
			[NUMBER_REDIRECT] = CUBE_URI_DIVERSION};

	return f->call.uri[of[which]] ? f->parts[of[which]].user : (struct cube_str){NULL, 0};
}

static const struct cube_translation_profile *profile(const struct cube_conf *conf, const struct cube_name_ref *ref)
{
	return ref->name.len ? &conf->translation_profiles[ref->index] : NULL;
}

bool numbers_in(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct call_facts *facts)
{
	const struct cube_name_ref *own = peer ? &cube_dial_more(peer)->translation_in : NULL;
	const struct cube_translation_profile *p = profile(conf, own && own->name.len ? own : &conf->sip_ua.translation_in);
	char buf[CUBE_NUMBER_MAX];

	for(int which = 0; which < N_NUMBERS; which++) {
		struct cube_str user = user_of(facts, which);

		if(translate(conf, p, which, buf, &user) == CUBE_TRANSLATED_REJECTED) {
			LM_NOTICE("translation-profile %.*s rejects the %s number of a call that comes in by dial-peer %d\n",
					CUBE_FMT(p->name), words[which], peer ? peer->tag : 0);
			return false;
		}
		/* what is as it came, the message has; but its Request-URI changes with each dial-peer */
		if((which == NUMBER_CALLED || !cube_str_eq(user, user_of(facts, which))) && ksr_set_text(vars[which], user) < 0)
			return false;
	}
	return true;
}

/* The user part that the dial-peer in has left. */
static struct cube_str noted(const struct call_facts *f, enum number which)
{
	struct cube_str user = ksr_text(vars[which]);

	return user.len || which == NUMBER_CALLED ? user : user_of(f, which);
}

void numbers_of_call(struct call_facts *f)
{
	f->call.called = cube_number_from_user(noted(f, NUMBER_CALLED), f->called);
	f->call.calling = cube_number_from_user(noted(f, NUMBER_CALLING), f->calling);
}

bool numbers_out(const struct cube_conf *conf, const struct cube_dial_peer *peer, sip_msg_t *msg,
		char buf[CUBE_NUMBER_MAX], struct cube_str *called)
{
	const struct cube_translation_profile *p = profile(conf, &cube_dial_more(peer)->translation_out);
	char other[CUBE_NUMBER_MAX];
	struct call_facts facts;

	*called = ksr_text(KSR_CALLED);
	if(!p)
		return true;
	if(!call_read(msg, CALL_NUMBERS, &facts))
		return false;
	for(int which = N_NUMBERS - 1; which >= 0; which--) { /* the called one last: it stays in buf */
		*called = noted(&facts, which);
		if(translate(conf, p, which, which == NUMBER_CALLED ? buf : other, called) == CUBE_TRANSLATED_REJECTED) {
			LM_NOTICE("dial-peer %d: translation-profile %.*s rejects the %s number; it is passed over\n", peer->tag,
					CUBE_FMT(p->name), words[which]);
			return false;
		}
	}
	return true;
}

bool numbers_any_change(const struct cube_dial_peer *peer)
{
	return peer->translation_out.name.len || ksr_text(KSR_CALLING).s || ksr_text(KSR_REDIRECT).s;
}

bool numbers_changed(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct call_facts *facts,
		enum number which, char buf[CUBE_NUMBER_MAX], struct cube_str *user)
{
	*user = noted(facts, which);
	(void)translate(conf, profile(conf, &cube_dial_more(peer)->translation_out), which, buf, user);
	return user->len > 0;
}
