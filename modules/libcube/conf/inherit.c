/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only place where a default stands that depends on another section. Judges nothing. */
#include "inherit.h"

#include <string.h>

#include "../tls/policy.h"
#include "../tls/url.h"
#include "groups.h"
#include "index.h"
#include "names.h"

static enum cube_transport transport(enum cube_transport own, enum cube_transport inherited)
{
	return own == CUBE_TRANSPORT_UNSET ? inherited : own;
}

/* sips is no sips without TLS; one that says so itself with another transport is refused (check_dial.c). */
static void inherit_url(enum cube_url *url, enum cube_url inherited, enum cube_transport *transport)
{
	if(*url == CUBE_URL_UNSET)
		*url = inherited;
	if(*url == CUBE_URL_SIPS)
		*transport = CUBE_TRANSPORT_TLS;
}

static int trustpoint(const struct cube_conf *conf, struct cube_str own, struct cube_str otherwise)
{
	return cube_index_trustpoint(conf, own.len ? own : otherwise);
}

static void inherit_trustpoint(struct cube_trustpoint *tp)
{
	const struct cube_list *names = &tp->revocation_check_names;
	enum cube_revocation method;
	unsigned i;

	tp->revocation_given = names->n > 0;
	tp->revocation[0] = CUBE_REVOCATION_CRL;
	tp->n_revocation = 1;
	for(i = 0; i < names->n && cube_revocation_parse(names->v[i], &method); i++) {
		tp->revocation[i] = (uint8_t)method;
		tp->n_revocation = i + 1;
	}
	tp->crl_is_url = cube_fetch_url_ok(tp->crl);
}

static int inherit_profile(struct cube_conf *conf, struct cube_tls_profile *p)
{
	const struct cube_list *names = &p->verify_trustpoint_names;
	int *verify = cube_arena_array(conf->arena, names->n + 1u, sizeof(*verify));
	unsigned i;

	if(!verify)
		return -1;
	p->trustpoint[CUBE_ROLE_SERVER] = cube_index_trustpoint(conf, p->trustpoint_name);
	p->trustpoint[CUBE_ROLE_CLIENT] = trustpoint(conf, p->client_trustpoint_name, p->trustpoint_name);
	for(i = 0; i < names->n; i++)
		verify[i] = cube_index_trustpoint(conf, names->v[i]);
	if(i == 0)
		verify[i++] = p->trustpoint[CUBE_ROLE_SERVER];
	p->verify_trustpoints = verify;
	p->n_verify_trustpoints = verify[0] == CUBE_NONE ? 0 : i;
	p->tls_versions =
			p->tls_version_text.len ? cube_tls_versions_parse(p->tls_version_text) : conf->sip_ua.tls_versions;
	p->cipher_list = p->ciphersuites = p->groups = "";
	return 0;
}

/* Room for one more profile per crypto-signaling entry. */
static int signaling_profiles(struct cube_conf *conf)
{
	struct cube_sip_ua *sip_ua = &conf->sip_ua;
	struct cube_tls_profile *v, *p;
	struct cube_crypto_signaling *s;
	unsigned i;

	if(!(v = cube_arena_array(conf->arena, (size_t)conf->n_tls_profiles + sip_ua->n_crypto_signaling, sizeof(*v))))
		return -1;
	if(conf->n_tls_profiles)
		memcpy(v, conf->tls_profiles, conf->n_tls_profiles * sizeof(*v));
	for(i = 0; i < sip_ua->n_crypto_signaling; i++) {
		s = &sip_ua->crypto_signaling[i];
		s->tls_profile = CUBE_NONE;
		if(s->tls_profile_tag)
			s->tls_profile = cube_index_tls_profile(conf, s->tls_profile_tag);
	}
	conf->tls_profiles = v;
	for(i = 0; i < sip_ua->n_crypto_signaling; i++) {
		s = &sip_ua->crypto_signaling[i];
		if(s->trustpoint_name.len == 0 || s->tls_profile_tag)
			continue;
		s->tls_profile = (int)conf->n_tls_profiles;
		p = &conf->tls_profiles[conf->n_tls_profiles++];
		p->trustpoint_name = s->trustpoint_name;
		if(s->strict_cipher)
			p->cipher_name = CUBE_STR("strict");
	}
	return 0;
}

static int inherit_peer_hunt(const struct cube_conf *conf, struct cube_dial_more *more)
{
	struct cube_responses *hunt = cube_arena_get(conf->arena, sizeof(*hunt));

	if(!hunt)
		return -1;
	cube_groups_responses(&more->hunt_text, hunt);
	more->hunt = hunt;
	return 0;
}

/* -1: memory is out. */
static int inherit_dial_peer(const struct cube_conf *conf, struct cube_dial_peer *peer)
{
	const struct cube_tenant *tenant;
	const struct cube_session_target *target = peer->session_target;

	peer->tenant = peer->tenant_tag ? cube_index_tenant(conf, peer->tenant_tag) : CUBE_NONE;
	tenant = peer->tenant == CUBE_NONE ? NULL : &conf->tenants[peer->tenant];
	peer->session_transport =
			transport(peer->session_transport, tenant ? tenant->session_transport : conf->sip_ua.session_transport);
	inherit_url(&peer->url, tenant ? tenant->url : conf->sip_ua.url, &peer->session_transport);
	if(target && target->target.kind == CUBE_TARGET_NONE) /* sip-server */
		target = tenant ? tenant->sip_server : NULL;
	peer->target = target ? &target->target : NULL;
	return !peer->more || !peer->more->hunt_text.n ? 0 : inherit_peer_hunt(conf, peer->more);
}

/* Those that do not speak for the called party: no answer, and the server's own failures. */
static void inherit_hunt(struct cube_sip_ua *sip_ua)
{
	if(sip_ua->hunt_text.n) {
		cube_groups_responses(&sip_ua->hunt_text, &sip_ua->hunt);
		return;
	}
	cube_responses_add(&sip_ua->hunt, 408, 408);
	cube_responses_add(&sip_ua->hunt, 500, 599);
}

int cube_inherit(struct cube_conf *conf, struct cube_err *err)
{
	struct cube_sip_ua *sip_ua = &conf->sip_ua;
	struct cube_tenant *tenant;
	unsigned i;

	sip_ua->session_transport = transport(sip_ua->session_transport, CUBE_TRANSPORT_UDP);
	inherit_url(&sip_ua->url, CUBE_URL_SIP, &sip_ua->session_transport);
	inherit_hunt(sip_ua);
	if(sip_ua->tls_version_text.len == 0)
		sip_ua->tls_version_text = CUBE_STR("1.1+"); /* IOS XE 17.14: 1.0 only when named */
	sip_ua->tls_versions = cube_tls_versions_parse(sip_ua->tls_version_text);
	for(i = 0; i < conf->n_trustpoints; i++)
		inherit_trustpoint(&conf->trustpoints[i]);
	for(i = 0; i < conf->n_tenants; i++) {
		tenant = &conf->tenants[i];
		tenant->session_transport = transport(tenant->session_transport, sip_ua->session_transport);
		inherit_url(&tenant->url, sip_ua->url, &tenant->session_transport);
		tenant->tls_profile =
				tenant->tls_profile_tag ? cube_index_tls_profile(conf, tenant->tls_profile_tag) : CUBE_NONE;
	}
	for(i = 0; i < conf->n_dial_peers; i++) {
		if(inherit_dial_peer(conf, &conf->dial_peers[i]) != 0) {
			cube_err_nomem(err, conf->path.s);
			return -1;
		}
	}
	if(signaling_profiles(conf) != 0) {
		cube_err_nomem(err, conf->path.s);
		return -1;
	}
	for(i = 0; i < conf->n_tls_profiles; i++) {
		if(inherit_profile(conf, &conf->tls_profiles[i]) != 0) {
			cube_err_nomem(err, conf->path.s);
			return -1;
		}
	}
	return 0;
}
