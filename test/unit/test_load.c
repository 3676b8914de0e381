/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf/load.c, inherit.c, find.c: what a loaded configuration holds, and looking things up in it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/trustpoint.h"
#include "helper.h"

static struct helper_files files;
static struct cube_conf *conf;
static char *text;

static void setup(void)
{
	struct cube_err err;
	size_t len;

	helper_files_init(&files);
	helper_files_pki(&files);
	text = helper_read("test/conf/ok/complete.conf", &len);
	conf = helper_load(&files, text, len, &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
}

static void teardown(void)
{
	cube_conf_free(&conf);
	helper_files_free(&files);
	free(text);
}

static struct cube_ip ip(const char *address)
{
	struct cube_ip got = {0};

	ck_assert(cube_ip_parse(cube_str_of(address), &got));
	return got;
}

START_TEST(by_tag)
{
	ck_assert_int_eq(cube_conf_tenant(conf, 100)->tag, 100);
	ck_assert_int_eq(cube_conf_tenant(conf, 200)->tag, 200);
	ck_assert_ptr_null(cube_conf_tenant(conf, 0));
	ck_assert_ptr_null(cube_conf_tenant(conf, 101));
	ck_assert_ptr_null(cube_conf_tenant(conf, -1));
	ck_assert_int_eq(cube_conf_dial_peer(conf, 100)->tag, 100);
	ck_assert_ptr_null(cube_conf_dial_peer(conf, 200));
}
END_TEST

static const struct
{
	const char *address;
	uint16_t port;
	bool secure;
	int tenant; /* tag; 0 sip-ua; -1 nobody */
} listeners[] = {
		{"203.0.113.10", 5080, true, 100},
		{"203.0.113.10", 5080, false, -1},
		{"203.0.113.10", 5070, false, 100},
		{"203.0.113.10", 5070, true, -1},
		{"203.0.113.10", 5061, true, 0}, /* by the wildcard */
		{"203.0.113.11", 5061, true, 0},
		{"0.0.0.0", 5061, true, 0},
		{"203.0.113.11", 5061, false, -1},
		{"203.0.113.11", 5060, false, 0},
		{"203.0.113.11", 5080, true, -1},
		{"2001:db8::1", 5061, true, 0},
		{"2001:db8::1", 5060, false, -1},
		{"203.0.113.10", 0, true, -1},
};

START_TEST(listener)
{
	struct cube_ip address = ip(listeners[_i].address);
	const struct cube_listener *l = cube_conf_listener(conf, &address, listeners[_i].port, listeners[_i].secure);

	ck_assert_int_eq(l != NULL, listeners[_i].tenant >= 0);
	if(l)
		ck_assert_int_eq(l->tenant == CUBE_NONE ? 0 : conf->tenants[l->tenant].tag, listeners[_i].tenant);
}
END_TEST

static const struct
{
	int tenant; /* tag, 0 sip-ua */
	const char *peer;
	int profile; /* tag; 0 made from crypto-signaling */
	bool strict;
} profiles[] = {
		{100, "198.51.100.1", 100, false}, /* the tenant's own, whatever the address */
		{0, "198.51.100.1", 0, false},	   /* the longest prefix: 198.51.100.0/24 */
		{0, "198.51.101.1", 7, true},
		{0, "2001:db8::1", 7, true},
		{0, "192.0.2.1", 0, true}, /* default */
		{0, "2001:db9::1", 0, true},
};

START_TEST(profile)
{
	struct cube_ip peer = ip(profiles[_i].peer);
	int tenant = profiles[_i].tenant ? (int)(cube_conf_tenant(conf, profiles[_i].tenant) - conf->tenants) : CUBE_NONE;
	const struct cube_tls_profile *p = cube_conf_tls_profile(conf, tenant, &peer);

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(p->tag, profiles[_i].profile);
	ck_assert_int_eq(cube_str_eq(p->cipher_name, CUBE_STR("strict")), profiles[_i].strict);
}
END_TEST

START_TEST(no_profile)
{
	static const char minimal[] = "sip-ua { listen-non-secure = { 127.0.0.1:5060 } } tenant 1 { }";
	struct cube_ip peer = ip("192.0.2.1");
	struct cube_conf *other;
	struct cube_err err;

	other = helper_load(&files, minimal, strlen(minimal), &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	ck_assert_ptr_null(cube_conf_tls_profile(other, CUBE_NONE, &peer));
	ck_assert_ptr_null(cube_conf_tls_profile(other, 0, &peer));
	cube_conf_free(&other);
}
END_TEST

START_TEST(effective)
{
	const struct cube_dial_peer *peer = cube_conf_dial_peer(conf, 100);
	const struct cube_tls_profile *p = &conf->tls_profiles[conf->tenants[peer->tenant].tls_profile];

	ck_assert_int_eq(peer->target->kind, CUBE_TARGET_DNS);
	ck_assert(cube_str_eq(peer->target->host, CUBE_STR("sip.acme.co")));
	ck_assert_int_eq(peer->target->port, 5080);
	ck_assert_int_eq(cube_conf_tenant(conf, 200)->session_transport, CUBE_TRANSPORT_TCP); /* sip-ua's */
	ck_assert_int_eq(p->tag, 100);
	ck_assert(cube_str_eq(conf->trustpoints[p->trustpoint[CUBE_ROLE_SERVER]].name, CUBE_STR("chef")));
	ck_assert(cube_str_eq(conf->trustpoints[p->trustpoint[CUBE_ROLE_CLIENT]].name, CUBE_STR("ec")));
	ck_assert_uint_eq(p->n_verify_trustpoints, 2);
	ck_assert(cube_str_eq(conf->trustpoints[p->verify_trustpoints[0]].name, CUBE_STR("peers")));
	ck_assert_uint_eq(p->tls_versions, CUBE_TLS_1_3);
	ck_assert_str_eq(p->ciphersuites, "TLS_AES_256_GCM_SHA384");
	ck_assert_ptr_nonnull(conf->dial_plan);
}
END_TEST

/* Profiles of crypto-signaling stand behind the configured ones. */
START_TEST(profiles_in_order)
{
	unsigned i, made = 0;

	for(i = 0; i < conf->n_tls_profiles; i++) {
		if(conf->tls_profiles[i].tag == 0)
			made++;
		else
			ck_assert_uint_eq(made, 0);
	}
	ck_assert_uint_eq(made, 2);
}
END_TEST

/* However many name it, a file is read once, and each has its contents. */
START_TEST(files_once)
{
	static const char shared[] = "trustpoint a { ca = pki/ca.pem } trustpoint b { ca = pki/other-ca.pem }"
								 "trustpoint c { ca = pki/ca.pem } trustpoint d { ca = \"/cfg/pki/ca.pem\" }";
	struct cube_conf *other;
	struct cube_err err;

	files.reads = 0;
	other = helper_load(&files, shared, strlen(shared), &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	ck_assert_uint_eq(files.reads, 3); /* the configuration itself is one */
	ck_assert_ptr_eq(other->trustpoints[0].ca_pem.data, other->trustpoints[2].ca_pem.data);
	ck_assert_ptr_eq(other->trustpoints[0].ca_pem.data, other->trustpoints[3].ca_pem.data);
	ck_assert_str_ne(other->trustpoints[0].ca_pem.data, other->trustpoints[1].ca_pem.data);
	cube_conf_free(&other);
}
END_TEST

/* However many name it, a CRL is looked for once, and not read; one that is fetched is not looked for. */
START_TEST(crls_once)
{
	static const char shared[] = "trustpoint a { ca = pki/ca.pem crl = pki/ca.crl }"
								 "trustpoint b { ca = pki/ca.pem crl = \"/cfg/pki/ca.crl\" }"
								 "trustpoint c { ca = pki/ca.pem crl = pki/ca.pem }"
								 "trustpoint d { ca = pki/ca.pem crl = \"http://127.0.0.1/pki/ca.crl\" }";
	struct cube_conf *other;
	struct cube_err err;

	files.reads = files.looks = 0;
	other = helper_load(&files, shared, strlen(shared), &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	ck_assert_uint_eq(files.reads, 2);
	ck_assert_uint_eq(files.looks, 2);
	ck_assert_ptr_nonnull(other->trustpoints[2].ca_pem.data);
	cube_conf_free(&other);
}
END_TEST

static const struct
{
	const char *keys;
	bool given, is_url;
	uint8_t methods[CUBE_REVOCATIONS_MAX + 1]; /* 0: no more */
	const char *crl;
} revocations[] = {
		{"", false, false, {CUBE_REVOCATION_CRL}, ""},
		{"crl = pki/ca.crl", false, false, {CUBE_REVOCATION_CRL}, "/cfg/pki/ca.crl"},
		{"crl = \"http://x\"", false, true, {CUBE_REVOCATION_CRL}, "http://x"},
		{"revocation-check = crl", true, false, {CUBE_REVOCATION_CRL}, ""},
		{"revocation-check = none", true, false, {CUBE_REVOCATION_NONE}, ""},
		{"revocation-check = { ocsp, none }", true, false, {CUBE_REVOCATION_OCSP, CUBE_REVOCATION_NONE}, ""},
		{"crl = \"http://x\" revocation-check = { ocsp, crl, none }", true, true,
				{CUBE_REVOCATION_OCSP, CUBE_REVOCATION_CRL, CUBE_REVOCATION_NONE}, "http://x"},
};

START_TEST(revocation)
{
	const struct cube_trustpoint *tp;
	struct cube_conf *other;
	struct cube_err err;
	unsigned i;
	char config[200];

	snprintf(config, sizeof(config), "trustpoint a { ca = pki/ca.pem %s }", revocations[_i].keys);
	other = helper_load(&files, config, strlen(config), &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	tp = &other->trustpoints[0];
	ck_assert_int_eq(tp->revocation_given, revocations[_i].given);
	ck_assert_int_eq(tp->crl_is_url, revocations[_i].is_url);
	ck_assert(cube_str_eq(tp->crl, cube_str_of(revocations[_i].crl)));
	for(i = 0; revocations[_i].methods[i]; i++)
		ck_assert_int_eq(tp->revocation[i], revocations[_i].methods[i]);
	ck_assert_uint_eq(tp->n_revocation, i);
	ck_assert(cube_str_eq(other->sip_ua.crl_cache, CUBE_STR("/var/cache/kamailio-cube")));
	cube_conf_free(&other);
}
END_TEST

/* Those with one file share a set, also where another file stands between them. */
START_TEST(ca_sets)
{
	static const char shared[] = "trustpoint a { ca = pki/ca.pem } trustpoint b { ca = pki/other-ca.pem }"
								 "trustpoint c { ca = pki/ca.pem } trustpoint d { ca = pki/other-ca.pem }"
								 "trustpoint e { certificate = pki/cube.pem private-key = pki/cube.key }";
	const struct cube_trustpoint *tp;
	struct cube_conf *other;
	struct cube_err err;
	unsigned i, k;

	other = helper_load(&files, shared, strlen(shared), &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	tp = other->trustpoints;
	for(i = 0; i < 4; i++) {
		ck_assert_uint_eq(tp[i].ca_set.n, 1);
		for(k = 0; k < 4; k++)
			ck_assert_int_eq(cube_cert_set_has(&tp[i].ca_set, tp[k].ca_set.v[0].sha256), i % 2 == k % 2);
	}
	ck_assert_ptr_eq(tp[0].ca_set.v, tp[2].ca_set.v);
	ck_assert_ptr_eq(tp[1].ca_set.v, tp[3].ca_set.v);
	ck_assert_uint_eq(tp[4].ca_set.n, 0);
	cube_conf_free(&other);
}
END_TEST

/* Whoever fetches it has room for so much. */
START_TEST(crl_path_long)
{
	static char folder[1100], path[1200];
	static const char config[] = "trustpoint a { ca = \"/cfg/pki/ca.pem\" crl = ca.crl }";
	struct cube_conf *other = NULL;
	struct cube_err err;
	int len;

	for(len = 1016; len <= 1017; len++) {
		memset(folder, 'a', sizeof(folder));
		folder[0] = '/';
		snprintf(path, sizeof(path), "%.*s/cube.conf", len, folder);
		helper_files_put(&files, path, config, strlen(config), 0644);
		snprintf(path, sizeof(path), "%.*s/ca.crl", len, folder);
		helper_files_put(&files, path, "", 0, 0644);
		snprintf(path, sizeof(path), "%.*s/cube.conf", len, folder);
		ck_assert_int_eq(cube_conf_load(path, &files.files, &cube_alloc_libc, &other, &err), len == 1016 ? 0 : -1);
		cube_conf_free(&other);
	}
	ck_assert_str_eq(err.text, "trustpoint a: crl: a path of 1024 bytes (at most 1023)");
}
END_TEST

/* Paths are relative to the folder of the configuration, however that is given. */
START_TEST(folders)
{
	static const char *const paths[] = {"/cfg/cube.conf", "cfg/cube.conf", "cube.conf", "/cube.conf"};
	static const char *const want[] = {"/cfg/no.pem", "cfg/no.pem", "no.pem", "/no.pem"};
	static const char trustpoint[] = "trustpoint a { ca = no.pem }";
	struct cube_conf *other = NULL;
	struct cube_err err;
	char line[100];

	helper_files_put(&files, paths[_i], trustpoint, strlen(trustpoint), 0644);
	ck_assert_int_eq(cube_conf_load(paths[_i], &files.files, &cube_alloc_libc, &other, &err), -1);
	ck_assert_ptr_null(other);
	snprintf(line, sizeof(line), "trustpoint a: ca: cannot read %s: No such file or directory", want[_i]);
	ck_assert_str_eq(err.text, line);
}
END_TEST

START_TEST(no_configuration)
{
	struct cube_conf *other = NULL;
	struct cube_err err;

	ck_assert_int_eq(cube_conf_load("/none.conf", &files.files, &cube_alloc_libc, &other, &err), -1);
	ck_assert_str_eq(err.text, "configuration: cannot read /none.conf: No such file or directory");
	cube_conf_free(&other);
}
END_TEST

/* 10,000 tenants and 20,000 dial-peers: a quadratic step would be felt. */
START_TEST(many)
{
	struct cube_conf *other;
	struct cube_err err;
	char *big = NULL;
	size_t len;
	FILE *fp = open_memstream(&big, &len);
	int i;

	ck_assert_ptr_nonnull(fp);
	fprintf(fp, "trustpoint a { certificate = pki/cube.pem private-key = pki/cube.key ca = pki/ca.pem }\n"
				"tls-profile 1 { trustpoint = a }\n");
	for(i = 10000; i > 0; i--)
		fprintf(fp,
				"tenant %d { tls-profile = 1 listen-secure = \"127.%d.%d.1:5061\" sip-server = \"dns:t%d.acme.co\" }\n"
				"dial-peer %d { tenant = %d destination-pattern = \"%05dT\" session-target = sip-server "
				"session-transport = \"tcp tls\" }\n"
				"dial-peer %d { tenant = %d incoming-called-number = \".T\" }\n",
				i, i / 250, i % 250, i, i, i, i, i + 10000, i);
	fclose(fp);
	other = helper_load(&files, big, len, &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	ck_assert_uint_eq(other->n_tenants, 10000);
	ck_assert_uint_eq(other->n_dial_peers, 20000);
	cube_conf_free(&other);
	free(big);
}
END_TEST

/* A million of them are held in memory: what is not given takes none, what is written alike is there once. */
START_TEST(parts)
{
	static const char plan[] =
			"sip-ua { listen-non-secure = \"192.0.2.1:5060\" }\n"
			"uri u { host = dns:a.acme.co }\n"
			"dial-peer 1 { destination-pattern = 1 session-target = \"dns:a.acme.co:5080\" }\n"
			"dial-peer 2 { destination-pattern = 2 session-target = \"dns:a.acme.co:5080\" }\n"
			"dial-peer 3 { destination-pattern = 3 session-target = \"dns:a.acme.co\" }\n"
			"dial-peer 4 { incoming-uri-via = u }\n"
			"dial-peer 5 { incoming-uri-via = u destination-uri = u session-target = \"dns:a.acme.co\""
			" voice-hunt = 404 }\n";
	struct cube_err err;
	struct cube_conf *other = helper_load(&files, plan, sizeof(plan) - 1, &err);
	const struct cube_dial_peer *p;

	ck_assert_msg(other != NULL, "%s", err.text);
	p = other->dial_peers;
	ck_assert_uint_le(sizeof(*p), 112);
	for(int i = 0; i < 3; i++)
		ck_assert(!p[i].in && !p[i].out && !p[i].more);
	ck_assert(p[3].in && !p[3].out && !p[3].more && !p[3].target);
	ck_assert(p[4].in && p[4].out && p[4].more);
	ck_assert_ptr_eq(p[0].session_target, p[1].session_target);
	ck_assert_ptr_ne(p[0].session_target, p[2].session_target);
	ck_assert_ptr_eq(p[2].target, p[4].target);
	ck_assert_ptr_eq(p[3].in->incoming_uri[CUBE_URI_VIA].name.s, p[4].out->destination_uri.name.s);
	ck_assert_int_eq(cube_dial_in(&p[0])->destination_dpg.tag, 0);
	ck_assert_ptr_null(cube_dial_more(&p[0])->hunt);
	ck_assert_uint_eq(p[4].more->hunt->bits[0], 1u << 4);
	cube_conf_free(&other);
}
END_TEST

Suite *suite_load(void);
Suite *suite_load(void)
{
	Suite *suite = suite_create("load");
	TCase *tcase = tcase_create("load");

	tcase_set_timeout(tcase, 60);
	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, by_tag);
	tcase_add_loop_test(tcase, listener, 0, sizeof(listeners) / sizeof(listeners[0]));
	tcase_add_loop_test(tcase, profile, 0, sizeof(profiles) / sizeof(profiles[0]));
	tcase_add_test(tcase, no_profile);
	tcase_add_test(tcase, effective);
	tcase_add_test(tcase, profiles_in_order);
	tcase_add_test(tcase, files_once);
	tcase_add_test(tcase, crls_once);
	tcase_add_loop_test(tcase, revocation, 0, sizeof(revocations) / sizeof(revocations[0]));
	tcase_add_test(tcase, ca_sets);
	tcase_add_test(tcase, crl_path_long);
	tcase_add_loop_test(tcase, folders, 0, 4);
	tcase_add_test(tcase, no_configuration);
	tcase_add_test(tcase, many);
	tcase_add_test(tcase, parts);
	suite_add_tcase(suite, tcase);
	return suite;
}
