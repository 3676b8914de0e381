/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of configurations: load, prove, swap, free. The only place that knows which one is running. */
#ifndef CUBE_TENANT_SNAPSHOT_H
#define CUBE_TENANT_SNAPSHOT_H

#include "api.h"

/* Reads the first configuration; called while kamailio.cfg is parsed, in the main process. */
int snapshot_start(const char *path, struct cube_err *err);
void snapshot_end(void); /* from then on connections let go of their snapshots without effect */

struct cube_snapshot *snapshot_acquire(void);
void snapshot_hold(struct cube_snapshot *snapshot);
void snapshot_release(struct cube_snapshot *snapshot);

void snapshot_register_tls(const struct cube_tls_ops *ops);
int snapshot_attach_tls(struct cube_err *err);
const struct cube_tls_ops *snapshot_tls_ops(void);

/* Was the last reload refused? In any process. */
bool snapshot_refused(void);

/* Reads path (NULL: the running one's) and proves that all of it works, without using it. For snapshot_release(); NULL
 * with lines in err. */
struct cube_snapshot *snapshot_check(const char *path, struct cube_err *err);
/* The same, and runs it from then on. 0, and both, for snapshot_release(): the one that ran until then and the one that
 * runs now; or -1 with lines in err. */
int snapshot_reload(struct cube_snapshot **before, struct cube_snapshot **after, struct cube_err *err);

#endif
