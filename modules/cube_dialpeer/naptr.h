/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose SRV records a target's are. */
#ifndef CUBE_DIALPEER_NAPTR_GLUE_H
#define CUBE_DIALPEER_NAPTR_GLUE_H

#include "../libcube/dialpeer/naptr.h"

/* The name that is asked for SRV records where calls go to host by this transport: that which its NAPTR records lead to,
 * host itself where there are none. Asks DNS, unless this process knows the answer. Valid until the next call. */
struct cube_str naptr_host(struct cube_str host, enum cube_transport transport);

#endif
