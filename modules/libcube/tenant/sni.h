/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which tenant a client means by the server name that it sends (RFC 6066 3), on the listeners of sip-ua that several
 * tenants share. On a tenant's own listener the port has decided already. */
#ifndef CUBE_TENANT_SNI_H
#define CUBE_TENANT_SNI_H

#include "../base/err.h"
#include "../conf/model.h"

/* A name and whose it is. */
struct cube_sni
{
	struct cube_str name;
	int profile; /* index into tls_profiles */
	int tenant;	 /* index into tenants; CUBE_NONE: sip-ua's own */
};

/* Gathers the names of all profiles that a tenant or a crypto-signaling entry uses into conf->sni, sorted. 0, or -1 with
 * a line for each name that two have, and for each profile whose names lead nowhere. */
int cube_sni_build(struct cube_conf *conf, struct cube_err *err) __attribute__((warn_unused_result));
/* The owner of name, in whatever case; NULL when nobody has it. */
const struct cube_sni *cube_sni_find(const struct cube_conf *conf, struct cube_str name);
/* The host_name in the contents of a server_name extension of a ClientHello; false when there is none, or it is not what
 * RFC 6066 3 says. */
bool cube_sni_parse(const unsigned char *data, size_t len, struct cube_str *name);

#endif
