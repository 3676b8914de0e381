/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dial-peer > tenant > sip-ua > default, resolved once, so that nothing is looked up level by level later. */
#ifndef CUBE_CONF_INHERIT_H
#define CUBE_CONF_INHERIT_H

#include "../base/err.h"
#include "model.h"

/* Fills every "effective" member of a sorted conf whose references all exist, except those that tls/policy.h makes;
 * appends a TLS profile for each crypto-signaling entry with a trustpoint. -1 when memory is out. */
int cube_inherit(struct cube_conf *conf, struct cube_err *err) __attribute__((warn_unused_result));

#endif
