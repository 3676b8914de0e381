/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Record-Route and Route headers: which entries are ours, of which listener, and where those of others lead. */
#ifndef CUBE_DIALPEER_ROUTES_H
#define CUBE_DIALPEER_ROUTES_H

#include "core/parser/parse_uri.h"

#include "../ksr/ksr.h"
#include "../libcube/conf/model.h"
#include "../libcube/dialpeer/proof.h"

/* The first n URIs of the Route, or Record-Route, headers of which h is the first one; how many there are of them, -1: one does
 * not parse. */
int routes_of(hdr_field_t *h, struct cube_str *uris, int n);
/* Where a URI leads, as the core sees it, since it is the core that sends there. False, and nothing in the log: it is none. */
bool routes_place(struct cube_str text, sip_uri_t *uri, struct cube_proof_place *place);
/* The same of one that the core has taken apart. */
struct cube_proof_place routes_place_of(const sip_uri_t *uri);
/* Whose it is, by an entry as the module rr writes them; NULL: not ours. Parameters but for the transport are not looked at. */
socket_info_t *routes_socket(struct cube_str uri);
/* Our leg at a socket; scheme: its letter. False without a socket. */
bool routes_leg(const struct cube_conf *conf, const socket_info_t *si, char scheme, struct cube_proof_leg *leg);

#endif
