/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/uri_class.c: which URIs fit, which match is the better one, what is refused. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/uri_class.h"
#include "helper.h"

Suite *suite_uri_class(void);

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
#define NO (-1)
#define HOST CUBE_URI_RANK_HOST
#define USER CUBE_URI_RANK_USER
#define TEL CUBE_URI_RANK_TEL
#define PATTERN CUBE_URI_RANK_PATTERN

/* Texts of a class, as constants; up to three hosts. */
struct keys
{
	const char *host[3], *host_pattern, *user_id, *pattern, *phone_number, *phone_context;
};

static const struct cube_uri_class *compile(const struct keys *keys, struct cube_arena *arena, struct cube_err *err)
{
	struct cube_str hosts[3];
	struct cube_uri_class_texts texts = {hosts, 0, cube_str_of(keys->host_pattern), cube_str_of(keys->user_id),
			cube_str_of(keys->pattern), cube_str_of(keys->phone_number), cube_str_of(keys->phone_context)};

	for(; texts.n_hosts < 3 && keys->host[texts.n_hosts]; texts.n_hosts++)
		hosts[texts.n_hosts] = cube_str_of(keys->host[texts.n_hosts]);
	return cube_uri_class_compile(&texts, "uri acme", arena, err);
}

static const struct
{
	struct keys keys;
	const char *uri;
	int rank; /* or NO */
	unsigned length;
} rows[] = {
		/* literal hosts */
		{{.host = {"ipv4:192.0.2.1"}}, "sip:1@192.0.2.1", HOST, 9},
		{{.host = {"ipv4:192.0.2.1"}}, "sip:1@192.0.2.1:5061;lr", HOST, 9},
		{{.host = {"ipv4:192.0.2.1"}}, "sip:1@192.0.2.11", NO, 0},
		{{.host = {"ipv4:192.0.2.1"}}, "sip:192.0.2.1@acme.co", NO, 0},
		{{.host = {"ipv6:[2001:db8::1]"}}, "sip:1@[2001:DB8:0::1]", HOST, 15},
		{{.host = {"ipv6:2001:db8::1"}}, "sip:1@[2001:db8::1]", HOST, 13},
		{{.host = {"ipv6:[2001:db8::1]"}}, "sip:1@[2001:db8::2]", NO, 0},
		{{.host = {"dns:sip.acme.co"}}, "sip:1@sip.acme.co", HOST, 11},
		{{.host = {"dns:sip.acme.co"}}, "sip:1@SIP.Acme.co.", HOST, 11},
		{{.host = {"dns:sip.acme.co"}}, "sip:1@xsip.acme.co", NO, 0},
		{{.host = {"dns:sip.acme.co"}}, "sip:1@acme.co", NO, 0},
		{{.host = {"dns:sip.acme.co"}}, "tel:1", NO, 0},
		{{.host = {"dns:sip.acme.co"}}, "sip:1@198.51.100.7", HOST, 12}, /* resolved, see test_rows */
		{{.host = {"dns:sip.acme.co"}}, "sip:1@[2001:db8::7]", HOST, 13},
		{{.host = {"dns:sip.acme.co"}}, "sip:1@198.51.100.8", NO, 0},
		{{.host = {"ipv4:192.0.2.1"}}, "sip:1@198.51.100.7", NO, 0}, /* no name to resolve */
		{{.host = {"ipv4:192.0.2.1", "dns:a.co", "ipv6:[::1]"}}, "sip:1@a.co", HOST, 4},
		{{.host = {"ipv4:192.0.2.1", "dns:a.co", "ipv6:[::1]"}}, "sip:1@[::1]", HOST, 5},
		{{.host = {"ipv4:192.0.2.1", "dns:a.co", "ipv6:[::1]"}}, "sip:1@b.co", NO, 0},
		/* host by expression */
		{{.host_pattern = "acme"}, "sip:1@sip.acme.co", HOST, 4},
		{{.host_pattern = "acme"}, "sip:1@sip.Acme.co", NO, 0},
		{{.host_pattern = "^sip[0-9]\\.acme\\.co$"}, "sip:1@sip7.acme.co", HOST, 12},
		{{.host_pattern = "^sip[0-9]\\.acme\\.co$"}, "sip:1@sip7.acme.co.evil.co", NO, 0},
		{{.host_pattern = "^192\\.0\\.2\\."}, "sip:1@192.0.2.77", HOST, 8},
		{{.host = {"dns:b.co"}, .host_pattern = "(a|c)\\.co"}, "sip:1@b.co", HOST, 4},
		{{.host = {"dns:b.co"}, .host_pattern = "(a|c)\\.co"}, "sip:1@xc.co", HOST, 4},
		{{.host = {"dns:b.co"}, .host_pattern = "(a|c)\\.co"}, "sip:1@d.co", NO, 0},
		{{.host_pattern = ".*"}, "tel:1", NO, 0},
		/* user-id */
		{{.user_id = "^2..."}, "sip:2001@acme.co", USER, 4},
		{{.user_id = "^2..."}, "sip:12001@acme.co", NO, 0},
		{{.user_id = "^2..."}, "sip:20015@acme.co", USER, 4},
		{{.user_id = "^2...$"}, "sip:20015@acme.co", NO, 0},
		{{.user_id = "^2...$"}, "sip:2001;x=1:pw@acme.co", USER, 4},
		{{.user_id = "^2..."}, "sip:%32001@acme.co", USER, 4},
		{{.user_id = "^2..."}, "sip:2001%@acme.co", NO, 0},
		{{.user_id = "bob"}, "sip:Bob@acme.co", NO, 0},
		{{.user_id = "bob|alice"}, "sip:alice@acme.co", USER, 5},
		{{.user_id = ".*"}, "sip:acme.co", NO, 0},
		{{.user_id = "1"}, "tel:1", NO, 0},
		/* both */
		{{.host = {"dns:acme.co"}, .user_id = "^2"}, "sip:2001@acme.co", HOST, 8},
		{{.host = {"dns:acme.co"}, .user_id = "^2"}, "sip:3001@acme.co", NO, 0},
		{{.host = {"dns:acme.co"}, .user_id = "^2"}, "sip:2001@b.co", NO, 0},
		/* tel */
		{{.phone_number = "^\\+1201"}, "tel:+1-201-555-0123", TEL, 5},
		{{.phone_number = "^\\+1201"}, "tel:+1(202)555-0123", NO, 0},
		{{.phone_number = "^\\+1201"}, "sip:+12015550123@acme.co", NO, 0},
		{{.phone_number = "1"}, "TEL:1", TEL, 1},
		{{.phone_context = "example\\.com$"}, "tel:7042;phone-context=example.com", TEL, 11},
		{{.phone_context = "example\\.com$"}, "sip:7042;phone-context=example.com@acme.co", TEL, 11},
		{{.phone_context = "example\\.com$"}, "tel:7042;phone-context=example.org", NO, 0},
		{{.phone_context = ".*"}, "tel:7042", NO, 0},
		{{.phone_number = "^7", .phone_context = "^\\+49"}, "tel:7042;phone-context=+49", TEL, 4},
		{{.phone_number = "^7", .phone_context = "^\\+49"}, "tel:8042;phone-context=+49", NO, 0},
		{{.host = {"dns:acme.co"}, .phone_context = "49"}, "sip:1;phone-context=+49@acme.co", HOST, 9},
		{{.user_id = "1", .phone_context = "49"}, "sip:1;phone-context=+49@acme.co", USER, 3},
		/* the whole */
		{{.pattern = "^sips:"}, "sips:1@acme.co", PATTERN, 0},
		{{.pattern = "^sips:"}, "sip:1@acme.co", NO, 0},
		{{.pattern = "acme\\.co.*;transport=tls"}, "sip:1@acme.co:5061;transport=tls", PATTERN, 0},
		{{.pattern = "^tel:.*5$"}, "tel:+4915", PATTERN, 0},
};

static const struct cube_ip ips[] = {{4, {198, 51, 100, 7}}, {16, {0x20, 0x01, 0x0d, 0xb8, [15] = 7}}};

START_TEST(test_rows)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	struct cube_uri_match match = {.length = 99};
	const struct cube_uri_class *class;
	struct cube_uri_parts parts;
	struct cube_err err = {0};

	class = compile(&rows[_i].keys, arena, &err);
	ck_assert_msg(class != NULL, "%s", err.text);
	ck_assert(cube_uri_parse(cube_str_of(rows[_i].uri), &parts));
	ck_assert_int_eq(cube_uri_class_match(class, &parts, ips, N(ips), false, &match), rows[_i].rank != NO);
	if(rows[_i].rank != NO)
		ck_assert_int_eq(match.rank, rows[_i].rank);
	ck_assert_uint_eq(match.length, rows[_i].rank != NO ? rows[_i].length : 99);
	/* nothing is resolved: addresses that are in a URI fit no name */
	if(rows[_i].keys.host[0] && strncmp(rows[_i].keys.host[0], "dns:", 4) == 0 && parts.ip.len)
		ck_assert(!cube_uri_class_match(class, &parts, NULL, 0, false, &match));
	cube_arena_free(&arena);
}
END_TEST

START_TEST(test_via)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	const struct cube_uri_class *host = compile(&(struct keys){.host = {"ipv4:192.0.2.1"}}, arena, NULL),
								*whole = compile(&(struct keys){.pattern = "^192\\.0\\.2\\.1:5061$"}, arena, NULL),
								*user = compile(&(struct keys){.user_id = "."}, arena, NULL);
	struct cube_uri_parts parts;
	struct cube_uri_match match;

	ck_assert(cube_uri_parse_via(CUBE_STR("SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1"), &parts));
	ck_assert(cube_uri_class_match(host, &parts, NULL, 0, false, &match));
	ck_assert(cube_uri_class_match(whole, &parts, NULL, 0, false, &match));
	ck_assert(!cube_uri_class_match(user, &parts, NULL, 0, false, &match));
	cube_arena_free(&arena);
}
END_TEST

/* From the best to the worst, and with user_first. */
START_TEST(test_order)
{
	static const struct cube_uri_match order[] = {{HOST, 9}, {HOST, 4}, {USER, 12}, {USER, 1}, {TEL, 20}, {TEL, 1},
			{PATTERN, 0}},
									   swapped[] = {{USER, 12}, {USER, 1}, {HOST, 9}, {HOST, 4}, {TEL, 20}, {TEL, 1},
											   {PATTERN, 0}};

	for(int i = 0; i < N(order); i++) {
		for(int k = 0; k < N(order); k++) {
			int plain = cube_uri_match_cmp(&order[i], &order[k], false),
				user = cube_uri_match_cmp(&swapped[i], &swapped[k], true);

			ck_assert_int_eq((plain > 0) - (plain < 0), (i > k) - (i < k));
			ck_assert_int_eq((user > 0) - (user < 0), (i > k) - (i < k));
		}
	}
}
END_TEST

START_TEST(test_user_first)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	const struct cube_uri_class *both = compile(&(struct keys){.host = {"dns:acme.co"}, .user_id = "^2"}, arena, NULL),
								*host = compile(&(struct keys){.host = {"dns:acme.co"}}, arena, NULL);
	struct cube_uri_parts parts;
	struct cube_uri_match match;

	ck_assert(cube_uri_parse(CUBE_STR("sip:2001@acme.co"), &parts));
	ck_assert(cube_uri_class_match(both, &parts, NULL, 0, true, &match));
	ck_assert_int_eq(match.rank, USER);
	ck_assert(cube_uri_class_match(host, &parts, NULL, 0, true, &match));
	ck_assert_int_eq(match.rank, HOST);
	cube_arena_free(&arena);
}
END_TEST

static const struct
{
	struct keys keys;
	const char *want;
} bad[] = {
		{{.user_id = NULL}, "uri acme: asks for nothing"},
		{{.host = {"ipv4:192.0.2"}}, "uri acme: host: \"ipv4:192.0.2\": not an IPv4 address (allowed: "},
		{{.host = {"ipv4:[::1]"}}, "not an IPv4 address"},
		{{.host = {"ipv4:192.0.2.1:5060"}}, "not an IPv4 address"},
		{{.host = {"ipv6:192.0.2.1"}}, "not an IPv6 address"},
		{{.host = {"ipv6:[::1"}}, "not an IPv6 address"},
		{{.host = {"dns:"}}, "not a host name"},
		{{.host = {"dns:192.0.2.1"}}, "not a host name"},
		{{.host = {"dns:*.acme.co"}}, "not a host name"},
		{{.host = {""}}, "uri acme: host: \"\": no such form (allowed: ipv4:A.B.C.D, ipv6:"},
		{{.host = {"dns:a", "192.0.2.1"}}, "uri acme: host: \"192.0.2.1\": no such form"},
		{{.host = {"DNS:a"}}, "uri acme: host: \"DNS:a\": no such form"},
		{{.host_pattern = "a("}, "uri acme: host-pattern: \"a(\": position 2: the group is not closed"},
		{{.user_id = "2{4}"}, "uri acme: user-id: \"2{4}\": position 2: { } is no repeat sign here"},
		{{.pattern = "["}, "uri acme: pattern: \"[\": position 1"},
		{{.phone_number = "+1"}, "uri acme: phone-number: \"+1\": position 1: nothing to repeat"},
		{{.phone_context = ")"}, "uri acme: phone-context: \")\": position 1"},
		{{.pattern = "a", .user_id = "b"}, "uri acme: pattern stands alone"},
		{{.pattern = "a", .host = {"dns:b"}}, "uri acme: pattern stands alone"},
		{{.pattern = "a", .host_pattern = "b"}, "uri acme: pattern stands alone"},
		{{.pattern = "a", .phone_number = "b"}, "uri acme: pattern stands alone"},
		{{.pattern = "a", .phone_context = "b"}, "uri acme: pattern stands alone"},
		{{.phone_number = "a", .user_id = "b"}, "uri acme: phone-number is for tel: URIs"},
		{{.phone_number = "a", .host = {"dns:b"}}, "uri acme: phone-number is for tel: URIs"},
		{{.phone_number = "a", .host_pattern = "b"}, "uri acme: phone-number is for tel: URIs"},
};

START_TEST(test_bad)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	struct cube_err err = {0};

	ck_assert_ptr_null(compile(&bad[_i].keys, arena, &err));
	ck_assert_uint_eq(err.count, 1);
	ck_assert_msg(strncmp(err.text, "uri acme: ", 10) == 0 && strstr(err.text, bad[_i].want), "%s", err.text);
	cube_arena_free(&arena);
}
END_TEST

START_TEST(test_limits)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 4096);
	struct cube_str hosts[CUBE_URI_HOSTS_MAX + 1];
	struct cube_uri_class_texts texts = {.hosts = hosts, .n_hosts = CUBE_URI_HOSTS_MAX};
	const struct cube_uri_class *class;
	struct cube_uri_parts parts;
	struct cube_uri_match match;
	struct cube_err err = {0};
	char uri[600] = "sip:";
	size_t n = 4;

	for(int i = 0; i <= CUBE_URI_HOSTS_MAX; i++)
		hosts[i] = i == CUBE_URI_HOSTS_MAX - 1 ? CUBE_STR("dns:b.co") : CUBE_STR("dns:a.co");
	class = cube_uri_class_compile(&texts, "uri acme", arena, &err);
	ck_assert_ptr_nonnull(class);
	ck_assert(cube_uri_parse(CUBE_STR("sip:b.co"), &parts)
			  && cube_uri_class_match(class, &parts, NULL, 0, false, &match));
	texts.n_hosts++;
	ck_assert_ptr_null(cube_uri_class_compile(&texts, "uri acme", arena, &err));
	ck_assert_str_eq(err.text, "uri acme: host: 101 of them (at most 100)");

	/* a long user part fits, but not when it must be decoded */
	class = compile(&(struct keys){.user_id = "^a"}, arena, NULL);
	memset(uri + n, 'a', 300);
	memcpy(uri + 304, "@a.co", 6);
	ck_assert(cube_uri_parse(cube_str_of(uri), &parts) && cube_uri_class_match(class, &parts, NULL, 0, false, &match));
	memcpy(uri + 100, "%61", 3);
	ck_assert(cube_uri_parse(cube_str_of(uri), &parts) && !cube_uri_class_match(class, &parts, NULL, 0, false, &match));
	memcpy(uri + n + CUBE_URI_USER_MAX + 2, "@a.co", 6);
	ck_assert(cube_uri_parse(cube_str_of(uri), &parts) && cube_uri_class_match(class, &parts, NULL, 0, false, &match));
	cube_arena_free(&arena);
}
END_TEST

START_TEST(test_no_memory)
{
	static const struct keys keys[] = {
			{.host = {"dns:a.co"}, .host_pattern = "^[a-z]", .user_id = "1", .phone_context = "2"},
			{.phone_number = "1"}, {.pattern = "x"}};
	const struct cube_uri_class *class = NULL;
	long n;

	for(n = 1; n < 20 && !class; n++) {
		struct helper_alloc h;
		struct cube_err err = {0};
		struct cube_arena *arena;

		helper_alloc_init(&h, n, false);
		arena = cube_arena_new(&h.alloc, 0);
		class = compile(&keys[_i], arena, &err);
		ck_assert_int_eq(class == NULL, cube_err_any(&err));
		ck_assert(class || (strncmp(err.text, "uri acme: ", 10) == 0 && strstr(err.text, "out of memory")));
		cube_arena_free(&arena);
		ck_assert_int_eq(h.live, 0);
	}
	ck_assert_int_gt(n, 3);
	ck_assert_int_lt(n, 20);
}
END_TEST

Suite *suite_uri_class(void)
{
	Suite *s = suite_create("uri_class");
	TCase *t = tcase_create("uri_class");

	tcase_add_loop_test(t, test_rows, 0, N(rows));
	tcase_add_test(t, test_via);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_user_first);
	tcase_add_loop_test(t, test_bad, 0, N(bad));
	tcase_add_test(t, test_limits);
	tcase_add_loop_test(t, test_no_memory, 0, 3);
	suite_add_tcase(s, t);
	return s;
}
