/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/file.c: contents, permissions, and everything that is not a plain file of bearable size; and files that are only
 * looked for. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"

static char folder[32];
static char path[64];
static struct cube_arena *arena;
static struct cube_err err;
static struct cube_file file;

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/cube-test-file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	arena = cube_arena_new(&cube_alloc_libc, 1024);
	cube_err_reset(&err);
}

static void teardown(void)
{
	cube_arena_free(&arena);
	unlink(path);
	rmdir(folder);
}

static void write_file(const char *data, size_t len, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static int read_it(void)
{
	return cube_files_disk.read(cube_files_disk.ctx, path, "trustpoint a: ca", arena, &file, &err);
}

static int look_at_it(void)
{
	return cube_files_disk.look(cube_files_disk.ctx, path, "trustpoint a: crl", &err);
}

static void check_refused(const char *reason)
{
	char want[200];

	ck_assert_int_eq(read_it(), -1);
	snprintf(want, sizeof(want), "trustpoint a: ca: cannot read %s: %s", path, reason);
	ck_assert_str_eq(err.text, want);
}

/* Neither read nor looked at. */
static void check_no_file(const char *reason)
{
	char want[200];

	check_refused(reason);
	cube_err_reset(&err);
	ck_assert_int_eq(look_at_it(), -1);
	snprintf(want, sizeof(want), "trustpoint a: crl: cannot read %s: %s", path, reason);
	ck_assert_str_eq(err.text, want);
}

START_TEST(contents)
{
	write_file("a\0b", 3, 0640);
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(file.len, 3);
	ck_assert_int_eq(memcmp(file.data, "a\0b", 4), 0); /* and a NUL behind */
	ck_assert_uint_eq(file.mode, 0640);
	ck_assert_uint_eq(file.uid, getuid());
}
END_TEST

START_TEST(empty)
{
	write_file("", 0, 0600);
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(file.len, 0);
	ck_assert_str_eq(file.data, "");
}
END_TEST

START_TEST(large)
{
	write_file("x", 1, 0600);
	ck_assert_int_eq(truncate(path, 10000000), 0);
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(file.len, 10000000);
}
END_TEST

START_TEST(too_large)
{
	char reason[80];

	write_file("x", 1, 0600);
	ck_assert_int_eq(truncate(path, (off_t)CUBE_FILE_MAX + 1), 0);
	snprintf(reason, sizeof(reason), "it has %u bytes (at most %u)", CUBE_FILE_MAX + 1, CUBE_FILE_MAX);
	check_refused(reason);
	/* whoever reads it may have another limit */
	cube_err_reset(&err);
	ck_assert_int_eq(look_at_it(), 0);
	ck_assert(!cube_err_any(&err));
}
END_TEST

/* As a user who may do less than the one who runs the tests; the check that the file can be read is the system's. */
START_TEST(forbidden)
{
	write_file("x", 1, 0200);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	if(getuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	check_no_file("Permission denied");
	if(getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(missing)
{
	check_no_file("No such file or directory");
}
END_TEST

START_TEST(directory)
{
	snprintf(path, sizeof(path), "%s", folder);
	check_no_file("not a regular file");
}
END_TEST

/* Must not wait for a writer. */
START_TEST(fifo)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	check_no_file("not a regular file");
}
END_TEST

START_TEST(device)
{
	snprintf(path, sizeof(path), "/dev/zero");
	check_no_file("not a regular file");
	path[0] = '\0';
}
END_TEST

START_TEST(no_memory)
{
	static struct helper_alloc h; /* the arena outlives this function */

	cube_arena_free(&arena);
	helper_alloc_init(&h, 1, false);
	ck_assert_ptr_nonnull(arena = cube_arena_new(&h.alloc, 128));
	write_file("0123456789", 10, 0600);
	ck_assert_int_eq(truncate(path, 1000), 0);
	ck_assert_int_eq(read_it(), -1);
	ck_assert_str_eq(err.text, "trustpoint a: ca: out of memory");
}
END_TEST

Suite *suite_file(void);
Suite *suite_file(void)
{
	Suite *suite = suite_create("file");
	TCase *tcase = tcase_create("file");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, contents);
	tcase_add_test(tcase, empty);
	tcase_add_test(tcase, large);
	tcase_add_test(tcase, too_large);
	tcase_add_test(tcase, forbidden);
	tcase_add_test(tcase, missing);
	tcase_add_test(tcase, directory);
	tcase_add_test(tcase, fifo);
	tcase_add_test(tcase, device);
	tcase_add_test(tcase, no_memory);
	suite_add_tcase(suite, tcase);
	return suite;
}
