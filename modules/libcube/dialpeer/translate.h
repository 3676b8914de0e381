/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation rules: how a called or calling number is rewritten, as IOS's "voice translation-rule" does.
 * docs/dial-peers.md has the table of the language. Knows numbers, not SIP. */
#ifndef CUBE_DIALPEER_TRANSLATE_H
#define CUBE_DIALPEER_TRANSLATE_H

#include "../base/arena.h"
#include "../base/err.h"
#include "pattern.h"

#define CUBE_TRANSLATION_RULES_MAX 100
#define CUBE_TRANSLATION_TEXT_MAX 512 /* characters of a rule */

struct cube_translation; /* the rules of one translation-rule section, in order; immutable after compiling */

enum cube_translated
{
	CUBE_TRANSLATED_NOT = 0,  /* no rule matches */
	CUBE_TRANSLATED_CHANGED,  /* a rule matches; the number may still be what it was */
	CUBE_TRANSLATED_REJECTED, /* a reject rule matches, or the new number would be longer than CUBE_NUMBER_MAX */
};

/* rules: texts such as "/^0/ /+49/" and "reject /^900/". NULL + one line in err for each rule that is wrong, which
 * begins with path and "rule 3: ". The result lives in arena; the texts are not kept. */
const struct cube_translation *cube_translation_compile(const struct cube_str *rules, unsigned n, const char *path,
		struct cube_arena *arena, struct cube_err *err) __attribute__((warn_unused_result));

/* The first rule that matches decides; only what it matched is replaced. number: up to CUBE_NUMBER_MAX of 0-9 A-F a-f *
 * # + as cube_number_from_user gives it, or empty where there is none; anything else no rule matches. (That function
 * gives the empty text also for a user part that it refuses; such a one is not for this function.) buf must not be
 * number's. *out: the number to go on with, in buf when CHANGED, empty when REJECTED. *rule (may be NULL): which rule
 * decided, from 1; 0 when none matches. */
enum cube_translated cube_translation_apply(const struct cube_translation *translation, struct cube_str number,
		char buf[CUBE_NUMBER_MAX], struct cube_str *out, unsigned *rule);

#endif
