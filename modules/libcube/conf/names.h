/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of cube.conf that stand for a choice, in both directions: reading and dumping use the same tables. */
#ifndef CUBE_CONF_NAMES_H
#define CUBE_CONF_NAMES_H

#include "model.h"

bool cube_transport_parse(struct cube_str text, enum cube_transport *transport);
const char *cube_transport_name(enum cube_transport transport); /* "" for unset */
bool cube_cn_san_parse(struct cube_str text, enum cube_cn_san *cn_san);
const char *cube_cn_san_name(enum cube_cn_san cn_san);
bool cube_revocation_parse(struct cube_str text, enum cube_revocation *method);
const char *cube_revocation_name(enum cube_revocation method);
/* Is method in the trustpoint's revocation-check? */
bool cube_revocation_asked(const struct cube_trustpoint *tp, enum cube_revocation method);
/* true yes on, false no off, in any case: libconfuse's own words. */
bool cube_bool_parse(struct cube_str text, bool *value);
/* 0 to max, digits only, no leading zero: others read 010 as 8. */
bool cube_number_parse(struct cube_str text, int max, int *value);

#endif
