/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/dns_cache.h"
#include "core/globals.h"
#include "core/parser/parse_uri.h"

#include "../ksr/ksr.h"
#include "hosts.h"

char hosts_proto(enum cube_transport transport)
{
	static const char protos[] = {
			[CUBE_TRANSPORT_UDP] = PROTO_UDP, [CUBE_TRANSPORT_TCP] = PROTO_TCP, [CUBE_TRANSPORT_TLS] = PROTO_TLS};

	return protos[transport];
}

int hosts_dns_flags(int family)
{
	return (dns_flags & ~(DNS_IPV4_ONLY | DNS_IPV6_ONLY | DNS_IPV6_FIRST))
		   | (family == AF_INET ? DNS_IPV4_ONLY : DNS_IPV6_ONLY);
}

static bool resolve(struct dns_srv_handle *handle, const str *next_hop, int family)
{
	unsigned short port;
	sip_uri_t uri;
	ip_addr_t ip;
	char proto;

	if(parse_uri(next_hop->s, next_hop->len, &uri) < 0)
		return false;
	port = uri.port_no;
	proto = uri.type == SIPS_URI_T ? PROTO_TLS : (char)uri.proto;
	return dns_sip_resolve(handle, &uri.host, &ip, &port, &proto, hosts_dns_flags(family)) >= 0;
}

void hosts_on_forwarded(struct cell *t, const sip_msg_t *msg)
{
	int family = ksr_name_family(msg);
	struct dns_srv_handle *handle;

	/* without a next hop it is a host behind the first one, which the core has already */
	if(!family || !msg->dst_uri.len || (unsigned)t->nr_of_outgoings >= sr_dst_max_branches)
		return;
	handle = &t->uac[t->nr_of_outgoings].dns_h;
	dns_srv_handle_put(handle); /* of one that came to nothing before it was a branch */
	dns_srv_handle_init(handle);
	if(!resolve(handle, &msg->dst_uri, family)) {
		dns_srv_handle_put(handle);
		dns_srv_handle_init(handle);
	}
}
