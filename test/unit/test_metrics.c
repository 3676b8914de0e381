/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prometheus' text: all of it for a small server; which lines there are; escaping. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/show/metrics.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

Suite *suite_metrics(void);

static char text[1 << 20];
static size_t used;

static void take(void *ctx, const char *piece, size_t len)
{
	ck_assert_ptr_eq(ctx, text);
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(piece[len - 1], '\n');
	ck_assert_uint_lt(used + len, sizeof(text));
	memcpy(text + used, piece, len);
	used += len;
	text[used] = '\0';
}

static void write_out(struct cube_state *state)
{
	used = 0;
	cube_state_count(state);
	cube_metrics(state, take, text);
}

static unsigned lines_with(const char *what)
{
	unsigned n = 0;

	for(const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static void has(const char *line)
{
	ck_assert_msg(strstr(text, line) != NULL, "%s is not in\n%s", line, text);
}

/* The text of one metric, HELP and TYPE included, must be want. */
static void is(const char *name, const char *want)
{
	char begin[128], next[128];
	const char *from, *to;

	snprintf(begin, sizeof(begin), "# HELP kamailio_cube_%s ", name);
	from = strstr(text, begin);
	ck_assert_msg(from != NULL, "there is no %s", name);
	snprintf(next, sizeof(next), "\n# HELP ");
	to = strstr(from, next);
	to = to != NULL ? to + 1 : from + strlen(from);
	from = strchr(from, '\n') + 1;
	ck_assert_msg(strlen(want) == (size_t)(to - from) && memcmp(from, want, strlen(want)) == 0,
			"%s:\n%.*s\nmust be:\n%s", name, (int)(to - from), from, want);
}

static struct cube_addr addr(const char *from)
{
	struct cube_addr a;

	ck_assert(cube_addr_parse(cube_str_of(from), true, &a));
	return a;
}

static const char idle[] = "# TYPE kamailio_cube_tls_handshakes_total counter\n"
						   "kamailio_cube_tls_handshakes_total{tenant=\"0\",role=\"server\",result=\"ok\"} 0\n"
						   "kamailio_cube_tls_handshakes_total{tenant=\"0\",role=\"server\",result=\"failed\"} 0\n"
						   "kamailio_cube_tls_handshakes_total{tenant=\"0\",role=\"client\",result=\"ok\"} 0\n"
						   "kamailio_cube_tls_handshakes_total{tenant=\"0\",role=\"client\",result=\"failed\"} 0\n";

/* Nothing has happened, nothing is there: every name has its HELP and TYPE, and next to no line. */
START_TEST(test_idle)
{
	struct cube_state_tenant tenants[1] = {{.tag = 0}};
	struct cube_state s = {.tenants = tenants, .n_tenants = 1, .generation = 1, .since = 1700000000};

	write_out(&s);
	is("tls_handshakes_total", idle);
	is("tls_connections", "# TYPE kamailio_cube_tls_connections gauge\n");
	is("config_generation", "# TYPE kamailio_cube_config_generation gauge\nkamailio_cube_config_generation 1\n");
	is("config_loaded_seconds",
			"# TYPE kamailio_cube_config_loaded_seconds gauge\nkamailio_cube_config_loaded_seconds 1700000000\n");
	is("config_reload_ok", "# TYPE kamailio_cube_config_reload_ok gauge\nkamailio_cube_config_reload_ok 1\n");
	ck_assert_uint_eq(lines_with("\nkamailio_cube_"), 4 + 3);
	ck_assert_uint_eq(lines_with("# HELP "), lines_with("# TYPE "));
}
END_TEST

static void busy(struct cube_state_tenant *t)
{
	uint64_t *server = t->of[CUBE_ROLE_SERVER].n, *client = t->of[CUBE_ROLE_CLIENT].n;

	server[CUBE_COUNT_BEGUN] = 12;
	server[CUBE_COUNT_DONE] = 7;
	server[CUBE_COUNT_RESUMED] = 3;
	server[CUBE_TLS_FAILURE_CERTIFICATE] = 2;
	server[CUBE_TLS_FAILURE_CLOSED] = 1;
	server[CUBE_COUNT_LIMITED] = 1;
	server[CUBE_COUNT_RECEIVED] = 18446744073709551615u;
	server[CUBE_COUNT_SENT_BYTES] = 5000000000u;
	client[CUBE_COUNT_BEGUN] = 2;
	client[CUBE_COUNT_CONN_FAILED] = 2;
}

/* A tenant with traffic in both roles: each counter is in its place. */
START_TEST(test_busy)
{
	struct cube_state_tenant tenants[] = {{.tag = 0}, {.tag = 100}};
	struct cube_state_conn conns[] = {
			{.tenant = 100, .done = true, .version = "TLSv1.3"}, {.tenant = 100, .done = true, .version = "TLSv1.3"},
			{.tenant = 100, .done = true, .version = "TLSv1.1"}, {.tenant = 100, .done = false, .version = ""},
			{.tenant = 7, .done = true, .version = "TLSv1.3"}, /* was removed */
	};
	struct cube_state s = {.tenants = tenants, .n_tenants = N(tenants), .conns = conns, .n_conns = N(conns)};

	busy(&tenants[1]);
	write_out(&s);
	has("tls_handshakes_total{tenant=\"100\",role=\"server\",result=\"ok\"} 7\n"
		"kamailio_cube_tls_handshakes_total{tenant=\"100\",role=\"server\",result=\"failed\"} 3\n");
	is("tls_handshake_failures_total",
			"# TYPE kamailio_cube_tls_handshake_failures_total counter\n"
			"kamailio_cube_tls_handshake_failures_total{tenant=\"100\",role=\"server\",reason=\"certificate\"} 2\n"
			"kamailio_cube_tls_handshake_failures_total{tenant=\"100\",role=\"server\",reason=\"closed\"} 1\n");
	is("tls_handshakes_resumed_total",
			"# TYPE kamailio_cube_tls_handshakes_resumed_total counter\n"
			"kamailio_cube_tls_handshakes_resumed_total{tenant=\"100\",role=\"server\"} 3\n");
	is("tls_connections_without_handshake_total",
			"# TYPE kamailio_cube_tls_connections_without_handshake_total counter\n"
			"kamailio_cube_tls_connections_without_handshake_total{tenant=\"100\",role=\"server\",reason=\"limited\"} "
			"1\n"
			"kamailio_cube_tls_connections_without_handshake_total{tenant=\"100\",role=\"server\",reason=\"unserved\"} "
			"0\n"
			"kamailio_cube_tls_connections_without_handshake_total{tenant=\"100\",role=\"client\",reason=\"conn-"
			"failed\"} "
			"2\n"
			"kamailio_cube_tls_connections_without_handshake_total{tenant=\"100\",role=\"client\",reason=\"unserved\"} "
			"0\n");
	is("tls_connections", "# TYPE kamailio_cube_tls_connections gauge\n"
						  "kamailio_cube_tls_connections{tenant=\"100\",role=\"server\",version=\"TLSv1.1\"} 1\n"
						  "kamailio_cube_tls_connections{tenant=\"100\",role=\"server\",version=\"TLSv1.2\"} 0\n"
						  "kamailio_cube_tls_connections{tenant=\"100\",role=\"server\",version=\"TLSv1.3\"} 2\n"
						  "kamailio_cube_tls_connections{tenant=\"100\",role=\"client\",version=\"TLSv1.2\"} 0\n"
						  "kamailio_cube_tls_connections{tenant=\"100\",role=\"client\",version=\"TLSv1.3\"} 0\n");
	has("kamailio_cube_tls_handshakes_running{tenant=\"100\",role=\"server\"} 1\n");
	has("kamailio_cube_tls_messages_total{tenant=\"100\",role=\"server\",direction=\"received\"} "
		"18446744073709551615\n");
	has("kamailio_cube_tls_bytes_total{tenant=\"100\",role=\"server\",direction=\"sent\"} 5000000000\n");
	ck_assert_uint_eq(lines_with("tenant=\"7\""), 0);
	ck_assert_uint_eq(lines_with("connections_closed_total{"), 0);
}
END_TEST

START_TEST(test_rest)
{
	struct cube_state_tenant tenants[] = {{.tag = 0}};
	const struct cube_state_listener listeners[] = {
			{addr("[2001:db8::1]:5061"), true, 0, CUBE_STATE_OPEN, 0, 2},
			{addr("192.0.2.1:5070"), false, 100, CUBE_STATE_DOWN, 4, 0},
			{addr("192.0.2.1:5071"), true, 200, CUBE_STATE_WAITS, 0, 0},
	};
	struct cube_state_trustpoint tps[] = {
			{.name = CUBE_STR("a"), .own_end = 1800000000, .ca_end = -5, .crl_next = 1700000001},
			{.name = CUBE_STR("only-ca"), .ca_end = 1900000000},
	};
	struct cube_state s = {.tenants = tenants,
			.n_tenants = 1,
			.listeners = listeners,
			.n_listeners = N(listeners),
			.trustpoints = tps,
			.n_trustpoints = N(tps),
			.refused = true};

	tps[0].sources[0][CUBE_SOURCE_OUT_OF_DATE] = 2;
	tps[0].sources[1][CUBE_SOURCE_GOOD] = 1;
	write_out(&s);
	is("listener_up", "# TYPE kamailio_cube_listener_up gauge\n"
					  "kamailio_cube_listener_up{tenant=\"0\",listener=\"[2001:db8::1]:5061\",kind=\"secure\"} 1\n"
					  "kamailio_cube_listener_up{tenant=\"100\",listener=\"192.0.2.1:5070\",kind=\"non-secure\"} 0\n"
					  "kamailio_cube_listener_up{tenant=\"200\",listener=\"192.0.2.1:5071\",kind=\"secure\"} 0\n");
	is("sips_refused_requests_total",
			"# TYPE kamailio_cube_sips_refused_requests_total counter\n"
			"kamailio_cube_sips_refused_requests_total{tenant=\"0\",listener=\"[2001:db8::1]:5061\","
			"kind=\"secure\"} 2\n");
	is("untrusted_requests_total", "# TYPE kamailio_cube_untrusted_requests_total counter\n"
								   "kamailio_cube_untrusted_requests_total{tenant=\"100\",listener=\"192.0.2.1:5070\","
								   "kind=\"non-secure\"} 4\n");
	is("cert_not_after_seconds",
			"# TYPE kamailio_cube_cert_not_after_seconds gauge\n"
			"kamailio_cube_cert_not_after_seconds{trustpoint=\"a\",use=\"own\"} 1800000000\n"
			"kamailio_cube_cert_not_after_seconds{trustpoint=\"a\",use=\"ca\"} -5\n"
			"kamailio_cube_cert_not_after_seconds{trustpoint=\"only-ca\",use=\"ca\"} 1900000000\n");
	is("crl_next_update_seconds", "# TYPE kamailio_cube_crl_next_update_seconds gauge\n"
								  "kamailio_cube_crl_next_update_seconds{trustpoint=\"a\"} 1700000001\n");
	is("revocation_sources", "# TYPE kamailio_cube_revocation_sources gauge\n"
							 "kamailio_cube_revocation_sources{trustpoint=\"a\",kind=\"crl\",state=\"out of date\"} 2\n"
							 "kamailio_cube_revocation_sources{trustpoint=\"a\",kind=\"ocsp\",state=\"good\"} 1\n");
	has("kamailio_cube_config_reload_ok 0\n");
}
END_TEST

static const struct
{
	struct cube_str text;
	const char *want;
} labels[] = {
		{CUBE_STR("Provider"), "Provider"},
		{CUBE_STR("a \"b\" \\ c"), "a \\\"b\\\" \\\\ c"},
		{CUBE_STR("x\"} 1\nkamailio_cube_config_reload_ok 0\n"), "x\\\"} 1\\nkamailio_cube_config_reload_ok 0\\n"},
		{CUBE_STR("M\xc3\xbcnchen \xf0\x9f\x93\x9e"), "M\xc3\xbcnchen \xf0\x9f\x93\x9e"},
		{CUBE_STR("\xc3"), "?"},
		{CUBE_STR("\xc0\xaf\xff\xed\xa0\x80"), "??????"},
		{CUBE_STR("tab\there\r\x7f\0end"), "tab?here???end"},
		{CUBE_STR("{}#,="), "{}#,="},
};

START_TEST(test_labels)
{
	struct cube_state_tenant tenants[] = {{.tag = 0, .description = labels[_i].text}};
	struct cube_state s = {.tenants = tenants, .n_tenants = 1};
	char want[256];

	write_out(&s);
	snprintf(want, sizeof(want),
			"# TYPE kamailio_cube_tenant_info gauge\nkamailio_cube_tenant_info{tenant=\"0\",description=\"%s\"} 1\n",
			labels[_i].want);
	is("tenant_info", want);
}
END_TEST

/* However long a label: a whole line, and not a torn character at its end. */
START_TEST(test_long_label)
{
	static char description[4096];
	struct cube_state_tenant tenants[] = {{.tag = 0, .description = {description, sizeof(description)}}};
	struct cube_state s = {.tenants = tenants, .n_tenants = 1};

	for(unsigned cut = 0; cut < 4; cut++) {
		memset(description, 'x', cut);
		for(size_t i = cut; i + 4 <= sizeof(description); i += 4)
			memcpy(description + i, "\xf0\x9f\x93\x9e", 4);
		write_out(&s);
		ck_assert_uint_gt(used, 4);
		ck_assert_str_eq(text + used - 4, "} 1\n");
		for(const char *at = strstr(text, "description=\"") + 13; *at != '"';) {
			size_t n = cube_utf8_next(at, strlen(at));

			ck_assert_uint_gt(n, 0);
			at += n;
		}
	}
}
END_TEST

START_TEST(test_trunks)
{
	static const struct cube_state_trunk trunks[] = {
			{.tenant = 0,
					.profile = 1,
					.transport = CUBE_TRANSPORT_UDP,
					.target = "192.0.2.1",
					.up = true,
					.known = true,
					.since = 1700000000,
					.response = 486,
					.ms = 1007},
			{.tenant = 100,
					.profile = 1,
					.transport = CUBE_TRANSPORT_TLS,
					.target = "[2001:db8::1]:5061",
					.known = true,
					.since = 1699999999,
					.ms = -1},
			{.tenant = 100,
					.profile = 2,
					.transport = CUBE_TRANSPORT_TCP,
					.target = "sip.acme.co",
					.up = true,
					.since = 1700000000,
					.ms = -1},
	};
	struct cube_state s = {.trunks = trunks, .n_trunks = N(trunks)};

	write_out(&s);
	is("trunk_up",
			"# TYPE kamailio_cube_trunk_up gauge\n"
			"kamailio_cube_trunk_up{tenant=\"0\",target=\"192.0.2.1\",transport=\"udp\",options_keepalive=\"1\"} 1\n"
			"kamailio_cube_trunk_up{tenant=\"100\",target=\"[2001:db8::1]:5061\",transport=\"tcp tls\","
			"options_keepalive=\"1\"} 0\n"
			"kamailio_cube_trunk_up{tenant=\"100\",target=\"sip.acme.co\",transport=\"tcp\",options_keepalive=\"2\"} "
			"1\n");
	is("trunk_last_response",
			"# TYPE kamailio_cube_trunk_last_response gauge\n"
			"kamailio_cube_trunk_last_response{tenant=\"0\",target=\"192.0.2.1\",transport=\"udp\",options_keepalive="
			"\"1\"} "
			"486\n"
			"kamailio_cube_trunk_last_response{tenant=\"100\",target=\"[2001:db8::1]:5061\",transport=\"tcp tls\","
			"options_keepalive=\"1\"} 0\n");
	is("trunk_round_trip_seconds",
			"# TYPE kamailio_cube_trunk_round_trip_seconds gauge\n"
			"kamailio_cube_trunk_round_trip_seconds{tenant=\"0\",target=\"192.0.2.1\",transport=\"udp\","
			"options_keepalive=\"1\"} 1.007\n");
	has("kamailio_cube_trunk_since_seconds{tenant=\"100\",target=\"[2001:db8::1]:5061\",transport=\"tcp tls\","
		"options_keepalive=\"1\"} 1699999999\n");
}
END_TEST

Suite *suite_metrics(void)
{
	Suite *s = suite_create("metrics");
	TCase *tc = tcase_create("metrics");

	tcase_add_test(tc, test_idle);
	tcase_add_test(tc, test_busy);
	tcase_add_test(tc, test_trunks);
	tcase_add_test(tc, test_rest);
	tcase_add_loop_test(tc, test_labels, 0, N(labels));
	tcase_add_test(tc, test_long_label);
	suite_add_tcase(s, tc);
	return s;
}
