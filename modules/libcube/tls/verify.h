/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict on a peer's certificate, given inside the handshake: chain, purpose, name. A bad peer gets a TLS alert
 * and no SIP byte of it is ever read. */
#ifndef CUBE_TLS_VERIFY_H
#define CUBE_TLS_VERIFY_H

#include <openssl/ssl.h>

#include "../conf/model.h"
#include "identity.h"
#include "revocation.h"

#define CUBE_REASON_MAX 256

/* One per connection. Attached to its SSL with SSL_set_ex_data(ssl, peer_index, peer) before the handshake; it and all
 * it points to must live until the handshake is over. An SSL without one refuses its peer. */
struct cube_tls_peer
{
	/* set by the caller */
	const struct cube_conf *conf; /* the profile's */
	const struct cube_tls_profile *profile;
	cube_ask_f ask; /* as struct cube_revocation_by has it, with ask_ctx */
	void *ask_ctx;
	enum cube_role role;		 /* must be the SSL's */
	struct cube_str target_host; /* as client: the session target's name before DNS; empty for an address */
	struct cube_ip target_ip;	 /* as client: the session target's address; len 0 for a name */
	/* set by the handshake */
	bool cn_san_verified; /* the name check was asked for and passed */
	int64_t not_after;	  /* the earliest end of a certificate in its chain, seconds since the epoch */
	int verify_error;	  /* X509_V_ERR_*; X509_V_OK */
	int verify_depth;	  /* of the certificate at fault, 0 the peer's own */
	bool revocation_checked;
	struct cube_checks checks;		  /* what was asked about its chain's revocation, and answered */
	char reason[CUBE_REASON_MAX];	  /* why it was refused, in words; "" if it was not */
	char matched[CUBE_PEER_NAME_MAX]; /* the permitted name that fitted; "" without a name check */
};

/* For SSL_CTX_set_cert_verify_callback; arg: the ex_data index, through cube_tls_verify_arg.
 *  - The chain by OpenSSL: signatures, dates, CA bits, key usage, key sizes, name constraints (on the CN too).
 *  - peer-eku strict: each certificate's extended key usage must permit the peer's role. any: it is not looked at, since
 *    public CAs stop issuing clientAuth; key usage is: the peer's own key must be allowed to sign.
 *  - cn-san-validate, by the peer's role (CUBE): as client, the session target or an entry of cn-san must be a name of
 *    the server; as server, an entry of cn-san must be a name of the client. An empty list permits nobody.
 *  - Revocation by tls/revocation.h; as client of TLS 1.2 and below with ocsp among the methods only once the server's
 *    stapled response is there: in cube_tls_verify_status.
 * Returns 1 or 0 and sets the store's error, from which OpenSSL makes the alert. */
int cube_tls_verify(X509_STORE_CTX *store, void *arg);
void *cube_tls_verify_arg(int peer_index);
/* For SSL_CTX_set_tlsext_status_cb of a client's context that asks for a stapled response: what cube_tls_verify left.
 * arg as there. 1, or 0 and an error in OpenSSL's queue. */
int cube_tls_verify_status(SSL *ssl, void *arg);

#endif
