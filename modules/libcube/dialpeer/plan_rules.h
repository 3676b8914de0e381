/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the dial-plan has compiled besides patterns. */
#ifndef CUBE_DIALPEER_PLAN_RULES_H
#define CUBE_DIALPEER_PLAN_RULES_H

#include "plan.h"
#include "translate.h"

/* Of conf->translation_rules, by index. */
const struct cube_translation *cube_dial_translation(const struct cube_conf *conf, int index);

#endif
