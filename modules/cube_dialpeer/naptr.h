/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose SRV records a target's are. */
#ifndef CUBE_DIALPEER_NAPTR_GLUE_H
#define CUBE_DIALPEER_NAPTR_GLUE_H

#include "../libcube/dialpeer/naptr.h"

/* From mod_init. 0, or -1, logged. */
int naptr_init(void);
/* The name that is asked for SRV records where calls go to host by this transport: the first one that its NAPTR records lead to
 * and that has such records; the first one where none has; host itself where NAPTR leads nowhere. Asks DNS, unless a process
 * has done so. Valid until the next call. */
struct cube_str naptr_host(struct cube_str host, enum cube_transport transport);

#endif
