/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tenant/sni.c: names to tenants, and the extension's bytes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tenant/sni.h"
#include "helper.h"

Suite *suite_sni(void);

static struct cube_str names_a[] = {{"a.acme.co", 9}, {"Shared.acme.co", 14}}, names_b[] = {{"b.acme.co", 9}},
					   names_g[] = {{"sip.acme.co", 11}};
static struct cube_tls_profile profiles[3];
static struct cube_tenant tenants[3];
static struct cube_crypto_signaling signaling[2];
static struct cube_addr listen_addr[1];

/* profile 0: tenant 100's; 1: tenant 200's; 2: sip-ua's, by two entries. Tenant 300 has none. */
static void conf_make(struct cube_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	memset(profiles, 0, sizeof(profiles));
	conf->arena = cube_arena_new(&cube_alloc_libc, 4096);
	conf->path = CUBE_STR("cube.conf");
	profiles[0].tag = 1;
	profiles[0].sni = (struct cube_list){names_a, 2};
	profiles[1].tag = 2;
	profiles[1].sni = (struct cube_list){names_b, 1};
	profiles[2].tag = 3;
	profiles[2].sni = (struct cube_list){names_g, 1};
	conf->tls_profiles = profiles;
	conf->n_tls_profiles = 3;
	tenants[0] = (struct cube_tenant){.tag = 100, .tls_profile = 0};
	tenants[1] = (struct cube_tenant){.tag = 200, .tls_profile = 1};
	tenants[2] = (struct cube_tenant){.tag = 300, .tls_profile = CUBE_NONE};
	conf->tenants = tenants;
	conf->n_tenants = 3;
	signaling[0].tls_profile = signaling[1].tls_profile = 2;
	conf->sip_ua.crypto_signaling = signaling;
	conf->sip_ua.n_crypto_signaling = 2;
	conf->sip_ua.listen_secure = listen_addr;
	conf->sip_ua.n_listen_secure = 1;
}

static const struct
{
	const char *name;
	int profile, tenant; /* profile -1: nobody */
} finds[] = {
		{"a.acme.co", 0, 0},
		{"A.ACME.CO", 0, 0},
		{"shared.acme.co", 0, 0},
		{"b.acme.co", 1, 1},
		{"sip.acme.co", 2, CUBE_NONE},
		{"acme.co", -1, 0},
		{"x.a.acme.co", -1, 0},
		{"", -1, 0},
};

START_TEST(test_find)
{
	struct cube_err err = {0};
	struct cube_conf conf;
	const struct cube_sni *sni;

	conf_make(&conf);
	ck_assert_msg(cube_sni_build(&conf, &err) == 0, "%s", err.text);
	sni = cube_sni_find(&conf, cube_str_of(finds[_i].name));
	ck_assert_int_eq(sni != NULL, finds[_i].profile >= 0);
	if(sni) {
		ck_assert_int_eq(sni->profile, finds[_i].profile);
		ck_assert_int_eq(sni->tenant, finds[_i].tenant);
	}
	cube_arena_free(&conf.arena);
}
END_TEST

static void refused(struct cube_conf *conf, const char *want)
{
	struct cube_err err = {0};

	ck_assert_int_eq(cube_sni_build(conf, &err), -1);
	ck_assert_str_eq(err.text, want);
	cube_arena_free(&conf->arena);
}

START_TEST(test_two_tenants)
{
	struct cube_conf conf;

	conf_make(&conf);
	tenants[2].tls_profile = 1;
	refused(&conf,
			"tls-profile 2: sni \"b.acme.co\": stands for tenant 200 and for tenant 300; a name selects one tenant");
}
END_TEST

START_TEST(test_tenant_and_sip_ua)
{
	struct cube_conf conf;

	conf_make(&conf);
	signaling[1].tls_profile = 1;
	refused(&conf, "tls-profile 2: sni \"b.acme.co\": stands for sip-ua and for tenant 200; a name selects one tenant");
}
END_TEST

START_TEST(test_no_shared_listener)
{
	struct cube_conf conf;

	conf_make(&conf);
	conf.sip_ua.n_listen_secure = 0;
	refused(&conf,
			"tls-profile 1: sni: has no effect without listen-secure in sip-ua, the listener that tenants share");
}
END_TEST

static const struct
{
	const char *bytes;
	size_t len;
	const char *want; /* NULL: refused */
} extensions[] = {
		{"\x00\x04\x00\x00\x01x", 6, "x"},
		{"\x00\x0c\x00\x00\x09"
		 "a.acme.co",
				14, "a.acme.co"},
		{"", 0, NULL},
		{"\x00", 1, NULL},
		{"\x00\x00", 2, NULL},
		{"\x00\x03\x00\x00\x00", 5, NULL},		/* an empty name */
		{"\x00\x04\x01\x00\x01x", 6, NULL},		/* another type */
		{"\x00\x05\x00\x00\x01x", 6, NULL},		/* the list is longer than the extension */
		{"\x00\x03\x00\x00\x01x", 6, NULL},		/* and shorter */
		{"\x00\x04\x00\x00\x02x", 6, NULL},		/* the name is longer than the list */
		{"\x00\x05\x00\x00\x01xy", 7, NULL},	/* and shorter: something behind it */
		{"\x00\x05\x00\x00\x02x\x00", 7, NULL}, /* an embedded NUL */
		{"\xff\xff\x00\xff\xff", 5, NULL},
};

START_TEST(test_parse)
{
	unsigned char *data = helper_exact(extensions[_i].bytes, extensions[_i].len);
	struct cube_str name = {"unset", 5};
	bool ok;

	ok = cube_sni_parse(data, extensions[_i].len, &name);
	ck_assert_int_eq(ok, extensions[_i].want != NULL);
	ck_assert(cube_str_eq(name, cube_str_of(ok ? extensions[_i].want : "unset")));
	free(data);
}
END_TEST

Suite *suite_sni(void)
{
	Suite *s = suite_create("sni");
	TCase *tc = tcase_create("sni");

	tcase_add_loop_test(tc, test_find, 0, sizeof(finds) / sizeof(finds[0]));
	tcase_add_test(tc, test_two_tenants);
	tcase_add_test(tc, test_tenant_and_sip_ua);
	tcase_add_test(tc, test_no_shared_listener);
	tcase_add_loop_test(tc, test_parse, 0, sizeof(extensions) / sizeof(extensions[0]));
	suite_add_tcase(s, tc);
	return s;
}
