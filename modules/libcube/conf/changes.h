/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two configurations, by section and kind of change, with titles enough to recognize it by. */
#ifndef CUBE_CONF_CHANGES_H
#define CUBE_CONF_CHANGES_H

#include "diff.h"

#define CUBE_CHANGES_TITLES 20 /* that are kept of a list */
#define CUBE_CHANGES 3		   /* enum cube_change has so many */

struct cube_change_list
{
	unsigned n; /* all of them, also those whose title is not kept */
	char titles[CUBE_CHANGES_TITLES][CUBE_NAME_MAX + 1];
};

struct cube_changes
{
	unsigned n;												   /* objects */
	struct cube_change_list of[CUBE_N_SECTIONS][CUBE_CHANGES]; /* by enum cube_section_id, enum cube_change */
};

/* For free(); NULL when memory is out. */
struct cube_changes *cube_changes_of(const struct cube_conf *before, const struct cube_conf *after)
		__attribute__((warn_unused_result));
/* How many of a list's titles are kept. */
unsigned cube_change_titles(const struct cube_change_list *list);
/* "added: tenant 300, 301 and 980 more, dial-peer 7; changed: sip-ua", or "nothing has changed"; cut with "..." where it
 * does not fit. Returns buf. */
const char *cube_changes_text(const struct cube_changes *changes, char *buf, size_t size);

#endif
