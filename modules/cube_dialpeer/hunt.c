/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which dial-peer a call came in by, which it goes out by, and which is tried next. libcube decides; what remains to
 * be tried is kept with the transaction as tags, so that a reload between two tries is harmless. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dprint.h"

#include "apply.h"
#include "call.h"
#include "hunt.h"

#define TAGS_TEXT_MAX (CUBE_HUNT_MAX * 11 + 1)

static struct cube_tenant_api tenant;

int hunt_init(void)
{
	return cube_tenant_load_api(&tenant);
}

/* The index of the tenant whose request this is, CUBE_NONE for sip-ua. False: there is none of that tag any more. */
static bool tenant_index(const struct cube_conf *conf, int tag, int *index)
{
	const struct cube_tenant *t = tag ? cube_conf_tenant(conf, tag) : NULL;

	*index = t ? (int)(t - conf->tenants) : CUBE_NONE;
	return !tag || t;
}

int ki_dialpeer_in(sip_msg_t *msg)
{
	int tag = ksr_call_get_int("tenant", CUBE_NONE), index;
	struct cube_dial_hit hit = {.peer = NULL};
	struct call_facts facts;
	struct cube_snapshot *s;
	int rc;

	if(tag == CUBE_NONE) {
		LM_ERR("cube_dialpeer_in() needs a tenant: call cube_tenant_in() first\n");
		return HUNT_NONE;
	}
	if(!(s = tenant.acquire()))
		return HUNT_NONE;
	if(tenant_index(s->conf, tag, &index) && call_read(msg, &facts))
		cube_dial_plan_in(s->conf, index, &facts.call, &hit);
	rc = ksr_call_set_int("dialpeer_in", hit.peer ? hit.peer->tag : 0) < 0 ? HUNT_NONE : HUNT_OK;
	tenant.release(s);
	return rc;
}

/* The first of tags ("200,201") that can be used is applied, the rest is kept for the next try. */
static int hunt_on(sip_msg_t *msg, const struct cube_conf *conf, const char *tags)
{
	int rc = *tags ? HUNT_UNUSABLE : HUNT_NONE;

	while(*tags && rc != HUNT_OK) {
		char *end;
		const struct cube_dial_peer *peer = cube_conf_dial_peer(conf, (int)strtol(tags, &end, 10));

		tags = *end == ',' ? end + 1 : end;
		if(peer && apply_dial_peer(msg, conf, peer, &tenant) == 0)
			rc = HUNT_OK;
	}
	return ksr_call_set_str("hunt", cube_str_of(tags)) < 0 ? HUNT_UNUSABLE : rc;
}

int ki_dialpeer_out(sip_msg_t *msg)
{
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	const struct cube_dial_peer *in;
	char tags[TAGS_TEXT_MAX] = "";
	struct call_facts facts;
	struct cube_snapshot *s;
	unsigned i, n;
	size_t used = 0;
	int rc;

	if(!call_read(msg, &facts) || ksr_call_set_str("user", ksr_cube_str(msg->parsed_uri.user)) < 0
			|| !(s = tenant.acquire()))
		return HUNT_NONE;
	in = cube_conf_dial_peer(s->conf, ksr_call_get_int("dialpeer_in", 0));
	n = cube_dial_plan_out(s->conf, in, &facts.call, hits, CUBE_HUNT_MAX);
	for(i = 0; i < n; i++)
		used += (size_t)snprintf(tags + used, sizeof(tags) - used, "%s%d", i ? "," : "", hits[i].peer->tag);
	rc = hunt_on(msg, s->conf, tags);
	tenant.release(s);
	return rc;
}

int ki_dialpeer_next(sip_msg_t *msg)
{
	struct cube_str left = ksr_call_get_str("hunt");
	char tags[TAGS_TEXT_MAX];
	struct cube_snapshot *s;
	int rc;

	if(left.len == 0 || left.len >= sizeof(tags) || !(s = tenant.acquire()))
		return HUNT_NONE;
	memcpy(tags, left.s, left.len);
	tags[left.len] = '\0';
	rc = hunt_on(msg, s->conf, tags);
	tenant.release(s);
	return rc;
}
