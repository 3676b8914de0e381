/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of cube.conf that stand for a choice, in both directions: reading and dumping use the same tables. */
#ifndef CUBE_CONF_NAMES_H
#define CUBE_CONF_NAMES_H

#include "model.h"

bool cube_transport_parse(struct cube_str text, enum cube_transport *transport);
const char *cube_transport_name(enum cube_transport transport); /* "" for unset */
bool cube_url_parse(struct cube_str text, enum cube_url *url);
const char *cube_url_name(enum cube_url url);
bool cube_cn_san_parse(struct cube_str text, enum cube_cn_san *cn_san);
const char *cube_cn_san_name(enum cube_cn_san cn_san);
bool cube_revocation_parse(struct cube_str text, enum cube_revocation *method);
const char *cube_revocation_name(enum cube_revocation method);
/* Is method in the trustpoint's revocation-check? */
bool cube_revocation_asked(const struct cube_trustpoint *tp, enum cube_revocation method);
bool cube_permission_parse(struct cube_str text, enum cube_permission *permission);
const char *cube_permission_name(enum cube_permission permission);
/* The encoding name in SDP of a codec by IOS's name; NULL: there is none of that name. */
const char *cube_codec_encoding(struct cube_str name);
/* All of IOS's names that are known, with commas; returns buf. */
#define CUBE_CODEC_NAMES_MAX 256
const char *cube_codec_names(char *buf, size_t size);
/* "404", or "500 to 599": SIP responses from 400 to 699. */
bool cube_responses_parse(struct cube_str text, int *from, int *to);
void cube_responses_add(struct cube_responses *set, int from, int to);
bool cube_responses_have(const struct cube_responses *set, int code);
/* true yes on, false no off, in any case: libconfuse's own words. */
bool cube_bool_parse(struct cube_str text, bool *value);
/* 0 to max, digits only, no leading zero: others read 010 as 8. */
bool cube_number_parse(struct cube_str text, int max, int *value);

#endif
