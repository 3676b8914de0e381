/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of libcube put in place of the world: an allocator that counts and fails on demand, files in memory
 * with any permissions, and a configuration loaded from text with certificates made for it. */
#ifndef CUBE_TEST_HELPER_H
#define CUBE_TEST_HELPER_H

#include "../../modules/libcube/conf/load.h"

#define HELPER_NEVER (-1L)

/* malloc that counts. From the allocation number fail_at on (the first is 0) it has no memory: for good, or, with
 * once, for that one time. */
struct helper_alloc
{
	struct cube_alloc alloc; /* give this to the code under test */
	long fail_at, calls;
	long live; /* blocks not freed */
	bool once;
};
void helper_alloc_init(struct helper_alloc *h, long fail_at, bool once);

#define HELPER_FILES_MAX 32
struct helper_file
{
	char *path, *data;
	size_t len;
	uint32_t mode;
};
struct helper_files
{
	struct cube_files files; /* give this to the code under test */
	unsigned n, reads, looks;
	struct helper_file v[HELPER_FILES_MAX];
};
void helper_files_init(struct helper_files *h);
/* Copies both; replaces a file of that path. */
void helper_files_put(struct helper_files *h, const char *path, const void *data, size_t len, uint32_t mode);
void helper_files_free(struct helper_files *h);

/* Certificates under /cfg/pki/: ca.pem; cube.pem, cube.key (RSA); ec.pem, ec.key (P-256); other-ca.pem; open.key (as
 * cube.key, but 0644); broken.pem (no PEM); ca.crl (empty: a CRL is not read). A configuration in /cfg/
 * names them "pki/cube.pem" and so on. Maps for e164-pattern-map: maps/two.txt, and maps/bad.txt with faults in lines 4
 * and 6. */
void helper_files_pki(struct helper_files *h);
#define HELPER_CONF "/cfg/cube.conf"

/* Loads text as HELPER_CONF with malloc. files: from helper_files_pki. NULL and err on failure. */
struct cube_conf *helper_load(struct helper_files *files, const char *text, size_t len, struct cube_err *err);

/* For dial-peers that are made without a file, and need one. */
extern const struct cube_target helper_target;

/* A copy of just that size, so that a sanitizer sees every byte read beyond it. Free it. */
void *helper_exact(const void *data, size_t len);

/* The file of the disk, NUL-terminated; fails the test when it cannot be read. Free it. */
char *helper_read(const char *path, size_t *len);
/* cube_conf_dump into one text; free it. */
char *helper_dump(const struct cube_conf *conf);

#endif
