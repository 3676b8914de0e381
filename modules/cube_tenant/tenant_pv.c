/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script variable $cube(...): what is known of the call at hand. Read-only: the functions of the modules set it. */
#include <limits.h>
#include <string.h>

#include "core/dprint.h"

#include "../ksr/vars.h"
#include "../libcube/base/write.h"
#include "tenant_pv.h"

enum kind
{
	NUMBER = 0,
	TEXT,
	ROUTE, /* the number of a dial-peer whose block is there, as the block's name */
};

static const struct
{
	const char *name;
	enum kind kind;
	int var; /* enum ksr_number or ksr_text */
} names[] = {
		{"tenant", NUMBER, KSR_TENANT}, {"dialpeer_in", NUMBER, KSR_DIALPEER_IN},
		{"dialpeer_out", NUMBER, KSR_DIALPEER_OUT}, {"route", ROUTE, KSR_ROUTE}, {"peer_name", TEXT, KSR_PEER_NAME},
		{"failure", TEXT, KSR_FAILURE}, /* in event_route[cube:handshake-failed] */
		{"trustpoint", TEXT, KSR_TRUSTPOINT}, {"use", TEXT, KSR_USE},
		{"days", NUMBER, KSR_DAYS}, /* in event_route[cube:cert-expiring] */
		{"target", TEXT, KSR_TARGET}, {"dialpeer", TEXT, KSR_DIALPEER},
		{"reason", TEXT, KSR_REASON}, /* in event_route[cube:trunk-down] and trunk-up */
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

static int get_number(sip_msg_t *msg, pv_param_t *param, pv_value_t *value, enum ksr_number var)
{
	int n = ksr_number(var, INT_MIN); /* days may be any other */

	return n == INT_MIN ? pv_get_null(msg, param, value) : pv_get_sintval(msg, param, value, n);
}

static int get_text(sip_msg_t *msg, pv_param_t *param, pv_value_t *value, enum ksr_text var)
{
	struct cube_str text = ksr_text(var);
	str s = ksr_str(text);

	return text.s ? pv_get_strval(msg, param, value, &s) : pv_get_null(msg, param, value);
}

static int get_route(sip_msg_t *msg, pv_param_t *param, pv_value_t *value, enum ksr_number var)
{
	static char buf[32]; /* until the next one is asked for, as the core's own variables */
	struct cube_writing name = CUBE_WRITE_IN(buf);
	int n = ksr_number(var, INT_MIN);
	str s;

	if(n == INT_MIN)
		return pv_get_null(msg, param, value);
	cube_write(&name, CUBE_STR("DIAL_PEER"));
	if(n) {
		cube_write(&name, CUBE_STR("_"));
		cube_write_number(&name, (unsigned long)n);
	}
	cube_write_end(&name);
	s = (str){buf, (int)name.len};
	return pv_get_strval(msg, param, value, &s);
}

int tenant_pv_get(sip_msg_t *msg, pv_param_t *param, pv_value_t *value)
{
	int i = param->pvn.u.isname.name.n;

	if(names[i].kind == NUMBER)
		return get_number(msg, param, value, names[i].var);
	return names[i].kind == TEXT ? get_text(msg, param, value, names[i].var)
								 : get_route(msg, param, value, names[i].var);
}
