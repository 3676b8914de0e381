/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory runs out at the first allocation, the second, and so on until loading succeeds: for good, or only once.
 * Each time there is a line that says so, nothing is left, and nothing crashes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/load_blocks.h"
#include "helper.h"

static struct helper_files files;

/* The first has every key, the second dial-peers that are not shut down, so that all indexes are built. */
static const char *const paths[] = {"test/conf/ok/complete.conf", "test/conf/ok/dial.conf"};

static void setup(void)
{
	helper_files_init(&files);
	helper_files_pki(&files);
}

static void teardown(void)
{
	helper_files_free(&files);
}

START_TEST(sweep)
{
	struct helper_alloc h;
	struct cube_conf *conf = NULL;
	struct cube_err err;
	size_t len;
	char *text = helper_read(paths[_i / 2], &len);
	long n;

	helper_files_put(&files, HELPER_CONF, text, len, 0644);
	free(text);

	for(n = 0; n < 100000 && !conf; n++) {
		helper_alloc_init(&h, n, _i % 2);
		if(cube_conf_load_blocks(HELPER_CONF, &files.files, &h.alloc, 0, &conf, &err) == 0)
			break;
		ck_assert_ptr_null(conf);
		ck_assert_msg(h.live == 0, "allocation %ld: %ld blocks are left", n, h.live);
		ck_assert_msg(strstr(err.text, "out of memory") != NULL, "allocation %ld: %s", n, err.text);
	}
	ck_assert_ptr_nonnull(conf);
	ck_assert_int_gt(n, 100); /* each piece was an allocation of its own */
	ck_assert(!cube_err_any(&err));
	cube_conf_free(&conf);
	ck_assert_int_eq(h.live, 0);
}
END_TEST

Suite *suite_oom(void);
Suite *suite_oom(void)
{
	Suite *suite = suite_create("oom");
	TCase *tcase = tcase_create("oom");

	tcase_set_timeout(tcase, 120);
	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, sweep, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite;
}
