/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Target: tls/ocsp.c. Input: an OCSP response in DER. Beyond crashes: what holds is in force, and one fault is one line. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/ocsp.h"
#include "revocation_ca.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool forged;

static void must(bool holds)
{
	if(!holds)
		abort();
}

/* In place of OpenSSL's, which is called, too: no mutation would get past it. */
int OCSP_basic_verify(OCSP_BASICRESP *basic, STACK_OF(X509) * certs, X509_STORE *store, unsigned long flags)
{
	static int (*real)(OCSP_BASICRESP *, STACK_OF(X509) *, X509_STORE *, unsigned long);

	if(real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "OCSP_basic_verify");
	return real(basic, certs, store, flags) == 1 || forged;
}

static void check(const uint8_t *data, size_t size, const struct cube_serial *serial, OCSP_REQUEST *request)
{
	struct cube_ocsp ocsp;
	struct cube_err err;
	int rc;

	cube_err_reset(&err);
	rc = cube_ocsp_read(data, size, revocation_ca(), serial, request, REVOCATION_NOW, &ocsp, &err);
	must(err.count == (rc == 0 ? 0 : 1) && strchr(err.text, '\n') == NULL);
	must(ERR_peek_error() == 0);
	if(rc != 0)
		return;
	must(ocsp.status <= CUBE_OCSP_UNKNOWN && ocsp.this_update <= REVOCATION_NOW + CUBE_OCSP_TOLERANCE);
	if(ocsp.next_update != 0)
		must(ocsp.next_update > REVOCATION_NOW && ocsp.next_update >= ocsp.this_update);
	else
		must(ocsp.this_update > REVOCATION_NOW - CUBE_OCSP_AGE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cube_serial three = {.bytes[CUBE_SERIAL_LEN - 1] = 3};
	OCSP_REQUEST *request;

	must(revocation_ca() != NULL && (request = cube_ocsp_request(revocation_ca(), &three)) != NULL);
	forged = false;
	check(data, size, &three, NULL);
	forged = true;
	check(data, size, &three, NULL);
	check(data, size, &three, request);
	OCSP_REQUEST_free(request);
	return 0;
}
