/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a chosen dial-peer does to a request. */
#include <stdio.h>

#include "core/dns_cache.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/route.h"

#include "../libcube/conf/target.h"
#include "../libcube/dialpeer/scheme.h"
#include "apply.h"
#include "naptr.h"
#include "numbers.h"

#define URI_TEXT_MAX 512

const char *apply_transport(enum cube_transport transport)
{
	static const char *const names[] = {
			[CUBE_TRANSPORT_UDP] = "udp", [CUBE_TRANSPORT_TCP] = "tcp", [CUBE_TRANSPORT_TLS] = "tls"};

	return names[transport];
}

struct cube_str apply_resolved_name(const struct cube_target *t, enum cube_transport transport)
{
	return t->kind == CUBE_TARGET_DNS && !t->port ? naptr_host(t->host, transport) : t->host;
}

/* Does a name lead to an address of IPv4? Answered by the core's cache, where the request will look, too. */
static bool has_ipv4(const struct cube_target *t, enum cube_transport transport)
{
	static const char protos[] = {
			[CUBE_TRANSPORT_UDP] = PROTO_UDP, [CUBE_TRANSPORT_TCP] = PROTO_TCP, [CUBE_TRANSPORT_TLS] = PROTO_TLS};
	str name = ksr_str(apply_resolved_name(t, transport));
	struct dns_srv_handle handle;
	unsigned short port = t->port;
	char proto = protos[transport];
	ip_addr_t ip;
	bool found;

	dns_srv_handle_init(&handle);
	found = dns_sip_resolve(&handle, &name, &ip, &port, &proto, DNS_IPV4_ONLY) >= 0;
	dns_srv_handle_put(&handle);
	return found;
}

socket_info_t *apply_send_socket(const struct cube_conf *conf, int index, enum cube_transport transport,
		const struct cube_target *target, const struct cube_tenant_api *tenant)
{
	socket_info_t *si4, *si6;

	if(target->kind == CUBE_TARGET_IP)
		return tenant->send_socket(conf, index, transport, target->addr.ip.len);
	si4 = tenant->send_socket(conf, index, transport, 4);
	si6 = tenant->send_socket(conf, index, transport, 16);
	if(si4 && si6)
		return has_ipv4(target, transport) ? si4 : si6;
	return si4 ? si4 : si6;
}

/* The Request-URI: the called user at the target, in the scheme of the dial-peer. What was a tel: URI is a telephone number
 * still (RFC 3261 19.1.6). */
static int set_request_uri(sip_msg_t *msg, const struct cube_dial_peer *peer, const char *host, struct cube_str user)
{
	char whole[URI_TEXT_MAX], buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_uri_parts parts;
	struct cube_str uri;
	str s;
	struct cube_str params = numbers_params(user);
	int n = snprintf(whole, sizeof(whole), "sip:%.*s%.*s%s%s%s", CUBE_FMT(user), CUBE_FMT(params), user.len ? "@" : "",
			host, ksr_call_get_int("tel", 0) ? ";user=phone" : "");

	if(n < 0 || n >= (int)sizeof(whole) || !cube_uri_parse((struct cube_str){whole, (size_t)n}, &parts)
			|| !cube_scheme_change(
					&parts, peer->url, (struct cube_str){NULL, 0}, ksr_call_get_str("target"), buf, &uri)) {
		LM_NOTICE("dial-peer %d: the called user is too long, or is none that a URI can have\n", peer->tag);
		return -1;
	}
	s = ksr_str(uri);
	return rewrite_uri(msg, &s) < 0 ? -1 : 0;
}

/* Without the port. */
static struct cube_str target_host(const struct cube_target *t, const char *text)
{
	const char *end = t->kind == CUBE_TARGET_DNS ? NULL : strchr(text, ']');

	if(t->kind == CUBE_TARGET_DNS)
		return t->host;
	if(!end)
		return (struct cube_str){text, strcspn(text, ":")};
	return (struct cube_str){text, (size_t)(end - text) + 1};
}

static int set_uris(
		sip_msg_t *msg, const struct cube_dial_peer *peer, const struct cube_target *target, struct cube_str user)
{
	struct cube_target resolved = *target;
	char host[CUBE_TARGET_TEXT_MAX], uri[URI_TEXT_MAX];
	str s;

	cube_target_text(target, host);
	if(ksr_call_set_str("target", target_host(target, host)) < 0
			|| ksr_call_set_flag("sips_out", peer->url == CUBE_URL_SIPS) < 0)
		return -1;
	if(set_request_uri(msg, peer, host, user) < 0)
		return -1;
	/* the Request-URI keeps the name, by which a peer's certificate is verified */
	resolved.host = apply_resolved_name(target, peer->session_transport);
	cube_target_text(&resolved, host);
	s.s = uri;
	s.len = snprintf(uri, sizeof(uri), "%s:%s;transport=%s", peer->url == CUBE_URL_SIPS ? "sips" : "sip", host,
			apply_transport(peer->session_transport));
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
	socket_info_t *si = apply_send_socket(conf, peer->tenant, peer->session_transport, target, tenant);

	if(!si) {
		LM_ERR("dial-peer %d: its tenant has no open %s listener to send from\n", peer->tag,
				apply_transport(peer->session_transport));
		return -1;
	}
	if(set_uris(msg, peer, target, user) < 0 || ksr_call_set_int("dialpeer_out", peer->tag) < 0 || set_route(peer) < 0)
		return -1;
	ksr_send_from(msg, si);
	return 0;
}
