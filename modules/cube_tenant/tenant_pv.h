/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script variable $cube(...): what is known of the call at hand. */
#ifndef CUBE_TENANT_PV_H
#define CUBE_TENANT_PV_H

#include "core/pvar.h"

int tenant_pv_parse(pv_spec_t *spec, str *name);
int tenant_pv_get(sip_msg_t *msg, pv_param_t *param, pv_value_t *value);

#endif
