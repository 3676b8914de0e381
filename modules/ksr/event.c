/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Script code for what is no message: a faked one is at hand, and what the process was at is put aside meanwhile. */
#include "core/action.h"
#include "core/fmsg.h"
#include "core/route.h"
#include "core/xavp.h"

#include "event.h"

int event_route_of(const char *name)
{
	int route = route_lookup(&event_rt, (char *)name);

	return route >= 0 && event_rt.rlist[route] ? route : -1;
}

void event_run(int route, void (*prepare)(const void *ctx, sip_msg_t *msg), const void *ctx)
{
	sr_xavp_t *own = NULL, **old;
	sip_msg_t *msg;
	int type;

	if(route < 0)
		return;
	msg = faked_msg_get_next_clear();
	if(!msg)
		return;
	type = get_route_type();
	set_route_type(LOCAL_ROUTE);
	old = xavp_set_list(&own); /* a call that this process is at keeps its own */
	prepare(ctx, msg);
	run_top_route(event_rt.rlist[route], msg, NULL);
	xavp_set_list(old);
	xavp_destroy_list(&own);
	set_route_type(type);
}
