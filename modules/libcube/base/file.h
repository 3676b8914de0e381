/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the contents of certificates, keys and lists come from. libcube itself asks this interface, so that tests
 * can hand in contents, permissions and failures; cube_files_disk is the one that reads the disk. */
#ifndef CUBE_BASE_FILE_H
#define CUBE_BASE_FILE_H

#include <stdint.h>

#include "arena.h"
#include "err.h"

#define CUBE_FILE_MAX (256u << 20) /* the largest file that is read: some million dial-peers */

struct cube_file
{
	const char *data; /* in the arena, NUL-terminated beyond len */
	size_t len;
	uint32_t mode; /* permission bits as stat(2) gives them */
	uint32_t uid;  /* owner */
};

struct cube_files
{
	/* Reads path whole. 0, or -1 with one line in err that starts with `what` ("trustpoint x: certificate"). */
	int (*read)(void *ctx, const char *path, const char *what, struct cube_arena *arena, struct cube_file *file,
			struct cube_err *err);
	/* Could path be read? Opens it, to see whether it may, and looks at none of it: for what is read later, or by
	 * another program. 0 or -1, likewise. */
	int (*look)(void *ctx, const char *path, const char *what, struct cube_err *err);
	void *ctx;
};

extern const struct cube_files cube_files_disk;

#endif
