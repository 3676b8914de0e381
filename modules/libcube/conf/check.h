/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of a configuration that concern more than one value. Each fault becomes a line in err; all of them are
 * looked for. In this order, and the later ones only when the earlier ones found nothing. */
#ifndef CUBE_CONF_CHECK_H
#define CUBE_CONF_CHECK_H

#include "../base/err.h"
#include "model.h"

/* What a value names exists; the indexes of struct cube_ref are set. conf is sorted (index.h). */
void cube_check_refs(struct cube_conf *conf, struct cube_err *err);
/* Collects conf->listeners and looks for two that want the same address and port. -1 when memory is out. */
int cube_check_ports(struct cube_conf *conf, struct cube_err *err) __attribute__((warn_unused_result));
/* What a section needs to work is there: after inherit.c. check_tls.c and check_dial.c. */
void cube_check_tls(const struct cube_conf *conf, struct cube_err *err);
void cube_check_dial(const struct cube_conf *conf, struct cube_err *err);

#endif
