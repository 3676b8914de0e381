/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where OpenSSL's random numbers come from. */
#ifndef CUBE_TLS_RANDOM_H
#define CUBE_TLS_RANDOM_H

/* From mod_init, behind the stock module's: from now on, in all processes, from the kernel. 0, or -1 (logged). */
int random_init(void);

#endif
