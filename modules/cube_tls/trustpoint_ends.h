/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the certificates of a trustpoint end. */
#ifndef CUBE_TLS_TRUSTPOINT_ENDS_H
#define CUBE_TLS_TRUSTPOINT_ENDS_H

#include "../libcube/show/state.h"

/* Sets own_name, own_end, ca_name and ca_end, from tp's files as they were loaded. Parses all of them: some 30 us for each
 * certificate. */
void trustpoint_ends(const struct cube_trustpoint *tp, struct cube_state_trustpoint *ends);

#endif
