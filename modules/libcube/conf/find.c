/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking things up in a complete configuration. Changes nothing, allocates nothing. */
#include <stdlib.h>

#include "index.h"
#include "load.h"

const struct cube_tenant *cube_conf_tenant(const struct cube_conf *conf, int tag)
{
	int index = cube_index_tenant(conf, tag);

	return index == CUBE_NONE ? NULL : &conf->tenants[index];
}

const struct cube_dial_peer *cube_conf_dial_peer(const struct cube_conf *conf, int tag)
{
	int index = cube_index_dial_peer(conf, tag);

	return index == CUBE_NONE ? NULL : &conf->dial_peers[index];
}

/* Address and port are unique, so secure does not take part. */
static int cmp_addr(const void *key, const void *element)
{
	const struct cube_addr *a = key, *b = &((const struct cube_listener *)element)->addr;
	int cmp = cube_ip_cmp(&a->ip, &b->ip);

	return cmp ? cmp : (a->port > b->port) - (a->port < b->port);
}

const struct cube_listener *cube_conf_listener(
		const struct cube_conf *conf, const struct cube_ip *ip, uint16_t port, bool secure)
{
	struct cube_addr key = {*ip, port};
	const struct cube_listener *found;

	if(conf->n_listeners == 0)
		return NULL;
	found = bsearch(&key, conf->listeners, conf->n_listeners, sizeof(*found), cmp_addr);
	if(!found) {
		key.ip = (struct cube_ip){.len = ip->len};
		found = bsearch(&key, conf->listeners, conf->n_listeners, sizeof(*found), cmp_addr);
	}
	return found && found->secure == secure ? found : NULL;
}

const struct cube_tls_profile *cube_conf_tls_profile(
		const struct cube_conf *conf, int tenant, const struct cube_ip *peer)
{
	const struct cube_crypto_signaling *s;
	unsigned i;

	if(tenant != CUBE_NONE && conf->tenants[tenant].tls_profile != CUBE_NONE)
		return &conf->tls_profiles[conf->tenants[tenant].tls_profile];
	/* sorted: longest prefix first, default last */
	for(i = 0; i < conf->sip_ua.n_crypto_signaling; i++) {
		s = &conf->sip_ua.crypto_signaling[i];
		if(s->prefix.ip.len == 0 || cube_prefix_has(&s->prefix, peer))
			return &conf->tls_profiles[s->tls_profile];
	}
	return NULL;
}
