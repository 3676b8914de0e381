/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Target: tls/identity.c. Input: a certificate in DER. Beyond crashes: its names as text are one printable line that
 * fits, and where no name is permitted none matches. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if(!holds)
		abort();
}

static void check_text(X509 *cert, size_t size)
{
	char buf[CUBE_PEER_NAME_MAX];

	memset(buf, 'x', sizeof(buf));
	cube_identity_text(cert, buf, size);
	must(memchr(buf, '\0', size) != NULL);
	for(const char *c = buf; *c != '\0'; c++)
		must(*c >= ' ' && *c <= '~' && *c != '"' && *c != '%');
}

static void check_permitted(X509 *cert)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	/* as if it had issued itself: its own name constraints are applied to its own URIs */
	if(chain != NULL && sk_X509_push(chain, cert) && sk_X509_push(chain, cert))
		(void)cube_identity_permitted(chain);
	sk_X509_free(chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cube_str v[] = {CUBE_STR("sip.acme.co"), CUBE_STR("*.edge.acme.co")};
	const struct cube_list list = {v, 2};
	const struct cube_ip no_ip = {0}, ip = {4, {192, 0, 2, 1}};
	char matched[CUBE_PEER_NAME_MAX] = "";
	const unsigned char *at = data;
	X509 *cert = size <= 65536 ? d2i_X509(NULL, &at, (long)size) : NULL;

	if(cert != NULL) {
		if(cube_identity_match(cert, &list, CUBE_STR("trunk.acme.co"), &ip, matched))
			must(matched[0] != '\0');
		must(!cube_identity_match(cert, &(struct cube_list){NULL, 0}, CUBE_STR(""), &no_ip, NULL));
		check_text(cert, CUBE_PEER_NAME_MAX);
		check_text(cert, 1);
		check_text(cert, 20);
		check_permitted(cert);
	}
	X509_free(cert);
	ERR_clear_error();
	return 0;
}
