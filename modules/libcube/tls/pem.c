/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PEM text to OpenSSL objects. Knows nothing of trustpoints: who the text belongs to comes in as the beginning of the
 * message. Never prompts, leaves nothing in OpenSSL's error queue. */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "pem.h"

static BIO *open_text(const struct cube_file *file)
{
	if(file->data == NULL || file->len > INT_MAX)
		return NULL;
	return BIO_new_mem_buf(file->data, (int)file->len);
}

static const char *openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason != NULL ? reason : "unknown format";
}

static bool at_end(void)
{
	unsigned long code = ERR_peek_last_error();

	return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

STACK_OF(X509) * cube_pem_certs(const struct cube_file *file, int max, const char *what, struct cube_err *err)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *bio = open_text(file);
	X509 *cert = NULL;

	ERR_clear_error();
	if(certs == NULL || bio == NULL) {
		cube_err_nomem(err, what);
		goto failed;
	}
	while((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if(sk_X509_num(certs) >= max) {
			cube_err_add(err, "%s: more than %d certificates", what, max);
			goto failed;
		}
		if(!sk_X509_push(certs, cert)) {
			cube_err_nomem(err, what);
			goto failed;
		}
	}
	if(!at_end()) {
		cube_err_add(err, "%s: certificate %d in the file does not parse (%s)", what, sk_X509_num(certs) + 1,
				openssl_reason());
		goto failed;
	}
	if(sk_X509_num(certs) == 0) {
		cube_err_add(err, "%s: no certificate in the file (PEM with BEGIN CERTIFICATE is expected)", what);
		goto failed;
	}
	BIO_free(bio);
	ERR_clear_error();
	return certs;

failed:
	X509_free(cert);
	sk_X509_pop_free(certs, X509_free);
	BIO_free(bio);
	ERR_clear_error();
	return NULL;
}

/* OpenSSL would otherwise ask on the terminal. */
static int no_password(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

/* Why PEM_read_bio_PrivateKey found nothing: its own error is that of the last format it tried. */
static void explain_key(const struct cube_file *file, const char *what, struct cube_err *err)
{
	BIO *bio = open_text(file);
	unsigned char *data = NULL;
	bool asked = false;
	long len = 0;

	ERR_clear_error();
	if(bio == NULL)
		cube_err_nomem(err, what);
	else if(PEM_bytes_read_bio(&data, &len, NULL, PEM_STRING_EVP_PKEY, bio, no_password, &asked) == 1)
		cube_err_add(err, "%s: the key does not parse (unknown format)", what);
	else if(at_end())
		cube_err_add(err, "%s: no private key in the file (PEM with BEGIN PRIVATE KEY is expected)", what);
	else
		cube_err_add(err, "%s: the key does not parse (%s)", what, openssl_reason());
	OPENSSL_clear_free(data, len > 0 ? (size_t)len : 0);
	BIO_free(bio);
}

EVP_PKEY *cube_pem_key(const struct cube_file *file, const char *what, struct cube_err *err)
{
	bool encrypted = false;
	BIO *bio = open_text(file);
	EVP_PKEY *key = NULL;

	ERR_clear_error();
	if(bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_password, &encrypted);
	BIO_free(bio);
	if(key == NULL && encrypted)
		cube_err_add(err,
				"%s: the key is encrypted, and there is nobody to type its password (decrypt it with openssl "
				"pkey -in FILE -out NEWFILE)",
				what);
	else if(key == NULL)
		explain_key(file, what, err);
	ERR_clear_error();
	return key;
}
