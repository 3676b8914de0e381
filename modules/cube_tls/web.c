/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts are put together in memory of the C library and sent by xhttp, which copies them into the process's private
 * memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data_lump_rpl.h"
#include "core/dprint.h"
#include "modules/xhttp/api.h"

#include "../libcube/base/buf.h"
#include "../libcube/show/metrics.h"
#include "../libcube/show/page.h"
#include "state.h"
#include "web.h"

static xhttp_api_t xhttp;

void web_init(void)
{
	bind_xhttp_f bind = (bind_xhttp_f)find_export("bind_xhttp", 0, 0);

	if(bind && bind(&xhttp) < 0)
		xhttp.reply = NULL;
}

/* The state by one of libcube's formatters; text->s is for free(), also after -1. */
static int text_make(struct cube_buf *text, void (*format)(struct cube_state *, cube_put_f, void *))
{
	struct state state;
	int rc = state_take(&state, format == cube_page);

	memset(text, 0, sizeof(*text));
	if(rc == 0)
		format(&state.shown, cube_buf_put, text);
	state_drop(&state);
	return rc < 0 || text->failed ? -1 : 0;
}

static void metrics(struct cube_state *state, cube_put_f put, void *ctx)
{
	cube_metrics(state, put, ctx);
}

/* ---- HTTP */

/* headers: whole lines. */
static int reply(
		sip_msg_t *msg, const char *type, const char *headers, void (*format)(struct cube_state *, cube_put_f, void *))
{
	str reason = str_init("OK"), content_type = ksr_str(cube_str_of(type)), body;
	struct cube_buf text;
	int rc = -1;

	if(!xhttp.reply) {
		LM_ERR("there is nothing to reply with: put loadmodule \"xhttp.so\" into kamailio.cfg\n");
		return -1;
	}
	if(text_make(&text, format) < 0
			|| (headers[0] && !add_lump_rpl(msg, (char *)headers, (int)strlen(headers), LUMP_RPL_HDR))) {
		LM_ERR("no memory for what was asked over HTTP, or no configuration is running\n");
	} else {
		body = ksr_str((struct cube_str){text.s, text.len});
		rc = xhttp.reply(msg, 200, &reason, &content_type, &body) < 0 ? -1 : 1;
	}
	free(text.s);
	return rc;
}

int ki_metrics(sip_msg_t *msg)
{
	return reply(msg, CUBE_METRICS_TYPE, "", metrics);
}

int ki_status(sip_msg_t *msg)
{
	char policy[CUBE_PAGE_POLICY_MAX], headers[CUBE_PAGE_POLICY_MAX + 160];

	snprintf(headers, sizeof(headers),
			"Content-Security-Policy: %s\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
			"Cache-Control: no-store\r\n",
			cube_page_policy(policy));
	return reply(msg, CUBE_PAGE_TYPE, headers, cube_page);
}

/* ---- RPC */

static const char *metrics_doc[] = {"All counters, connections, listeners, certificates and the configuration's "
									"generation as Prometheus' text; also "
									"at /metrics of CUBE_HTTP",
		NULL};

static void rpc_metrics(rpc_t *rpc, void *ctx)
{
	struct cube_buf text;
	str all;

	if(text_make(&text, metrics) < 0) {
		rpc->fault(ctx, 500, "no memory, or no configuration is running");
	} else if(text.len > ksr_rpc_room()) {
		rpc->fault(ctx, 500, "kamcmd's socket does not carry %zu bytes: ask over JSON-RPC, or GET /metrics", text.len);
	} else {
		all = ksr_str((struct cube_str){text.s, text.len});
		rpc->add(ctx, "S", &all);
	}
	free(text.s);
}

/* clang-format off */
rpc_export_t web_rpc[] = {
	{"cube_tls.metrics", rpc_metrics, metrics_doc, 0},
	{0, 0, 0, 0}
};
/* clang-format on */
