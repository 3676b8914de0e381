/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/request_host.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/request_host.h"

Suite *suite_request_host(void);

static const struct
{
	const char *message, *want; /* NULL: false */
} rows[] = {
		{"INVITE sip:1000@sip.acme.co SIP/2.0\r\n", "sip.acme.co"},
		{"INVITE sip:1000@sip.acme.co:5080;transport=tls SIP/2.0\r\n", "sip.acme.co"},
		{"INVITE sips:sip.acme.co?x=y SIP/2.0\r\n", "sip.acme.co"},
		{"OPTIONS SIP:192.0.2.1:5061 SIP/2.0\r\n", "192.0.2.1"},
		{"OPTIONS sip:a@[2001:db8::1]:5061 SIP/2.0\r\n", "[2001:db8::1]"},
		{"OPTIONS sip:[2001:db8::1] SIP/2.0\r\n", "[2001:db8::1]"},
		{"BYE sip:a:b@c;lr SIP/2.0\r\n", "c"},
		{"BYE sip:+1;phone-context=x.y@h SIP/2.0\r\n", "h"},
		{"SIP/2.0 200 OK\r\nTo: <sip:a@b>\r\n", NULL},
		{"INVITE tel:+1201 SIP/2.0\r\n", NULL},
		{"INVITE", NULL},
		{"INVITE ", NULL},
		{"INVITE sip: SIP/2.0", NULL},
		{"INVITE sip:a@ SIP/2.0", NULL},
		{"INVITE\r\n sip:a@b SIP/2.0", NULL},
		{"", NULL},
		{"\r\n\r\n", NULL},
		{"X sip:[", "["},
};

START_TEST(test_rows)
{
	/* a copy of just that size, so that a sanitizer sees every byte read beyond it */
	size_t len = strlen(rows[_i].message);
	char *message = malloc(len ? len : 1);
	struct cube_str host = {"unset", 5};
	bool ok;

	memcpy(message, rows[_i].message, len);
	ok = cube_request_host((struct cube_str){message, len}, &host);
	ck_assert_int_eq(ok, rows[_i].want != NULL);
	ck_assert_msg(
			cube_str_eq(host, cube_str_of(ok ? rows[_i].want : "unset")), "%s: %.*s", rows[_i].message, CUBE_FMT(host));
	free(message);
}
END_TEST

Suite *suite_request_host(void)
{
	Suite *s = suite_create("request_host");
	TCase *tc = tcase_create("request_host");

	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(s, tc);
	return s;
}
