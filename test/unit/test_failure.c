/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/failure.c: the documents' syslog formats, word for word. */
#include <check.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "../../modules/libcube/tls/failure.h"

Suite *suite_failure(void);

static const struct
{
	int verify_error;
	int reason; /* of OpenSSL's SSL library, 0 for none */
	bool timeout;
	const char *detail;
	enum cube_tls_failure want;
	const char *line; /* behind the message's name */
} rows[] = {
		{X509_V_ERR_HOSTNAME_MISMATCH, SSL_R_CERTIFICATE_VERIFY_FAILED, false, "", CUBE_TLS_FAILURE_IDENTITY,
				" :Peer certificate identity check failed - remote_addr=198.51.100.254, remote_port=36233, "
				"local_addr=203.0.113.254, local_port=3000, vrf=, tenant=1, role=server"},
		{X509_V_ERR_HOSTNAME_MISMATCH, 0, false, "why", CUBE_TLS_FAILURE_IDENTITY,
				" :Peer certificate identity check failed - remote_addr=198.51.100.254, remote_port=36233, "
				"local_addr=203.0.113.254, local_port=3000, vrf=, tenant=1, role=server (why)"},
		{X509_V_ERR_CERT_HAS_EXPIRED, SSL_R_CERTIFICATE_VERIFY_FAILED, false, "the peer's certificate has expired (x)",
				CUBE_TLS_FAILURE_CERTIFICATE,
				": Reason: certificate verify failed, Connection ID: 17, local address : 203.0.113.254:3000 and remote "
				"address : 198.51.100.254:36233, tenant=1, role=server (the peer's certificate has expired (x))"},
		{X509_V_OK, SSL_R_NO_SHARED_CIPHER, false, "", CUBE_TLS_FAILURE_CIPHER,
				": Reason: no shared cipher, Connection ID: 17, local address : 203.0.113.254:3000 and remote address "
				": "
				"198.51.100.254:36233, tenant=1, role=server"},
		{X509_V_OK, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, false, "", CUBE_TLS_FAILURE_VERSION,
				": TLS handshake failure, Reason: tlsv1 alert protocol version, Connection ID: 17, local address : "
				"203.0.113.254:3000 and remote address : 198.51.100.254:36233, tenant=1, role=server"},
		{X509_V_OK, SSL_R_UNSUPPORTED_PROTOCOL, false, "", CUBE_TLS_FAILURE_VERSION,
				": TLS handshake failure, Reason: unsupported protocol, Connection ID: 17, local address : "
				"203.0.113.254:3000 and remote address : 198.51.100.254:36233, tenant=1, role=server"},
		{X509_V_OK, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, false, "", CUBE_TLS_FAILURE_NO_CERTIFICATE,
				": Reason: peer did not return a certificate, Connection ID: 17, local address : 203.0.113.254:3000 "
				"and "
				"remote address : 198.51.100.254:36233, tenant=1, role=server"},
		{X509_V_OK, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, false, "", CUBE_TLS_FAILURE_REFUSED, NULL},
		{X509_V_OK, SSL_R_WRONG_VERSION_NUMBER, false, "", CUBE_TLS_FAILURE_OTHER, NULL},
		{X509_V_OK, 0, false, "", CUBE_TLS_FAILURE_CLOSED,
				": Reason: connection closed by the peer, Connection ID: 17, local address : 203.0.113.254:3000 and "
				"remote address : 198.51.100.254:36233, tenant=1, role=server"},
		{X509_V_OK, 0, true, "", CUBE_TLS_FAILURE_TIMEOUT,
				": Reason: handshake timed out, Connection ID: 17, local address : 203.0.113.254:3000 and remote "
				"address "
				": 198.51.100.254:36233, tenant=1, role=server"},
};

static struct cube_addr addr_of(const char *text)
{
	struct cube_addr addr;

	ck_assert(cube_addr_parse(cube_str_of(text), true, &addr));
	return addr;
}

START_TEST(test_rows)
{
	static const char name[] = "%SIP-2-TLS_HANDSHAKE_FAILED";
	struct cube_tls_peer peer = {.verify_error = rows[_i].verify_error};
	struct cube_tls_failed failed = {.peer = &peer,
			.error = rows[_i].reason ? (unsigned long)ERR_PACK(ERR_LIB_SSL, 0, rows[_i].reason) : 0,
			.timeout = rows[_i].timeout,
			.id = 17,
			.tenant = 1,
			.local = addr_of("203.0.113.254:3000"),
			.remote = addr_of("198.51.100.254:36233")};
	char line[CUBE_TLS_FAILURE_LINE_MAX];

	ck_assert(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL) == 1); /* the reasons are OpenSSL's texts */
	memcpy(peer.reason, rows[_i].detail, strlen(rows[_i].detail) + 1);
	ck_assert_int_eq(cube_tls_failure_of(&failed), rows[_i].want);
	cube_tls_failure_line(&failed, line);
	ck_assert(strncmp(line, name, sizeof(name) - 1) == 0);
	if(rows[_i].line)
		ck_assert_str_eq(line + sizeof(name) - 1, rows[_i].line);
}
END_TEST

START_TEST(test_ipv6)
{
	struct cube_tls_peer peer = {.verify_error = X509_V_ERR_CERT_REVOKED};
	struct cube_tls_failed failed = {.peer = &peer,
			.id = 17,
			.tenant = 0,
			.role = CUBE_ROLE_CLIENT,
			.local = addr_of("[2001:10:2:10::10]:24399"),
			.remote = addr_of("[2001:10:1:10::50]:5061")};
	char line[CUBE_TLS_FAILURE_LINE_MAX];

	ck_assert_str_eq(cube_tls_failure_line(&failed, line),
			"%SIP-2-TLS_HANDSHAKE_FAILED: Reason: certificate verify failed, Connection ID: 17, local address : "
			"[2001:10:2:10::10]:24399 and remote address : [2001:10:1:10::50]:5061, tenant=0, role=client");
}
END_TEST

START_TEST(test_names)
{
	int i, j;

	for(i = 0; i < CUBE_TLS_FAILURES; i++) {
		ck_assert_ptr_nonnull(cube_tls_failure_name(i));
		for(j = 0; j < i; j++)
			ck_assert_str_ne(cube_tls_failure_name(i), cube_tls_failure_name(j));
	}
}
END_TEST

Suite *suite_failure(void)
{
	Suite *s = suite_create("failure");
	TCase *tc = tcase_create("failure");

	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, test_ipv6);
	tcase_add_test(tc, test_names);
	suite_add_tcase(s, tc);
	return s;
}
