/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tenant/trust.c: who may talk to whom, by a table; and many tenants. */
#include <check.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/plan.h"
#include "../../modules/libcube/tenant/trust.h"

Suite *suite_trust(void);

static struct cube_ip ip_of(const char *text)
{
	struct cube_ip ip;

	ck_assert_msg(cube_ip_parse(cube_str_of(text), &ip), "%s", text);
	return ip;
}

static struct cube_prefixes list_of(struct cube_prefix *prefix, const char *text)
{
	ck_assert_msg(cube_prefix_parse(cube_str_of(text), prefix), "%s", text);
	return (struct cube_prefixes){prefix, 1};
}

/* sip-ua lists 198.51.100.0/24; tenant 0 lists 2001:db8::/32; tenant 1 nothing. */
static struct cube_prefix global_list, tenant_list;
static struct cube_tenant tenants[2];
static const struct
{
	int tenant;
	enum cube_target_kind kind;
	const char *ip;
	bool shutdown;
} peers[] = {
		{0, CUBE_TARGET_IP, "192.0.2.1", false},
		{0, CUBE_TARGET_IP, "192.0.2.2", true},
		{0, CUBE_TARGET_DNS, "sip.acme.co", false},
		{1, CUBE_TARGET_DNS, "192.0.2.3", false},
		{0, CUBE_TARGET_DNS, "shut.acme.co", true},
		{1, CUBE_TARGET_IP, "192.0.2.4", false},
		{1, CUBE_TARGET_IP, "2001:db9::4", false},
		{CUBE_NONE, CUBE_TARGET_IP, "192.0.2.5", false},
		{0, CUBE_TARGET_IP, "192.0.2.6", true},
		{0, CUBE_TARGET_IP, "192.0.2.6", false},
		{0, CUBE_TARGET_IP, "192.0.2.6", false},
};
#define N_PEERS (sizeof(peers) / sizeof(peers[0]))

static void conf_make(struct cube_conf *conf)
{
	static struct cube_dial_peer dial_peers[N_PEERS];
	static struct cube_target targets[N_PEERS];
	struct cube_err err = {0};

	memset(conf, 0, sizeof(*conf));
	conf->arena = cube_arena_new(&cube_alloc_libc, 4096);
	conf->sip_ua.trusted_authenticate = conf->sip_ua.silent_discard_untrusted = true;
	conf->sip_ua.trusted_list = list_of(&global_list, "198.51.100.0/24");
	tenants[0].trusted_list = list_of(&tenant_list, "2001:db8::/32");
	conf->tenants = tenants;
	conf->n_tenants = 2;
	for(unsigned i = 0; i < N_PEERS; i++) {
		dial_peers[i].tag = (int)i + 1;
		dial_peers[i].tenant = peers[i].tenant;
		dial_peers[i].shutdown = peers[i].shutdown;
		dial_peers[i].destination_pattern = CUBE_STR("1000");
		dial_peers[i].target = &targets[i];
		targets[i].kind = peers[i].kind;
		if(peers[i].kind == CUBE_TARGET_IP)
			targets[i].addr.ip = ip_of(peers[i].ip);
		else
			targets[i].host = cube_str_of(peers[i].ip);
	}
	conf->dial_peers = dial_peers;
	conf->n_dial_peers = N_PEERS;
	ck_assert_msg(cube_dial_plan_build(conf, conf->arena, &err) == 0, "%s", err.text);
}

static const struct
{
	int tenant;
	const char *source;
	bool cn_san;
	enum cube_trust want;
	const char *why;
} rows[] = {
		{0, "198.51.100.7", false, CUBE_TRUST_LISTED, "sip-ua's list is every tenant's"},
		{1, "198.51.100.7", false, CUBE_TRUST_LISTED, "sip-ua's list is every tenant's"},
		{CUBE_NONE, "198.51.100.7", false, CUBE_TRUST_LISTED, "sip-ua's list"},
		{0, "198.51.101.7", false, CUBE_TRUST_DISCARD, "beside the list"},
		{0, "2001:db8::7", false, CUBE_TRUST_LISTED, "the tenant's list"},
		{1, "2001:db8::7", false, CUBE_TRUST_DISCARD, "another tenant's list"},
		{CUBE_NONE, "2001:db8::7", false, CUBE_TRUST_DISCARD, "a tenant's list is not sip-ua's"},
		{0, "192.0.2.1", false, CUBE_TRUST_DIAL_PEER, "session-target of its dial-peer"},
		{1, "192.0.2.1", false, CUBE_TRUST_DISCARD, "session-target of another tenant's dial-peer"},
		{CUBE_NONE, "192.0.2.1", false, CUBE_TRUST_DISCARD, "session-target of a tenant's dial-peer"},
		{0, "192.0.2.2", false, CUBE_TRUST_DISCARD, "the dial-peer is shut down"},
		{0, "192.0.2.3", false, CUBE_TRUST_DISCARD, "a target by name has no address"},
		{1, "192.0.2.4", false, CUBE_TRUST_DIAL_PEER, "session-target of its dial-peer"},
		{1, "2001:db9::4", false, CUBE_TRUST_DIAL_PEER, "session-target, IPv6"},
		{1, "2001:db9::5", false, CUBE_TRUST_DISCARD, "beside it"},
		{CUBE_NONE, "192.0.2.5", false, CUBE_TRUST_DIAL_PEER, "dial-peer without tenant"},
		{0, "192.0.2.5", false, CUBE_TRUST_DISCARD, "a dial-peer without tenant is none of the tenant's"},
		{0, "192.0.2.6", false, CUBE_TRUST_DIAL_PEER, "one of three with this target is up"},
		{0, "203.0.113.9", true, CUBE_TRUST_CN_SAN, "only cn-san passes by the list"},
		{1, "2001:db8::7", true, CUBE_TRUST_CN_SAN, "only cn-san passes by the list"},
		{0, "203.0.113.9", false, CUBE_TRUST_DISCARD, "a stranger"},
		{0, "198.51.100.7", true, CUBE_TRUST_LISTED, "the list is asked first"},
		{0, "192.0.2.1", true, CUBE_TRUST_DIAL_PEER, "then the dial-peers"},
};

START_TEST(test_rows)
{
	struct cube_conf conf;
	struct cube_ip source = ip_of(rows[_i].source);
	bool ok = rows[_i].want != CUBE_TRUST_DISCARD;
	enum cube_trust got;

	conf_make(&conf);
	got = cube_tenant_trust(&conf, rows[_i].tenant, &source, rows[_i].cn_san);
	ck_assert_msg(got == rows[_i].want, "%s: got %d, want %d: %s", rows[_i].source, (int)got, (int)rows[_i].want,
			rows[_i].why);
	ck_assert(cube_trust_ok(got) == ok);
	conf.sip_ua.silent_discard_untrusted = false;
	got = cube_tenant_trust(&conf, rows[_i].tenant, &source, rows[_i].cn_san);
	ck_assert_int_eq((int)got, (int)(ok ? rows[_i].want : CUBE_TRUST_REFUSE));
	ck_assert(cube_trust_ok(got) == ok);
	conf.sip_ua.trusted_authenticate = false;
	got = cube_tenant_trust(&conf, rows[_i].tenant, &source, rows[_i].cn_san);
	ck_assert_int_eq((int)got, (int)CUBE_TRUST_NOT_REQUIRED);
	ck_assert(cube_trust_ok(got));
	cube_arena_free(&conf.arena);
}
END_TEST

START_TEST(test_no_source)
{
	struct cube_conf conf;
	struct cube_ip none = {0};

	conf_make(&conf);
	ck_assert_int_eq((int)cube_tenant_trust(&conf, 0, &none, false), (int)CUBE_TRUST_DISCARD);
	cube_arena_free(&conf.arena);
}
END_TEST

/* Each of many tenants trusts the target of its own dial-peers, and no other's. */
START_TEST(test_many_tenants)
{
	enum
	{
		N = 10000
	};
	struct cube_conf conf = {.n_tenants = N, .n_dial_peers = N};
	struct cube_target *targets;
	struct cube_err err = {0};

	conf.arena = cube_arena_new(&cube_alloc_libc, 1 << 20);
	conf.sip_ua.trusted_authenticate = true;
	conf.tenants = cube_arena_array(conf.arena, N, sizeof(*conf.tenants));
	conf.dial_peers = cube_arena_array(conf.arena, N, sizeof(*conf.dial_peers));
	targets = cube_arena_array(conf.arena, N, sizeof(*targets));
	for(int i = 0; i < N; i++) {
		struct cube_ip ip = {4, {10, 0, (uint8_t)(i >> 8), (uint8_t)i}};

		targets[i] = (struct cube_target){.kind = CUBE_TARGET_IP, .addr = {.ip = ip}};
		conf.dial_peers[i] = (struct cube_dial_peer){.tag = i + 1, .tenant = N - 1 - i, .target = &targets[i]};
	}
	ck_assert_msg(cube_dial_plan_build(&conf, conf.arena, &err) == 0, "%s", err.text);
	for(int i = 0; i < N; i++) {
		const struct cube_ip *ip = &conf.dial_peers[i].target->addr.ip;

		ck_assert_int_eq((int)cube_tenant_trust(&conf, N - 1 - i, ip, false), (int)CUBE_TRUST_DIAL_PEER);
		ck_assert_int_eq((int)cube_tenant_trust(&conf, (N - i) % N, ip, false), (int)CUBE_TRUST_REFUSE);
	}
	cube_arena_free(&conf.arena);
}
END_TEST

static const struct
{
	int tenant;
	const char *host;
	bool want;
} names[] = {
		{0, "sip.acme.co", true},
		{0, "SIP.Acme.CO", true},
		{1, "sip.acme.co", false},
		{CUBE_NONE, "sip.acme.co", false},
		{0, "shut.acme.co", false},
		{0, "192.0.2.1", false},
		{0, "acme.co", false},
		{0, "sip.acme.co.", false},
		{0, "", false},
};

START_TEST(test_names)
{
	struct cube_conf conf;

	conf_make(&conf);
	ck_assert_int_eq(cube_dial_plan_target_name(&conf, names[_i].tenant, cube_str_of(names[_i].host)), names[_i].want);
	cube_arena_free(&conf.arena);
}
END_TEST

Suite *suite_trust(void)
{
	Suite *s = suite_create("trust");
	TCase *t = tcase_create("trust");

	tcase_add_loop_test(t, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, test_no_source);
	tcase_add_test(t, test_many_tenants);
	tcase_add_loop_test(t, test_names, 0, sizeof(names) / sizeof(names[0]));
	suite_add_tcase(s, t);
	return s;
}
