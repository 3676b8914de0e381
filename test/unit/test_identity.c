/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/identity.c: a permitted name against a name in a certificate, one row per rule, with its source. The
 * certificates are unsigned: whether one is genuine is not asked here. A sample of the rows is run through handshakes in
 * test_handshake.c. */
#include <check.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "../../modules/libcube/tls/identity.h"

Suite *suite_identity(void);

enum kind
{
	DNS = GEN_DNS,
	URI = GEN_URI,
	IP = GEN_IPADD,
	MAIL = GEN_EMAIL,
	CN = 100,
};

#define S(literal)                   \
	{                                \
		literal, sizeof(literal) - 1 \
	} /* keeps an embedded NUL */

static const struct row
{
	struct cube_str permit;
	enum kind kind;
	struct cube_str presented;
	bool want;
	const char *why;
} rows[] = {
		/* plain names */
		{S("sip.acme.co"), DNS, S("sip.acme.co"), true, "CUBE: FQDN equals a SAN"},
		{S("sip.acme.co"), CN, S("sip.acme.co"), true, "CUBE: FQDN equals the CN"},
		{S("sip.acme.co"), URI, S("sip:sip.acme.co"), true, "RFC 5922 7.1"},
		{S("sip.acme.co"), URI, S("sips:sip.acme.co"), true, "sips: names the same domain"},
		{S("sip.acme.co"), DNS, S("SIP.Acme.CO"), true, "RFC 4343: case-insensitive"},
		{S("SIP.ACME.CO"), DNS, S("sip.acme.co"), true, "RFC 4343: case-insensitive"},
		{S("sip.acme.co"), CN, S("Sip.acme.co"), true, "RFC 4343: case-insensitive"},
		{S("sip.acme.co"), URI, S("SIP:SIP.ACME.CO"), true, "RFC 5922 7.2: case-insensitive"},
		{S("sip.acme.co"), DNS, S("sip.acme.com"), false, "another domain"},
		{S("sip.acme.co"), DNS, S("acme.co"), false, "RFC 5922 7.2: the parent is another name"},
		{S("acme.co"), DNS, S("sip.acme.co"), false, "RFC 5922 7.2: a subdomain is another name"},
		{S("acme.co"), URI, S("sip:sip.acme.co"), false, "RFC 5922 7.2: a subdomain is another name"},
		{S("sip.acme.co"), DNS, S("xsip.acme.co"), false, "whole labels"},
		{S("sip.acme.co"), DNS, S("sip.acme.co.evil.example"), false, "suffixed"},
		{S("sip.acme.co"), CN, S("sip.acme.co.evil.example"), false, "suffixed"},
		{S("sip.acme.co"), DNS, S("evil.example"), false, "another name"},
		{S("sip.acme.co"), CN, S("evil.example"), false, "another name"},
		{S("sip.acme.co"), URI, S("sip:evil.example"), false, "another name"},
		{S("sip.acme.co"), DNS, S(""), false, "empty name"},
		{S("sip.acme.co"), DNS, S(" sip.acme.co"), false, "RFC 9525 6.3: no trimming"},
		{S("sip.acme.co"), CN, S("sip.acme.co "), false, "RFC 9525 6.3: no trimming"},
		{S("sip.acme.co"), CN, S("CN=sip.acme.co"), false, "the value, not its text form"},
		{S("sip.acme.co"), CN, S("sip:sip.acme.co"), false, "a CN is a name, not a URI"},
		{S("sip.acme.co"), DNS, S("sip:sip.acme.co"), false, "a dNSName is a name, not a URI"},
		{S("trunk_7.acme.co"), DNS, S("trunk_7.acme.co"), true, "underscores are in use"},
		{S("pbx"), DNS, S("pbx"), true, "one label is a name too"},
		/* dots */
		{S("sip.acme.co"), DNS, S("sip.acme.co."), false, "RFC 5280 4.2.1.6: preferred name syntax has no final dot"},
		{S("sip.acme.co"), DNS, S(".sip.acme.co"), false, "leading dot"},
		{S("sip.acme.co"), DNS, S("sip..acme.co"), false, "empty label"},
		{S("sip.acme.co."), DNS, S("sip.acme.co"), false, "cn-san entries have no final dot"},
		{S("*.acme.co"), DNS, S(".acme.co"), false, "leading dot is no label"},
		{S("*.acme.co"), CN, S(".acme.co"), false, "leading dot is no label"},
		{S("*.acme.co"), URI, S("sip:.acme.co"), false, "leading dot is no label"},
		/* wildcards in the configuration */
		{S("*.acme.co"), DNS, S("sip.acme.co"), true, "CUBE: *.domain matches a host of it"},
		{S("*.acme.co"), CN, S("sip.acme.co"), true, "CUBE: *.domain matches a host of it"},
		{S("*.acme.co"), URI, S("sip:sip.acme.co"), true, "CUBE: *.domain matches a host of it"},
		{S("*.acme.co"), DNS, S("SIP.ACME.CO"), true, "case-insensitive"},
		{S("*.ACME.CO"), CN, S("sip.acme.co"), true, "case-insensitive"},
		{S("*.acme.co"), DNS, S("acme.co"), false, "RFC 9525 6.3: one label, not none"},
		{S("*.acme.co"), URI, S("sip:acme.co"), false, "RFC 9525 6.3: one label, not none"},
		{S("*.acme.co"), DNS, S("a.sip.acme.co"), false, "RFC 9525 6.3: one label, not two"},
		{S("*.acme.co"), CN, S("a.sip.acme.co"), false, "RFC 9525 6.3: one label, not two"},
		{S("*.acme.co"), URI, S("sip:a.sip.acme.co"), false, "RFC 9525 6.3: one label, not two"},
		{S("*.acme.co"), DNS, S("xacme.co"), false, "whole labels"},
		{S("*.acme.co"), DNS, S("sip.acme.com"), false, "another domain"},
		{S("*.acme.co"), DNS, S("*.acme.co"), true, "a certificate for all that is permitted"},
		{S("*.acme.co"), DNS, S("*.sip.acme.co"), false, "two labels"},
		{S("*.edge.acme.co"), DNS, S("*.acme.co"), false, "the certificate covers edge, not what is below"},
		{S("f*.acme.co"), DNS, S("foo.acme.co"), false, "CUBE: strictly *.domain"},
		{S("sip.*.co"), DNS, S("sip.acme.co"), false, "CUBE: strictly *.domain"},
		{S("*"), DNS, S("pbx"), false, "CUBE: strictly *.domain"},
		{S("*"), DNS, S("sip.acme.co"), false, "CUBE: strictly *.domain"},
		{S("*."), DNS, S("sip.acme.co"), false, "no domain"},
		{S("*.*.acme.co"), DNS, S("a.b.acme.co"), false, "CUBE: strictly *.domain"},
		/* wildcards in the certificate */
		{S("sip.acme.co"), DNS, S("*.acme.co"), true, "RFC 9525 6.3"},
		{S("sip.acme.co"), CN, S("*.acme.co"), true, "RFC 9525 6.3, in the CN as in the SAN"},
		{S("SIP.acme.co"), DNS, S("*.ACME.co"), true, "case-insensitive"},
		{S("acme.co"), DNS, S("*.acme.co"), false, "RFC 9525 6.3: one label, not none"},
		{S("a.sip.acme.co"), DNS, S("*.acme.co"), false, "RFC 9525 6.3: one label, not two"},
		{S("sip.acme.co"), DNS, S("s*.acme.co"), false, "RFC 9525 6.3: whole label only"},
		{S("sip.acme.co"), DNS, S("*p.acme.co"), false, "RFC 9525 6.3: whole label only"},
		{S("sip.acme.co"), DNS, S("s*p.acme.co"), false, "RFC 9525 6.3: whole label only"},
		{S("sip.acme.co"), CN, S("s*.acme.co"), false, "RFC 9525 6.3: whole label only"},
		{S("sip.acme.co"), DNS, S("sip.*.co"), false, "RFC 9525 6.3: left-most label only"},
		{S("sip.acme.co"), DNS, S("*.*.co"), false, "RFC 9525 6.3: one wildcard only"},
		{S("acme.co"), DNS, S("*.co"), false, "a top-level domain is nobody's"},
		{S("acme.co"), CN, S("*.co"), false, "a top-level domain is nobody's"},
		{S("acme"), DNS, S("*"), false, "no domain"},
		{S("sip.acme.co"), DNS, S("*"), false, "no domain"},
		{S("sip.acme.co"), URI, S("sip:*.acme.co"), false, "RFC 5922 7.2: no wildcards in SIP URIs"},
		{S("*.acme.co"), URI, S("sip:*.acme.co"), false, "RFC 5922 7.2: no wildcards in SIP URIs"},
		/* A-labels are compared as they are */
		{S("xn--bcher-kva.example"), DNS, S("xn--bcher-kva.example"), true, "RFC 9525 6.3: A-labels"},
		{S("xn--bcher-kva.example"), DNS, S("XN--Bcher-KVA.example"), true, "RFC 9525 6.3: A-labels, any case"},
		{S("xn--bcher-kva.example"), CN,
				S("b\xc3\xbc"
				  "cher.example"),
				false, "a U-label is not translated"},
		{S("xn--bcher-kva.acme.co"), DNS, S("*.acme.co"), true, "the label is covered whole"},
		{S("xn--bcher-kva.acme.co"), DNS, S("xn--*.acme.co"), false, "RFC 9525 6.3: whole label only"},
		{S("b\xc3\xbc"
		   "cher.example"),
				CN,
				S("b\xc3\xbc"
				  "cher.example"),
				false, "cn-san takes A-labels"},
		/* NUL */
		{S("sip.acme.co"), DNS, S("sip.acme.co\0.evil.example"), false, "CVE-2009-4034: embedded NUL"},
		{S("sip.acme.co"), CN, S("sip.acme.co\0.evil.example"), false, "CVE-2009-4034: embedded NUL"},
		{S("sip.acme.co"), URI, S("sip:sip.acme.co\0.evil.example"), false, "CVE-2009-4034: embedded NUL"},
		{S("sip.acme.co"), DNS, S("sip.acme.co\0"), false, "trailing NUL"},
		{S("sip.acme.co"), CN, S("sip.acme.co\0"), false, "trailing NUL"},
		{S("sip.acme.co\0"), DNS, S("sip.acme.co"), false, "NUL in the configuration"},
		{S("*.acme.co"), DNS, S("evil\0.acme.co"), false, "embedded NUL"},
		{S("*.acme.co"), URI, S("sip:evil\0.acme.co"), false, "embedded NUL"},
		/* SIP URIs */
		{S("sip.acme.co"), URI, S("sip:bob@sip.acme.co"), false, "RFC 5922 7.1: a user is not the domain"},
		{S("sip.acme.co"), URI, S("sip:sip.acme.co@evil.example"), false, "RFC 5922 7.1: a user is not the domain"},
		{S("sip.acme.co"), URI, S("sip:sip.acme.co:5061"), false, "a port is less than the domain"},
		{S("sip.acme.co"), URI, S("sip:sip.acme.co;user=phone"), false, "parameters"},
		{S("sip.acme.co"), URI, S("https://sip.acme.co"), false, "RFC 5922 7.1: not a SIP scheme"},
		{S("sip.acme.co"), URI, S("xmpp:sip.acme.co"), false, "RFC 5922 7.1: not a SIP scheme"},
		{S("sip.acme.co"), URI, S("sip.acme.co"), false, "no scheme"},
		/* other kinds of names */
		{S("sip.acme.co"), MAIL, S("sip.acme.co"), false, "an rfc822Name names a mailbox"},
		{S("sip.acme.co"), MAIL, S("bob@sip.acme.co"), false, "an rfc822Name names a mailbox"},
		{S("192.0.2.1"), DNS, S("192.0.2.1"), false, "RFC 9525 6.1.2: an address is no DNS name"},
		{S("192.0.2.1"), CN, S("192.0.2.1"), false, "cn-san takes names"},
		{S("192.0.2.1"), IP, S("\xc0\x00\x02\x01"), false, "cn-san takes names"},
		{S("*.0.2.1"), DNS, S("192.0.2.1"), false, "an address is no DNS name"},
		{S("sip.acme.co"), IP, S("\xc0\x00\x02\x01"), false, "an address is no name"},
		/* form of the entry */
		{S(""), DNS, S(""), false, "empty entry"},
		{S("sip acme.co"), DNS, S("sip acme.co"), false, "no host name"},
		{S(".acme.co"), DNS, S("sip.acme.co"), false, "no host name; OpenSSL would take it as a domain"},
};

static ASN1_IA5STRING *ia5(struct cube_str text)
{
	ASN1_IA5STRING *string = ASN1_IA5STRING_new();

	ck_assert_int_eq(ASN1_STRING_set(string, text.s, (int)text.len), 1);
	return string;
}

static void add_san(GENERAL_NAMES *sans, enum kind kind, struct cube_str text)
{
	GENERAL_NAME *san = GENERAL_NAME_new();

	if(kind == IP) {
		ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();

		ASN1_OCTET_STRING_set(bytes, (const unsigned char *)text.s, (int)text.len);
		GENERAL_NAME_set0_value(san, GEN_IPADD, bytes);
	} else {
		GENERAL_NAME_set0_value(san, (int)kind, ia5(text));
	}
	sk_GENERAL_NAME_push(sans, san);
}

static void add_cn(X509 *cert, struct cube_str text)
{
	ck_assert_int_eq(X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, V_ASN1_UTF8STRING,
							 (const unsigned char *)text.s, (int)text.len, -1, 0),
			1);
}

static void set_sans(X509 *cert, GENERAL_NAMES *sans)
{
	ck_assert_int_eq(X509_add1_ext_i2d(cert, NID_subject_alt_name, sans, 0, X509V3_ADD_REPLACE), 1);
	GENERAL_NAMES_free(sans);
}

static X509 *make_cert(enum kind kind, struct cube_str text)
{
	X509 *cert = X509_new();
	GENERAL_NAMES *sans;

	if(kind == CN) {
		if(text.len > 0)
			add_cn(cert, text);
		return cert;
	}
	sans = GENERAL_NAMES_new();
	add_san(sans, kind, text);
	set_sans(cert, sans);
	return cert;
}

static const struct cube_ip no_ip;
static const struct cube_str no_host;

START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	struct cube_str permit = row->permit;
	const struct cube_list list = {&permit, 1};
	X509 *cert = make_cert(row->kind, row->presented);
	char matched[CUBE_PEER_NAME_MAX] = "";
	bool got = cube_identity_match(cert, &list, no_host, &no_ip, matched);

	ck_assert_msg(got == row->want, "row %d: %s against %s: %s", _i, row->permit.s, row->presented.s, row->why);
	ck_assert_str_eq(matched, row->want ? row->permit.s : "");
	X509_free(cert);
}
END_TEST

/* All names of a certificate count, and all entries of the list. CUBE: "CN or any SAN". */
START_TEST(test_many)
{
	struct cube_str v[] = {CUBE_STR("decoy.example"), CUBE_STR("*.edge.acme.co"), CUBE_STR("last.example")};
	const struct cube_list list = {v, 3}, none = {NULL, 0};
	static const char *const last[] = {"a.edge.acme.co", "last.example", "decoy.example"};
	GENERAL_NAMES *sans = GENERAL_NAMES_new();
	X509 *cert = X509_new();

	for(unsigned i = 0; i < 3; i++) {
		X509 *one = X509_new();
		GENERAL_NAMES *many = GENERAL_NAMES_new();

		add_san(many, MAIL, CUBE_STR("bob@example.com"));
		for(int n = 0; n < 50; n++)
			add_san(many, DNS, CUBE_STR("other.example"));
		add_san(many, DNS, cube_str_of(last[i]));
		set_sans(one, many);
		ck_assert(cube_identity_match(one, &list, no_host, &no_ip, NULL));
		ck_assert(!cube_identity_match(one, &none, no_host, &no_ip, NULL));
		X509_free(one);
	}
	/* the CN counts beside SANs, and every CN does */
	add_san(sans, DNS, CUBE_STR("other.example"));
	set_sans(cert, sans);
	ck_assert(!cube_identity_match(cert, &list, no_host, &no_ip, NULL));
	add_cn(cert, CUBE_STR("cn.example"));
	ck_assert(!cube_identity_match(cert, &list, no_host, &no_ip, NULL));
	add_cn(cert, CUBE_STR("last.example"));
	ck_assert(cube_identity_match(cert, &list, no_host, &no_ip, NULL));
	X509_free(cert);
}
END_TEST

/* As client: the session target, by name or by address, or the list. */
START_TEST(test_target)
{
	struct cube_str v[] = {CUBE_STR("sip.acme.co")};
	const struct cube_list list = {v, 1}, none = {NULL, 0};
	struct cube_ip ip4, ip6, other;
	X509 *name = make_cert(DNS, CUBE_STR("sip.acme.co")), *wildcard = make_cert(DNS, CUBE_STR("*.acme.co"));
	X509 *addr4 = make_cert(IP, (struct cube_str){"\xc0\x00\x02\x01", 4}),
		 *text = make_cert(DNS, CUBE_STR("192.0.2.1"));
	X509 *addr6 = make_cert(IP, (struct cube_str){"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16});
	X509 *cn = make_cert(CN, CUBE_STR("192.0.2.1"));

	ck_assert(cube_ip_parse(CUBE_STR("192.0.2.1"), &ip4) && cube_ip_parse(CUBE_STR("2001:db8::1"), &ip6)
			  && cube_ip_parse(CUBE_STR("192.0.2.2"), &other));
	ck_assert(cube_identity_match(name, &none, CUBE_STR("sip.acme.co"), &no_ip, NULL));
	ck_assert(cube_identity_match(name, &none, CUBE_STR("SIP.acme.co."), &no_ip, NULL));
	ck_assert(!cube_identity_match(name, &none, CUBE_STR("other.acme.co"), &no_ip, NULL));
	ck_assert(cube_identity_match(name, &list, CUBE_STR("other.acme.co"), &no_ip, NULL));
	ck_assert(!cube_identity_match(name, &none, CUBE_STR("*.acme.co"), &no_ip, NULL));
	ck_assert(cube_identity_match(wildcard, &none, CUBE_STR("sip.acme.co"), &no_ip, NULL));
	ck_assert(cube_identity_match(addr4, &none, no_host, &ip4, NULL));
	ck_assert(!cube_identity_match(addr4, &none, no_host, &other, NULL));
	ck_assert(!cube_identity_match(addr4, &none, no_host, &ip6, NULL));
	ck_assert(!cube_identity_match(addr4, &none, no_host, &no_ip, NULL));
	ck_assert(cube_identity_match(addr6, &none, no_host, &ip6, NULL));
	ck_assert(!cube_identity_match(text, &none, no_host, &ip4, NULL));
	ck_assert(!cube_identity_match(cn, &none, no_host, &ip4, NULL));
	ck_assert(!cube_identity_match(text, &none, CUBE_STR("192.0.2.1"), &no_ip, NULL));
	ck_assert(cube_identity_match(name, &list, no_host, &ip4, NULL));
	X509_free(name);
	X509_free(wildcard);
	X509_free(addr4);
	X509_free(addr6);
	X509_free(text);
	X509_free(cn);
}
END_TEST

/* RFC 5922 7.1: for the target the CN is looked at only where the SANs name no host or domain. */
START_TEST(test_target_cn)
{
	static const struct
	{
		enum kind kind;
		struct cube_str san;
		bool want;
	} beside[] = {{DNS, S("other.example"), false}, {URI, S("sip:other.example"), false},
			{URI, S("https://acme.co"), true}, {URI, S("sip:bob@acme.co"), true}, {MAIL, S("bob@acme.co"), true},
			{IP, S("\xc0\x00\x02\x01"), true}};
	struct cube_str v[] = {CUBE_STR("sip.acme.co")};
	const struct cube_list none = {NULL, 0}, list = {v, 1};
	X509 *alone = make_cert(CN, CUBE_STR("sip.acme.co"));

	ck_assert(cube_identity_match(alone, &none, CUBE_STR("sip.acme.co"), &no_ip, NULL));
	X509_free(alone);
	for(size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		X509 *cert = make_cert(beside[i].kind, beside[i].san);

		add_cn(cert, CUBE_STR("sip.acme.co"));
		ck_assert_msg(cube_identity_match(cert, &none, CUBE_STR("sip.acme.co"), &no_ip, NULL) == beside[i].want, "%s",
				beside[i].san.s);
		ck_assert(cube_identity_match(cert, &list, CUBE_STR("x.acme.co"), &no_ip, NULL));
		X509_free(cert);
	}
}
END_TEST

START_TEST(test_text)
{
	GENERAL_NAMES *sans = GENERAL_NAMES_new();
	X509 *cert = X509_new();
	char buf[CUBE_PEER_NAME_MAX], small[12];

	ck_assert_str_eq(cube_identity_text(cert, buf, sizeof(buf)), "subject ");
	add_cn(cert, CUBE_STR("edge \"7\"\r\n%s,\xc3\xbc"));
	ck_assert_str_eq(cube_identity_text(cert, buf, sizeof(buf)), "CN edge ?7????s???");
	add_san(sans, DNS, CUBE_STR("sip.acme.co"));
	add_san(sans, URI, CUBE_STR("sip:acme.co"));
	add_san(sans, IP, (struct cube_str){"\xc0\x00\x02\x01", 4});
	add_san(sans, IP, (struct cube_str){"\xc0\x00\x02", 3});
	add_san(sans, MAIL, CUBE_STR("bob@acme.co"));
	set_sans(cert, sans);
	ck_assert_str_eq(
			cube_identity_text(cert, buf, sizeof(buf)), "sip.acme.co, sip:acme.co, 192.0.2.1, CN edge ?7????s???");
	for(size_t size = 1; size <= sizeof(small); size++) {
		memset(small, 'x', sizeof(small));
		cube_identity_text(cert, small, size);
		ck_assert_uint_eq(strlen(small), size - 1);
	}
	X509_free(cert);

	cert = X509_new();
	sans = GENERAL_NAMES_new();
	for(int i = 0; i < 10000; i++)
		add_san(sans, DNS, CUBE_STR("sip.acme.co"));
	set_sans(cert, sans);
	ck_assert_uint_eq(strlen(cube_identity_text(cert, buf, sizeof(buf))), 8 * 11 + 7 * 2);
	X509_free(cert);
}
END_TEST

START_TEST(test_name)
{
	static const struct
	{
		enum kind kind;
		struct cube_str san;
		const char *want;
	} rows_name[] = {{DNS, S("sip.acme.co"), "sip.acme.co"}, {URI, S("sip:acme.co"), "acme.co"},
			{URI, S("sip:bob@acme.co"), "edge 7"}, {URI, S("https://acme.co"), "edge 7"},
			{MAIL, S("bob@acme.co"), "edge 7"}, {DNS, S("a\nb\"c\0d"), "a?b?c?d"}};
	char buf[CUBE_PEER_NAME_MAX];
	X509 *cert = X509_new();

	ck_assert_str_eq(cube_identity_name(cert, buf, sizeof(buf)), "");
	X509_free(cert);
	for(size_t i = 0; i < sizeof(rows_name) / sizeof(rows_name[0]); i++) {
		cert = make_cert(rows_name[i].kind, rows_name[i].san);
		add_cn(cert, CUBE_STR("edge 7"));
		ck_assert_str_eq(cube_identity_name(cert, buf, sizeof(buf)), rows_name[i].want);
		ck_assert_str_eq(cube_identity_name(cert, buf, 1), "");
		X509_free(cert);
	}
}
END_TEST

Suite *suite_identity(void)
{
	Suite *s = suite_create("identity");
	TCase *tc = tcase_create("identity");

	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_target);
	tcase_add_test(tc, test_target_cn);
	tcase_add_test(tc, test_text);
	tcase_add_test(tc, test_name);
	suite_add_tcase(s, tc);
	return s;
}
