/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dial-peers of a configuration for people: "show dial-peer voice summary" as CUBE prints it, and each of them in full. */
#ifndef CUBE_SHOW_DIALPEERS_H
#define CUBE_SHOW_DIALPEERS_H

#include "../conf/model.h"
#include "rows.h"

/* All of them, by tag. Where CUBE has the VRF stands the tenant. busied: are a dial-peer's targets known to be down? NULL:
 * nobody asks them, and the column KEEPALIVE stays empty. */
void cube_show_dial_peers(const struct cube_conf *conf,
		bool (*busied)(const struct cube_conf *conf, const struct cube_dial_peer *peer), cube_show_line_f line,
		void *ctx);
/* One row: its tag, state, and every key that it has or inherits, under the key's name. */
void cube_show_dial_peer(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct cube_rows *rows);

#endif
