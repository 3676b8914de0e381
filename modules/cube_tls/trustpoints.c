/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trustpoints.h"

void trustpoints_ends(const struct cube_conf *conf,
		void (*end)(void *ctx, struct cube_str trustpoint, enum cube_expiry_use use, int64_t not_after), void *ctx)
{
	unsigned i, use;

	for(i = 0; i < conf->n_trustpoints; i++) {
		for(use = CUBE_EXPIRY_OWN; use <= CUBE_EXPIRY_CA; use++) {
			const struct cube_cert_set *set = trustpoint_set(&conf->trustpoints[i], (enum cube_expiry_use)use);
			const struct cube_cert_span *first = cube_cert_set_first_end(set);

			if(first)
				end(ctx, conf->trustpoints[i].name, (enum cube_expiry_use)use, first->not_after);
		}
	}
}
