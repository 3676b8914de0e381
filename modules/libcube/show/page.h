/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state as one HTML document for a browser: no script, nothing from elsewhere, refreshes itself. Long lists end with a
 * sentence that says what is not shown. */
#ifndef CUBE_SHOW_PAGE_H
#define CUBE_SHOW_PAGE_H

#include "state.h"

#define CUBE_PAGE_TYPE "text/html; charset=utf-8"
#define CUBE_PAGE_POLICY_MAX 256

/* Sorts the state's connections. */
void cube_page(struct cube_state *state, cube_put_f put, void *ctx);
/* The value of its Content-Security-Policy: nothing but its own style, by that one's digest. Returns buf. */
const char *cube_page_policy(char buf[CUBE_PAGE_POLICY_MAX]);

#endif
