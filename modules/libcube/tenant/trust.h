/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May this source talk to this tenant? CUBE's ip address trusted list (toll fraud prevention). */
#ifndef CUBE_TENANT_TRUST_H
#define CUBE_TENANT_TRUST_H

#include "../conf/model.h"

enum cube_trust
{
	CUBE_TRUST_REFUSE = 0,	 /* answer 403 */
	CUBE_TRUST_DISCARD,		 /* drop without an answer */
	CUBE_TRUST_LISTED,		 /* sip-ua's or the tenant's trusted-list */
	CUBE_TRUST_DIAL_PEER,	 /* session-target of one of the tenant's dial-peers that is not shut down */
	CUBE_TRUST_CN_SAN,		 /* the peer's certificate passed cn-san-validate client */
	CUBE_TRUST_NOT_REQUIRED, /* trusted-authenticate = false */
};

/* tenant: index or CUBE_NONE. cn_san_verified: the connection's client certificate passed the name check; plain
 * mutual TLS does not count. Order as listed in the enum's comments: list, dial-peer targets, cn-san. */
enum cube_trust cube_tenant_trust(
		const struct cube_conf *conf, int tenant, const struct cube_ip *source, bool cn_san_verified);
bool cube_trust_ok(enum cube_trust trust);

#endif
