/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A limit on how often something is said. */
#include "limit.h"

bool cube_limit_allow(struct cube_limit *limit, int64_t now, int period, unsigned max, unsigned *suppressed)
{
	int64_t window = now / period;

	*suppressed = 0;
	if(limit->window != window) {
		if(limit->n > max)
			*suppressed = limit->n - max;
		limit->window = window;
		limit->n = 0;
	}
	limit->n++;
	return limit->n <= max;
}
