/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to GET /metrics and GET /cube, and cube_tls.metrics. */
#ifndef CUBE_TLS_WEB_H
#define CUBE_TLS_WEB_H

#include "core/parser/msg_parser.h"
#include "core/rpc.h"

extern rpc_export_t web_rpc[];

/* From mod_init. Without xhttp.so only the RPC works. */
void web_init(void);
/* Script functions, in event_route[xhttp:request]: reply with the text. 1, or -1: logged; nothing was sent then, unless
 * sending it was what failed. */
int ki_metrics(sip_msg_t *msg);
int ki_status(sip_msg_t *msg);

#endif
