/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the text of messages that are broken out of the log: quiet from when a message comes in until the script begins, and in
 * a TCP reader whenever no script runs. What the core writes about the framing of a stream, it writes before any event. */
#include <string.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_rr.h"
#include "core/pt.h"
#include "core/script_cb.h"
#include "core/tcp_conn.h"
#include "core/ut.h"

#include "../ksr/ksr.h"
#include "../libcube/dialpeer/header.h"
#include "quiet.h"

#define NAME_WAIT_MS 500
#define WHAT "malformed messages" /* what there is to say of them is ours, and names nothing but addresses */

static bool reader; /* this process reads TCP connections */

static void settle(void)
{
	if(reader)
		ksr_quiet_begin();
	else
		ksr_quiet_end();
}

static int on_message_in(sr_event_param_t *evp)
{
	ksr_quiet_begin();
	return 0;
}

static void malformed(const sip_msg_t *msg)
{
	static struct cube_limit limit;
	char src[CUBE_ADDR_TEXT_MAX], dst[CUBE_ADDR_TEXT_MAX];
	struct cube_addr from = {ksr_cube_ip(&msg->rcv.src_ip), msg->rcv.src_port};
	struct cube_addr to = {ksr_cube_ip(&msg->rcv.dst_ip), msg->rcv.dst_port};

	ksr_quiet_end();
	if(ksr_may_log(&limit, WHAT))
		LM_NOTICE("malformed message of %u bytes from %s to %s dropped\n", msg->len, cube_addr_text(&from, src),
				cube_addr_text(&to, dst));
	settle();
}

/* Not SIP, or broken in its first lines: the core drops it. */
static int on_malformed(sr_event_param_t *evp)
{
	malformed(evp->data);
	return 1;
}

/* In TCP main. The reader has found no end, or no beginning, of a message; what it wrote about that nobody sees. */
static int on_closed(sr_event_param_t *evp)
{
	static struct cube_limit limit;
	const struct tcp_connection *c = ((tcp_closed_event_info_t *)evp->data)->con;
	char src[CUBE_ADDR_TEXT_MAX], dst[CUBE_ADDR_TEXT_MAX];
	struct cube_addr from = {ksr_cube_ip(&c->rcv.src_ip), c->rcv.src_port};
	struct cube_addr to = {ksr_cube_ip(&c->rcv.dst_ip), c->rcv.dst_port};

	if((c->req.error == TCP_REQ_BAD_LEN || c->req.error == TCP_REQ_OVERRUN) && ksr_may_log(&limit, WHAT))
		LM_NOTICE("a message of broken framing from %s to %s; the connection is closed\n", cube_addr_text(&from, src),
				cube_addr_text(&to, dst));
	return 0;
}

/* Is there nothing left in it that the core could complain about when it gets there? So it is with most responses, and the core need
 * not get there. */
static bool is_plain(const sip_msg_t *msg)
{
	struct cube_str rest = {msg->unparsed, (size_t)(msg->buf + msg->len - msg->unparsed)}, tag;

	return msg->from && cube_header_tag(ksr_cube_str(msg->from->body), &tag)
		   && (msg->eoh || cube_header_lines_plain(rest));
}

/* Route headers that are parsed are not parsed again; one that cannot be is, and is logged each time. */
static bool routes_parsed(const sip_msg_t *msg)
{
	hdr_field_t *h;

	for(h = msg->route; h; h = h->next) {
		if(h->type == HDR_ROUTE_T && h->body.len > 0 && parse_rr(h) < 0)
			return false;
	}
	return true;
}

static bool parsed(sip_msg_t *msg)
{
	return parse_headers(msg, HDR_EOH_F, 0) >= 0 && parse_from_header(msg) >= 0
		   && (msg->first_line.type == SIP_REPLY || routes_parsed(msg));
}

/* The core parses the rest of the headers, and what is in From and Route, when somebody asks for it, as somebody does of each
 * request. Now is when it does so in silence. */
static int on_script(sip_msg_t *msg, unsigned int flags, void *param)
{
	bool reply = msg->first_line.type == SIP_REPLY, sip = reply || IS_SIP(msg); /* HTTP comes here, too */

	if(sip && !(reply && is_plain(msg)) && !parsed(msg)) {
		malformed(msg);
		return 0; /* drops it */
	}
	ksr_quiet_end();
	return 1;
}

static int on_script_end(sip_msg_t *msg, unsigned int flags, void *param)
{
	settle();
	return 1;
}

int quiet_init(void)
{
	if(sr_event_register_cb(SREV_RCV_NOSIP, on_malformed) != 0) {
		LM_NOTICE("another module takes what is not SIP; messages that cannot be parsed may be logged whole\n");
		return 0;
	}
	if(sr_event_register_cb(SREV_NET_DATA_IN, on_message_in) != 0
			|| sr_event_register_cb(SREV_TCP_CLOSED, on_closed) != 0
			|| register_script_cb(on_script, PRE_SCRIPT_CB | REQUEST_CB | ONREPLY_CB, NULL) < 0
			|| register_script_cb(on_script_end, POST_SCRIPT_CB | REQUEST_CB | ONREPLY_CB, NULL) < 0) {
		LM_ERR("the core takes no more callbacks for incoming messages: unload a module that has one\n");
		return -1;
	}
	return 0;
}

void quiet_child(int rank)
{
	const char *what = pt[process_no].desc;
	int ms;

	if(rank <= 0)
		return;
	for(ms = 0; ms < NAME_WAIT_MS && !__atomic_load_n(what, __ATOMIC_ACQUIRE); ms++)
		sleep_us(1000);						/* the parent writes it behind the fork */
	reader = strncmp(what, "udp ", 4) != 0; /* sooner too quiet than too loud */
	settle();
}
