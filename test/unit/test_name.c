/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/name.c. The rules as they meet certificates are in test_identity.c. */
#include <check.h>
#include <string.h>

#include "../../modules/libcube/tls/name.h"

Suite *suite_name(void);

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define S(literal)                   \
	{                                \
		literal, sizeof(literal) - 1 \
	} /* keeps an embedded NUL */

static const struct
{
	struct cube_str name;
	bool host, permit;
} forms[] = {
		{S("sip.acme.co"), true, true},
		{S("SIP.ACME.CO"), true, true},
		{S("trunk_7.acme.co"), true, true},
		{S("xn--bcher-kva.example"), true, true},
		{S("3com.example"), true, true},
		{S("pbx"), true, true},
		{S("a1"), true, false},
		{S(L63 ".co"), true, true},
		{S("a" L63 ".co"), false, false},
		{S(L63 "." L63 "." L63 "."
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
				true, false},
		{S(L63 "." L63 "." L63 "." L63), false, false},
		{S(""), false, false},
		{S("."), false, false},
		{S("sip.acme.co."), false, false},
		{S(".acme.co"), false, false},
		{S("sip..acme.co"), false, false},
		{S("*.acme.co"), false, true},
		{S("*.co"), false, true},
		{S("*."), false, false},
		{S("*"), false, false},
		{S("*.*.acme.co"), false, false},
		{S("f*.acme.co"), false, false},
		{S("sip.*.co"), false, false},
		{S("192.0.2.1"), false, false},
		{S("*.0.2.1"), false, false},
		{S("2001:db8::1"), false, false},
		{S("sip.acme.co\0"), false, false},
		{S("sip.acme.co\0.evil.example"), false, false},
		{S("sip acme.co"), false, false},
		{S("b\xc3\xbc"
		   "cher.example"),
				false, false},
		{S("sip.acme.co:5061"), false, false},
		{S("user@acme.co"), false, false},
};

START_TEST(test_form)
{
	ck_assert_msg(cube_name_is_host(forms[_i].name) == forms[_i].host, "host: %s", forms[_i].name.s);
	ck_assert_msg(cube_name_is_permit(forms[_i].name) == forms[_i].permit, "permit: %s", forms[_i].name.s);
}
END_TEST

static const struct
{
	struct cube_str permit, host;
	bool want;
} matches[] = {
		{S("sip.acme.co"), S("sip.acme.co"), true},
		{S("sip.acme.co"), S("SIP.Acme.CO"), true},
		{S("sip.acme.co"), S("sip.acme.com"), false},
		{S("sip.acme.co"), S("xsip.acme.co"), false},
		{S("sip.acme.co"), S("acme.co"), false},
		{S("*.acme.co"), S("sip.acme.co"), true},
		{S("*.acme.co"), S("SIP.ACME.CO"), true},
		{S("*.ACME.co"), S("sip.acme.co"), true},
		{S("*.acme.co"), S("acme.co"), false},
		{S("*.acme.co"), S("a.sip.acme.co"), false},
		{S("*.acme.co"), S("*.acme.co"), false},
		{S("*.acme.co"), S(".acme.co"), false},
		{S("*.acme.co"), S("xacme.co"), false},
		{S("*.acme.co"), S("sip.acme.co\0"), false},
		{S("*"), S("acme"), false},
		{S("*."), S("a."), false},
		{S(""), S(""), false},
		{S("192.0.2.1"), S("192.0.2.1"), false},
		{S("*.0.2.1"), S("192.0.2.1"), false},
};

START_TEST(test_match)
{
	ck_assert_msg(cube_name_match(matches[_i].permit, matches[_i].host) == matches[_i].want, "%s for %s",
			matches[_i].permit.s, matches[_i].host.s);
}
END_TEST

static const struct
{
	struct cube_str uri;
	const char *want; /* NULL: no domain */
	const char *why;
} uris[] = {
		{S("sip:acme.co"), "acme.co", "RFC 5922 7.1"},
		{S("SIP:acme.co"), "acme.co", "RFC 5922 7.1: the scheme is case-insensitive"},
		{S("sips:acme.co"), "acme.co", "names the same domain"},
		{S("SiPs:Acme.Co"), "Acme.Co", "kept as it is"},
		{S("sip:user@acme.co"), NULL, "RFC 5922 7.1: a userinfo names a user, not the domain"},
		{S("sip:@acme.co"), NULL, "an empty user is one"},
		{S("sip:acme.co:5061"), NULL, "one port is less than the domain"},
		{S("sip:acme.co;transport=tls"), NULL, "parameters"},
		{S("sip:acme.co?x=y"), NULL, "headers"},
		{S("sip:acme.co."), NULL, "trailing dot"},
		{S("sip:*.acme.co"), NULL, "RFC 5922 7.2: no wildcards"},
		{S("sip:192.0.2.1"), NULL, "an address is no domain"},
		{S("sip:[2001:db8::1]"), NULL, "an address is no domain"},
		{S("sip:"), NULL, "no host"},
		{S("sips:"), NULL, "no host"},
		{S("sip"), NULL, "no scheme"},
		{S(""), NULL, "empty"},
		{S("sip:acme.co\0.evil.example"), NULL, "embedded NUL"},
		{S("sip://acme.co"), NULL, "not a SIP URI"},
		{S("https://acme.co"), NULL, "another scheme"},
		{S("https:acme.co"), NULL, "another scheme"},
		{S("tel:+12015550123"), NULL, "another scheme"},
		{S("im:acme.co"), NULL, "another scheme"},
};

START_TEST(test_uri)
{
	struct cube_str domain = CUBE_STR("untouched");
	bool got = cube_name_sip_domain(uris[_i].uri, &domain);

	ck_assert_msg(got == (uris[_i].want != NULL), "%s: %s", uris[_i].uri.s, uris[_i].why);
	ck_assert(cube_str_eq(domain, cube_str_of(got ? uris[_i].want : "untouched")));
}
END_TEST

Suite *suite_name(void)
{
	Suite *s = suite_create("name");
	TCase *tc = tcase_create("name");

	tcase_add_loop_test(tc, test_form, 0, sizeof(forms) / sizeof(forms[0]));
	tcase_add_loop_test(tc, test_match, 0, sizeof(matches) / sizeof(matches[0]));
	tcase_add_loop_test(tc, test_uri, 0, sizeof(uris) / sizeof(uris[0]));
	suite_add_tcase(s, tc);
	return s;
}
