/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Toll fraud prevention: whether a source address may talk to a tenant. Decides only; answering, dropping and
 * counting are the caller's. Names of session targets are not resolved here: their addresses belong on a list. */
#include "trust.h"

#include "../dialpeer/plan.h"

static bool listed(const struct cube_prefixes *list, const struct cube_ip *source)
{
	for(unsigned i = 0; i < list->n; i++) {
		if(cube_prefix_has(&list->v[i], source))
			return true;
	}
	return false;
}

enum cube_trust cube_tenant_trust(
		const struct cube_conf *conf, int tenant, const struct cube_ip *source, bool cn_san_verified)
{
	if(!conf->sip_ua.trusted_authenticate)
		return CUBE_TRUST_NOT_REQUIRED;
	if(listed(&conf->sip_ua.trusted_list, source)
			|| (tenant != CUBE_NONE && listed(&conf->tenants[tenant].trusted_list, source)))
		return CUBE_TRUST_LISTED;
	if(cube_dial_plan_target(conf, tenant, source))
		return CUBE_TRUST_DIAL_PEER;
	if(cn_san_verified)
		return CUBE_TRUST_CN_SAN;
	return conf->sip_ua.silent_discard_untrusted ? CUBE_TRUST_DISCARD : CUBE_TRUST_REFUSE;
}

bool cube_trust_ok(enum cube_trust trust)
{
	return trust >= CUBE_TRUST_LISTED;
}
