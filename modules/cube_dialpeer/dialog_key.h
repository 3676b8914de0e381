/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key of what proves to us that there is a dialog: kept in a file, so that calls outlive a restart. */
#ifndef CUBE_DIALPEER_DIALOG_KEY_H
#define CUBE_DIALPEER_DIALOG_KEY_H

#include "../libcube/dialpeer/proof.h"

/* From mod_init, before the first fork. dir: a folder, made if it is not there. Where the key can be neither read nor written it
 * is a new one, which a line in the log says. -1, logged: the system gives no random numbers. */
int dialog_key(const char *dir, unsigned char key[CUBE_PROOF_KEY]);

#endif
