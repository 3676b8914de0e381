/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/scheme.c: there, back, and what cannot be. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/scheme.h"
#include "helper.h"

Suite *suite_scheme(void);

static const struct
{
	const char *from;
	enum cube_url to;
	const char *user, *host, *want; /* want NULL: it cannot be */
} rows[] = {
		{"sip:a@b", CUBE_URL_SIPS, "", "", "sips:a@b"},
		{"sips:a@b", CUBE_URL_SIP, "", "", "sip:a@b"},
		{"SIP:a@b", CUBE_URL_SIPS, "", "", "sips:a@b"},
		{"sip:a@b", CUBE_URL_SIP, "", "", "sip:a@b"},
		{"sip:b", CUBE_URL_SIPS, "", "", "sips:b"},
		{"sip:b", CUBE_URL_SIPS, "x", "", "sips:b"}, /* there is no user to put another one for */
		{"sip:a@b:5060;transport=udp;lr", CUBE_URL_SIPS, "", "", "sips:a@b:5060;cube-transport=udp;lr"},
		{"sips:a@b:5060;cube-transport=udp;lr", CUBE_URL_SIP, "", "", "sip:a@b:5060;transport=udp;lr"},
		{"sip:a@b;Transport=TCP", CUBE_URL_SIPS, "", "", "sips:a@b;cube-transport=TCP"},
		{"sip:a@b;transport=tls;lr", CUBE_URL_SIPS, "", "", "sips:a@b;transport=tls;lr"},
		{"sips:a@b;transport=TLS", CUBE_URL_SIP, "", "", "sip:a@b;transport=TLS"},
		{"sip:a@b;transport=tls-sctp", CUBE_URL_SIPS, "", "", "sips:a@b;cube-transport=tls-sctp"},
		{"sip:a:secret@[2001:db8::1]:5061?x=y", CUBE_URL_SIPS, "", "", "sips:a:secret@[2001:db8::1]:5061?x=y"},
		{"sip:0301@b;x=y", CUBE_URL_SIPS, "+49301", "", "sips:+49301@b;x=y"},
		{"sip:0301;phone-context=c@b", CUBE_URL_SIP, "+49301", "", "sip:+49301;phone-context=c@b"},
		/* RFC 3966 */
		{"sip:+4930@b;user=phone", CUBE_URL_TEL, "", "", "tel:+4930"},
		{"sip:+49-30@b", CUBE_URL_TEL, "", "", "tel:+49-30"},
		{"sip:2001@b", CUBE_URL_TEL, "", "", "tel:2001;phone-context=b"},
		{"sip:2001@b", CUBE_URL_TEL, "", "acme.co", "tel:2001;phone-context=acme.co"},
		{"sip:2001;phone-context=+49@b", CUBE_URL_TEL, "", "acme.co", "tel:2001;phone-context=+49"},
		/* its parameters are the number's: 3966 3, 5.1.4, 5.3; trunk groups: RFC 4904 */
		{"sip:+4930;isub=1411@b;user=phone", CUBE_URL_TEL, "", "", "tel:+4930;isub=1411"},
		{"sip:+4930;ext=22@b", CUBE_URL_TEL, "", "acme.co", "tel:+4930;ext=22"},
		{"sip:2001;ext=22@b", CUBE_URL_TEL, "", "acme.co", "tel:2001;ext=22;phone-context=acme.co"},
		{"sips:2001;isub=1411;phone-context=+49@b:5061;transport=tls", CUBE_URL_TEL, "", "acme.co",
				"tel:2001;isub=1411;phone-context=+49"},
		{"sip:+15555551212;tgrp=tg-1;trunk-context=+1-555@b;user=phone", CUBE_URL_TEL, "", "",
				"tel:+15555551212;tgrp=tg-1;trunk-context=+1-555"},
		{"sip:+4930;isub=1411:secret@b", CUBE_URL_TEL, "", "", "tel:+4930;isub=1411"},
		{"sip:+4930;isub=1411@b", CUBE_URL_TEL, "2001", "acme.co", "tel:2001;phone-context=acme.co"},
		{"sip:2001;phone-context=+49@b", CUBE_URL_TEL, "2002", "acme.co", "tel:2002;phone-context=+49"},
		{"sip:+4930;x=a?b@b", CUBE_URL_TEL, "", "", "sip:+4930;x=a?b@b"}, /* no tel: URI can say it */
		{"sip:+49%2030@b", CUBE_URL_TEL, "", "", "sip:+49%2030@b"},
		{"tel:+4930;isub=1411;ext=22", CUBE_URL_SIP, "", "b", "sip:+4930;isub=1411;ext=22@b;user=phone"},
		{"tel:+15555551212;tgrp=tg-1;trunk-context=+1-555", CUBE_URL_SIPS, "", "b",
				"sips:+15555551212;tgrp=tg-1;trunk-context=+1-555@b;user=phone"},
		{"tel:2001;isub=1411;phone-context=acme.co", CUBE_URL_SIPS, "", "b",
				"sips:2001;isub=1411;phone-context=acme.co@b;user=phone"},
		{"sip:0301@b", CUBE_URL_TEL, "+49301", "", "tel:+49301"},
		{"sip:alice@b", CUBE_URL_TEL, "", "", "sip:alice@b"}, /* no number: it stays */
		{"sips:alice@b", CUBE_URL_TEL, "", "", "sip:alice@b"},
		{"sip:b", CUBE_URL_TEL, "", "", "sip:b"},
		{"sip:+@b", CUBE_URL_TEL, "", "", "sip:+@b"},
		{"tel:+4930", CUBE_URL_TEL, "", "", "tel:+4930"},
		{"tel:+4930", CUBE_URL_SIP, "", "b:5070", "sip:+4930@b:5070;user=phone"},
		{"tel:+4930;isub=1", CUBE_URL_SIPS, "", "b", "sips:+4930;isub=1@b;user=phone"},
		{"tel:2001;phone-context=acme.co", CUBE_URL_SIP, "", "b", "sip:2001;phone-context=acme.co@b;user=phone"},
		{"tel:2001;phone-context=acme.co", CUBE_URL_SIP, "+492001", "b", "sip:+492001@b;user=phone"},
		{"tel:+4930", CUBE_URL_SIP, "", "", NULL},
};

START_TEST(test_rows)
{
	struct cube_uri_parts parts;
	char buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_str uri;
	bool ok;

	ck_assert(cube_uri_parse(cube_str_of(rows[_i].from), &parts));
	ok = cube_scheme_change(&parts, rows[_i].to, cube_str_of(rows[_i].user), cube_str_of(rows[_i].host), buf, &uri);
	ck_assert_msg(ok == (rows[_i].want != NULL), "%s: %d", rows[_i].from, ok);
	if(ok)
		ck_assert_msg(cube_str_eq(uri, cube_str_of(rows[_i].want)), "%s: %.*s", rows[_i].from, CUBE_FMT(uri));
}
END_TEST

/* sip, sips and back is the same URI, to the byte. */
START_TEST(test_back)
{
	static const char *const uris[] = {"sip:a@b", "sip:b:5060", "sip:a@b;transport=tcp",
			"sip:a;b=c@d;e=f;transport=udp?g=h", "sip:a%20b@[::1]:5061;lr"};
	char there[CUBE_SCHEME_TEXT_MAX], back[CUBE_SCHEME_TEXT_MAX];
	struct cube_str none = {NULL, 0}, uri;
	struct cube_uri_parts parts;

	for(size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		ck_assert(cube_uri_parse(cube_str_of(uris[i]), &parts));
		ck_assert(cube_scheme_change(&parts, CUBE_URL_SIPS, none, none, there, &uri));
		ck_assert(cube_uri_parse(uri, &parts));
		ck_assert(cube_scheme_change(&parts, CUBE_URL_SIP, none, none, back, &uri));
		ck_assert_msg(cube_str_eq(uri, cube_str_of(uris[i])), "%s: %.*s", uris[i], CUBE_FMT(uri));
	}
}
END_TEST

START_TEST(test_long)
{
	char text[CUBE_SCHEME_TEXT_MAX + 8] = "sip:a@b;x=", buf[CUBE_SCHEME_TEXT_MAX];
	struct cube_str none = {NULL, 0}, uri;
	struct cube_uri_parts parts;

	memset(text + 10, 'y', CUBE_SCHEME_TEXT_MAX - 10);
	ck_assert(cube_uri_parse(cube_str_of(text), &parts));
	ck_assert(!cube_scheme_change(&parts, CUBE_URL_SIPS, none, none, buf, &uri));
	text[CUBE_SCHEME_TEXT_MAX - 1] = '\0'; /* one less, and the s of sips has room */
	ck_assert(cube_uri_parse(cube_str_of(text), &parts));
	ck_assert(cube_scheme_change(&parts, CUBE_URL_SIPS, none, none, buf, &uri));
	ck_assert_uint_eq(uri.len, CUBE_SCHEME_TEXT_MAX);
}
END_TEST

static const struct
{
	const char *headers;
	bool alone;
} messages[] = {
		{"", true},
		{":", true},
		{"el:", true},
		{"INVITE sip:a@b SIP/2.0\r\nTo: <sip:c@d>\r\n", true},
		{"INVITE sips:a@b SIP/2.0\r\n", false},
		{"X sip:a SIP/2.0\r\nContact: <SIPS:c@d>\r\n", false},
		{"X sip:a SIP/2.0\r\nP-Asserted-Identity: <Tel:+1>\r\n", false},
		{"tel:", false},
		{"sips:", false},
		{"X sip:a SIP/2.0\r\nTo:<sip:tel@sips>\r\n", true},
};

START_TEST(test_sip_alone)
{
	size_t len = strlen(messages[_i].headers);
	char *text = helper_exact(messages[_i].headers, len);

	ck_assert_msg(
			cube_scheme_sip_alone((struct cube_str){text, len}) == messages[_i].alone, "%s", messages[_i].headers);
	free(text);
}
END_TEST

Suite *suite_scheme(void)
{
	Suite *suite = suite_create("scheme");
	TCase *tcase = tcase_create("scheme");

	tcase_add_loop_test(tcase, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, test_back);
	tcase_add_loop_test(tcase, test_sip_alone, 0, sizeof(messages) / sizeof(messages[0]));
	tcase_add_test(tcase, test_long);
	suite_add_tcase(suite, tcase);
	return suite;
}
