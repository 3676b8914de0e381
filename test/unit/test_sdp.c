/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/sdp.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/sdp.h"
#include "helper.h"

Suite *suite_sdp(void);

static const struct
{
	const char *text;
	bool keys;
} rows[] = {
		{"", false},
		{"v=0\r\nm=audio 1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", true},
		{"v=0\na=Crypto:1 x\n", true},
		{"v=0\ra=crypto:1 x\r", true},
		{"v=0\r\na=key-mgmt:mikey AQAF\r\n", true},
		{"v=0\r\nk=clear:x\r\n", true},
		{"a=crypto:", true},
		{"a=crypto", false},
		{"k", false},
		{"v=0\r\ns=a=crypto:1\r\ni=k=x\r\n", false},
		{"v=0\r\na=fingerprint:SHA-1 00\r\na=cryptography:1\r\n", false},
		{"INVITE sips:a@b SIP/2.0\r\nk: timer\r\nSubject: a=crypto:\r\n\r\nv=0\r\n", false},
		{"INVITE sips:a@b SIP/2.0\r\nk: timer\r\n\r\nv=0\r\na=crypto:1 x\r\n", true},
		{"\r\n\n\r\r\n", false},
};

START_TEST(test_keys)
{
	size_t len = strlen(rows[_i].text);
	char *text = helper_exact(rows[_i].text, len);

	ck_assert_msg(cube_sdp_has_keys((struct cube_str){text, len}) == rows[_i].keys, "%s", rows[_i].text);
	free(text);
}
END_TEST

/* Time grows with the text, or check ends this. */
START_TEST(test_long)
{
	static char text[3 << 20];

	memset(text, '\r', sizeof(text));
	ck_assert(!cube_sdp_has_keys((struct cube_str){text, sizeof(text)}));
	memset(text, 'k', sizeof(text));
	ck_assert(!cube_sdp_has_keys((struct cube_str){text, sizeof(text)}));
}
END_TEST

Suite *suite_sdp(void)
{
	Suite *s = suite_create("sdp");
	TCase *tc = tcase_create("sdp");

	tcase_add_loop_test(tc, test_keys, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, test_long);
	suite_add_tcase(s, tc);
	return s;
}
