/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that waited for a handshake which failed, or whose certificate is not good for them. */
#include <string.h>

#include "core/mem/mem.h"
#include "core/msg_translator.h"
#include "core/receive.h"

#include "../ksr/ksr.h"
#include "../libcube/dialpeer/sip_frame.h"
#include "held.h"
#include "stock_tls.h"
#include "unsent.h"

static const struct tcp_connection *answering;			/* by this process */
static char queued[BUF_SIZE + 1], answer[BUF_SIZE + 1]; /* of this process */

/* text: one request, NUL-terminated. Puts a 503 to it into answer; its length, 0 when there is none to give. */
static int make_answer(char *text, size_t len, const struct tcp_connection *c)
{
	static str reason = str_init(KSR_HANDSHAKE_FAILED), tag = str_init("tls-handshake-failed");
	struct bookmark mark;
	unsigned int n = 0;
	sip_msg_t msg;
	char *made = NULL;

	memset(&msg, 0, sizeof(msg));
	msg.buf = text;
	msg.len = (unsigned int)len;
	msg.rcv = c->rcv;
	msg.rcv.src_ip = c->rcv.dst_ip; /* it is our own: its Via needs no received */
	msg.rcv.src_port = c->rcv.dst_port;
	if(parse_msg(text, msg.len, &msg) == 0 && parse_headers(&msg, HDR_EOH_F, 0) == 0
			&& msg.first_line.type == SIP_REQUEST && msg.REQ_METHOD != METHOD_ACK)
		made = build_res_buf_from_sip_req(503, &reason, &tag, &msg, &n, &mark);
	if(made && n < sizeof(answer)) {
		memcpy(answer, made, n);
		answer[n] = '\0';
	} else {
		n = 0;
	}
	if(made)
		pkg_free(made);
	free_sip_msg(&msg);
	return (int)n;
}

/* To each of the requests in queued, which has total bytes. */
static void answer_all(struct tcp_connection *c, size_t total)
{
	size_t at = 0, len;
	int n;

	while((len = cube_sip_frame((struct cube_str){queued + at, total - at})) > 0) {
		char next = queued[at + len];
		receive_info_t rcv = c->rcv;

		queued[at + len] = '\0';
		ksr_quiet_begin();
		n = make_answer(queued + at, len, c);
		ksr_quiet_end();
		queued[at + len] = next;
		at += len;
		rcv.proto_reserved1 = c->id;
		if(n > 0)
			receive_msg(answer, (unsigned int)n, &rcv);
	}
}

void unsent_answer(struct tcp_connection *c)
{
	size_t total;

	answering = c;
	lock_get(&c->write_lock);
	total = stock_tls_queued(c, queued, sizeof(queued) - 1);
	lock_release(&c->write_lock);
	answer_all(c, total);
	do { /* nobody adds to a connection that has failed */
		lock_get(&c->write_lock);
		total = held_take(conn_get(c), queued, sizeof(queued) - 1);
		lock_release(&c->write_lock);
		answer_all(c, total);
	} while(total > 0);
	answering = NULL;
}

void unsent_answer_one(struct tcp_connection *c, struct cube_str request)
{
	if(request.len >= sizeof(queued))
		return;
	answering = c;
	memcpy(queued, request.s, request.len);
	answer_all(c, request.len);
	answering = NULL;
}

bool unsent_answering(const struct tcp_connection *c)
{
	return answering == c;
}
