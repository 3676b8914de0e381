/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target may have thousands of dial-peers: the first ones are named, the others counted. */
#include <stdio.h>

#include "core/dprint.h"

#include "../ksr/event.h"
#include "../ksr/vars.h"
#include "../libcube/conf/names.h"
#include "../libcube/conf/target.h"
#include "tell.h"

#define LINES_MAX 10
#define TAGS_MAX 32 /* in $cube(dialpeer) */

static int route_down = -1, route_up = -1;

void tell_init(void)
{
	route_down = event_route_of("cube:trunk-down");
	route_up = event_route_of("cube:trunk-up");
}

static void say(const struct tell *t)
{
	const char *now = t->up ? "Up" : "Busied out";
	char target[CUBE_TARGET_TEXT_MAX], facts[CUBE_TARGET_TEXT_MAX + 128], number[16];
	unsigned i;

	snprintf(facts, sizeof(facts), "tenant=%d, target=%s, transport=%s, reason=%s", t->watch->tenant,
			cube_target_text(&t->watch->target, target), cube_transport_name(t->watch->transport),
			cube_keepalive_result_name(t->result, number));
	for(i = 0; i < t->n_changed && i < LINES_MAX; i++)
		LM_NOTICE("%%SIP-5-DIALPEER_STATUS: VoIP dial-Peer %d is %s (%s)\n", t->conf->dial_peers[t->changed[i]].tag,
				now, facts);
	if(t->n_changed > LINES_MAX)
		LM_NOTICE("%%SIP-5-DIALPEER_STATUS: and %u others are %s (%s)\n", t->n_changed - LINES_MAX, now, facts);
	if(t->n_changed == 0)
		LM_NOTICE("a server is %s, its %u dial-peers have others (%s)\n", t->up ? "up" : "down", t->n_peers, facts);
}

static void prepare(const void *ctx, sip_msg_t *msg)
{
	const struct tell *t = ctx;
	char target[CUBE_TARGET_TEXT_MAX], tags[TAGS_MAX * 11 + 1] = "", number[16];
	size_t used = 0;
	unsigned i;

	for(i = 0; i < t->n_changed && i < TAGS_MAX; i++)
		used += (size_t)snprintf(
				tags + used, sizeof(tags) - used, "%s%d", i ? "," : "", t->conf->dial_peers[t->changed[i]].tag);
	ksr_set_number(KSR_TENANT, t->watch->tenant);
	ksr_set_text(KSR_TARGET, cube_str_of(cube_target_text(&t->watch->target, target)));
	ksr_set_text(KSR_DIALPEER, cube_str_of(tags));
	ksr_set_text(KSR_REASON, cube_str_of(cube_keepalive_result_name(t->result, number)));
}

void tell(const struct tell *what)
{
	say(what);
	event_run(what->up ? route_up : route_down, prepare, what);
}
