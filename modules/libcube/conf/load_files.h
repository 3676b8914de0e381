/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that trustpoints and pattern maps name. */
#ifndef CUBE_CONF_LOAD_FILES_H
#define CUBE_CONF_LOAD_FILES_H

#include "../base/err.h"
#include "model.h"

/* trustpoints: their files, too; else those of maps alone. Reads each file once, however many trustpoints name it, into conf's arena; a CRL only has to be readable. -1 with a
 * line per file that is not. scratch: for the time of the call. */
int cube_load_files(struct cube_conf *conf, bool trustpoints, const struct cube_files *files,
		struct cube_arena *scratch, struct cube_err *err) __attribute__((warn_unused_result));

#endif
