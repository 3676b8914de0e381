/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which warnings are due, and their words; time is an argument. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/expiry.h"

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
#define DAY 86400
#define NOW 1700000000

Suite *suite_expiry(void);

static struct cube_told told;

static struct cube_told_key key_of(int n)
{
	struct cube_told_key key;

	ck_assert_int_eq(cube_told_key_of("own", 3, n, &key), 0);
	return key;
}

START_TEST(test_stages)
{
	ck_assert_int_eq(cube_validity_stage(NOW + 1, NOW + 400L * DAY, NOW), CUBE_EXPIRY_EARLY);
	ck_assert_int_eq(cube_validity_stage(NOW, NOW + 400L * DAY, NOW), CUBE_EXPIRY_NONE);
	ck_assert_int_eq(cube_validity_stage(NOW - 1, NOW + 20L * DAY, NOW), 30);
	ck_assert_int_eq(cube_validity_stage(NOW - 9, NOW, NOW), 0);
	ck_assert_int_eq(cube_validity_stage(0, 0, NOW), 0);
}
END_TEST

/* A certificate that is looked at once an hour for its last 40 days: each stage is told once. */
START_TEST(test_once)
{
	static const int stages[] = {30, 14, 7, 3, 1, 0};
	int64_t end = NOW + 40L * DAY;
	struct cube_told_key key = key_of(1);
	int n = 0;

	for(int64_t now = NOW; now < end + 3L * DAY; now += 3600) {
		int stage = cube_validity_stage(NOW - DAY, end, now);

		if(stage == CUBE_EXPIRY_NONE || !cube_told_due(&told, &key, stage, now))
			continue;
		ck_assert_int_lt(n, N(stages));
		ck_assert_int_eq(stage, stages[n]);
		if(stage > 0)
			ck_assert_int_eq(end - now, (int64_t)stage * DAY);
		n++;
	}
	ck_assert_int_eq(n, N(stages));
	ck_assert_uint_eq(told.n, 1);
}
END_TEST

START_TEST(test_keys)
{
	struct cube_told_key a, b;

	ck_assert_int_eq(cube_told_key_of("a", 1, 1, &a), 0);
	ck_assert_int_eq(cube_told_key_of("a", 1, 2, &b), 0);
	ck_assert_int_ne(memcmp(&a, &b, sizeof(a)), 0);
	ck_assert_int_eq(cube_told_key_of("b", 1, 1, &b), 0);
	ck_assert_int_ne(memcmp(&a, &b, sizeof(a)), 0);
	ck_assert(cube_told_due(&told, &a, 7, NOW));
	ck_assert(cube_told_due(&told, &b, 7, NOW));
	ck_assert(!cube_told_due(&told, &a, 7, NOW));
}
END_TEST

/* More than can be remembered: what nobody asks for any more makes room, the rest stays told. */
START_TEST(test_full)
{
	for(int i = 0; i < CUBE_TOLD_MAX; i++) {
		struct cube_told_key key = key_of(i);

		ck_assert(cube_told_due(&told, &key, 30, NOW + i));
	}
	for(int i = CUBE_TOLD_MAX - 1; i >= 0; i--) {
		struct cube_told_key key = key_of(i);

		ck_assert(!cube_told_due(&told, &key, 30, i == 77 ? NOW : NOW + CUBE_TOLD_MAX));
	}
	for(int i = CUBE_TOLD_MAX; i < CUBE_TOLD_MAX + 1; i++) {
		struct cube_told_key key = key_of(i);

		ck_assert(cube_told_due(&told, &key, 30, NOW + CUBE_TOLD_MAX));
	}
	ck_assert_uint_eq(told.n, CUBE_TOLD_MAX);
	for(int i = 0; i <= CUBE_TOLD_MAX; i++) {
		struct cube_told_key key = key_of(i);

		if(i != 77)
			ck_assert(!cube_told_due(&told, &key, 30, NOW + CUBE_TOLD_MAX));
	}
	for(unsigned i = 1; i < told.n; i++)
		ck_assert_int_lt(memcmp(&told.v[i - 1].key, &told.v[i].key, sizeof(told.v[0].key)), 0);
}
END_TEST

#define CERT(use_, stage_, left)                                                                                   \
	.use = use_, .stage = stage_, .trustpoint = {"Acme", 4}, .what = "CN=sip.acme.co", .file = {"/etc/a.pem", 10}, \
	.not_before = NOW - DAY, .not_after = NOW + (left), .now = NOW

static const struct
{
	struct cube_expiry e;
	const char *line;
} lines[] = {
		{{CERT(CUBE_EXPIRY_OWN, 14, 13L * DAY)}, "trustpoint Acme: certificate CN=sip.acme.co in /etc/a.pem ends on "
												 "2023-11-27 22:13:20 UTC, in 13 days; "
												 "put a new one there and reload"},
		{{CERT(CUBE_EXPIRY_OWN, 1, 5L * 3600 + 59), .others = 1},
				"trustpoint Acme and 1 other: certificate CN=sip.acme.co in /etc/a.pem ends on 2023-11-15 03:14:19 "
				"UTC, in "
				"5 hours; put a new one there and reload"},
		{{CERT(CUBE_EXPIRY_OWN, 0, -DAY), .others = 12}, "trustpoint Acme and 12 others: certificate CN=sip.acme.co in "
														 "/etc/a.pem has ended on 2023-11-13 22:13:20 "
														 "UTC; peers refuse it; put a new one there and reload"},
		{{CERT(CUBE_EXPIRY_CA, 7, 2L * DAY)}, "trustpoint Acme: CA certificate CN=sip.acme.co in /etc/a.pem ends on "
											  "2023-11-16 22:13:20 UTC, in 2 days; "
											  "put its successor there and reload"},
		{{CERT(CUBE_EXPIRY_CA, 0, 0)}, "trustpoint Acme: CA certificate CN=sip.acme.co in /etc/a.pem has ended on "
									   "2023-11-14 22:13:20 UTC; peers "
									   "below it are refused; put its successor there and reload"},
		{{.use = CUBE_EXPIRY_OWN,
				 .stage = CUBE_EXPIRY_EARLY,
				 .trustpoint = {"Acme", 4},
				 .what = "CN=a",
				 .file = {"/etc/a.pem", 10},
				 .not_before = NOW + DAY,
				 .not_after = NOW + 2L * DAY,
				 .now = NOW},
				"trustpoint Acme: certificate CN=a in /etc/a.pem is not valid before 2023-11-15 22:13:20 UTC; check "
				"this "
				"machine's clock"},
		{{.use = CUBE_EXPIRY_CRL,
				 .stage = 1,
				 .trustpoint = {"Acme", 4},
				 .what = "CRL of ca from http://a/b",
				 .error = "HTTP 404",
				 .not_after = NOW + 7200,
				 .now = NOW},
				"trustpoint Acme: CRL of ca from http://a/b ends on 2023-11-15 00:13:20 UTC, in 2 hours and cannot be "
				"renewed: HTTP 404; from then on who needs it is refused"},
		{{.use = CUBE_EXPIRY_CRL,
				 .stage = 0,
				 .trustpoint = {"Acme", 4},
				 .what = "CRL of ca from http://a/b",
				 .error = "HTTP 404",
				 .not_after = NOW - 1,
				 .now = NOW},
				"trustpoint Acme: CRL of ca from http://a/b has ended on 2023-11-14 22:13:19 UTC and cannot be "
				"renewed: HTTP "
				"404; who needs it is refused"},
		{{.use = CUBE_EXPIRY_PEER,
				 .stage = 3,
				 .tenant = 100,
				 .what = "sip.b.example",
				 .remote = "192.0.2.1:5061",
				 .not_after = NOW + 2L * DAY,
				 .now = NOW},
				"tenant 100: the certificate of peer sip.b.example at 192.0.2.1:5061, or of a CA in its chain, ends on "
				"2023-11-16 22:13:20 UTC, in 2 days; its operator must renew it"},
		{{.use = CUBE_EXPIRY_PEER,
				 .stage = 0,
				 .tenant = 0,
				 .what = "",
				 .remote = "192.0.2.1:5061",
				 .not_after = NOW - 5,
				 .now = NOW},
				"tenant 0: the certificate of peer (no name) at 192.0.2.1:5061, or of a CA in its chain, has ended on "
				"2023-11-14 22:13:15 UTC; its connections stay, its next handshake fails: it must renew it"},
};

START_TEST(test_lines)
{
	char line[CUBE_EXPIRY_LINE_MAX];

	ck_assert_str_eq(cube_expiry_line(&lines[_i].e, line), lines[_i].line);
}
END_TEST

Suite *suite_expiry(void)
{
	Suite *s = suite_create("expiry");
	TCase *tc = tcase_create("expiry");

	tcase_add_test(tc, test_stages);
	tcase_add_test(tc, test_once);
	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_full);
	tcase_add_loop_test(tc, test_lines, 0, N(lines));
	suite_add_tcase(s, tc);
	return s;
}
