/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for tests, made in memory: a description becomes a key and a signed certificate. No files. */
#ifndef CUBE_TEST_PKI_H
#define CUBE_TEST_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

enum pki_key
{
	PKI_RSA_2048 = 0,
	PKI_RSA_1024,
	PKI_P256,
	PKI_P384,
	PKI_P521,
	PKI_P192,
	PKI_ED25519,
	PKI_KEYS, /* how many kinds there are */
};

struct pki
{
	X509 *cert;
	EVP_PKEY *key;
};

struct pki_spec
{
	enum pki_key key;
	const char *cn;
	const char *san;		  /* OpenSSL's syntax, "DNS:sip.acme.co,URI:sip:acme.co,IP:192.0.2.1"; NULL: none */
	const char *eku;		  /* "serverAuth,clientAuth"; NULL: none */
	const char *key_usage;	  /* NULL: "digitalSignature", for a CA "keyCertSign,cRLSign"; "": none */
	const char *constraints;  /* name constraints of a CA, "permitted;DNS:.acme.co"; NULL: none */
	const char *crl_points;	  /* "URI:http://crl.example/ca.crl"; NULL: none */
	const char *access;		  /* authority information, "OCSP;URI:http://ocsp.example/"; NULL: none */
	const struct pki *issuer; /* NULL: self-signed */
	int from_days, to_days;	  /* validity relative to now; both 0: -1 to 30 */
	bool ca;
	bool sha1;		 /* signed with SHA-1 */
	bool no_key_ids; /* no key identifiers */
};

/* Fails the running test when OpenSSL cannot. Keys are cached per process, kind and CA or not: two certificates of one
 * kind may have the same key. */
struct pki pki_make(const struct pki_spec *spec);
void pki_free(struct pki *pki);
/* NUL-terminated PEM text; free it with free(). certs: n of them, in this order. */
char *pki_certs_pem(const struct pki *const *certs, unsigned n);
char *pki_key_pem(const EVP_PKEY *key, const char *password); /* password NULL: not encrypted */

#endif
