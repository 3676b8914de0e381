/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a handshake failed. The formats are those of the CUBE documents (SIP TLS Support, "Syslog Messages"); the reasons
 * in them are OpenSSL's own texts, there as here. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "failure.h"

static enum cube_tls_failure failure_of_reason(int reason)
{
	switch(reason) {
		case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
			return CUBE_TLS_FAILURE_NO_CERTIFICATE;
		case SSL_R_NO_SHARED_CIPHER:
		case SSL_R_NO_SHARED_GROUPS:
		case SSL_R_NO_SUITABLE_GROUPS:
		case SSL_R_NO_SUITABLE_KEY_SHARE:
		case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
		case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
		case SSL_R_NO_CIPHERS_AVAILABLE:
		case SSL_R_WRONG_CURVE:
			return CUBE_TLS_FAILURE_CIPHER;
		case SSL_R_UNSUPPORTED_PROTOCOL:
		case SSL_R_WRONG_SSL_VERSION:
		case SSL_R_VERSION_TOO_LOW:
		case SSL_R_NO_PROTOCOLS_AVAILABLE:
		case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
			return CUBE_TLS_FAILURE_VERSION;
		default:
			/* OpenSSL numbers the alerts that it receives from here on */
			return reason >= SSL_AD_REASON_OFFSET ? CUBE_TLS_FAILURE_REFUSED : CUBE_TLS_FAILURE_OTHER;
	}
}

enum cube_tls_failure cube_tls_failure_of(const struct cube_tls_failed *f)
{
	if(f->timeout)
		return CUBE_TLS_FAILURE_TIMEOUT;
	if(f->server_name)
		return CUBE_TLS_FAILURE_SERVER_NAME;
	if(f->peer->verify_error == X509_V_ERR_HOSTNAME_MISMATCH)
		return CUBE_TLS_FAILURE_IDENTITY;
	if(f->peer->verify_error == X509_V_ERR_CERT_REVOKED)
		return CUBE_TLS_FAILURE_REVOKED;
	if(f->peer->verify_error == X509_V_ERR_UNABLE_TO_GET_CRL)
		return CUBE_TLS_FAILURE_REVOCATION;
	if(f->peer->verify_error != X509_V_OK)
		return CUBE_TLS_FAILURE_CERTIFICATE;
	if(f->error == 0)
		return CUBE_TLS_FAILURE_CLOSED;
	return ERR_GET_LIB(f->error) == ERR_LIB_SSL ? failure_of_reason(ERR_GET_REASON(f->error)) : CUBE_TLS_FAILURE_OTHER;
}

const char *cube_tls_failure_name(enum cube_tls_failure failure)
{
	static const char *const names[CUBE_TLS_FAILURES] = {
			[CUBE_TLS_FAILURE_OTHER] = "other",
			[CUBE_TLS_FAILURE_IDENTITY] = "identity",
			[CUBE_TLS_FAILURE_CERTIFICATE] = "certificate",
			[CUBE_TLS_FAILURE_REVOKED] = "revoked",
			[CUBE_TLS_FAILURE_REVOCATION] = "revocation",
			[CUBE_TLS_FAILURE_NO_CERTIFICATE] = "no-certificate",
			[CUBE_TLS_FAILURE_CIPHER] = "cipher",
			[CUBE_TLS_FAILURE_VERSION] = "version",
			[CUBE_TLS_FAILURE_SERVER_NAME] = "server-name",
			[CUBE_TLS_FAILURE_REFUSED] = "refused",
			[CUBE_TLS_FAILURE_TIMEOUT] = "timeout",
			[CUBE_TLS_FAILURE_CLOSED] = "closed",
	};

	return names[failure];
}

static const char *reason_text(const struct cube_tls_failed *f, enum cube_tls_failure failure)
{
	const char *text = f->error ? ERR_reason_error_string(f->error) : NULL;

	if(failure == CUBE_TLS_FAILURE_TIMEOUT)
		return "handshake timed out";
	if(failure == CUBE_TLS_FAILURE_SERVER_NAME)
		return "unrecognized name"; /* the alert's */
	if(f->peer->verify_error != X509_V_OK)
		return "certificate verify failed"; /* OpenSSL's text too, also where it was not yet noted */
	if(text)
		return text;
	return failure == CUBE_TLS_FAILURE_CLOSED ? "connection closed by the peer" : "protocol error";
}

const char *cube_tls_failure_line(const struct cube_tls_failed *f, char line[CUBE_TLS_FAILURE_LINE_MAX])
{
	enum cube_tls_failure failure = cube_tls_failure_of(f);
	char local[CUBE_ADDR_TEXT_MAX], remote[CUBE_ADDR_TEXT_MAX];
	const char *role = f->role == CUBE_ROLE_SERVER ? "server" : "client";
	bool detail = f->peer->reason[0] != '\0';

	if(failure == CUBE_TLS_FAILURE_IDENTITY) {
		snprintf(line, CUBE_TLS_FAILURE_LINE_MAX,
				"%%SIP-2-TLS_HANDSHAKE_FAILED :Peer certificate identity check failed - remote_addr=%s, "
				"remote_port=%u, "
				"local_addr=%s, local_port=%u, vrf=, tenant=%d, role=%s%s%s%s",
				cube_ip_text(&f->remote.ip, false, remote), f->remote.port, cube_ip_text(&f->local.ip, false, local),
				f->local.port, f->tenant, role, detail ? " (" : "", f->peer->reason, detail ? ")" : "");
		return line;
	}
	snprintf(line, CUBE_TLS_FAILURE_LINE_MAX,
			"%%SIP-2-TLS_HANDSHAKE_FAILED: %sReason: %s, Connection ID: %d, local address : %s and remote address : "
			"%s, "
			"tenant=%d, role=%s%s%s%s",
			failure == CUBE_TLS_FAILURE_VERSION ? "TLS handshake failure, " : "", reason_text(f, failure), f->id,
			cube_addr_text(&f->local, local), cube_addr_text(&f->remote, remote), f->tenant, role, detail ? " (" : "",
			f->peer->reason, detail ? ")" : "");
	return line;
}
