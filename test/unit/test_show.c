/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of show sip-ua connections against Cisco's own samples ("SIP TLS Support", 17.14). */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/show/connections.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

Suite *suite_show(void);

static char text[1 << 20];
static size_t used;

static void take(void *ctx, const char *line)
{
	ck_assert_ptr_eq(ctx, text);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", line);
	ck_assert_uint_lt(used, sizeof(text));
}

static struct cube_addr addr(const char *from)
{
	struct cube_addr a;

	ck_assert_msg(cube_addr_parse(cube_str_of(from), true, &a), "%s", from);
	return a;
}

static const char zeros[] = "Total active connections      : 0\n"
							"No. of send failures          : 0\n"
							"No. of remote closures        : 0\n"
							"No. of conn. failures         : 0\n"
							"No. of inactive conn. ageouts : 0\n"
							"TLS client handshake failures : 0\n"
							"TLS server handshake failures : 0\n"
							"\n";

/* Cisco's sample, but for its socket in a VRF, of which there are none here. */
START_TEST(test_brief)
{
	const struct cube_show_socket sockets[] = {
			{0, addr("0.0.0.0:5061"), 0},
			{3, addr("8.43.21.8:8888"), 200},
			{4, addr("8.43.21.8:6061"), 400},
	};
	struct cube_show show = {.sockets = sockets, .n_sockets = N(sockets)};
	char want[2048];

	used = 0;
	cube_show_brief(&show, take, text);
	snprintf(want, sizeof(want), "%s%s", zeros,
			"-------------- SIP Transport Layer Listen Sockets ---------------\n"
			"  Conn-Id             Local-Address            Tenant \n"
			" ==========    ===========================   ============\n"
			"  0             [0.0.0.0]:5061:                0\n"
			"  3             8.43.21.8:8888:                200\n"
			"  4             8.43.21.8:6061:                400\n");
	ck_assert_str_eq(text, want);
}
END_TEST

START_TEST(test_detail)
{
	const struct cube_show_socket sockets[] = {
			{0, addr("0.0.0.0:5061"), 0},
			{6, addr("10.64.100.151:5061"), 0},
	};
	struct cube_show_conn conns[] = {
			{.remote = addr("10.64.100.152:5061"),
					.local = addr("10.64.100.151:47687"),
					.id = 8,
					.state = "Established",
					.version = "TLSv1.3",
					.cipher = "TLS_AES_256_GCM_SHA384",
					.key = "RSA",
					.curve = "P-521"},
			{.remote = addr("10.64.100.150:22943"),
					.local = addr("10.64.100.151:5061"),
					.id = 7,
					.state = "Established",
					.version = "TLSv1.3",
					.cipher = "TLS_AES_256_GCM_SHA384",
					.key = "RSA",
					.curve = "P-521"},
	};
	struct cube_show show = {.totals = {.active = 2, .queue = 1, .queue_for = addr("10.64.100.152:5061")},
			.conns = conns,
			.n_conns = N(conns),
			.sockets = sockets,
			.n_sockets = N(sockets)};

	used = 0;
	cube_show_detail(&show, take, text);
	ck_assert_str_eq(text, "Total active connections      : 2\n"
						   "No. of send failures          : 0\n"
						   "No. of remote closures        : 0\n"
						   "No. of conn. failures         : 0\n"
						   "No. of inactive conn. ageouts : 0\n"
						   "Max. tls send msg queue size of 1, recorded for 10.64.100.152:5061\n"
						   "TLS client handshake failures : 0\n"
						   "TLS server handshake failures : 0\n"
						   "\n"
						   "---------Printing Detailed Connection Report---------\n"
						   "Note:\n"
						   " ** Tuples with no matching socket entry\n"
						   "    - Do 'clear sip <tcp[tls]/udp> conn t ipv4:<addr>:<port>'\n"
						   "      to overcome this error condition\n"
						   " ++ Tuples with mismatched address/port entry\n"
						   "    - Do 'clear sip <tcp[tls]/udp> conn t ipv4:<addr>:<port> id <connid>'\n"
						   "      to overcome this error condition\n"
						   " * Connections with SIP OAuth ports\n"
						   "\n"
						   "Remote-Agent:10.64.100.150, Connections-Count:1\n"
						   "  Remote-Port Conn-Id Conn-State  WriteQ-Size            Local-Address               "
						   "TLS-Version                Cipher              Curve Tenant\n"
						   "  =========== ======= =========== =========== ====================================== "
						   "=========== ================================== ===== ======\n"
						   "        22943       7 Established           0 10.64.100.151:5061                         "
						   "TLSv1.3         TLS_AES_256_GCM_SHA384:RSA P-521     0\n"
						   "\n"
						   "Remote-Agent:10.64.100.152, Connections-Count:1\n"
						   "  Remote-Port Conn-Id Conn-State  WriteQ-Size            Local-Address               "
						   "TLS-Version                Cipher              Curve Tenant\n"
						   "  =========== ======= =========== =========== ====================================== "
						   "=========== ================================== ===== ======\n"
						   "         5061       8 Established           0 10.64.100.151:47687                        "
						   "TLSv1.3         TLS_AES_256_GCM_SHA384:RSA P-521     0\n"
						   "\n"
						   "-------------- SIP Transport Layer Listen Sockets ---------------\n"
						   "  Conn-Id             Local-Address                      Tenant \n"
						   " ==========    ===========================              ========\n"
						   "  0             [0.0.0.0]:5061:                              0\n"
						   "  6             [10.64.100.151]:5061:                        0\n");
}
END_TEST

/* One row of each kind. Rows with TLS 1.2 tell no key type: the suite does. */
START_TEST(test_rows)
{
	struct cube_show_conn conns[] = {
			{.remote = addr("[2001:db8::50]:5061"),
					.local = addr("[2001:db8::1]:5080"),
					.id = 20,
					.state = "Established",
					.queue = 1440,
					.version = "TLSv1.2",
					.cipher = "ECDHE-ECDSA-AES256-GCM-SHA384",
					.key = "ECDSA",
					.curve = "P-384",
					.tenant = 10000},
			{.remote = addr("10.1.10.50:5061"),
					.local = addr("10.1.20.155:5080"),
					.id = 9,
					.state = "Connecting",
					.version = "",
					.cipher = "",
					.key = "",
					.curve = "",
					.tenant = 7,
					.no_socket = true},
			{.remote = addr("10.1.10.50:41635"),
					.local = addr("10.1.20.155:5061"),
					.id = 8,
					.state = "Established",
					.version = "TLSv1.3",
					.cipher = "TLS_CHACHA20_POLY1305_SHA256",
					.key = "ECDSA",
					.curve = "X25519",
					.mismatched = true},
	};
	struct cube_show show = {.conns = conns, .n_conns = N(conns)};
	const char *from;

	used = 0;
	cube_show_detail(&show, take, text);
	from = strstr(text, "Remote-Agent:");
	ck_assert_ptr_nonnull(from);
	ck_assert_str_eq(from, "Remote-Agent:10.1.10.50, Connections-Count:2\n"
						   "  Remote-Port Conn-Id Conn-State  WriteQ-Size            Local-Address               "
						   "TLS-Version                Cipher              Curve Tenant\n"
						   "  =========== ======= =========== =========== ====================================== "
						   "=========== ================================== ===== ======\n"
						   "         5061     9** Connecting            0 10.1.20.155:5080"
						   "                                                                                7\n"
						   "        41635     8++ Established           0 10.1.20.155:5061                           "
						   "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256:ECDSA X25519     0\n"
						   "\n"
						   "Remote-Agent:2001:db8::50, Connections-Count:1\n"
						   "  Remote-Port Conn-Id Conn-State  WriteQ-Size            Local-Address               "
						   "TLS-Version                Cipher              Curve Tenant\n"
						   "  =========== ======= =========== =========== ====================================== "
						   "=========== ================================== ===== ======\n"
						   "         5061      20 Established        1440 [2001:db8::1]:5080                         "
						   "TLSv1.2      ECDHE-ECDSA-AES256-GCM-SHA384 P-384 10000\n"
						   "\n"
						   "-------------- SIP Transport Layer Listen Sockets ---------------\n"
						   "  Conn-Id             Local-Address                      Tenant \n"
						   " ==========    ===========================              ========\n");
}
END_TEST

/* As many as a busy server has, in any order: each agent once, its connections by port. */
START_TEST(test_many)
{
	enum
	{
		AGENTS = 50,
		EACH = 40
	};
	struct cube_show_conn *conns = calloc(AGENTS * EACH, sizeof(*conns));
	struct cube_show show = {.totals = {.active = AGENTS * EACH}, .conns = conns, .n_conns = AGENTS * EACH};
	unsigned heads = 0, last = 0;
	char from[32];

	for(unsigned i = 0; i < AGENTS * EACH; i++) {
		snprintf(from, sizeof(from), "10.0.0.%u:%u", i % AGENTS + 1, 20000 + (i * 7919) % (AGENTS * EACH));
		conns[i] = (struct cube_show_conn){.remote = addr(from),
				.local = addr("10.0.1.1:5061"),
				.id = (int)i + 1,
				.state = "Established",
				.version = "TLSv1.3",
				.cipher = "TLS_AES_256_GCM_SHA384",
				.key = "RSA",
				.curve = "X25519"};
	}
	used = 0;
	cube_show_detail(&show, take, text);
	for(const char *at = text; (at = strstr(at, "Remote-Agent:10.0.0.")) != NULL; at++, heads++)
		ck_assert_ptr_nonnull(strstr(at, ", Connections-Count:40\n"));
	ck_assert_uint_eq(heads, AGENTS);
	for(unsigned i = 0; i < EACH; i++) {
		ck_assert_uint_gt(conns[i].remote.port, last);
		last = conns[i].remote.port;
	}
	free(conns);
}
END_TEST

Suite *suite_show(void)
{
	Suite *s = suite_create("show");
	TCase *tc = tcase_create("connections");

	tcase_add_test(tc, test_brief);
	tcase_add_test(tc, test_detail);
	tcase_add_test(tc, test_rows);
	tcase_add_test(tc, test_many);
	suite_add_tcase(s, tc);
	return s;
}
