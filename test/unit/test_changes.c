/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator is told of a reload, in one line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/changes.h"
#include "helper.h"

Suite *suite_changes(void);

static struct helper_files files;

static void setup(void)
{
	helper_files_init(&files);
	helper_files_pki(&files);
}

static void teardown(void)
{
	helper_files_free(&files);
}

static struct cube_conf *load(const char *text)
{
	struct cube_err err;
	struct cube_conf *conf = helper_load(&files, text, strlen(text), &err);

	ck_assert_msg(conf != NULL, "%s", err.text);
	return conf;
}

/* Tenants from..to, and the rest. */
static struct cube_conf *tenants(int from, int to, const char *rest)
{
	char *text = malloc(65536);
	size_t used = (size_t)snprintf(text, 65536, "%s", rest);
	struct cube_conf *conf;

	for(int i = from; i <= to; i++)
		used += (size_t)snprintf(text + used, 65536 - used, "tenant %d { description = x }\n", i);
	conf = load(text);
	free(text);
	return conf;
}

static void expect(struct cube_conf *before, struct cube_conf *after, unsigned n, const char *want, size_t size)
{
	struct cube_changes *c = cube_changes_of(before, after);
	char text[2048];

	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->n, n);
	ck_assert_str_eq(cube_changes_text(c, text, size), want);
	free(c);
	cube_conf_free(&before);
	cube_conf_free(&after);
}

#define CA "trustpoint \"Acme, Inc\" { ca = \"pki/ca.pem\" }\n"

START_TEST(test_text)
{
	expect(tenants(1, 2, "sip-ua { }\n"), tenants(1, 2, "sip-ua { }\n"), 0, "nothing has changed", 2048);
	expect(tenants(1, 2, ""), tenants(2, 3, CA "sip-ua { tls-version = \"1.2+\" }\n"), 4,
			"added: trustpoint Acme, Inc, tenant 3; removed: tenant 1; changed: sip-ua", 2048);
}
END_TEST

START_TEST(test_many)
{
	expect(tenants(1, 1, ""), tenants(1, 101, ""), 100,
			"added: tenant 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21 and 80 more", 2048);
	expect(tenants(1, 1, ""), tenants(1, 21, ""), 20,
			"added: tenant 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21", 2048);
}
END_TEST

START_TEST(test_cut)
{
	expect(tenants(1, 1, ""), tenants(1, 21, ""), 20, "added: tenant 2, 3...", 24);
	expect(tenants(1, 1, ""), tenants(2, 2, ""), 2, "added: tenant 2...", 22);
}
END_TEST

Suite *suite_changes(void)
{
	Suite *s = suite_create("changes");
	TCase *tc = tcase_create("changes");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_text);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_cut);
	suite_add_tcase(s, tc);
	return s;
}
