/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates in words, and the days that are left. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../modules/libcube/tls/certinfo.h"
#include "pki.h"

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
#define DAY 86400
#define NOW 1700000000

Suite *suite_certinfo(void);

static const struct
{
	struct pki_spec spec;
	const char *subject, *names, *key;
} rows[] = {
		{{.key = PKI_RSA_2048, .cn = "sip.acme.co", .san = "DNS:sip.acme.co,URI:sip:acme.co"}, "CN=sip.acme.co",
				"sip.acme.co, sip:acme.co, CN sip.acme.co", "RSA 2048"},
		{{.key = PKI_P256, .cn = "edge"}, "CN=edge", "CN edge", "EC P-256"},
		{{.key = PKI_P384, .cn = "edge"}, "CN=edge", "CN edge", "EC P-384"},
		{{.key = PKI_P521, .cn = "edge"}, "CN=edge", "CN edge", "EC P-521"},
		{{.key = PKI_ED25519, .cn = "edge"}, "CN=edge", "CN edge", "ED25519"},
		/* nothing that a terminal, a log or a page would take for more than text */
		{{.key = PKI_P256, .cn = "a\nb\033[31m<b>\xc3\xa4"}, "CN=a\\0Ab\\1B[31m\\<b\\>\\C3\\A4", NULL, "EC P-256"},
};

START_TEST(test_info)
{
	struct pki pki = pki_make(&rows[_i].spec);
	struct cube_cert_info info;

	cube_cert_info(pki.cert, &info);
	ck_assert_str_eq(info.subject, rows[_i].subject);
	ck_assert_str_eq(info.issuer, rows[_i].subject);
	if(rows[_i].names != NULL)
		ck_assert_str_eq(info.names, rows[_i].names);
	for(const char *c = info.names; *c; c++)
		ck_assert(*c >= ' ' && *c <= '~');
	ck_assert_str_eq(info.key, rows[_i].key);
	ck_assert_int_le(llabs(info.not_before + DAY - time(NULL)), 60);
	ck_assert_int_le(llabs(info.not_after - 30 * DAY - time(NULL)), 60);
	pki_free(&pki);
}
END_TEST

START_TEST(test_long)
{
	char cn[65];
	struct cube_cert_info info;
	struct pki pki;

	memset(cn, '\001', sizeof(cn) - 1); /* each is three characters in RFC 2253 */
	cn[sizeof(cn) - 1] = '\0';
	pki = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = cn});
	cube_cert_info(pki.cert, &info);
	ck_assert_uint_lt(strlen(info.subject), CUBE_CERT_TEXT_MAX);
	pki_free(&pki);
}
END_TEST

START_TEST(test_serial)
{
	static const struct
	{
		struct cube_serial serial;
		const char *text;
	} serials[] = {
			{{{0}}, "00"},
			{{{[CUBE_SERIAL_LEN - 1] = 7}}, "07"},
			{{{[CUBE_SERIAL_LEN - 2] = 0x10, [CUBE_SERIAL_LEN - 1] = 2}}, "1002"},
			{{{[0] = 0xff}}, "FF00000000000000000000000000000000000000"},
	};
	char text[2 * CUBE_SERIAL_LEN + 1];

	for(int i = 0; i < N(serials); i++)
		ck_assert_str_eq(cube_serial_text(&serials[i].serial, text), serials[i].text);
}
END_TEST

START_TEST(test_stages)
{
	static const struct
	{
		int64_t left;
		int stage, days;
	} left[] = {
			{31L * DAY, CUBE_EXPIRY_NONE, 31},
			{30L * DAY + 1, CUBE_EXPIRY_NONE, 30},
			{30L * DAY, 30, 30},
			{14L * DAY + 1, 30, 14},
			{14L * DAY, 14, 14},
			{7L * DAY, 7, 7},
			{3L * DAY, 3, 3},
			{DAY + 1, 3, 1},
			{DAY, 1, 1},
			{1, 1, 0},
			{0, 0, 0},
			{-1, 0, -1},
			{-DAY, 0, -1},
			{-DAY - 1, 0, -2},
			{-NOW, 0, -19676},
			{(int64_t)1 << 60, CUBE_EXPIRY_NONE, 1000000},
	};

	ck_assert_int_eq(cube_expiry_stage(NOW + left[_i].left, NOW), left[_i].stage);
	ck_assert_int_eq(cube_days_left(NOW + left[_i].left, NOW), left[_i].days);
}
END_TEST

Suite *suite_certinfo(void)
{
	Suite *s = suite_create("certinfo");
	TCase *tc = tcase_create("certinfo");

	tcase_add_loop_test(tc, test_info, 0, N(rows));
	tcase_add_test(tc, test_long);
	tcase_add_test(tc, test_serial);
	tcase_add_loop_test(tc, test_stages, 0, 16);
	suite_add_tcase(s, tc);
	return s;
}
