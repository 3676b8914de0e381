/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A limit on how often something is said, so that strangers cannot fill a disk. */
#ifndef CUBE_BASE_LIMIT_H
#define CUBE_BASE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* All zero to begin with. */
struct cube_limit
{
	int64_t window; /* its number since the epoch */
	unsigned n;		/* asked for in it */
};

/* May it be said at time now (seconds)? At most max times in each period (seconds). suppressed gets how often it was not
 * said in the last period in which anything happened, when this is the first time in a new one, else 0. */
bool cube_limit_allow(struct cube_limit *limit, int64_t now, int period, unsigned max, unsigned *suppressed);

#endif
