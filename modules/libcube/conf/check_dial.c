/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dial-peer needs to be of use: a number to match, a target to send to, an address to send from. Patterns
 * themselves are dialpeer/pattern.c's. */
#include "check.h"
#include "names.h"

static void check_target(const struct cube_conf *conf, const struct cube_dial_peer *peer, struct cube_err *err)
{
	if(!peer->destination_pattern.len && !peer->incoming_called_number.len)
		cube_err_add(err, "dial-peer %d: needs destination-pattern or incoming-called-number", peer->tag);
	else if(peer->destination_pattern.len && !peer->session_target.len)
		cube_err_add(err, "dial-peer %d: destination-pattern: needs session-target", peer->tag);
	if(!peer->session_target.len)
		return;
	if(!peer->destination_pattern.len)
		cube_err_add(err, "dial-peer %d: session-target: needs destination-pattern", peer->tag);
	if(peer->target.kind != CUBE_TARGET_NONE)
		return;
	if(peer->tenant == CUBE_NONE)
		cube_err_add(err, "dial-peer %d: session-target \"sip-server\": needs tenant", peer->tag);
	else
		cube_err_add(err, "dial-peer %d: session-target \"sip-server\": tenant %d has no sip-server", peer->tag,
				conf->tenants[peer->tenant].tag);
}

/* A request leaves from a listener of the tenant, so that its tenant shows in its address; a tenant without that
 * listener uses sip-ua's. */
static void check_source(const struct cube_conf *conf, const struct cube_dial_peer *peer, struct cube_err *err)
{
	const struct cube_tenant *tenant = peer->tenant == CUBE_NONE ? NULL : &conf->tenants[peer->tenant];
	bool secure = peer->session_transport == CUBE_TRANSPORT_TLS;
	const char *key = secure ? "listen-secure" : "listen-non-secure";
	const char *name = cube_transport_name(peer->session_transport);
	unsigned common = secure ? conf->sip_ua.n_listen_secure : conf->sip_ua.n_listen_non_secure;

	if(!peer->session_target.len)
		return;
	if(!tenant && !common)
		cube_err_add(
				err, "dial-peer %d: session-transport \"%s\": sip-ua has no %s to send from", peer->tag, name, key);
	if(tenant && !common && !(secure ? tenant->listen_secure : tenant->listen_non_secure).port)
		cube_err_add(err, "dial-peer %d: session-transport \"%s\": neither tenant %d nor sip-ua has a %s to send from",
				peer->tag, name, tenant->tag, key);
	if(secure && (!tenant || tenant->tls_profile == CUBE_NONE) && !conf->sip_ua.n_crypto_signaling)
		cube_err_add(err,
				"dial-peer %d: session-transport \"%s\": needs a tls-profile of its tenant, or crypto-signaling in "
				"sip-ua",
				peer->tag, name);
}

void cube_check_dial(const struct cube_conf *conf, struct cube_err *err)
{
	unsigned i;

	for(i = 0; i < conf->n_dial_peers; i++) {
		check_target(conf, &conf->dial_peers[i], err);
		check_source(conf, &conf->dial_peers[i], err);
	}
}
