/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script variable $cube(...): what is known of the call at hand. Read-only: the functions of the modules set it. */
#include <limits.h>
#include <string.h>

#include "core/dprint.h"

#include "../ksr/ksr.h"
#include "tenant_pv.h"

static const struct
{
	const char *name;
	bool number;
} names[] = {
		{"tenant", true}, {"dialpeer_in", true}, {"dialpeer_out", true}, {"route", false}, {"peer_name", false},
		{"failure", false},										   /* in event_route[cube:handshake-failed] */
		{"trustpoint", false}, {"use", false}, {"days", true},	   /* in event_route[cube:cert-expiring] */
		{"target", false}, {"dialpeer", false}, {"reason", false}, /* in event_route[cube:trunk-down] and trunk-up */
};

#define N_NAMES (int)(sizeof(names) / sizeof(names[0]))

int tenant_pv_parse(pv_spec_t *spec, str *name)
{
	int i;

	for(i = 0; i < N_NAMES; i++) {
		if((int)strlen(names[i].name) == name->len && memcmp(names[i].name, name->s, name->len) == 0) {
			spec->pvp.pvn.type = PV_NAME_INTSTR;
			spec->pvp.pvn.u.isname.type = 0;
			spec->pvp.pvn.u.isname.name.n = i;
			return 0;
		}
	}
	LM_ERR("$cube(%.*s): no such name; there are tenant, dialpeer_in, dialpeer_out, route, peer_name, failure, "
		   "trustpoint, use, days, target, dialpeer, reason\n",
			name->len, name->s);
	return -1;
}

int tenant_pv_get(sip_msg_t *msg, pv_param_t *param, pv_value_t *value)
{
	int i = param->pvn.u.isname.name.n;

	if(names[i].number) {
		int n = ksr_call_get_int(names[i].name, INT_MIN); /* days may be any other */

		return n == INT_MIN ? pv_get_null(msg, param, value) : pv_get_sintval(msg, param, value, n);
	} else {
		struct cube_str text = ksr_call_get_str(names[i].name);
		str s = ksr_str(text);

		return text.s ? pv_get_strval(msg, param, value, &s) : pv_get_null(msg, param, value);
	}
}
