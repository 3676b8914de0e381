/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tenants never share a connection. The core tells of each message before it looks for a connection; that is where
 * the sender is known. */
#include <string.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/script_cb.h"
#include "core/ut.h"
#include "modules/tm/tm_load.h"

#include "../ksr/vars.h"
#include "../libcube/dialpeer/plan.h"
#include "../libcube/dialpeer/request_host.h"
#include "../libcube/dialpeer/sdp.h"
#include "close.h"
#include "held.h"
#include "isolate.h"
#include "outbound.h"
#include "unsent.h"

/* The message that this process is sending. The core calls the event and then, in the same process, encodes. */
static struct
{
	bool known;
	int id;					 /* connection that was asked for, 0 for none */
	union sockaddr_union to; /* address that was asked for */
	const struct cube_socket *sock;
	/* the session target that it is for, one of both or neither */
	struct cube_str host; /* in the core's buffer, or the transaction's variables */
	struct cube_ip ip;
	bool undecided; /* whether the connection's certificate is that target's: the handshake may not be done, or not have begun */
} sending;

/* The reply that this process has received and is working on. */
static struct
{
	bool active;
	const struct cube_socket *sock; /* where it came in */
} reply;

static const struct cube_tenant_api *tenant;
static struct tm_binds tm; /* t_gett NULL without tm */

static const struct cube_socket *sock_of(const socket_info_t *si)
{
	struct cube_ip ip = ksr_cube_ip(&si->address);

	return tenant->socket(&ip, si->port_no, si->proto == PROTO_TLS);
}

/* Would an unbound look-up find a tenant's connection for a sender that is none? */
static bool leads_to_tenant(dest_info_t *dst)
{
	struct tcp_connection *c;
	ip_addr_t ip;
	bool tenants;

	su2ip_addr(&ip, &dst->to);
	c = dst->id ? tcpconn_get(dst->id, NULL, 0, NULL, 0) : NULL;
	if(!c)
		c = tcpconn_get(0, &ip, su_getport(&dst->to), NULL, 0);
	if(!c)
		return false;
	tenants = conn_get(c) != NULL;
	put_connection(c);
	return tenants;
}

/* Which session target of the sender's tenant is this request for? Its Request-URI says so. Within a dialog an address is
 * the far end's Contact, whatever target led there. */
static void find_target(struct cube_str message)
{
	struct cube_snapshot *s;
	const struct cube_listener *l;
	struct cube_str host;
	struct cube_ip ip;

	if(!sending.sock)
		return;
	if(!cube_request_host(message, &host))
		host = ksr_text(KSR_TARGET); /* a tel: URI has none; cube_dialpeer has noted where it goes */
	if(host.len == 0 || !(s = tenant->acquire()))
		return;
	l = cube_conf_listener(s->conf, &sending.sock->addr.ip, sending.sock->addr.port, true);
	if(l && cube_ip_parse(host, &ip)) {
		if(cube_dial_plan_target(s->conf, l->tenant, &ip) && !cube_request_in_dialog(message))
			sending.ip = ip;
	} else if(l && cube_dial_plan_target_name(s->conf, l->tenant, host)) {
		sending.host = host;
	}
	tenant->release(s);
}

static bool has_target(void)
{
	return sending.host.len > 0 || sending.ip.len > 0;
}

/* The connection that the core would take; not one which is about to be closed, since its handshake has failed (unless this
 * very process closes it) or an operator wants it. */
static struct tcp_connection *find_open(ip_addr_t *ip, int port, union sockaddr_union *from)
{
	struct tcp_connection *c = tcpconn_get(0, ip, port, from, 0);
	const struct cube_conn *conn = c ? conn_get(c) : NULL;

	if(conn && (conn->leaving || (conn->failure_noted && !unsent_answering(c)))) {
		put_connection(c);
		return NULL;
	}
	return c;
}

static bool is_full(const struct tcp_connection *c)
{
	const struct cube_conn *conn = conn_get(c);

	return conn && held_full(conn);
}

void isolate_uncovered(int tenant_tag, const struct cube_addr *remote, struct cube_str host, const struct cube_ip *ip)
{
	char to[CUBE_ADDR_TEXT_MAX], text[CUBE_ADDR_TEXT_MAX];
	struct cube_str target = host.len ? host : cube_str_of(cube_ip_text(ip, false, text));

	LM_ERR("tenant %d: the open connection to %s does not belong to %.*s by its certificate; the request is not sent\n",
			tenant_tag, cube_addr_text(remote, to), CUBE_FMT(target));
}

/* The core would take any open connection to the address: for a request to a session target it must be one whose peer
 * is that target, or may be (hooks.c looks again). Where it would make a new one, the one before must be gone. False: logged. */
static bool may_send(dest_info_t *dst, bool ack)
{
	union sockaddr_union from = dst->send_sock->su;
	struct cube_addr to;
	struct tcp_connection *c;
	ip_addr_t ip;
	bool ok = true;
	int ms;

	sending.undecided = has_target();
	su2ip_addr(&ip, &dst->to);
	su_setport(&from, dst->send_sock->port_no);
	to = (struct cube_addr){ksr_cube_ip(&ip), su_getport(&dst->to)};
	for(ms = 0; !(c = find_open(&ip, to.port, &from)); ms++) {
		if(outbound_reserve(sending.sock->tenant_tag, &to))
			return true; /* a new one is verified by its handshake, for whoever encodes first: hooks.c looks again */
		if(ms == OUTBOUND_WAIT_MS) {
			LM_ERR("tenant %d: the connection to %s that is being closed is still there after %d ms\n",
					sending.sock->tenant_tag, su2a(&dst->to, sizeof(dst->to)), OUTBOUND_WAIT_MS);
			return true;
		}
		sleep_us(1000);
	}
	if(is_full(c)) {
		ok = false;
		LM_ERR("tenant %d: more than enough waits for the handshake with %s already; the request is not sent\n",
				sending.sock->tenant_tag, su2a(&dst->to, sizeof(dst->to)));
	} else if(has_target() && !(ack && unsent_answering(c))) { /* that is for nobody, and hooks.c drops it */
		ok = conn_covers(c, sending.host, &sending.ip) != CONN_COVERS_NOT;
		if(!ok)
			isolate_uncovered(sending.sock->tenant_tag, &to, sending.host, &sending.ip);
	}
	put_connection(c);
	return ok;
}

/* There is no way to say "do not send" but this: the core has no transport of that name, and reports the failure to the
 * sender at once. (Taking the text away would do it too, but callbacks of other modules come after ours.) */
static void refuse_to_send(dest_info_t *dst)
{
	dst->proto = PROTO_NONE;
	sending.known = false;
}

/* A reply of no transaction: the core sends it where its second Via says, and that can be a forged connection id. Its
 * send_sock is then no more than the first socket of its transport. */
static bool is_stray_reply(const str *message)
{
	struct cell *t;

	if(!reply.active || message->len < 8 || memcmp(message->s, "SIP/2.0 ", 8) != 0)
		return false;
	t = tm.t_gett ? tm.t_gett() : NULL;
	return t == NULL || t == T_UNDEFINED;
}

/* Whatever script, Route, Contact, DNS or a far end's answer led there: what is sips leaves a listener of cube.conf by TLS, or
 * not at all (RFC 3261 26.2.2). */
static bool sips_in_clear(const dest_info_t *dst, const str *message)
{
	struct cube_str text = ksr_cube_str(*message);
	struct cube_socket *sock;
	struct cube_ip ip;

	if(dst->proto == PROTO_TLS || dst->proto == PROTO_WSS || !dst->send_sock
			|| cube_str_starts(text, CUBE_STR("SIP/2.0 ")))
		return false;
	/* what came as sips is not to leave as something else, by a Contact that was none, or a Route */
	if(!cube_request_is_sips(text) && !ksr_number(KSR_SIPS_OUT, 0)
			&& !(ksr_number(KSR_SIPS, 0) && cube_sdp_has_keys(text)))
		return false;
	ip = ksr_cube_ip(&dst->send_sock->address);
	sock = tenant->socket(&ip, dst->send_sock->port_no, false);
	if(!sock)
		return false;
	atomic_inc(sock->sips_refused);
	LM_ERR("tenant %d, dial-peer %d: a request of a sips call to %s would leave without TLS; it is not sent\n",
			sock->tenant_tag, ksr_number(KSR_DIALPEER_OUT, 0), su2a((union sockaddr_union *)&dst->to, sizeof(dst->to)));
	return true;
}

static int on_message_out(sr_event_param_t *evp)
{
	dest_info_t *dst = evp->dst;

	if(dst && evp->data && sips_in_clear(dst, evp->data)) {
		refuse_to_send(dst);
		return 0;
	}
	if(dst && !ksr_sends_from(dst)) {
		LM_ERR("a request to %s is not sent: its sender has no listener of that family\n",
				su2a(&dst->to, sizeof(dst->to)));
		refuse_to_send(dst);
		return 0;
	}
	if(!dst || (dst->proto != PROTO_TLS && dst->proto != PROTO_TCP))
		return 0;
	outbound_unreserve();
	sending.known = true;
	sending.host = (struct cube_str){NULL, 0};
	sending.ip.len = 0;
	sending.undecided = false;
	sending.id = dst->id;
	sending.to = dst->to;
	sending.sock = dst->send_sock ? sock_of(dst->send_sock) : NULL;
	if(is_stray_reply(evp->data)) {
		sending.sock = reply.sock; /* it stays with the tenant that sent it */
		return 0;
	}
	if(dst->proto == PROTO_TLS)
		find_target(ksr_cube_str(*(str *)evp->data));
	if(sending.sock && dst->proto == PROTO_TLS && !dst->id
			&& !may_send(dst, cube_str_starts(ksr_cube_str(*(str *)evp->data), CUBE_STR("ACK ")))) {
		refuse_to_send(dst);
		return 0;
	}
	if(dst->send_flags.f & SND_F_FORCE_SOCKET)
		return 0;
	if(sending.sock || (dst->send_sock && dst->proto == PROTO_TLS && leads_to_tenant(dst)))
		dst->send_flags.f |= SND_F_FORCE_SOCKET;
	return 0;
}

static int on_reply_begins(sip_msg_t *msg, unsigned int flags, void *param)
{
	reply.active = true;
	reply.sock = msg->rcv.bind_address ? sock_of(msg->rcv.bind_address) : NULL;
	return 1;
}

static int on_reply_ends(sip_msg_t *msg, unsigned int flags, void *param)
{
	reply.active = false;
	return 1;
}

int isolate_init(const struct cube_tenant_api *api)
{
	load_tm_f load_tm = (load_tm_f)find_export("load_tm", NO_SCRIPT, 0);

	tenant = api;
	if(load_tm && load_tm(&tm) < 0)
		tm.t_gett = NULL;
	if(register_script_cb(on_reply_begins, PRE_SCRIPT_CB | ONREPLY_CB, NULL) < 0
			|| register_script_cb(on_reply_ends, POST_SCRIPT_CB | ONREPLY_CB, NULL) < 0) {
		LM_ERR("the core takes no callback for replies\n");
		return -1;
	}
	if(sr_event_register_cb(SREV_NET_DATA_OUT, on_message_out) != 0) {
		LM_ERR("the core takes no more callbacks for outgoing messages: unload a module that has one\n");
		return -1;
	}
	return 0;
}

/* The core answers a CRLF keepalive on its connection without the event: then what was noted before concerns some other
 * connection. */
static bool concerns(const struct tcp_connection *c)
{
	return sending.known && (sending.id == c->id || su_cmp(&sending.to, (union sockaddr_union *)&c->rcv.src_su) == 1);
}

bool isolate_target(const struct tcp_connection *c, struct cube_str *host, struct cube_ip *ip)
{
	*host = sending.host;
	*ip = sending.ip;
	return concerns(c) && has_target();
}

bool isolate_undecided(const struct tcp_connection *c, struct cube_str *host, struct cube_ip *ip)
{
	bool undecided = isolate_target(c, host, ip) && sending.undecided;

	sending.undecided = false; /* what the core sends by itself comes without the event */
	return undecided;
}

bool isolate_allows(const struct tcp_connection *c, const struct cube_conn *conn)
{
	const struct cube_socket *sender = sending.sock;

	if(!concerns(c) || (conn && sender ? conn->tenant_tag == sender->tenant_tag : !conn && !sender))
		return true;
	LM_ERR("a message of %s%d was led to connection %d of tenant %d and is not sent\n",
			sender ? "tenant " : "no tenant ", sender ? sender->tenant_tag : 0, c->id, conn ? conn->tenant_tag : 0);
	return false;
}
