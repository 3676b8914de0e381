/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a chosen dial-peer does to a request. */
#include <stdio.h>

#include "core/dprint.h"
#include "core/dset.h"
#include "core/route.h"

#include "apply.h"

#define URI_TEXT_MAX 512

static const char *const transports[] = {
		[CUBE_TRANSPORT_UDP] = "udp", [CUBE_TRANSPORT_TCP] = "tcp", [CUBE_TRANSPORT_TLS] = "tls"};

/* "192.0.2.1:5061", "[2001:db8::1]", "sip.acme.co:5080" */
static void target_text(const struct cube_target *t, char *buf, size_t size)
{
	char ip[CUBE_ADDR_TEXT_MAX];
	uint16_t port = t->kind == CUBE_TARGET_IP ? t->addr.port : t->port;
	int n;

	if(t->kind == CUBE_TARGET_IP)
		n = snprintf(buf, size, "%s", cube_ip_text(&t->addr.ip, true, ip));
	else
		n = snprintf(buf, size, "%.*s", CUBE_FMT(t->host));
	if(port && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ":%u", port);
}

/* A name may resolve to either family: the tenant's own decides. */
static socket_info_t *send_socket(const struct cube_conf *conf, const struct cube_dial_peer *peer,
		const struct cube_target *target, const struct cube_tenant_api *tenant)
{
	socket_info_t *si;

	if(target->kind == CUBE_TARGET_IP)
		return tenant->send_socket(conf, peer->tenant, peer->session_transport, target->addr.ip.len);
	si = tenant->send_socket(conf, peer->tenant, peer->session_transport, 4);
	return si ? si : tenant->send_socket(conf, peer->tenant, peer->session_transport, 16);
}

static int set_uris(
		sip_msg_t *msg, const struct cube_dial_peer *peer, const struct cube_target *target, struct cube_str user)
{
	char host[URI_TEXT_MAX / 2], uri[URI_TEXT_MAX];
	str s;

	target_text(target, host, sizeof(host));
	s.s = uri;
	s.len = snprintf(uri, sizeof(uri), "sip:%.*s%s%s", CUBE_FMT(user), user.len ? "@" : "", host);
	if(s.len < 0 || s.len >= (int)sizeof(uri)) {
		LM_NOTICE("dial-peer %d: the called user is too long\n", peer->tag);
		return -1;
	}
	if(rewrite_uri(msg, &s) < 0)
		return -1;
	s.len = snprintf(uri, sizeof(uri), "sip:%s;transport=%s", host, transports[peer->session_transport]);
	return set_dst_uri(msg, &s) < 0 ? -1 : 0;
}

/* The operator's routing block, where one is written. */
static int set_route(const struct cube_dial_peer *peer)
{
	char name[32];
	int i;

	snprintf(name, sizeof(name), "DIAL_PEER_%d", peer->tag);
	i = route_lookup(&main_rt, name);
	return ksr_call_set_str("route", cube_str_of(i >= 0 && main_rt.rlist[i] ? name : "DIAL_PEER"));
}

int apply_dial_peer(sip_msg_t *msg, const struct cube_conf *conf, const struct cube_dial_peer *peer,
		const struct cube_target *target, struct cube_str user, const struct cube_tenant_api *tenant)
{
	socket_info_t *si = send_socket(conf, peer, target, tenant);

	if(!si) {
		LM_ERR("dial-peer %d: its tenant has no open %s listener to send from\n", peer->tag,
				transports[peer->session_transport]);
		return -1;
	}
	if(set_uris(msg, peer, target, user) < 0 || ksr_call_set_int("dialpeer_out", peer->tag) < 0 || set_route(peer) < 0)
		return -1;
	set_force_socket(msg, si);
	return 0;
}
