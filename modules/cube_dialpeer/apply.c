/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a chosen dial-peer does to a request. */
#include "core/dns_cache.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/route.h"
#include "core/socket_info.h"

#include "../ksr/vars.h"
#include "../libcube/base/write.h"
#include "../libcube/conf/target.h"
#include "../libcube/dialpeer/scheme.h"
#include "apply.h"
#include "hosts.h"
#include "naptr.h"
#include "numbers.h"

#define URI_TEXT_MAX 512
#define BLOCKS_KNOWN 1024 /* dial-peers by tag, in each process */

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
	str name = ksr_str(apply_resolved_name(t, transport));
	struct dns_srv_handle handle;
	unsigned short port = t->port;
	char proto = hosts_proto(transport);
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

/* As the core reads it: RFC 3263 4.1 without NAPTR. False: by one that nobody has a listener for. */
static bool transport_of(const sip_uri_t *uri, enum cube_transport *transport)
{
	bool secure = uri->type == SIPS_URI_T || uri->type == TELS_URI_T;

	if(uri->proto == PROTO_TLS || (secure && (uri->proto == PROTO_NONE || uri->proto == PROTO_TCP)))
		*transport = CUBE_TRANSPORT_TLS;
	else if(uri->proto == PROTO_TCP)
		*transport = CUBE_TRANSPORT_TCP;
	else if(!secure && (uri->proto == PROTO_NONE || uri->proto == PROTO_UDP))
		*transport = CUBE_TRANSPORT_UDP;
	else
		return false;
	return true;
}

socket_info_t *apply_dialog_socket(const struct cube_conf *conf, int tag, const socket_info_t *own,
		const sip_uri_t *next, const struct cube_tenant_api *tenant)
{
	struct cube_target target = {.kind = CUBE_TARGET_DNS, .port = next->port_no};
	const struct cube_tenant *t = tag > 0 ? cube_conf_tenant(conf, tag) : NULL;
	ip_addr_t ip = own->address;
	enum cube_transport transport;
	socket_info_t *si;

	target.host = ksr_cube_str(next->maddr_val.len ? next->maddr_val : next->host);
	if(!transport_of(next, &transport))
		return NULL;
	if(cube_ip_parse(target.host, &target.addr.ip))
		target.kind = CUBE_TARGET_IP;
	si = find_si(&ip, own->port_no, hosts_proto(transport));
	if(si
			&& (target.kind == CUBE_TARGET_IP ? target.addr.ip.len == si->address.len
											  : has_ipv4(&target, transport) == (si->address.af == AF_INET)))
		return si;
	if(tag < 0 || (tag > 0 && !t))
		return NULL;
	return apply_send_socket(conf, t ? (int)(t - conf->tenants) : CUBE_NONE, transport, &target, tenant);
}

/* The Request-URI: the called user at the target, in the scheme of the dial-peer. What was a tel: URI is a telephone number
 * still (RFC 3261 19.1.6). place: host and port. */
static int set_request_uri(sip_msg_t *msg, const struct cube_dial_peer *peer, struct cube_str place,
		struct cube_str host, struct cube_str user)
{
	static const struct cube_str scheme = {"sip:", 4};
	char text[URI_TEXT_MAX], buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_writing whole = CUBE_WRITE_IN(text);
	struct cube_str userinfo, uri;
	struct cube_uri_parts parts;
	str s;

	cube_write(&whole, scheme);
	cube_write(&whole, user);
	cube_write(&whole, numbers_params(user));
	userinfo = (struct cube_str){text + scheme.len, whole.len - scheme.len};
	if(user.len)
		cube_write(&whole, CUBE_STR("@"));
	cube_write(&whole, place);
	if(ksr_number(KSR_TEL, 0))
		cube_write(&whole, CUBE_STR(";user=phone"));
	uri = (struct cube_str){text, whole.len};
	if(whole.full || (userinfo.len && !cube_uri_is_user(userinfo))
			|| (peer->url != CUBE_URL_SIP
					&& !(cube_uri_parse(uri, &parts)
							&& cube_scheme_change(&parts, peer->url, (struct cube_str){NULL, 0}, host, buf, &uri)))) {
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

/* Where it is sent, and in the scheme that says how. */
static int set_next_hop(sip_msg_t *msg, const struct cube_dial_peer *peer, struct cube_str host)
{
	char text[URI_TEXT_MAX];
	struct cube_writing uri = CUBE_WRITE_IN(text);
	str s;

	cube_write(&uri, peer->url == CUBE_URL_SIPS ? CUBE_STR("sips:") : CUBE_STR("sip:"));
	cube_write(&uri, host);
	cube_write(&uri, CUBE_STR(";transport="));
	cube_write(&uri, cube_str_of(apply_transport(peer->session_transport)));
	s = (str){text, (int)uri.len};
	return uri.full || set_dst_uri(msg, &s) < 0 ? -1 : 0;
}

static int set_uris(
		sip_msg_t *msg, const struct cube_dial_peer *peer, const struct cube_target *target, struct cube_str user)
{
	struct cube_target resolved = *target;
	char text[CUBE_TARGET_TEXT_MAX];
	struct cube_str host = cube_str_of(cube_target_text(target, text));

	/* the user first: it may be one of the call's texts */
	if(set_request_uri(msg, peer, host, target_host(target, text), user) < 0)
		return -1;
	if(ksr_set_text(KSR_TARGET, target_host(target, text)) < 0
			|| ksr_set_flag(KSR_SIPS_OUT, peer->url == CUBE_URL_SIPS) < 0)
		return -1;
	/* the Request-URI keeps the name, by which a peer's certificate is verified */
	resolved.host = apply_resolved_name(target, peer->session_transport);
	if(resolved.host.s != target->host.s)
		host = cube_str_of(cube_target_text(&resolved, text));
	return set_next_hop(msg, peer, host);
}

/* Has the script a block for this dial-peer? It never changes, and a search costs more than all else here. */
static bool has_block(int tag)
{
	static struct
	{
		int tag;
		bool has;
	} known[BLOCKS_KNOWN];
	unsigned at = (unsigned)tag % BLOCKS_KNOWN;
	char buf[32];
	struct cube_writing name = CUBE_WRITE_IN(buf);
	int i;

	if(known[at].tag != tag) {
		cube_write(&name, CUBE_STR("DIAL_PEER_"));
		cube_write_number(&name, (unsigned long)tag);
		cube_write_end(&name);
		i = route_lookup(&main_rt, buf);
		known[at].tag = tag;
		known[at].has = i >= 0 && main_rt.rlist[i];
	}
	return known[at].has;
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
	if(set_uris(msg, peer, target, user) < 0 || ksr_set_number(KSR_DIALPEER_OUT, peer->tag) < 0
			|| ksr_set_number(KSR_ROUTE, has_block(peer->tag) ? peer->tag : 0) < 0)
		return -1;
	ksr_send_from(msg, si, target->kind == CUBE_TARGET_DNS);
	return 0;
}
