/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload means for connections that are there. As struct cube_tls_ops has them. */
#ifndef CUBE_TLS_CONN_RELOAD_H
#define CUBE_TLS_CONN_RELOAD_H

#include "../cube_tenant/api.h"

int conn_older(unsigned generation);
int conn_removed(const struct cube_conf *conf, bool end);

#endif
