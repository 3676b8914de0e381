/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <openssl/x509.h>

#include "facts.h"

const char *cube_tls_group_name(const SSL *ssl)
{
	static const struct
	{
		int nid;
		const char *name;
	} names[] = {{NID_X9_62_prime256v1, "P-256"}, {NID_secp384r1, "P-384"}, {NID_secp521r1, "P-521"},
			{NID_X25519, "X25519"}};
	int nid = (int)SSL_get_negotiated_group((SSL *)(uintptr_t)ssl);
	const char *name;

	if(nid == NID_undef)
		return "";
	for(size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if(names[i].nid == nid)
			return names[i].name;
	}
	name = SSL_group_to_name((SSL *)(uintptr_t)ssl, nid);
	return name != NULL ? name : "";
}

const char *cube_tls_server_key(const SSL *ssl)
{
	X509 *cert = SSL_is_server(ssl) ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
	EVP_PKEY *key = cert != NULL ? X509_get0_pubkey(cert) : NULL;

	if(key == NULL)
		return "";
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? "RSA" : EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? "ECDSA" : "";
}
