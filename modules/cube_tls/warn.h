/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings of what ends: certificates of ours, CAs, CRLs and OCSP responses that are not renewed, peers' certificates. */
#ifndef CUBE_TLS_WARN_H
#define CUBE_TLS_WARN_H

#include "../cube_tenant/api.h"

/* From mod_init. */
void warn_init(void);
/* Gives what is due: one line each, and event_route[cube:cert-expiring]. To be called once a second by one process, which
 * alone remembers what was told, and holds no lock; it looks once a minute, and behind a reload. */
void warn_round(const struct cube_snapshot *snapshot);

#endif
