/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states of one target. */
#include "keepalive.h"

#include <stdio.h>

void cube_keepalive_begin(struct cube_keepalive_state *state, int64_t now, unsigned place)
{
	*state = (struct cube_keepalive_state){.next = now + 1 + place / CUBE_KEEPALIVE_FIRST};
}

static int interval(const struct cube_keepalive_state *state, const struct cube_keepalive *profile)
{
	return state->failures > 0 ? profile->down_interval : profile->up_interval;
}

bool cube_keepalive_due(const struct cube_keepalive_state *state, const struct cube_keepalive *profile, int64_t now)
{
	/* a reload may have made the interval shorter since next was set */
	return !state->asking
		   && (now >= state->next || (state->asked > 0 && now >= state->asked + interval(state, profile)));
}

bool cube_keepalive_overdue(const struct cube_keepalive_state *state, int64_t now)
{
	return state->asking && now >= state->next;
}

void cube_keepalive_asked(struct cube_keepalive_state *state, int64_t now)
{
	state->asking = true;
	state->asked = now;
	state->next = now + CUBE_KEEPALIVE_LIMIT;
}

bool cube_keepalive_good(int result)
{
	return result >= 200 && result != 503 && result != 505;
}

enum cube_keepalive_change cube_keepalive_answered(
		struct cube_keepalive_state *state, const struct cube_keepalive *profile, int result, int64_t now)
{
	bool was_down = state->down;

	if(cube_keepalive_good(result)) {
		state->failures = 0;
		state->down = false;
	} else {
		state->failures += state->failures < profile->retry;
		state->down |= state->failures >= profile->retry;
	}
	state->asking = false;
	state->next = state->asked + interval(state, profile);
	if(state->next < now)
		state->next = now;
	if(state->down == was_down)
		return CUBE_KEEPALIVE_SAME;
	return state->down ? CUBE_KEEPALIVE_DOWN : CUBE_KEEPALIVE_UP;
}

const char *cube_keepalive_result_name(int result, char buf[16])
{
	static const char *const names[] = {
			[CUBE_KEEPALIVE_NOTHING] = "none yet",
			[CUBE_KEEPALIVE_NO_ANSWER] = "no answer",
			[CUBE_KEEPALIVE_NOT_SENT] = "not sent",
			[CUBE_KEEPALIVE_NO_LISTENER] = "no open listener to send from",
			[CUBE_KEEPALIVE_TLS_HANDSHAKE] = "TLS handshake failed",
	};

	if(result >= 0 && result < (int)(sizeof(names) / sizeof(names[0])))
		return names[result];
	snprintf(buf, 16, "%d", result);
	return buf;
}
