/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the dial-plan has compiled besides patterns. */
#ifndef CUBE_DIALPEER_PLAN_RULES_H
#define CUBE_DIALPEER_PLAN_RULES_H

#include "plan.h"
#include "translate.h"

/* The numbers of a call that a translation-profile has rules for. */
enum cube_number_of
{
	CUBE_NUMBER_CALLED = 0,
	CUBE_NUMBER_CALLING,
	CUBE_NUMBER_REDIRECT, /* in the topmost Diversion */
	CUBE_N_NUMBERS,
};

struct cube_dial_translated
{
	enum cube_translated what;
	int rules;				/* tag of the translation-rule that was asked; 0: none was */
	unsigned rule;			/* of it, from 1; 0: none matches */
	struct cube_str number; /* to go on with; may be in buf */
	char buf[CUBE_NUMBER_MAX];
};

/* One number by one profile of conf (its name empty: there is none). number: as cube_number_from_user gives it. is_name: that
 * gave nothing for a user part that there is; it is no number, and no rule is asked. */
void cube_dial_translate(const struct cube_conf *conf, const struct cube_name_ref *profile, enum cube_number_of which,
		struct cube_str number, bool is_name, struct cube_dial_translated *t);

#endif
