/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Target: tls/crl.c. Input: a CRL in DER, or PEM. Beyond crashes: without a good signature nothing is read; with one,
 * what is read is in force, sorted, and finds what is in it; one fault is one line. */
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/crl.h"
#include "revocation_ca.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool forged;

static void must(bool holds)
{
	if(!holds)
		abort();
}

/* In place of OpenSSL's: no mutation would get past it. */
int X509_CRL_verify(X509_CRL *crl, EVP_PKEY *key)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_BIT_STRING *signature = NULL;

	X509_CRL_get0_signature(crl, &signature, &algorithm);
	return forged && signature != NULL && key != NULL;
}

static struct cube_crl *check(const uint8_t *data, size_t size)
{
	struct cube_err err;
	struct cube_crl *crl;

	cube_err_reset(&err);
	crl = cube_crl_read(data, size, revocation_ca(), "http://crl.example/1", REVOCATION_NOW, &err);
	must(err.count == (crl == NULL ? 1 : 0) && strchr(err.text, '\n') == NULL);
	must(ERR_peek_error() == 0);
	return crl;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cube_serial none = {{0xff, 0xff, 0xff, 0xff}};
	struct cube_crl *crl;

	must(revocation_ca() != NULL);
	forged = false;
	must(check(data, size) == NULL);
	forged = true;
	crl = check(data, size);
	if(crl != NULL) {
		must(crl->next_update > REVOCATION_NOW && crl->this_update <= REVOCATION_NOW + CUBE_CRL_TOLERANCE);
		must(crl->covers >= CUBE_CRL_USERS && crl->covers <= (CUBE_CRL_USERS | CUBE_CRL_CAS));
		for(uint32_t i = 0; i < crl->n; i++) {
			must(cube_crl_has(crl, &crl->revoked[i]));
			must(i == 0 || memcmp(&crl->revoked[i - 1], &crl->revoked[i], CUBE_SERIAL_LEN) <= 0);
		}
		(void)cube_crl_has(crl, &none);
	}
	free(crl);
	return 0;
}
