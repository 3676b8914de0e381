/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that cube.conf opens. The table of sockets lives in private memory: it is complete before the first
 * fork, and each process has its copy of what never changes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/globals.h"
#include "core/mem/shm_mem.h"
#include "core/socket_info.h"
#include "core/tcp_init.h"
#include "core/tcp_options.h"
#include "core/ut.h"

#include "listen.h"

/* A server that is restarted may meet the last processes of the one before: all listeners together wait 3 s. */
#define PROBE_TRIES 30
#define PROBE_PAUSE_US 100000

static struct cube_socket *sockets; /* sorted as cube_conf.listeners is */
static unsigned n_sockets;
static bool reuse_wanted; /* there are secure ones */

/* "tenant 100: listen-secure 127.0.0.1:5061" */
static const char *socket_name(const struct cube_socket *s, char *buf, size_t size)
{
	char addr[CUBE_ADDR_TEXT_MAX];
	const char *key = s->secure ? "listen-secure" : "listen-non-secure";

	cube_addr_text(&s->addr, addr);
	if(s->tenant_tag)
		snprintf(buf, size, "tenant %d: %s %s", s->tenant_tag, key, addr);
	else
		snprintf(buf, size, "sip-ua: %s %s", key, addr);
	return buf;
}

static int core_listen(const struct cube_listener *l, unsigned short proto)
{
	char name[CUBE_ADDR_TEXT_MAX];

	cube_ip_text(&l->addr.ip, true, name);
	return add_listen_iface(name, NULL, l->addr.port, proto, 0);
}

int listen_add(const struct cube_conf *conf, struct cube_err *err)
{
	size_t n = conf->n_listeners ? conf->n_listeners : 1;
	atomic_t *refused = shm_malloc(2 * n * sizeof(*refused));
	unsigned i;

	sockets = calloc(n, sizeof(*sockets));
	if(!sockets || !refused) {
		cube_err_nomem(err, "listeners");
		return -1;
	}
	for(i = 0; i < conf->n_listeners; i++) {
		const struct cube_listener *l = &conf->listeners[i];
		struct cube_socket *s = &sockets[n_sockets++];
		char name[96];
		int rc;

		s->addr = l->addr;
		s->secure = l->secure;
		s->refused = &refused[2 * i];
		s->sips_refused = &refused[2 * i + 1];
		atomic_set(s->refused, 0);
		atomic_set(s->sips_refused, 0);
		s->tenant_tag = l->tenant == CUBE_NONE ? 0 : conf->tenants[l->tenant].tag;
		reuse_wanted |= l->secure;
		rc = l->secure ? core_listen(l, PROTO_TLS) : core_listen(l, PROTO_UDP) | core_listen(l, PROTO_TCP);
		if(rc != 0) {
			cube_err_add(err, "%s: Kamailio did not take the address", socket_name(s, name, sizeof(name)));
			return -1;
		}
	}
	/* The core's default replaces entries of its table by address: a connection's, which has both addresses, by the one
	 * for any local address of the next connection to that target, where both hash to one place. Then no sender finds
	 * the first, and from its tenant's port there can be no second. */
	tcp_default_cfg.new_conn_alias_flags = TCP_ALIAS_FORCE_ADD;
	if(reuse_wanted && !tcp_default_cfg.reuse_port) {
		/* a tenant's connections leave from its own listen address: this is what tells tenants apart */
		tcp_default_cfg.reuse_port = 1;
		LM_NOTICE("tcp_reuse_port is set: TLS connections of a tenant leave from its listen-secure address\n");
	}
	return 0;
}

static int probe_socket(const struct cube_socket *s, bool reuse_port)
{
	ip_addr_t ip = ksr_ip(&s->addr.ip);
	union sockaddr_union su;
	int one = 1, fd, error = 0;

	if(init_su(&su, &ip, s->addr.port) < 0)
		return EAFNOSUPPORT;
	fd = socket(AF2PF(su.s.sa_family), SOCK_STREAM, 0);
	if(fd < 0)
		return errno;
	if(su.s.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if(reuse_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if(bind(fd, &su.s, sockaddru_len(su)) != 0)
		error = errno;
	close(fd);
	return error;
}

void listen_failed(struct cube_socket *s, int error)
{
	char ip[CUBE_ADDR_TEXT_MAX], name[96];

	s->down = true;
	cube_ip_text(&s->addr.ip, false, ip);
	LM_ERR("%%SIP-2-LISTEN_SOCKET: Failed to open listen socket for ip_addr=%s, port=%u, vrf=, transport=%s, "
		   "tenant=%d\n",
			ip, s->addr.port, s->secure ? "TLS" : "TCP", s->tenant_tag);
	LM_ERR("%s: %s; %s\n", socket_name(s, name, sizeof(name)), strerror(error),
			error == EADDRINUSE		 ? "another server runs there: stop it, or give this listener another port"
			: error == EADDRNOTAVAIL ? "no interface has this address: check ip address show"
			: error == EACCES		 ? "ports below 1024 need root or CAP_NET_BIND_SERVICE"
									 : "the others go on without it");
}

int listen_probe(void)
{
	unsigned i, patience = PROBE_TRIES;
	int rc = 0;

	if(reuse_wanted && !tcp_default_cfg.reuse_port) {
		LM_ERR("tcp_reuse_port=no is set behind modparam(\"cube_tenant\", \"config\", ...); remove it: tenants "
			   "would share connections\n");
		return -1;
	}
	for(i = 0; i < n_sockets; i++) {
		struct cube_socket *s = &sockets[i];
		int error = probe_socket(s, false);

		for(; error == EADDRINUSE && patience; patience--) {
			sleep_us(PROBE_PAUSE_US);
			error = probe_socket(s, false);
		}
		if(!error)
			continue;
		listen_failed(s, error);
		if(!s->secure)
			rc = -1;
	}
	if(rc < 0)
		LM_ERR("Kamailio does not start, since the core insists on UDP and TCP listeners (a listen-secure that cannot "
			   "be "
			   "opened would only put its tenant down)\n");
	return rc;
}

int listen_opened(void)
{
	unsigned i, open = 0;

	for(i = 0; i < n_sockets; i++) {
		struct cube_socket *s = &sockets[i];
		char name[96];
		int error;

		if(s->down)
			continue;
		if(s->secure) {
			s->tls = ksr_socket_find(&s->addr, PROTO_TLS);
		} else {
			s->udp = ksr_socket_find(&s->addr, PROTO_UDP);
			s->tcp = ksr_socket_find(&s->addr, PROTO_TCP);
		}
		if(s->secure ? !s->tls : !s->udp || !s->tcp) {
			LM_ERR("%s: Kamailio has no such socket; is enable_tls=yes missing, or disable_tcp=yes set?\n",
					socket_name(s, name, sizeof(name)));
			return -1;
		}
		open++;
		/* After the change of user, since Linux lets only sockets of one user share a port. */
		error = s->secure ? probe_socket(s, true) : 0;
		if(error)
			LM_ERR("%s: connections cannot leave from this address: %s; start Kamailio as the user that it runs "
				   "as, not as root with -u: calls to this tenant's TLS targets will fail\n",
					socket_name(s, name, sizeof(name)), strerror(error));
	}
	if(n_sockets && !open) {
		LM_ERR("none of the %u listeners of cube.conf could be opened\n", n_sockets);
		return -1;
	}
	return 0;
}

static int socket_cmp(const struct cube_socket *s, const struct cube_ip *ip, uint16_t port, bool secure)
{
	int c = cube_ip_cmp(&s->addr.ip, ip);

	if(c)
		return c;
	if(s->addr.port != port)
		return s->addr.port < port ? -1 : 1;
	return (int)s->secure - (int)secure;
}

static struct cube_socket *socket_exact(const struct cube_ip *ip, uint16_t port, bool secure)
{
	unsigned lo = 0, hi = n_sockets;

	while(lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = socket_cmp(&sockets[mid], ip, port, secure);

		if(c == 0)
			return &sockets[mid];
		if(c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct cube_socket *listen_find(const struct cube_ip *ip, uint16_t port, bool secure)
{
	static struct cube_socket *last; /* each message asks several times; the table never changes */
	struct cube_ip any = {0};
	struct cube_socket *s;

	if(last && socket_cmp(last, ip, port, secure) == 0)
		return last;
	s = socket_exact(ip, port, secure);
	if(s) {
		last = s;
		return s;
	}
	any.len = ip->len;
	return socket_exact(&any, port, secure);
}

struct cube_socket *listen_all(unsigned *n)
{
	*n = n_sockets;
	return sockets;
}

const struct cube_socket *listen_of(const struct cube_listener *l)
{
	return socket_exact(&l->addr.ip, l->addr.port, l->secure);
}

static socket_info_t *core_socket(const struct cube_addr *addr, enum cube_transport transport, uint8_t ip_len)
{
	const struct cube_socket *s;

	if(!addr->port || addr->ip.len != ip_len)
		return NULL;
	s = socket_exact(&addr->ip, addr->port, transport == CUBE_TRANSPORT_TLS);
	if(!s || s->down)
		return NULL;
	return transport == CUBE_TRANSPORT_TLS ? s->tls : transport == CUBE_TRANSPORT_TCP ? s->tcp : s->udp;
}

socket_info_t *listen_send_socket(
		const struct cube_conf *conf, int tenant, enum cube_transport transport, uint8_t ip_len)
{
	bool tls = transport == CUBE_TRANSPORT_TLS;
	const struct cube_addr *list = tls ? conf->sip_ua.listen_secure : conf->sip_ua.listen_non_secure;
	unsigned i, n = tls ? conf->sip_ua.n_listen_secure : conf->sip_ua.n_listen_non_secure;

	if(tenant != CUBE_NONE) {
		const struct cube_tenant *t = &conf->tenants[tenant];
		const struct cube_addr *own = tls ? &t->listen_secure : &t->listen_non_secure;

		if(own->port)
			return core_socket(own, transport, ip_len);
	}
	for(i = 0; i < n; i++) {
		socket_info_t *si = core_socket(&list[i], transport, ip_len);

		if(si)
			return si;
	}
	return NULL;
}
