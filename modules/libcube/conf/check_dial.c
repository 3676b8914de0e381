/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dial-peer needs to be of use: a number to match, a target to send to, an address to send from. Patterns
 * themselves are dialpeer/pattern.c's. */
#include "check.h"
#include "names.h"

static bool selected_in(const struct cube_dial_peer *peer)
{
	const struct cube_dial_in *in = cube_dial_in(peer);
	bool selected = in->incoming_called_number.len || in->answer_address.len || in->incoming_called_map.tag
					|| in->incoming_calling_map.tag;

	for(unsigned i = 0; i < CUBE_N_URI_IN; i++)
		selected = selected || in->incoming_uri[i].name.len;
	return selected;
}

static bool has_target(const struct cube_dial_peer *peer)
{
	return peer->session_target || peer->server_group.tag;
}

static const char *selected_out(const struct cube_dial_peer *peer)
{
	const struct cube_dial_out *out = cube_dial_out(peer);

	if(peer->destination_pattern.len)
		return "destination-pattern";
	if(out->destination_map.tag)
		return "destination-e164-pattern-map";
	if(out->destination_calling_map.tag)
		return "destination-calling-e164-pattern-map";
	if(out->destination_uri.name.len)
		return "destination-uri";
	for(unsigned i = 0; i < CUBE_N_URI_OF; i++) {
		if(out->destination_uri_of[i].name.len)
			return "destination-uri-...";
	}
	return peer->in_dpg ? "being in a dpg" : NULL;
}

static void check_target(const struct cube_conf *conf, const struct cube_dial_peer *peer, struct cube_err *err)
{
	const char *out = selected_out(peer);

	if(!out && !selected_in(peer) && !has_target(peer))
		cube_err_add(err,
				"dial-peer %d: needs destination-pattern or incoming-called-number, or another key that selects it",
				peer->tag);
	else if(out && !has_target(peer))
		cube_err_add(err, "dial-peer %d: %s: needs session-target or session-server-group", peer->tag, out);
	if(peer->session_target && peer->server_group.tag)
		cube_err_add(err, "dial-peer %d: session-target and session-server-group: only one of the two", peer->tag);
	if(cube_dial_in(peer)->destination_dpg.tag && cube_dial_in(peer)->destination_policy.tag)
		cube_err_add(
				err, "dial-peer %d: destination-dpg and destination-provision-policy: only one of the two", peer->tag);
	if(!has_target(peer))
		return;
	if(!out)
		cube_err_add(err, "dial-peer %d: %s: needs destination-pattern, or another key that selects it for calls out",
				peer->tag, peer->session_target ? "session-target" : "session-server-group");
	if(!peer->session_target || peer->target)
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

	if(!has_target(peer))
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

static void check_uri(const struct cube_uri *uri, struct cube_err *err)
{
	bool host = uri->host.n || uri->host_pattern.len, parts = host || uri->user_id.len || uri->phone_number.len;

	if(!parts && !uri->phone_context.len && !uri->pattern.len)
		cube_err_add(err, "uri %.*s: needs host, host-pattern, user-id, phone-number, phone-context or pattern",
				CUBE_FMT(uri->name));
	if(uri->pattern.len && (parts || uri->phone_context.len))
		cube_err_add(err, "uri %.*s: pattern: is for the whole URI and stands alone", CUBE_FMT(uri->name));
	if(uri->host.n && uri->host_pattern.len)
		cube_err_add(err, "uri %.*s: host and host-pattern: only one of the two", CUBE_FMT(uri->name));
	if(uri->phone_number.len && (host || uri->user_id.len))
		cube_err_add(
				err, "uri %.*s: phone-number: is for tel:, which has neither user-id nor host", CUBE_FMT(uri->name));
}

static void check_lists(const struct cube_conf *conf, struct cube_err *err)
{
	unsigned i;

	for(i = 0; i < conf->n_uris; i++)
		check_uri(&conf->uris[i], err);
	for(i = 0; i < conf->n_e164_maps; i++) {
		const struct cube_e164_map *map = &conf->e164_maps[i];

		if(!map->e164.n == !map->url.len)
			cube_err_add(err, "e164-pattern-map %d: needs either e164 or url", map->tag);
	}
	for(i = 0; i < conf->n_dpgs; i++) {
		if(!conf->dpgs[i].dial_peer.n)
			cube_err_add(err, "dpg %d: dial-peer: at least one is needed", conf->dpgs[i].tag);
	}
	for(i = 0; i < conf->n_policies; i++) {
		if(!conf->policies[i].preference.n)
			cube_err_add(err, "provision-policy %d: preference: at least one is needed", conf->policies[i].tag);
	}
	for(i = 0; i < conf->n_translation_rules; i++) {
		if(!conf->translation_rules[i].rule.n)
			cube_err_add(err, "translation-rule %d: rule: at least one is needed", conf->translation_rules[i].tag);
	}
	for(i = 0; i < conf->n_translation_profiles; i++) {
		const struct cube_translation_profile *p = &conf->translation_profiles[i];

		if(!p->called.tag && !p->calling.tag && !p->redirect_called.tag)
			cube_err_add(err, "translation-profile %.*s: needs called, calling or redirect-called", CUBE_FMT(p->name));
	}
}

void cube_check_dial(const struct cube_conf *conf, struct cube_err *err)
{
	unsigned i;

	check_lists(conf, err);
	for(i = 0; i < conf->n_dial_peers; i++) {
		check_target(conf, &conf->dial_peers[i], err);
		check_source(conf, &conf->dial_peers[i], err);
	}
}
