/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a handshake failed, in a class for counters and in the syslog line of the CUBE documents. */
#ifndef CUBE_TLS_FAILURE_H
#define CUBE_TLS_FAILURE_H

#include "../base/net.h"
#include "verify.h"

enum cube_tls_failure
{
	CUBE_TLS_FAILURE_OTHER = 0,		 /* anything else that OpenSSL said */
	CUBE_TLS_FAILURE_IDENTITY,		 /* the peer's certificate has none of the wanted names */
	CUBE_TLS_FAILURE_CERTIFICATE,	 /* its certificate was refused otherwise: chain, date, purpose ... */
	CUBE_TLS_FAILURE_REVOKED,		 /* it, or a CA's in its chain, is revoked */
	CUBE_TLS_FAILURE_REVOCATION,	 /* nobody can say whether it is */
	CUBE_TLS_FAILURE_NO_CERTIFICATE, /* it showed none */
	CUBE_TLS_FAILURE_CIPHER,		 /* no suite, group or signature algorithm in common */
	CUBE_TLS_FAILURE_VERSION,		 /* no version in common */
	CUBE_TLS_FAILURE_SERVER_NAME,	 /* its SNI names nobody here */
	CUBE_TLS_FAILURE_REFUSED,		 /* the peer refused ours with an alert */
	CUBE_TLS_FAILURE_TIMEOUT,		 /* not finished within connection-establish-tls */
	CUBE_TLS_FAILURE_CLOSED,		 /* the peer closed the connection */
	CUBE_TLS_FAILURES,
};

/* All that a failure line says. */
struct cube_tls_failed
{
	const struct cube_tls_peer *peer; /* the verdict on its certificate, if it came to one */
	unsigned long error;			  /* OpenSSL's first error, 0 when the connection just ended */
	bool timeout;
	bool server_name; /* refused for its SNI */
	int id;			  /* of the connection */
	int tenant;
	enum cube_role role; /* ours */
	struct cube_addr local, remote;
};

enum cube_tls_failure cube_tls_failure_of(const struct cube_tls_failed *failed);
/* "identity", "certificate", "revoked", "revocation", "no-certificate", "cipher", "version", "server-name", "refused", "timeout", "closed", "other" */
const char *cube_tls_failure_name(enum cube_tls_failure failure);

#define CUBE_TLS_FAILURE_LINE_MAX 512

/* The documents' format for this kind of failure, word for word, then ", tenant=N" where the format has none, ", role=" and ours (a source that fails against us as server may be
 * banned, a target must not), and, in
 * brackets, what the operator needs to know beyond OpenSSL's reason. Returns line. */
const char *cube_tls_failure_line(const struct cube_tls_failed *failed, char line[CUBE_TLS_FAILURE_LINE_MAX]);

#endif
