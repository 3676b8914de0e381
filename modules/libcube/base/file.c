/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads regular files from the disk, whole and bounded. The only file of libcube that does input; what the contents
 * mean and who may own them is judged elsewhere. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Up to size bytes; less only at the end of the file. -1 with errno. */
static ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t got = 0;
	ssize_t n;

	while(got < size) {
		n = read(fd, buf + got, size - got);
		if(n < 0 && errno == EINTR)
			continue;
		if(n < 0)
			return -1;
		if(n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* A regular file, opened for reading; -1 and a line in err. */
static int open_regular(const char *path, const char *what, struct stat *st, struct cube_err *err)
{
	/* O_NONBLOCK: a FIFO without a writer would hold up the start for ever */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if(fd < 0 || fstat(fd, st) != 0)
		cube_err_add(err, "%s: cannot read %s: %m", what, path);
	else if(!S_ISREG(st->st_mode))
		cube_err_add(err, "%s: cannot read %s: not a regular file", what, path);
	else
		return fd;
	if(fd >= 0)
		close(fd);
	return -1;
}

static int read_open(int fd, const struct stat *st, const char *path, const char *what, struct cube_arena *arena,
		struct cube_file *file, struct cube_err *err)
{
	ssize_t got;
	size_t size;
	char *data;

	if(st->st_size < 0 || st->st_size > (off_t)CUBE_FILE_MAX) {
		cube_err_add(err, "%s: cannot read %s: it has %lld bytes (at most %u)", what, path, (long long)st->st_size,
				CUBE_FILE_MAX);
		return -1;
	}
	size = (size_t)st->st_size;
	/* one byte for the NUL, which also shows whether the file has grown meanwhile */
	if(!(data = cube_arena_get(arena, size + 1))) {
		cube_err_nomem(err, what);
		return -1;
	}
	got = read_full(fd, data, size + 1);
	if(got < 0) {
		cube_err_add(err, "%s: cannot read %s: %m", what, path);
		return -1;
	}
	if((size_t)got != size) {
		cube_err_add(err, "%s: cannot read %s: it changed while it was read; try again", what, path);
		return -1;
	}
	data[size] = '\0';
	*file = (struct cube_file){data, size, (uint32_t)st->st_mode & 07777, (uint32_t)st->st_uid};
	return 0;
}

static int disk_read(void *ctx, const char *path, const char *what, struct cube_arena *arena, struct cube_file *file,
		struct cube_err *err)
{
	struct stat st;
	int fd, ret;

	(void)ctx;
	if((fd = open_regular(path, what, &st, err)) < 0)
		return -1;
	ret = read_open(fd, &st, path, what, arena, file, err);
	close(fd);
	return ret;
}

static int disk_look(void *ctx, const char *path, const char *what, struct cube_err *err)
{
	struct stat st;
	int fd = open_regular(path, what, &st, err);

	(void)ctx;
	if(fd < 0)
		return -1;
	close(fd);
	return 0;
}

const struct cube_files cube_files_disk = {disk_read, disk_look, NULL};
