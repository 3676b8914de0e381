/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../libcube/tls/identity.h"
#include "../libcube/tls/pem.h"
#include "../libcube/tls/signed.h"
#include "../libcube/tls/trustpoint.h"
#include "trustpoint_ends.h"

/* The first of file's certificates to end. */
static X509 *first_to_end(STACK_OF(X509) * certs, int64_t *end)
{
	X509 *first = NULL;
	int64_t at;
	int i;

	for(i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if(cube_time_of(X509_get0_notAfter(cert), &at) && (!first || at < *end)) {
			first = cert;
			*end = at;
		}
	}
	return first;
}

void trustpoint_ends(const struct cube_trustpoint *tp, struct cube_state_trustpoint *ends)
{
	STACK_OF(X509) *own = tp->certificate.len ? cube_pem_certs(&tp->certificate_pem, CUBE_CHAIN_MAX, "", NULL) : NULL;
	STACK_OF(X509) *cas = tp->ca.len ? cube_pem_certs(&tp->ca_pem, CUBE_CA_MAX, "", NULL) : NULL;
	X509 *ca = first_to_end(cas, &ends->ca_end);

	if(first_to_end(own, &ends->own_end))
		cube_identity_name(sk_X509_value(own, 0), ends->own_name, sizeof(ends->own_name));
	if(ca)
		cube_identity_name(ca, ends->ca_name, sizeof(ends->ca_name));
	sk_X509_pop_free(own, X509_free);
	sk_X509_pop_free(cas, X509_free);
}
