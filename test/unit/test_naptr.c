/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/naptr.c. */
#include <check.h>

#include "../../modules/libcube/dialpeer/naptr.h"

Suite *suite_naptr(void);

#define RECORD(ord, pref, flag, service, reg, repl)                                                    \
	{                                                                                                  \
		.order = (ord), .preference = (pref), .flags = {flag, sizeof(flag) - 1},                       \
		.services = {service, sizeof(service) - 1}, .regexp = {reg, sizeof(reg) - 1}, .replacement = { \
			repl,                                                                                      \
			sizeof(repl) - 1                                                                           \
		}                                                                                              \
	}

/* RFC 3263 4.1's own, and others */
static const struct cube_naptr records[] = {
		RECORD(50, 50, "s", "SIPS+D2T", "", "_sips._tcp.example.com"),
		RECORD(90, 50, "s", "SIP+D2T", "", "_sip._tcp.example.com"),
		RECORD(100, 50, "s", "SIP+D2U", "", "_sip._udp.example.com"),
		RECORD(100, 40, "S", "sip+d2u", "", "_SIP._UDP.first.example.com"),
		RECORD(100, 40, "s", "SIP+D2U", "", "_sip._udp.equal.example.com"),
		RECORD(90, 90, "s", "SIP+D2T", "", "_sip._tcp.later.example.com"),
};

START_TEST(test_order)
{
	static const struct
	{
		enum cube_transport transport;
		unsigned n;
		unsigned records[3];
	} rows[] = {{CUBE_TRANSPORT_TLS, 1, {0}}, {CUBE_TRANSPORT_TCP, 2, {1, 5}}, {CUBE_TRANSPORT_UDP, 3, {3, 4, 2}}};
	static const char *const domains[] = {
			"example.com", "example.com", "example.com", "first.example.com", "equal.example.com", "later.example.com"};

	for(unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for(unsigned max = 0; max <= 4; max++) {
			struct cube_naptr_lead leads[4] = {{{NULL, 0}, 99}, {{NULL, 0}, 99}, {{NULL, 0}, 99}, {{NULL, 0}, 99}};
			unsigned n = cube_naptr_leads(records, 6, rows[i].transport, leads, max);

			ck_assert_uint_eq(n, rows[i].n < max ? rows[i].n : max);
			for(unsigned k = 0; k < n; k++) {
				ck_assert_uint_eq(leads[k].record, rows[i].records[k]);
				ck_assert(cube_str_eq(leads[k].domain, cube_str_of(domains[leads[k].record])));
			}
			for(unsigned k = n; k < 4; k++)
				ck_assert_uint_eq(leads[k].record, 99);
		}
	}
}
END_TEST

/* None of these is for UDP, or usable. */
static const struct cube_naptr useless[] = {
		RECORD(1, 1, "s", "SIP+D2T", "", "_sip._udp.example.com"),
		RECORD(1, 1, "s", "SIP+D2U", "", "_sip._tcp.example.com"),
		RECORD(1, 1, "u", "SIP+D2U", "", "_sip._udp.example.com"),
		RECORD(1, 1, "", "SIP+D2U", "", "_sip._udp.example.com"),
		RECORD(1, 1, "s", "E2U+sip", "!^.*$!sip:a@b!", "_sip._udp.example.com"),
		RECORD(1, 1, "s", "SIP+D2U", "!^.*$!sip:a@b!", "_sip._udp.example.com"),
		RECORD(1, 1, "s", "SIP+D2U", "", "example.com"),
		RECORD(1, 1, "s", "SIP+D2U", "", "_sip._udp."),
		RECORD(1, 1, "s", "SIP+D2U", "", "_sip._udp..example.com"),
		RECORD(1, 1, "s", "SIP+D2U", "", ""),
		RECORD(1, 1, "s", "SIP+D2U", "", "_sip._udp.evil.example;transport=tcp"),
		RECORD(1, 1, "s", "SIP+D2U", "", "_sip._udp.a b"),
		RECORD(1, 1, "s", "SIP+D2U", "", "_sip._udp.a\r\nX: y"),
};

START_TEST(test_useless)
{
	struct cube_naptr_lead lead;

	ck_assert_uint_eq(cube_naptr_leads(&useless[_i], 1, CUBE_TRANSPORT_UDP, &lead, 1), 0);
}
END_TEST

START_TEST(test_none)
{
	struct cube_naptr_lead lead;

	ck_assert_uint_eq(cube_naptr_leads(NULL, 0, CUBE_TRANSPORT_TLS, &lead, 1), 0);
}
END_TEST

Suite *suite_naptr(void)
{
	Suite *s = suite_create("naptr");
	TCase *tc = tcase_create("naptr");

	tcase_add_test(tc, test_order);
	tcase_add_loop_test(tc, test_useless, 0, sizeof(useless) / sizeof(useless[0]));
	tcase_add_test(tc, test_none);
	suite_add_tcase(s, tc);
	return s;
}
