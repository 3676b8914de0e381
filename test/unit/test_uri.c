/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/uri.c: URIs, header bodies and Vias by tables. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/uri.h"

Suite *suite_uri(void);

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

/* Parts in one line: "whole scheme user host address phone-context", "-" where there is none. */
static void check(bool (*parse)(struct cube_str, struct cube_uri_parts *), const char *text, const char *want)
{
	struct cube_uri_parts p, before;
	char got[512], ip[CUBE_ADDR_TEXT_MAX];
	bool ok;

	memset(&p, 0x55, sizeof(p));
	before = p;
	ok = parse(cube_str_of(text), &p);
	ck_assert_msg(ok == (want != NULL), "%s: %s", text, ok ? "parsed" : "refused");
	if(!ok) {
		ck_assert_mem_eq(&p, &before, sizeof(p));
		return;
	}
#define SHOWN(str) CUBE_FMT((str).len ? (str) : CUBE_STR("-"))
	snprintf(got, sizeof(got), "%.*s %.*s %.*s %.*s %s %.*s", SHOWN(p.whole), SHOWN(p.scheme), SHOWN(p.user),
			SHOWN(p.host), p.ip.len ? cube_ip_text(&p.ip, false, ip) : "-", SHOWN(p.phone_context));
	ck_assert_str_eq(got, want);
}

static const struct
{
	const char *text, *want;
} uris[] = {
		{"sip:bob@acme.co", "sip:bob@acme.co sip bob acme.co - -"},
		{"sips:bob@acme.co:5061;transport=tcp", "sips:bob@acme.co:5061;transport=tcp sips bob acme.co - -"},
		{"SIP:acme.co", "SIP:acme.co SIP - acme.co - -"},
		{"sip:acme.co.", "sip:acme.co. sip - acme.co - -"},
		{"sip:+1-201@192.0.2.1", "sip:+1-201@192.0.2.1 sip +1-201 192.0.2.1 192.0.2.1 -"},
		{"sip:[2001:db8::1]:5060", "sip:[2001:db8::1]:5060 sip - [2001:db8::1] 2001:db8::1 -"},
		{"sip:1@[2001:DB8::1];lr", "sip:1@[2001:DB8::1];lr sip 1 [2001:DB8::1] 2001:db8::1 -"},
		{"sip:bob:secret@acme.co", "sip:bob:secret@acme.co sip bob acme.co - -"},
		{"sip:12;phone-context=+49@acme.co", "sip:12;phone-context=+49@acme.co sip 12 acme.co - +49"},
		{"sip:12;a=b;Phone-Context=x.co;c@acme.co", "sip:12;a=b;Phone-Context=x.co;c@acme.co sip 12 acme.co - x.co"},
		{"sip:12;phone-context=a;phone-context=b@acme.co",
				"sip:12;phone-context=a;phone-context=b@acme.co sip 12 acme.co - a"},
		{"sip:12;phone-context@acme.co", "sip:12;phone-context@acme.co sip 12 acme.co - -"},
		{"sip:acme.co?Subject=x", "sip:acme.co?Subject=x sip - acme.co - -"},
		{"sip:acme.co;phone-context=x", "sip:acme.co;phone-context=x sip - acme.co - -"},
		{"sip:a?b/c@acme.co", "sip:a?b/c@acme.co sip a?b/c acme.co - -"},
		{"sip:%61@acme.co", "sip:%61@acme.co sip %61 acme.co - -"},
		{"sip:a_b@my_host", "sip:a_b@my_host sip a_b my_host - -"},
		{"tel:+1-201-555-0123", "tel:+1-201-555-0123 tel +1-201-555-0123 - - -"},
		{"TEL:7042;phone-context=example.com", "TEL:7042;phone-context=example.com TEL 7042 - - example.com"},
		{"tel:*67#;isub=1", "tel:*67#;isub=1 tel *67# - - -"},
		/* refused */
		{"", NULL},
		{"sip", NULL},
		{"sip:", NULL},
		{":bob@acme.co", NULL},
		{"http://acme.co", NULL},
		{"urn:service:sos", NULL},
		{"sip:@acme.co", NULL},
		{"sip:;x=1@acme.co", NULL},
		{"sip:bob@", NULL},
		{"sip:bob@acme.co@evil.co", NULL},
		{"sip:bob@acme..co", NULL},
		{"sip:bob@-+-", NULL},
		{"sip:bob@192.0.2.256", NULL},
		{"sip:bob@192.0.2.1.", NULL},
		{"sip:bob@[2001:db8::1", NULL},
		{"sip:bob@[2001:db8::1]x", NULL},
		{"sip:bob@[192.0.2.1]", NULL},
		{"sip:bob@2001:db8::1", NULL},
		{"sip:bob@acme.co:", NULL},
		{"sip:bob@acme.co:0", NULL},
		{"sip:bob@acme.co:70000", NULL},
		{"sip:bob@acme.co:5060x", NULL},
		{"sip:bob@acme.co/x", NULL},
		{"sip:b ob@acme.co", NULL},
		{" sip:bob@acme.co", NULL},
		{"sip:bob@acme.co\n", NULL},
		{"<sip:bob@acme.co>", NULL},
		{"sip:bob@acme.co;x=\"<\"", NULL},
		{"tel:", NULL},
		{"tel:;x", NULL},
		{"tel:+", NULL},
		{"tel:-.()", NULL},
		{"tel:12+3", NULL},
		{"tel:1 2", NULL},
		{"tel:alice", NULL},
		{"tel:12@acme.co", NULL},
};

static const struct
{
	const char *text, *want;
} headers[] = {
		{"<sip:bob@acme.co>", "sip:bob@acme.co sip bob acme.co - -"},
		{"  <sip:bob@acme.co;lr>;tag=1", "sip:bob@acme.co;lr sip bob acme.co - -"},
		{"Bob <sip:bob@acme.co>;tag=1", "sip:bob@acme.co sip bob acme.co - -"},
		{"Bob B. Bobson <sip:bob@acme.co>", "sip:bob@acme.co sip bob acme.co - -"},
		{"\"Bob\" <sip:bob@acme.co>;tag=1", "sip:bob@acme.co sip bob acme.co - -"},
		{"\"Bob\"<tel:12>", "tel:12 tel 12 - - -"},
		{"\"<sip:eve@evil.co>\" <sip:bob@acme.co>", "sip:bob@acme.co sip bob acme.co - -"},
		{"\"a \\\" <sip:eve@evil.co>\" \r\n <sip:bob@acme.co>", "sip:bob@acme.co sip bob acme.co - -"},
		{"\"a \\\\\" <sip:bob@acme.co>", "sip:bob@acme.co sip bob acme.co - -"},
		{"sip:bob@acme.co;tag=1", "sip:bob@acme.co sip bob acme.co - -"},
		{"sip:bob@acme.co ;tag=1", "sip:bob@acme.co sip bob acme.co - -"},
		{"sip:bob@acme.co, sip:eve@evil.co", "sip:bob@acme.co sip bob acme.co - -"},
		{"<sip:bob@acme.co>, <sip:eve@evil.co>", "sip:bob@acme.co sip bob acme.co - -"},
		{"sip:bob@acme.co;x=<sip:eve@evil.co>", "sip:bob@acme.co sip bob acme.co - -"},
		{"", NULL},
		{"   ", NULL},
		{"*", NULL},
		{"Bob", NULL},
		{"\"Bob", NULL},
		{"\"Bob\\\" <sip:bob@acme.co>", NULL},
		{"\"Bob\\", NULL},
		{"\"Bob\" sip:bob@acme.co", NULL},
		{"\"Bob\" x <sip:bob@acme.co>", NULL},
		{"<sip:bob@acme.co", NULL},
		{"<>", NULL},
		{"<<sip:bob@acme.co>>", NULL},
		{"< sip:bob@acme.co >", NULL},
		{"sip:bob@acme.co?x=1", NULL},
		{"sip:bob@acme.co<sip:eve@evil.co>", NULL},
		{"Bob, <sip:bob@acme.co>", NULL},
};

static const struct
{
	const char *text, *want;
} vias[] = {
		{"SIP/2.0/TLS sip.acme.co:5061;branch=z9hG4bK1", "sip.acme.co:5061 - - sip.acme.co - -"},
		{"SIP/2.0/UDP 192.0.2.1", "192.0.2.1 - - 192.0.2.1 192.0.2.1 -"},
		{"SIP/2.0/TCP [2001:db8::1]:5060;rport", "[2001:db8::1]:5060 - - [2001:db8::1] 2001:db8::1 -"},
		{"  SIP / 2.0 / UDP  acme.co : 4000;ttl=16", "acme.co : 4000 - - acme.co - -"},
		{"sip/2.0/udp\r\n acme.co ;x", "acme.co - - acme.co - -"},
		{"SIP/2.0/TLS a.co;branch=1, SIP/2.0/TLS b.co", "a.co - - a.co - -"},
		{"SIP/2.0/TLS a.co, SIP/2.0/TLS b.co", "a.co - - a.co - -"},
		{"", NULL},
		{"SIP/2.0/TLS", NULL},
		{"SIP/2.0/TLS ", NULL},
		{"SIP/2.0 a.co", NULL},
		{"SIP/3.0/TLS a.co", NULL},
		{"XIP/2.0/TLS a.co", NULL},
		{"SIP/2.0/ a.co", NULL},
		{"SIP/2.0/TLS;a.co", NULL},
		{"SIP/2.0/TLS a.co:x", NULL},
		{"SIP/2.0/TLS a.co:", NULL},
		{"SIP/2.0/TLS a.co b.co", NULL},
		{"SIP/2.0/TLS a.co:5060 b.co", NULL},
		{"SIP/2.0/TLS bob@a.co", NULL},
		{"SIP/2.0/TLS [::1", NULL},
		{"SIP/2.0/TLS ;x", NULL},
};

START_TEST(test_uris)
{
	check(cube_uri_parse, uris[_i].text, uris[_i].want);
}
END_TEST

START_TEST(test_headers)
{
	check(cube_uri_parse_header, headers[_i].text, headers[_i].want);
}
END_TEST

START_TEST(test_vias)
{
	check(cube_uri_parse_via, vias[_i].text, vias[_i].want);
}
END_TEST

/* Of several values each one, and nothing that stands in quotes or behind < for a comma. */
START_TEST(test_next)
{
	static const struct
	{
		const char *body, *uris[4];
	} rows[] = {
			{"<sip:a@b>", {"sip:a@b"}},
			{"sip:a@b;x=1,sip:c@d", {"sip:a@b", "sip:c@d"}},
			{"<sip:a@b>;reason=\"x, \\\",y\" , \"C, <sip:no@no>\" <tel:+1>;z,<sips:d>",
					{"sip:a@b", "tel:+1", "sips:d"}},
			{"<sip:a@b;x=1,2>,<sip:c@d>", {"sip:a@b;x=1,2", "sip:c@d"}},
			{"<sip:a@b>,", {"sip:a@b"}},
			{"<sip:a@b>;x=\"1,<sip:c@d>", {"sip:a@b"}},
			{"<sip:a@b>,,<sip:c@d>", {"sip:a@b"}},
	};
	struct cube_str rest = cube_str_of(rows[_i].body);
	struct cube_uri_parts p;
	unsigned n = 0;

	while(rest.len && cube_uri_parse_header(rest, &p)) {
		ck_assert_msg(n < 4 && rows[_i].uris[n] && cube_str_eq(p.whole, cube_str_of(rows[_i].uris[n])), "%s: %u: %.*s",
				rows[_i].body, n, CUBE_FMT(p.whole));
		rest = cube_uri_next(rest, &p);
		n++;
	}
	ck_assert_msg(!rows[_i].uris[n], "%s: %u", rows[_i].body, n);
}
END_TEST

/* Cut anywhere, or with a NUL anywhere: no more than the whole text says. */
START_TEST(test_cut)
{
	static const char text[] = "\"B\\\"\" <sip:1;phone-context=x@[2001:db8::1]:5060;y?z>;tag=1";
	struct cube_uri_parts p;

	for(size_t i = 0; i < sizeof(text); i++) {
		char buf[sizeof(text)];

		ck_assert_int_eq(cube_uri_parse_header((struct cube_str){text, i}, &p), i >= strcspn(text, ">") + 1);
		memcpy(buf, text, sizeof(buf));
		buf[i] = '\0';
		if(cube_uri_parse_header((struct cube_str){buf, sizeof(buf)}, &p))
			ck_assert_uint_eq(p.host.len, 13);
	}
	ck_assert(!cube_uri_parse((struct cube_str){NULL, 0}, &p));
	ck_assert(!cube_uri_parse_header((struct cube_str){NULL, 0}, &p));
	ck_assert(!cube_uri_parse_via((struct cube_str){NULL, 0}, &p));
}
END_TEST

/* What may stand before the @ is what the whole URI is good with: each character in each place. */
START_TEST(test_user)
{
	static const char good[] = "+1;a=b:c";
	struct cube_uri_parts p;

	for(size_t i = 0; i < sizeof(good) - 1; i++) {
		char uri[] = "sip:+1;a=b:c@h";
		const struct cube_str whole = {uri, sizeof(uri) - 1}, user = {uri + 4, sizeof(good) - 1};

		uri[4 + i] = (char)_i;
		ck_assert_msg(cube_uri_is_user(user) == cube_uri_parse(whole, &p), "character %d in place %zu", _i, i);
	}
	ck_assert(cube_uri_is_user(cube_str_of(good)));
	ck_assert(!cube_uri_is_user(CUBE_STR("")));
}
END_TEST

Suite *suite_uri(void)
{
	Suite *s = suite_create("uri");
	TCase *t = tcase_create("uri");

	tcase_add_loop_test(t, test_uris, 0, N(uris));
	tcase_add_loop_test(t, test_headers, 0, N(headers));
	tcase_add_loop_test(t, test_vias, 0, N(vias));
	tcase_add_loop_test(t, test_next, 0, 7);
	tcase_add_test(t, test_cut);
	tcase_add_loop_test(t, test_user, 0, 256);
	suite_add_tcase(s, t);
	return s;
}
