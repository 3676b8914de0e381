/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CA that issued what is in corpus/crl and corpus/ocsp (its key is gone), and the time when that holds. */
#ifndef CUBE_FUZZ_REVOCATION_CA_H
#define CUBE_FUZZ_REVOCATION_CA_H

#include <openssl/pem.h>
#include <openssl/x509.h>

#define REVOCATION_NOW 1767225600 /* 2026-01-01 */

static inline X509 *revocation_ca(void)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
							  "MIIBcDCCARagAwIBAgIBATAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARyb290MB4X\n"
							  "DTE2MTEyNjE2NDQxM1oXDTQ2MTExOTE2NDQxM1owDzENMAsGA1UEAwwEcm9vdDBZ\n"
							  "MBMGByqGSM49AgEGCCqGSM49AwEHA0IABG32a8HUl94VMhuNOi/G+xr5xb1IYZOB\n"
							  "8UvzaiK9gmmSrLXD5JaHXL+bNF0uNjsdEYerzcVjmzxCTvPL71ANWcSjYzBhMA8G\n"
							  "A1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSGSAFAUioK\n"
							  "nvq3/UA6657emu2yuDAfBgNVHSMEGDAWgBSGSAFAUioKnvq3/UA6657emu2yuDAK\n"
							  "BggqhkjOPQQDAgNIADBFAiBbgeuUbigJc1spREQQTDgSwB7kkbAAkbobwricgiAx\n"
							  "wwIhAN3ZJhPi8I3YzWLx6iWbwxz07TCxsiSj1aHaWa5gek3K\n"
							  "-----END CERTIFICATE-----\n";
	static X509 *ca;
	BIO *bio;

	if(ca == NULL) {
		bio = BIO_new_mem_buf(pem, -1);
		ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	return ca;
}

#endif
