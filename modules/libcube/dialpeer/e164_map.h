/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The patterns of an e164-pattern-map: those in cube.conf, or those in a file, one in each line. */
#ifndef CUBE_DIALPEER_E164_MAP_H
#define CUBE_DIALPEER_E164_MAP_H

#include "../base/err.h"
#include "../conf/model.h"

/* Where one stands in a map; zeroed to begin with. */
struct cube_e164_cursor
{
	size_t at; /* of e164, or in the file */
	unsigned line;
};

/* The next pattern, which points into the map; false: there is none left. In a file, blanks around a pattern do not count,
 * and lines that are empty or begin with ! are passed over. */
bool cube_e164_next(const struct cube_e164_map *map, struct cube_e164_cursor *cursor, struct cube_str *pattern);
/* A line in err for each pattern that is none, as far as err takes them. False when there is one. */
bool cube_e164_check(const struct cube_e164_map *map, struct cube_err *err);

#endif
