/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tenants never share a connection. The core tells of each message before it looks for a connection; that is where
 * the sender is known. */
#include <string.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/script_cb.h"
#include "modules/tm/tm_load.h"

#include "isolate.h"

/* The message that this process is sending. The core calls the event and then, in the same process, encodes. */
static struct
{
	bool known;
	int id;					 /* connection that was asked for, 0 for none */
	union sockaddr_union to; /* address that was asked for */
	const struct cube_socket *sock;
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
	tcpconn_put(c);
	return tenants;
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

static int on_message_out(sr_event_param_t *evp)
{
	dest_info_t *dst = evp->dst;

	if(!dst || (dst->proto != PROTO_TLS && dst->proto != PROTO_TCP))
		return 0;
	sending.known = true;
	sending.id = dst->id;
	sending.to = dst->to;
	sending.sock = dst->send_sock ? sock_of(dst->send_sock) : NULL;
	if(is_stray_reply(evp->data)) {
		sending.sock = reply.sock; /* it stays with the tenant that sent it */
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

bool isolate_allows(const struct tcp_connection *c, const struct cube_conn *conn)
{
	struct cube_ip ip = ksr_cube_ip(&c->rcv.dst_ip);
	const struct cube_socket *own = conn ? tenant->socket(&ip, c->rcv.dst_port, true) : NULL;
	const struct cube_socket *sender = sending.sock;
	bool ours = sending.known && (sending.id == c->id || su_cmp(&sending.to, &c->rcv.src_su) == 1);

	/* The core answers a CRLF keepalive on its connection without the event: then what was noted before concerns
	 * some other connection. */
	if(!ours || own == sender)
		return true;
	LM_ERR("a message of %s%d was led to connection %d of tenant %d and is not sent\n", sender ? "tenant " : "no tenant ",
			sender ? sender->tenant_tag : 0, c->id, conn ? conn->tenant_tag : 0);
	return false;
}
