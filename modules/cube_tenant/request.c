/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose request is this, and may it come in? The tenant follows from the local address alone. */

#include "core/dprint.h"
#include "core/parser/parse_to.h"

#include "../ksr/vars.h"
#include "../libcube/dialpeer/request_host.h"
#include "../libcube/dialpeer/usable.h"
#include "../libcube/tenant/trust.h"
#include "listen.h"
#include "request.h"
#include "snapshot.h"

/* A stranger may have made up his own. */
static struct cube_str method_of(const sip_msg_t *msg)
{
	return msg->REQ_METHOD == METHOD_OTHER ? CUBE_STR("(unknown)") : ksr_cube_str(msg->first_line.u.request.method);
}

static int refuse(const sip_msg_t *msg, int tag, int result, const char *why)
{
	static struct cube_limit limit;
	char src[CUBE_ADDR_TEXT_MAX], dst[CUBE_ADDR_TEXT_MAX];
	struct cube_addr from = {ksr_cube_ip(&msg->rcv.src_ip), msg->rcv.src_port};
	struct cube_addr to = {ksr_cube_ip(&msg->rcv.dst_ip), msg->rcv.dst_port};
	struct cube_socket *sock = listen_find(&to.ip, to.port, msg->rcv.proto == PROTO_TLS);

	if(sock)
		atomic_inc(
				result == REQUEST_SIPS_CLEAR || result == REQUEST_SIPS_REQUIRED ? sock->sips_refused : sock->refused);
	if(ksr_may_log(&limit, "requests that were refused"))
		LM_NOTICE("tenant %d: %.*s from %s to %s %s: %s\n", tag, CUBE_FMT(method_of(msg)), cube_addr_text(&from, src),
				cube_addr_text(&to, dst), result == REQUEST_DISCARD ? "dropped" : "refused", why);
	return result;
}

static bool in_dialog(const sip_msg_t *msg)
{
	return msg->to && msg->to->parsed && ((struct to_body *)msg->to->parsed)->tag_value.len > 0;
}

/* RFC 3261 26.2.2 and RFC 5630: what is sips has come by TLS on each hop, and so on this one. */
static int judge_sips(const sip_msg_t *msg, const struct cube_conf *conf, int index, int tag, bool *sips)
{
	struct cube_str route = msg->route ? ksr_cube_str(msg->route->body) : CUBE_STR("");
	bool tls = msg->rcv.proto == PROTO_TLS || msg->rcv.proto == PROTO_WSS;
	enum cube_sips_in result;

	*sips = cube_request_uri_is_sips(ksr_cube_str(msg->first_line.u.request.uri), route);
	result = cube_sips_in(conf, index, *sips, tls);
	if(result == CUBE_SIPS_IN_CLEAR)
		return refuse(msg, tag, REQUEST_SIPS_CLEAR, "it is sips, by Request-URI or Route, and did not come by TLS");
	if(result == CUBE_SIPS_IN_REQUIRED && msg->REQ_METHOD != METHOD_ACK && msg->REQ_METHOD != METHOD_CANCEL
			&& !in_dialog(msg))
		return refuse(msg, tag, REQUEST_SIPS_REQUIRED, "sips-required, and its Request-URI is not sips");
	return REQUEST_ACCEPTED;
}

static int request_judge(const sip_msg_t *msg, const struct cube_conf *conf, const struct cube_listener *listener)
{
	const struct cube_tls_ops *tls = snapshot_tls_ops();
	struct cube_ip source = ksr_cube_ip(&msg->rcv.src_ip);
	struct cube_peer peer = {0};
	int index = listener->tenant, tag = index == CUBE_NONE ? 0 : conf->tenants[index].tag;
	enum cube_trust trust;
	bool sips;
	int rc;

	if(listener->secure && (!tls || !tls->peer(msg->rcv.proto_reserved1, &peer)))
		return refuse(msg, tag, REQUEST_DISCARD, "its connection is gone");
	if(index == CUBE_NONE && peer.tenant_tag) { /* it named its tenant by SNI */
		const struct cube_tenant *named = cube_conf_tenant(conf, peer.tenant_tag);

		tag = peer.tenant_tag;
		if(!named)
			return refuse(msg, tag, REQUEST_DISCARD, "cube.conf no longer has this tenant");
		index = (int)(named - conf->tenants);
	}
	trust = cube_tenant_trust(conf, index, &source, peer.cn_san_verified);
	if(!cube_trust_ok(trust))
		return refuse(msg, tag, trust == CUBE_TRUST_DISCARD ? REQUEST_DISCARD : REQUEST_REFUSE,
				"the source is neither in a trusted-list nor a dial-peer's session-target, and no cn-san "
				"vouches for it");
	rc = judge_sips(msg, conf, index, tag, &sips);
	if(rc != REQUEST_ACCEPTED)
		return rc;
	/* cube_dialpeer says otherwise where the operator lets a sips call go on as another one; of CANCEL, which tm makes anew from
	 * the INVITE that went out, and sends after it, nobody would say so */
	if(ksr_set_flag(KSR_SIPS_OUT, sips && msg->REQ_METHOD != METHOD_CANCEL) < 0)
		return REQUEST_REFUSE;
	if(ksr_set_number(KSR_TENANT, tag) < 0 || ksr_set_text(KSR_PEER_NAME, cube_str_of(peer.name)) < 0)
		return REQUEST_REFUSE;
	return REQUEST_ACCEPTED;
}

/* The core gives a TCP connection that it opened the first socket on that address, which may be another tenant's: what is recorded
 * in Record-Route, and answered from, is this one. (TLS connections have theirs from cube_tls.) */
static void correct_socket(sip_msg_t *msg, const struct cube_socket *sock)
{
	if(msg->rcv.proto == PROTO_TCP && sock->tcp)
		msg->rcv.bind_address = sock->tcp;
}

int ki_tenant_in(sip_msg_t *msg)
{
	struct cube_ip local = ksr_cube_ip(&msg->rcv.dst_ip);
	bool secure = msg->rcv.proto == PROTO_TLS || msg->rcv.proto == PROTO_WSS;
	const struct cube_socket *sock = listen_find(&local, msg->rcv.dst_port, secure);
	const struct cube_listener *listener;
	struct cube_snapshot *s;
	int rc;

	if(!sock)
		return REQUEST_NO_TENANT;
	if(parse_headers(msg, HDR_EOH_F, 0) < 0)
		return refuse(msg, 0, REQUEST_DISCARD, "its headers cannot be parsed");
	correct_socket(msg, sock);
	s = snapshot_acquire();
	if(!s)
		return refuse(msg, 0, REQUEST_DISCARD, "there is no configuration");
	listener = cube_conf_listener(s->conf, &local, msg->rcv.dst_port, secure);
	if(listener)
		rc = request_judge(msg, s->conf, listener);
	else
		rc = refuse(msg, 0, REQUEST_DISCARD, "cube.conf no longer names this listener");
	snapshot_release(s);
	return rc;
}
