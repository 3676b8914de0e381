/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/request_host.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/request_host.h"
#include "helper.h"

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
	size_t len = strlen(rows[_i].message);
	char *message = helper_exact(rows[_i].message, len);
	struct cube_str host = {"unset", 5};
	bool ok;

	ok = cube_request_host((struct cube_str){message, len}, &host);
	ck_assert_int_eq(ok, rows[_i].want != NULL);
	ck_assert_msg(
			cube_str_eq(host, cube_str_of(ok ? rows[_i].want : "unset")), "%s: %.*s", rows[_i].message, CUBE_FMT(host));
	free(message);
}
END_TEST

static const struct
{
	const char *message;
	bool want;
} sips[] = {
		{"INVITE sips:a@b SIP/2.0\r\n\r\n", true},
		{"INVITE SIPS:a@b SIP/2.0\r\n\r\n", true},
		{"ACK sips:b SIP/2.0\r\n\r\n", true},
		{"INVITE sip:a@b;transport=tls SIP/2.0\r\n\r\n", false},
		{"INVITE sip:sips:a@b SIP/2.0\r\nTo: <sips:a@b>\r\nContact: <sips:c@d>\r\n\r\n", false},
		{"INVITE tel:+1 SIP/2.0\r\n\r\n", false},
		{"SIP/2.0 200 OK\r\nRoute: <sips:a>\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nRoute: <sips:c;lr>\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\r\nX: y\r\nROUTE :  \"x\" < SIPS:c>\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nX: y\r\nROUTE :  \"x\" <SIPS:c>\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\r\nRoute: <sip:c;lr>, <sips:d;lr>\r\nRoute: <sips:e>\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\n\r\nRoute: <sips:c;lr>\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nRoute: sips:c", false},
		{"BYE sip:a@b SIP/2.0\r\nRoute: <", false},
		{"BYE sip:a@b SIP/2.0\nVia: x\nRoute: <sips:c;lr>\n\n", true},
		{"BYE sip:a@b SIP/2.0\nVia: x\n\nRoute: <sips:c;lr>\n", false},
		{"BYE sip:a@b SIP/2.0\r\nRoute:\r\n <sips:c;lr>\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\r\nRoute\r\n\t:\r\n <sips:c;lr>\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\r\nX: y\r\n Route: <sips:c;lr>\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nRoute: \"<sip:x>\" <sips:c;lr>\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\r\nRoute: \"<sips:x>\" <sip:c;lr>\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nRoute: \"\\\"<sips:x>\" <sip:c;lr>\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nRoute: \"\\", false},
		{"BYE", false},
		{"", false},
};

START_TEST(test_sips)
{
	size_t len = strlen(sips[_i].message);
	char *message = helper_exact(sips[_i].message, len);

	ck_assert_msg(cube_request_is_sips((struct cube_str){message, len}) == sips[_i].want, "%s", sips[_i].message);
	free(message);
}
END_TEST

static const struct
{
	const char *message;
	bool want;
} dialogs[] = {
		{"BYE sip:a@b SIP/2.0\r\nTo: <sip:c@d>;tag=1\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\r\nt:<sip:c@d> ; TAG=1\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\r\nX: y\r\nTO : <sip:c@d>;x=y;tag=1\r\n\r\n", true},
		{"INVITE sip:a@b SIP/2.0\r\nTo: <sip:c@d>\r\nFrom: <sip:e@f>;tag=1\r\n\r\n", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo: <sip:c@d>;tagg=1\r\n\r\n", false},
		{"INVITE sip:a@b SIP/2.0\r\nX: y\r\n\r\nTo: <sip:c@d>;tag=1\r\n", false}, /* in the body */
		{"INVITE sip:a@b SIP/2.0\r\nTo: \"x;tag=1\" <sip:c@d>\r\n\r\n", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo: \"\\\";tag=1\" <sip:c@d>\r\n\r\n", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo: <sip:c@d;tag=1>\r\n\r\n", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo: <sip:c@d>;x=\";tag=1\"\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nTo: \"x\" <sip:c@d>\r\n ;tag=1\r\n\r\n", true},
		{"BYE sip:a@b SIP/2.0\nTo: sip:c@d;tag=1\n\n", true},
		{"INVITE sip:a@b SIP/2.0\r\nt: <sip:c@d>\r\nTo: <sip:c@d>;tag=1\r\n\r\n", false},
		{"BYE sip:a@b SIP/2.0\r\nTo: <sip:c@d>;tag=1\r\nt: <sip:c@d>\r\n\r\n", true},
		{"INVITE sip:a@b SIP/2.0\r\n", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo:", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo:;", false},
		{"INVITE sip:a@b SIP/2.0\r\nTo:;tag", false},
		{"", false},
};

START_TEST(test_dialogs)
{
	size_t len = strlen(dialogs[_i].message);
	char *message = helper_exact(dialogs[_i].message, len);

	ck_assert_msg(
			cube_request_in_dialog((struct cube_str){message, len}) == dialogs[_i].want, "%s", dialogs[_i].message);
	free(message);
}
END_TEST

/* Lines that begin as the one that is looked for, and are none: time grows with the text, or check ends this. */
START_TEST(test_long)
{
	static char text[3 << 20];

	for(size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 3 == 0 ? 'R' : i % 3 == 1 ? 't' : '\n';
	ck_assert(!cube_request_is_sips((struct cube_str){text, sizeof(text)}));
	for(size_t i = 1; i < sizeof(text); i += 3)
		text[i] = '\r';
	ck_assert(!cube_request_is_sips((struct cube_str){text, sizeof(text)}));
	for(size_t i = 0; i < sizeof(text); i += 3)
		text[i] = 't';
	ck_assert(!cube_request_in_dialog((struct cube_str){text, sizeof(text)}));
}
END_TEST

Suite *suite_request_host(void)
{
	Suite *s = suite_create("request_host");
	TCase *tc = tcase_create("request_host");

	tcase_add_loop_test(tc, test_sips, 0, sizeof(sips) / sizeof(sips[0]));
	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tc, test_dialogs, 0, sizeof(dialogs) / sizeof(dialogs[0]));
	tcase_add_test(tc, test_long);
	suite_add_tcase(s, tc);
	return s;
}
