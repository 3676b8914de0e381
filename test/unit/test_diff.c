/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload is said to have changed. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/diff.h"
#include "helper.h"

Suite *suite_diff(void);

static struct helper_files files;
static char told[2048];

static void setup(void)
{
	helper_files_init(&files);
	helper_files_pki(&files);
}

static void teardown(void)
{
	helper_files_free(&files);
}

static void change(void *ctx, enum cube_section_id section, struct cube_str title, enum cube_change what)
{
	size_t used = strlen(told);

	ck_assert_ptr_eq(ctx, told);
	snprintf(told + used, sizeof(told) - used, "%s%s%s%.*s %s", used ? ", " : "", cube_sections[section].name,
			title.len ? " " : "", CUBE_FMT(title), cube_change_name(what));
}

static struct cube_conf *load(const char *text)
{
	struct cube_err err;
	struct cube_conf *conf = helper_load(&files, text, strlen(text), &err);

	ck_assert_msg(conf != NULL, "%s", err.text);
	return conf;
}

#define BASE                                                                                                         \
	"trustpoint a { certificate = \"pki/cube.pem\" private-key = \"pki/cube.key\" ca = \"pki/ca.pem\" }\n"           \
	"tls-profile 7 { trustpoint = a }\n"                                                                             \
	"tls-profile 100 { trustpoint = a tls-version = \"1.3\" }\n"                                                     \
	"tenant 9 { tls-profile = 7 listen-secure = \"192.0.2.1:5080\" }\n"                                              \
	"dial-peer 10 { tenant = 9 destination-pattern = \"1\" session-target = \"ipv4:192.0.2.9\" session-transport = " \
	"\"tcp tls\" }\n"

static const struct
{
	const char *text, *want;
} rows[] = {
		{BASE, ""},
		{"# a comment\n" BASE, ""},
		/* what profiles inherit is theirs; 100 has its own */
		{BASE "sip-ua { tls-version = \"1.2+\" }\n", "sip-ua changed, tls-profile 7 changed"},
		{BASE "tenant 10 { listen-non-secure = \"192.0.2.1:5090\" }\n", "tenant 10 added"},
		{BASE "tenant 8 { listen-non-secure = \"192.0.2.1:5090\" }\n", "tenant 8 added"},
		{BASE "trustpoint \"b\" { ca = \"pki/ca.pem\" }\ntrustpoint \"Z\" { ca = \"pki/ca.pem\" }\n",
				"trustpoint Z added, trustpoint b added"},
		{BASE "dial-peer 9 { incoming-called-number = \"2\" }\ndial-peer 11 { incoming-called-number = \"3\" }\n",
				"dial-peer 9 added, dial-peer 11 added"},
		{"", "trustpoint a removed, tls-profile 7 removed, tls-profile 100 removed, tenant 9 removed, dial-peer 10 "
			 "removed"},
		{"trustpoint \"a\" { certificate = \"pki/cube.pem\" private-key = \"pki/cube.key\" ca = \"pki/other-ca.pem\" "
		 "}\n"
		 "tls-profile 7 { trustpoint = a }\n"
		 "tls-cipher 5 { cipher = { AES128_GCM_SHA256 } }\n"
		 "tls-profile 8 { trustpoint = a tls-version = \"1.3\" }\n"
		 "tenant 9 { tls-profile = 7 listen-secure = \"192.0.2.1:5080\" }\n"
		 "dial-peer 10 { tenant = 9 destination-pattern = \"2\" session-target = \"ipv4:192.0.2.9\" session-transport "
		 "= "
		 "\"tcp tls\" }\n",
				"trustpoint a changed, tls-cipher 5 added, tls-profile 8 added, tls-profile 100 removed, dial-peer 10 "
				"changed"},
};

START_TEST(test_rows)
{
	struct cube_conf *before = load(BASE), *after = load(rows[_i].text[0] ? rows[_i].text : "sip-ua { }\n");

	told[0] = '\0';
	ck_assert_int_eq(cube_conf_diff(before, after, change, told), 0);
	ck_assert_str_eq(told, rows[_i].want);
	cube_conf_free(&before);
	cube_conf_free(&after);
}
END_TEST

/* The path is the same, what is in the file is not: a renewed certificate. */
START_TEST(test_files)
{
	struct cube_conf *before = load(BASE), *after;
	const struct cube_file *old = &before->trustpoints[0].ca_pem;
	char *longer = malloc(old->len + 1);

	memcpy(longer, old->data, old->len);
	longer[old->len] = '\n';
	helper_files_put(&files, "/cfg/pki/ca.pem", longer, old->len + 1, 0644);
	after = load(BASE);
	told[0] = '\0';
	ck_assert_int_eq(cube_conf_diff(before, after, change, told), 0);
	ck_assert_str_eq(told, "trustpoint a changed");
	free(longer);
	cube_conf_free(&before);
	cube_conf_free(&after);
}
END_TEST

/* Of as many objects as there may be, in no time. */
START_TEST(test_many)
{
	enum
	{
		TENANTS = 10000
	};
	size_t room = TENANTS * 64, used;
	char *text = malloc(room);
	struct cube_conf *before, *after;

	used = 0;
	for(int i = 1; i <= TENANTS; i++)
		used += (size_t)snprintf(text + used, room - used, "tenant %d { description = x }\n", i);
	before = load(text);
	*strchr(text, 'x') = 'y';
	after = load(text);
	told[0] = '\0';
	ck_assert_int_eq(cube_conf_diff(before, after, change, told), 0);
	ck_assert_str_eq(told, "tenant 1 changed");
	free(text);
	cube_conf_free(&before);
	cube_conf_free(&after);
}
END_TEST

Suite *suite_diff(void)
{
	Suite *s = suite_create("diff");
	TCase *tc = tcase_create("diff");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_rows, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, test_files);
	tcase_add_test(tc, test_many);
	suite_add_tcase(s, tc);
	return s;
}
