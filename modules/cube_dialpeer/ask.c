/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place holds the number of its question, and below it how long that took and what it came to. The transaction knows the number alone: a
 * result that comes when the place has another question finds a number that is not its own, and is dropped. */
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"
#include "core/globals.h"

#include "../ksr/ksr.h"
#include "../libcube/conf/target.h"
#include "apply.h"
#include "binds.h"
#include "ask.h"
#include "headers.h"
#include "hosts.h"

#define RESULT_BITS 10 /* statuses end at 699 */
#define RESULT_MASK ((1u << RESULT_BITS) - 1)
#define MS_BITS 14 /* tm gives up before */
#define MS_MASK ((1u << MS_BITS) - 1)
#define ASK_MAX 2048
#define URI_MAX (CUBE_TARGET_TEXT_MAX + 32)

/* The places of each kind. Those that are not of UDP may hold a quarter of the connections that the core has by default. */
static const struct
{
	int first, end;
} kinds[ASK_KINDS] = {
		[ASK_ADDRESS_UDP] = {0, 1024},
		[ASK_ADDRESS_STREAM] = {1024, 1472},
		[ASK_NAME_UDP] = {1472, 1984},
		[ASK_NAME_STREAM] = {1984, ASK_MAX},
};

static const struct cube_tenant_api *tenant;
/* shared; ASK_MAX of them */
static struct place
{
	uint64_t value;
	int64_t sent; /* ms; written before the question is in value, by its process */
} * places;
static bool taken[ASK_MAX]; /* each the keepalive process's whose kind it is */

int ask_init(const struct cube_tenant_api *api)
{
	tenant = api;
	places = ksr_shm_table(ASK_MAX * sizeof(*places));
	return places ? 0 : -1;
}

/* ---- what it came to */

static int result_of(const struct tmcb_params *ps)
{
	const sip_msg_t *reply = ps->rpl;

	if(!reply || reply == FAKED_REPLY)
		return CUBE_KEEPALIVE_NO_ANSWER;
	if(cube_str_eq(ksr_cube_str(reply->first_line.u.reply.reason), CUBE_STR(KSR_HANDSHAKE_FAILED)))
		return CUBE_KEEPALIVE_TLS_HANDSHAKE;
	return ps->code & RESULT_MASK;
}

/* Sent, in the keepalive process: another host of the name, which is asked when this one is silent, is asked from the same socket.
 * Completed, in whatever process the answer, or tm's timer, is at home: the result. */
static void on_question(struct cell *t, int type, struct tmcb_params *ps)
{
	uintptr_t question = (uintptr_t)*ps->param;
	uint64_t expected = (uint64_t)question << (RESULT_BITS + MS_BITS);
	struct place *place;
	int64_t ms;

	if(type == TMCB_REQUEST_SENT) {
		if(t->nr_of_outgoings == 1)
			ksr_keep_socket(&t->uac[0].request.dst);
		return;
	}
	place = &places[question % ASK_MAX];
	ms = ksr_clock_ms()
		 - __atomic_load_n(&place->sent,
				 __ATOMIC_RELAXED); /* another question's if that has the place by now, which then keeps its value */
	ms = ms < 0 ? 0 : ms > MS_MASK ? MS_MASK : ms;
	__atomic_compare_exchange_n(&place->value, &expected,
			expected | (uint64_t)ms << RESULT_BITS | (uint64_t)result_of(ps), false, __ATOMIC_RELEASE,
			__ATOMIC_RELAXED);
}

int ask_result(int place, int *ms)
{
	uint64_t value = taken[place] ? __atomic_load_n(&places[place].value, __ATOMIC_ACQUIRE) : 0;

	if(value & RESULT_MASK)
		ask_forget(place);
	*ms = (int)(value >> RESULT_BITS & MS_MASK);
	return (int)(value & RESULT_MASK);
}

void ask_forget(int place)
{
	taken[place] = false;
	__atomic_store_n(&places[place].value, 0, __ATOMIC_RELAXED);
}

/* ---- the question */

enum ask_kind ask_kind_of(const struct cube_watch *watch)
{
	bool udp = watch->transport == CUBE_TRANSPORT_UDP;

	if(watch->target.kind == CUBE_TARGET_DNS)
		return udp ? ASK_NAME_UDP : ASK_NAME_STREAM;
	return udp ? ASK_ADDRESS_UDP : ASK_ADDRESS_STREAM;
}

int ask_place(enum ask_kind kind)
{
	int i = kinds[kind].first;

	while(i < kinds[kind].end && taken[i])
		i++;
	return i < kinds[kind].end ? i : -1;
}

/* RFC 3261 11.1, with the Max-Forwards of 70 that tm gives it: a far end that is a proxy may have to ask behind itself, and
 * would answer 0 with 483 whatever is there. */
static int options(uintptr_t question, const struct cube_watch *watch, const socket_info_t *from)
{
	static str method = str_init("OPTIONS");
	char target[CUBE_TARGET_TEXT_MAX], to[URI_MAX], hop[URI_MAX], own[URI_MAX], headers[URI_MAX + 64];
	char place[HEADERS_PLACE_MAX];
	const char *transport = apply_transport(watch->transport);
	struct cube_target next = watch->target; /* where calls go */
	str s_to, s_hop, s_own, s_headers, s_from = from->sock_str;
	int kept = dns_flags, rc;
	uac_req_t req;

	cube_target_text(&watch->target, target);
	s_to = (str){to, snprintf(to, sizeof(to), "sip:%s", target)};
	next.host = apply_resolved_name(&watch->target, watch->transport);
	cube_target_text(&next, target);
	s_hop = (str){hop, snprintf(hop, sizeof(hop), "sip:%s;transport=%s", target, transport)};
	s_own = (str){own, snprintf(own, sizeof(own), "sip:%.*s", CUBE_FMT(headers_place(from, place)))};
	s_headers = (str){headers, snprintf(headers, sizeof(headers),
									   "Contact: <%s;transport=%s>\r\nAccept: application/sdp\r\n", own, transport)};
	set_uac_req(&req, &method, &s_headers, NULL, NULL, TMCB_LOCAL_COMPLETED, on_question, (void *)question);
	if(watch->target.kind == CUBE_TARGET_DNS)
		req.cb_flags |= TMCB_REQUEST_SENT;
	req.ssock = &s_from;
	/* this process's: to an address of another family the core would send from somebody else's socket */
	dns_flags = hosts_dns_flags(from->address.af);
	rc = binds_tm.t_request(&req, &s_to, &s_to, &s_own, &s_hop);
	dns_flags = kept;
	return rc;
}

int ask_send(int place, const struct cube_conf *conf, const struct cube_watch *watch)
{
	const struct cube_tenant *t = watch->tenant ? cube_conf_tenant(conf, watch->tenant) : NULL;
	const socket_info_t *from =
			apply_send_socket(conf, t ? (int)(t - conf->tenants) : CUBE_NONE, watch->transport, &watch->target, tenant);
	static uintptr_t count;
	uintptr_t question = ++count * ASK_MAX + (uintptr_t)place;

	if(!from)
		return CUBE_KEEPALIVE_NO_LISTENER;
	taken[place] = true;
	__atomic_store_n(&places[place].sent, ksr_clock_ms(), __ATOMIC_RELAXED);
	__atomic_store_n(&places[place].value, (uint64_t)question << (RESULT_BITS + MS_BITS), __ATOMIC_RELEASE);
	if(options(question, watch, from) > 0)
		return CUBE_KEEPALIVE_NOTHING;
	ask_forget(place);
	return CUBE_KEEPALIVE_NOT_SENT;
}
