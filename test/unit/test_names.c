/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf/names.c: words for choices, and numbers that have one reading only. */
#include <check.h>
#include <limits.h>

#include "../../modules/libcube/conf/names.h"

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

static const struct
{
	const char *text;
	int max, value; /* value -1: refused */
} numbers[] = {
		{"0", 10, 0},
		{"10", 10, 10},
		{"11", 10, -1},
		{"10000", 10000, 10000},
		{"1073741823", 1073741823, 1073741823},
		{"1073741824", 1073741823, -1},
		{"2147483647", INT_MAX, INT_MAX},
		{"2147483648", INT_MAX, -1},
		{"9999999999", INT_MAX, -1},
		{"18446744073709551617", INT_MAX, -1}, /* 1, to whom counts in 64 bits */
		{"", 10, -1},
		{"00", 10, -1},
		{"010", 10000, -1},
		{"+1", 10, -1},
		{"-1", 10, -1},
		{" 1", 10, -1},
		{"1 ", 10, -1},
		{"1.0", 10, -1},
		{"0x1", 10, -1},
		{"1e1", 10, -1},
};

START_TEST(number)
{
	int value = -1;

	ck_assert_int_eq(cube_number_parse(cube_str_of(numbers[_i].text), numbers[_i].max, &value), numbers[_i].value >= 0);
	ck_assert_int_eq(value, numbers[_i].value); /* untouched when refused */
}
END_TEST

static const struct
{
	const char *text;
	int value; /* -1: refused */
} bools[] = {
		{"true", 1},
		{"yes", 1},
		{"on", 1},
		{"TRUE", 1},
		{"Yes", 1},
		{"false", 0},
		{"no", 0},
		{"off", 0},
		{"Off", 0},
		{"", -1},
		{"1", -1},
		{"0", -1},
		{"t", -1},
		{"true ", -1},
		{"enabled", -1},
};

START_TEST(boolean)
{
	bool value;

	ck_assert_int_eq(cube_bool_parse(cube_str_of(bools[_i].text), &value), bools[_i].value >= 0);
	if(bools[_i].value >= 0)
		ck_assert_int_eq(value, bools[_i].value);
}
END_TEST

START_TEST(there_and_back)
{
	static const char *const transports[] = {"udp", "tcp", "tcp tls"};
	static const char *const checks[] = {"none", "server", "client", "bidirectional"};
	static const char *const methods[] = {"crl", "ocsp", "none"};
	enum cube_transport transport;
	enum cube_cn_san cn_san;
	enum cube_revocation method;
	int i;

	for(i = 0; i < N(transports); i++) {
		ck_assert(cube_transport_parse(cube_str_of(transports[i]), &transport));
		ck_assert_str_eq(cube_transport_name(transport), transports[i]);
	}
	for(i = 0; i < N(checks); i++) {
		ck_assert(cube_cn_san_parse(cube_str_of(checks[i]), &cn_san));
		ck_assert_int_eq(cn_san, i);
		ck_assert_str_eq(cube_cn_san_name(cn_san), checks[i]);
	}
	for(i = 0; i < N(methods); i++) {
		ck_assert(cube_revocation_parse(cube_str_of(methods[i]), &method));
		ck_assert_int_eq(method, CUBE_REVOCATION_CRL + i);
		ck_assert_str_eq(cube_revocation_name(method), methods[i]);
	}
	ck_assert_str_eq(cube_transport_name(CUBE_TRANSPORT_UNSET), "");
	ck_assert(!cube_transport_parse(cube_str_of(""), &transport));
	ck_assert(!cube_transport_parse(cube_str_of("tls"), &transport));
	ck_assert(!cube_transport_parse(cube_str_of("UDP"), &transport));
	ck_assert(!cube_cn_san_parse(cube_str_of(""), &cn_san));
	ck_assert(!cube_cn_san_parse(cube_str_of("both"), &cn_san));
	ck_assert(!cube_revocation_parse(cube_str_of(""), &method));
	ck_assert(!cube_revocation_parse(cube_str_of("CRL"), &method));
}
END_TEST

Suite *suite_names(void);
Suite *suite_names(void)
{
	Suite *suite = suite_create("names");
	TCase *tcase = tcase_create("names");

	tcase_add_loop_test(tcase, number, 0, N(numbers));
	tcase_add_loop_test(tcase, boolean, 0, N(bools));
	tcase_add_test(tcase, there_and_back);
	suite_add_tcase(suite, tcase);
	return suite;
}
