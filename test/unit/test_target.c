/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf/target.c: forms of session-target and of cn-san entries. */
#include <check.h>

#include "../../modules/libcube/conf/target.h"

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

static const struct
{
	const char *text;
	enum cube_target_kind kind; /* NONE: refused */
	const char *where;			/* address, or name */
	int port;
} targets[] = {
		{"ipv4:192.0.2.1", CUBE_TARGET_IP, "192.0.2.1", 0},
		{"ipv4:192.0.2.1:5061", CUBE_TARGET_IP, "192.0.2.1", 5061},
		{"ipv6:2001:db8::1", CUBE_TARGET_IP, "2001:db8::1", 0},
		{"ipv6:[2001:db8::1]", CUBE_TARGET_IP, "2001:db8::1", 0},
		{"ipv6:[2001:db8::1]:65535", CUBE_TARGET_IP, "2001:db8::1", 65535},
		{"dns:sip.acme.co", CUBE_TARGET_DNS, "sip.acme.co", 0},
		{"dns:sip.acme.co:1", CUBE_TARGET_DNS, "sip.acme.co", 1},
		{"dns:localhost", CUBE_TARGET_DNS, "localhost", 0},
		{"", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:", CUBE_TARGET_NONE, NULL, 0},
		{"ipv6:", CUBE_TARGET_NONE, NULL, 0},
		{"dns:", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:[192.0.2.1]", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:2001:db8::1", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:::ffff:192.0.2.1", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:192.0.2.1:", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:192.0.2.1:0", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:192.0.2.1:5061 ", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4: 192.0.2.1", CUBE_TARGET_NONE, NULL, 0},
		{"ipv4:0.0.0.0", CUBE_TARGET_NONE, NULL, 0},
		{"ipv6:::", CUBE_TARGET_NONE, NULL, 0},
		{"ipv6:192.0.2.1", CUBE_TARGET_NONE, NULL, 0},
		{"ipv6:[2001:db8::1", CUBE_TARGET_NONE, NULL, 0},
		{"IPV4:192.0.2.1", CUBE_TARGET_NONE, NULL, 0},
		{"192.0.2.1", CUBE_TARGET_NONE, NULL, 0},
		{"sip-server", CUBE_TARGET_NONE, NULL, 0},
		{"dns:192.0.2.1", CUBE_TARGET_NONE, NULL, 0},
		{"dns:[2001:db8::1]", CUBE_TARGET_NONE, NULL, 0},
		{"dns:sip.acme.co:", CUBE_TARGET_NONE, NULL, 0},
		{"dns:sip.acme.co:65536", CUBE_TARGET_NONE, NULL, 0},
		{"dns:sip.acme.co:5061:5061", CUBE_TARGET_NONE, NULL, 0},
		{"dns::5061", CUBE_TARGET_NONE, NULL, 0},
		{"dns:sip..co", CUBE_TARGET_NONE, NULL, 0},
		{"dns:*.acme.co", CUBE_TARGET_NONE, NULL, 0},
		{"dns:sip acme", CUBE_TARGET_NONE, NULL, 0},
		{"sip:sip.acme.co", CUBE_TARGET_NONE, NULL, 0},
};

START_TEST(target)
{
	char buf[CUBE_ADDR_TEXT_MAX];
	struct cube_target got;
	const char *wrong = cube_target_parse(cube_str_of(targets[_i].text), &got);

	ck_assert_msg((wrong == NULL) == (targets[_i].kind != CUBE_TARGET_NONE), "%s: %s", targets[_i].text, wrong);
	ck_assert_int_eq(got.kind, targets[_i].kind);
	if(got.kind == CUBE_TARGET_IP) {
		ck_assert_str_eq(cube_ip_text(&got.addr.ip, false, buf), targets[_i].where);
		ck_assert_int_eq(got.addr.port, targets[_i].port);
	} else if(got.kind == CUBE_TARGET_DNS) {
		ck_assert(cube_str_eq(got.host, cube_str_of(targets[_i].where)));
		ck_assert_int_eq(got.port, targets[_i].port);
	}
}
END_TEST

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct
{
	const char *name;
	bool ok;
} names[] = {
		{"a.b", true},
		{"sip.acme.co", true},
		{"SIP.ACME.CO", true},
		{"*.acme.co", true},
		{"xn--mnchen-3ya.de", true},
		{"1.2.3.com", true},
		{LABEL_63 ".co", true},
		{LABEL_63 "." LABEL_63, true},		 /* 127 characters */
		{LABEL_63 "." LABEL_63 ".b", false}, /* 129 */
		{LABEL_63 "4.co", false},			 /* a label of 64 */
		{"*.co", false},
		{"*.", false},
		{"*", false},
		{"*acme.co", false},
		{"sip*.acme.co", false},
		{"*.*.acme.co", false},
		{"sip.*.co", false},
		{"acme", false},
		{"ab", false},
		{"", false},
		{".acme.co", false},
		{"acme.co.", false},
		{"a..b", false},
		{"192.0.2.1", false},
		{"*.192.0.2.1", false},
		{"sip:acme.co", false},
		{"acme.co:5061", false},
		{"ac me.co", false},
		{"m\xC3\xBCnchen.de", false},
};

START_TEST(cn_san)
{
	ck_assert_msg(cube_cn_san_ok(cube_str_of(names[_i].name)) == names[_i].ok, "%s", names[_i].name);
}
END_TEST

static struct cube_target target_of(const char *text)
{
	struct cube_target t;

	ck_assert_msg(cube_target_parse(cube_str_of(text), &t) == NULL, "%s", text);
	return t;
}

/* Ascending, each with its text. */
static const char *const sorted[][2] = {
		{"ipv4:192.0.2.1", "192.0.2.1"},
		{"ipv4:192.0.2.1:5060", "192.0.2.1:5060"},
		{"ipv4:192.0.2.1:5061", "192.0.2.1:5061"},
		{"ipv4:192.0.2.2", "192.0.2.2"},
		{"ipv6:2001:db8::1", "[2001:db8::1]"},
		{"ipv6:[2001:db8::1]:5061", "[2001:db8::1]:5061"},
		{"dns:acme.co", "acme.co"},
		{"dns:ACME.co:5061", "ACME.co:5061"},
		{"dns:sip.acme.co", "sip.acme.co"},
};

START_TEST(order)
{
	char buf[CUBE_TARGET_TEXT_MAX];

	for(unsigned i = 0; i < N(sorted); i++) {
		struct cube_target a = target_of(sorted[i][0]);

		ck_assert_str_eq(cube_target_text(&a, buf), sorted[i][1]);
		for(unsigned k = 0; k < N(sorted); k++) {
			struct cube_target b = target_of(sorted[k][0]);
			int cmp = cube_target_cmp(&a, &b);

			ck_assert_msg((cmp > 0) - (cmp < 0) == (i > k) - (i < k), "%s and %s", sorted[i][0], sorted[k][0]);
		}
	}
}
END_TEST

START_TEST(longest)
{
	char host[4 + 253 + 6 + 1] = "dns:", buf[CUBE_TARGET_TEXT_MAX];
	struct cube_target t;

	for(unsigned i = 0; i < 253; i++)
		host[4 + i] = i % 2 ? '.' : 'a';
	memcpy(host + 4 + 253, ":65535", 7);
	t = target_of(host);
	ck_assert_str_eq(cube_target_text(&t, buf), host + 4);
}
END_TEST

Suite *suite_target(void);
Suite *suite_target(void)
{
	Suite *suite = suite_create("target");
	TCase *tcase = tcase_create("target");

	tcase_add_loop_test(tcase, target, 0, N(targets));
	tcase_add_loop_test(tcase, cn_san, 0, N(names));
	tcase_add_test(tcase, order);
	tcase_add_test(tcase, longest);
	suite_add_tcase(suite, tcase);
	return suite;
}
