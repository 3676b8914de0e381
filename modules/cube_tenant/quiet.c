/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the text of malformed messages out of the log: quiet from when a message comes in until the script begins. */
#include <time.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/script_cb.h"

#include "../ksr/ksr.h"
#include "../libcube/base/limit.h"
#include "listen.h"
#include "quiet.h"

#define LINES_MAX 10	/* that a process writes about malformed messages in each period */
#define LINES_PERIOD 10 /* seconds */

static bool ours; /* the message at hand came to a listener of cube.conf; others are the operator's own affair */

static int on_message_in(sr_event_param_t *evp)
{
	struct cube_ip ip = ksr_cube_ip(&evp->rcv->dst_ip);

	ours = listen_find(&ip, evp->rcv->dst_port, evp->rcv->proto == PROTO_TLS) != NULL;
	if(ours)
		ksr_quiet_begin();
	else
		ksr_quiet_end(); /* of a read on a tenant's connection that brought no whole message */
	return 0;
}

static void malformed(const sip_msg_t *msg)
{
	static struct cube_limit limit;
	char src[CUBE_ADDR_TEXT_MAX], dst[CUBE_ADDR_TEXT_MAX];
	struct cube_addr from = {ksr_cube_ip(&msg->rcv.src_ip), msg->rcv.src_port};
	struct cube_addr to = {ksr_cube_ip(&msg->rcv.dst_ip), msg->rcv.dst_port};
	unsigned suppressed;
	bool say = cube_limit_allow(&limit, time(NULL), LINES_PERIOD, LINES_MAX, &suppressed);

	ksr_quiet_end();
	if(suppressed)
		LM_NOTICE("%u further malformed messages were not logged\n", suppressed);
	if(say)
		LM_NOTICE("malformed message of %u bytes from %s to %s dropped\n", msg->len, cube_addr_text(&from, src),
				cube_addr_text(&to, dst));
}

/* Not SIP, or broken in its first lines: the core drops it. */
static int on_malformed(sr_event_param_t *evp)
{
	if(ours)
		malformed(evp->data);
	return 1;
}

/* The core parses the rest of the headers when somebody asks for one. Now is when it does so in silence. */
static int on_script(sip_msg_t *msg, unsigned int flags, void *param)
{
	if(ours && parse_headers(msg, HDR_EOH_F, 0) < 0) {
		malformed(msg);
		return 0; /* drops it */
	}
	ksr_quiet_end();
	return 1;
}

int quiet_init(void)
{
	if(sr_event_register_cb(SREV_RCV_NOSIP, on_malformed) != 0) {
		LM_NOTICE("another module takes what is not SIP; messages that cannot be parsed may be logged whole\n");
		return 0;
	}
	if(sr_event_register_cb(SREV_NET_DATA_IN, on_message_in) != 0
			|| register_script_cb(on_script, PRE_SCRIPT_CB | REQUEST_CB | ONREPLY_CB, NULL) < 0) {
		LM_ERR("the core takes no more callbacks for incoming messages: unload a module that has one\n");
		return -1;
	}
	return 0;
}
