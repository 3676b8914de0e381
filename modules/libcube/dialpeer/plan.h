/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which dial-peers a number selects, in the order in which they are tried; and which addresses they point to. */
#ifndef CUBE_DIALPEER_PLAN_H
#define CUBE_DIALPEER_PLAN_H

#include "../base/err.h"
#include "../conf/model.h"

#define CUBE_HUNT_MAX 32 /* dial-peers that one call can be offered to */

struct cube_dial_hit
{
	const struct cube_dial_peer *peer;
	unsigned explicit_digits;
	uint8_t preference; /* the dial-peer's */
	bool huntstop;
};

/* Compiles every pattern of conf->dial_peers into conf->dial_plan, in conf->arena. Tenants, targets and dial-peers
 * must be complete and dial-peers sorted by tag. 0, or -1 with a line per bad pattern and conf->dial_plan unchanged.
 * O(n log n) for n dial-peers. */
int cube_dial_plan_build(struct cube_conf *conf, struct cube_err *err) __attribute__((warn_unused_result));

/* Inbound: the dial-peer of tenant (index or CUBE_NONE) whose incoming-called-number fits best; longest match, then
 * preference, then the lower tag. Dial-peers that are shut down are left out. NULL: dial-peer 0. */
const struct cube_dial_peer *cube_dial_plan_in(const struct cube_conf *conf, int tenant, struct cube_str called);
/* Outbound: all dial-peers, of whatever tenant, whose destination-pattern matches, in hunting order (longest match,
 * preference, lower tag), at most max. Dial-peers that are shut down or have no target are left out; the list ends
 * behind a peer with huntstop. Returns how many. (CUBE: dial-peer hunt 0, with a fixed order for its random.) */
unsigned cube_dial_plan_out(
		const struct cube_conf *conf, struct cube_str called, struct cube_dial_hit *hits, unsigned max);
/* Is ip the session-target of one of tenant's (index or CUBE_NONE) dial-peers that is not shut down? Targets given
 * by name are not resolved and never match. */
bool cube_dial_plan_target(const struct cube_conf *conf, int tenant, const struct cube_ip *ip);
/* Is host, in whatever case, the name in the session-target of one of them? */
bool cube_dial_plan_target_name(const struct cube_conf *conf, int tenant, struct cube_str host);

#endif
