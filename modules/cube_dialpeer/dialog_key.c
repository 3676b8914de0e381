/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dprint.h"

#include "dialog_key.h"

#define PATH_SIZE 1024

/* ENOENT: there is none. Who could write, or read, it could lead calls anywhere. */
static int key_read(const char *path, unsigned char key[CUBE_PROOF_KEY])
{
	unsigned char found[CUBE_PROOF_KEY + 1];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), error = 0;
	struct stat st;

	if(fd < 0)
		return errno;
	if(fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		error = EPERM;
	else if(read(fd, found, sizeof(found)) != CUBE_PROOF_KEY)
		error = EINVAL;
	else
		memcpy(key, found, CUBE_PROOF_KEY);
	close(fd);
	return error;
}

/* Whole or not at all: another server may start from the same folder. EEXIST: it was quicker. */
static int key_write(const char *path, const unsigned char key[CUBE_PROOF_KEY])
{
	char part[PATH_SIZE + 32];
	int fd, error = 0;

	snprintf(part, sizeof(part), "%s.%ld", path, (long)getpid());
	(void)unlink(part); /* of a start that was killed */
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if(fd < 0)
		return errno;
	if(write(fd, key, CUBE_PROOF_KEY) != CUBE_PROOF_KEY || fsync(fd) < 0)
		error = errno ? errno : EIO;
	close(fd);
	if(!error && link(part, path) < 0)
		error = errno;
	(void)unlink(part);
	return error;
}

int dialog_key(const char *dir, unsigned char key[CUBE_PROOF_KEY])
{
	char path[PATH_SIZE];
	int error;

	if(getrandom(key, CUBE_PROOF_KEY, 0) != CUBE_PROOF_KEY) {
		LM_ERR("the system gives no random numbers\n");
		return -1;
	}
	if(snprintf(path, sizeof(path), "%s/dialog-key", dir) >= (int)sizeof(path))
		return 0;
	error = key_read(path, key);
	if(error == ENOENT) {
		(void)mkdir(dir, 0755);
		error = key_write(path, key);
		if(error == EEXIST)
			error = key_read(path, key);
	}
	if(error)
		LM_NOTICE(
				"%s: %s; the key by which requests of calls are known is a new one with each start, and calls that are "
				"older than it cannot be changed or ended\n",
				path,
				error == EPERM	  ? "it is not the server's alone (mode 0600)"
				: error == EINVAL ? "it is no key"
								  : strerror(error));
	return 0;
}
