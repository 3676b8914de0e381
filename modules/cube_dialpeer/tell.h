/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says that a target is down, or up again: lines in the log, and the script's event routes. */
#ifndef CUBE_DIALPEER_TELL_H
#define CUBE_DIALPEER_TELL_H

#include "../libcube/dialpeer/keepalive.h"

struct tell
{
	const struct cube_conf *conf;
	const struct cube_watch *watch;
	bool up;
	int result;				 /* enum cube_keepalive_result, or a status */
	unsigned n_peers;		 /* dial-peers that have it */
	unsigned n_changed;		 /* those of them that are busied out, or up again, with it */
	const unsigned *changed; /* indexes */
};

/* From mod_init. */
void tell_init(void);
/* From a process that holds no lock, since an event route may do anything. */
void tell(const struct tell *what);

#endif
