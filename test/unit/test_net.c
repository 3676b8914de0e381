/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/net.c: what is an address, a port, a network, and what only looks like one. */
#include <check.h>
#include <string.h>

#include "../../modules/libcube/base/net.h"

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

static const struct
{
	const char *text, *plain, *brackets; /* NULL: refused */
} ips[] = {
		{"192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255", "255.255.255.255"},
		{"2001:db8::1", "2001:db8::1", "[2001:db8::1]"},
		{"[2001:db8::1]", "2001:db8::1", "[2001:db8::1]"},
		{"2001:0DB8:0:0:0:0:0:1", "2001:db8::1", "[2001:db8::1]"},
		{"::", "::", "[::]"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]"},
		{"", NULL, NULL},
		{"192.0.2", NULL, NULL},
		{"192.0.2.1.5", NULL, NULL},
		{"192.0.2.256", NULL, NULL},
		{"192.0.2.01", NULL, NULL}, /* octal to some */
		{"0x7f.0.0.1", NULL, NULL},
		{"3221225985", NULL, NULL},
		{" 192.0.2.1", NULL, NULL},
		{"192.0.2.1 ", NULL, NULL},
		{"192.0.2.-1", NULL, NULL},
		{"[192.0.2.1]", NULL, NULL},
		{"[2001:db8::1", NULL, NULL},
		{"2001:db8::1]", NULL, NULL},
		{"[]", NULL, NULL},
		{"[", NULL, NULL},
		{"fe80::1%eth0", NULL, NULL},
		{"2001:db8::1::2", NULL, NULL},
		{"2001:db8", NULL, NULL},
		{"sip.acme.co", NULL, NULL},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999", NULL, NULL},
		{"0000000000000000000000000000000000000000000000000000000000", NULL, NULL},
};

START_TEST(ip)
{
	struct cube_ip ip = {.len = 99};
	char buf[CUBE_ADDR_TEXT_MAX];
	bool ok = cube_ip_parse(cube_str_of(ips[_i].text), &ip);

	ck_assert_msg(ok == (ips[_i].plain != NULL), "%s", ips[_i].text);
	if(!ok) {
		ck_assert_uint_eq(ip.len, 99); /* untouched */
		return;
	}
	ck_assert_str_eq(cube_ip_text(&ip, false, buf), ips[_i].plain);
	ck_assert_str_eq(cube_ip_text(&ip, true, buf), ips[_i].brackets);
}
END_TEST

START_TEST(ip_nul)
{
	struct cube_ip ip;

	ck_assert(!cube_ip_parse(CUBE_STR("192.0.2.1\0.evil"), &ip));
	ck_assert(!cube_ip_parse(CUBE_STR("\0"), &ip));
}
END_TEST

static const struct
{
	const char *text, *with_port, *without; /* the result when a port is needed, and when not */
} addrs[] = {
		{"192.0.2.1:5061", "192.0.2.1:5061", "192.0.2.1:5061"},
		{"192.0.2.1", NULL, "192.0.2.1"},
		{"[2001:db8::1]:65535", "[2001:db8::1]:65535", "[2001:db8::1]:65535"},
		{"[2001:db8::1]", NULL, "[2001:db8::1]"},
		{"2001:db8::1", NULL, "[2001:db8::1]"},
		{"2001:db8::1:5061", NULL, "[2001:db8::1:5061]"}, /* without brackets there is no port */
		{"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:5061", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:5061",
				"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:5061"},
		{"192.0.2.1:", NULL, NULL},
		{"192.0.2.1:0", NULL, NULL},
		{"192.0.2.1:05061", NULL, NULL},
		{"192.0.2.1:65536", NULL, NULL},
		{"192.0.2.1:99999999999", NULL, NULL},
		{"192.0.2.1:+5061", NULL, NULL},
		{"192.0.2.1:5061x", NULL, NULL},
		{"192.0.2.1:5061:5061", NULL, NULL},
		{"[2001:db8::1]5061", NULL, NULL},
		{"[2001:db8::1]:", NULL, NULL},
		{"[192.0.2.1]:5061", NULL, NULL},
		{":5061", NULL, NULL},
		{"5061", NULL, NULL},
		{"", NULL, NULL},
		{":", NULL, NULL},
		{"sip.acme.co:5061", NULL, NULL},
};

START_TEST(addr)
{
	const char *want;
	struct cube_addr got;
	char buf[CUBE_ADDR_TEXT_MAX];
	int need_port;

	for(need_port = 0; need_port < 2; need_port++) {
		want = need_port ? addrs[_i].with_port : addrs[_i].without;
		ck_assert_msg(
				cube_addr_parse(cube_str_of(addrs[_i].text), need_port, &got) == (want != NULL), "%s", addrs[_i].text);
		if(want)
			ck_assert_str_eq(cube_addr_text(&got, buf), want);
	}
}
END_TEST

static const struct
{
	const char *text;
	int bits; /* -1: refused */
	const char *in, *out;
} prefixes[] = {
		{"192.0.2.0/24", 24, "192.0.2.255", "192.0.3.0"},
		{"192.0.2.1", 32, "192.0.2.1", "192.0.2.2"},
		{"192.0.2.1/32", 32, "192.0.2.1", "192.0.2.0"},
		{"0.0.0.0/0", 0, "255.1.2.3", "::1"},
		{"::/0", 0, "::1", "0.0.0.0"},
		{"10.0.0.0/9", 9, "10.127.255.255", "10.128.0.0"},
		{"192.0.2.128/25", 25, "192.0.2.200", "192.0.2.127"},
		{"192.0.2.4/31", 31, "192.0.2.5", "192.0.2.6"},
		{"2001:db8::/33", 33, "2001:db8:7fff::1", "2001:db8:8000::1"},
		{"2001:db8::1", 128, "2001:db8::1", "2001:db8::2"},
		{"2001:db8::/32", 32, "2001:db8:ffff::", "32.1.13.184"},
		{"192.0.2.1/24", -1, NULL, NULL},
		{"192.0.2.0/33", -1, NULL, NULL},
		{"192.0.2.0/", -1, NULL, NULL},
		{"192.0.2.0/024", -1, NULL, NULL},
		{"192.0.2.0/-1", -1, NULL, NULL},
		{"192.0.2.0/ 24", -1, NULL, NULL},
		{"192.0.2.0/255.255.255.0", -1, NULL, NULL},
		{"2001:db8::/129", -1, NULL, NULL},
		{"2001:db8::1/64", -1, NULL, NULL},
		{"/24", -1, NULL, NULL},
		{"", -1, NULL, NULL},
		{"any", -1, NULL, NULL},
};

START_TEST(prefix)
{
	struct cube_prefix got;
	struct cube_ip in, out;
	bool ok = cube_prefix_parse(cube_str_of(prefixes[_i].text), &got);

	ck_assert_msg(ok == (prefixes[_i].bits >= 0), "%s", prefixes[_i].text);
	if(!ok)
		return;
	ck_assert_int_eq(got.bits, prefixes[_i].bits);
	ck_assert(cube_ip_parse(cube_str_of(prefixes[_i].in), &in));
	ck_assert(cube_ip_parse(cube_str_of(prefixes[_i].out), &out));
	ck_assert_msg(cube_prefix_has(&got, &in), "%s has %s", prefixes[_i].text, prefixes[_i].in);
	ck_assert_msg(!cube_prefix_has(&got, &out), "%s has not %s", prefixes[_i].text, prefixes[_i].out);
	ck_assert(!cube_prefix_has(&got, &(struct cube_ip){0}));
}
END_TEST

START_TEST(local)
{
	static const struct
	{
		const char *text;
		bool local;
	} rows[] = {{"127.0.0.1", true}, {"127.255.255.255", true}, {"126.255.255.255", false}, {"128.0.0.0", false},
			{"0.0.0.0", true}, {"0.255.255.255", true}, {"1.0.0.0", false}, {"169.254.169.254", true},
			{"169.253.255.255", false}, {"169.255.0.0", false}, {"10.0.0.1", false}, {"192.0.2.1", false}, {"::", true},
			{"::1", true}, {"::2", false}, {"fe80::1", true}, {"febf:ffff::", true}, {"fec0::", false},
			{"fe7f::1", false}, {"2001:db8::1", false}, {"::ffff:127.0.0.1", true}, {"::ffff:0.0.0.0", true},
			{"::ffff:169.254.1.1", true}, {"::ffff:192.0.2.1", false}, {"::fffe:127.0.0.1", false}};
	struct cube_ip parsed;

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(cube_ip_parse(cube_str_of(rows[i].text), &parsed), "%s", rows[i].text);
		ck_assert_msg(cube_ip_local(&parsed) == rows[i].local, "%s", rows[i].text);
	}
	ck_assert(!cube_ip_local(&(struct cube_ip){0}));
}
END_TEST

START_TEST(compare)
{
	static const char *const order[] = {
			"0.0.0.0", "10.0.0.1", "10.0.0.2", "255.255.255.255", "::", "::1", "2001:db8::1"};
	struct cube_ip a, b;
	int i, k;

	for(i = 0; i < N(order); i++) {
		for(k = 0; k < N(order); k++) {
			ck_assert(cube_ip_parse(cube_str_of(order[i]), &a) && cube_ip_parse(cube_str_of(order[k]), &b));
			ck_assert_int_eq((cube_ip_cmp(&a, &b) > 0) - (cube_ip_cmp(&a, &b) < 0), (i > k) - (i < k));
			ck_assert_int_eq(cube_ip_eq(&a, &b), i == k);
		}
		ck_assert_int_eq(cube_ip_any(&a), i == 0 || i == 4);
	}
	ck_assert(!cube_ip_any(&(struct cube_ip){0}));
}
END_TEST

Suite *suite_net(void);
Suite *suite_net(void)
{
	Suite *suite = suite_create("net");
	TCase *tcase = tcase_create("net");

	tcase_add_loop_test(tcase, ip, 0, N(ips));
	tcase_add_test(tcase, ip_nul);
	tcase_add_loop_test(tcase, addr, 0, N(addrs));
	tcase_add_loop_test(tcase, prefix, 0, N(prefixes));
	tcase_add_test(tcase, local);
	tcase_add_test(tcase, compare);
	suite_add_tcase(suite, tcase);
	return suite;
}
