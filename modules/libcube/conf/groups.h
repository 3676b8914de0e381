/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists whose entries say more than a word: dial-peer groups, provision policies, server groups, responses. */
#ifndef CUBE_CONF_GROUPS_H
#define CUBE_CONF_GROUPS_H

#include "../base/err.h"
#include "model.h"

/* Takes them apart and puts them in the order in which they are tried: the lower preference first, then as they are
 * written. conf is sorted (index.h). A line in err for each fault; -1 only when memory is out (with a line, too). */
int cube_groups_build(struct cube_conf *conf, struct cube_err *err) __attribute__((warn_unused_result));
/* The responses of a list whose words have been judged. */
void cube_groups_responses(const struct cube_list *words, struct cube_responses *set);

#endif
