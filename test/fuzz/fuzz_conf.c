/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Target: all of conf/. Input: the text of a cube.conf; every file that it names exists. Beyond crashes: a refusal has
 * words, and what is accepted can be dumped, and the dump loads and dumps to the same. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/dump.h"
#include "../../modules/libcube/conf/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text
{
	char *s;
	size_t len;
};

static void must(bool holds)
{
	if(!holds)
		abort();
}

static struct text bio_text(BIO *bio)
{
	struct text text = {0};
	char *data;

	text.len = (size_t)BIO_get_mem_data(bio, &data);
	must((text.s = malloc(text.len + 1)) != NULL);
	memcpy(text.s, data, text.len);
	text.s[text.len] = '\0';
	BIO_free(bio);
	return text;
}

/* One self-signed certificate and its key for all. */
static void pki_make(struct text *cert_pem, struct text *key_pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());

	must(key && cert && bio);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	must(X509_sign(cert, key, EVP_sha256()) > 0 && PEM_write_bio_X509(bio, cert));
	*cert_pem = bio_text(bio);
	must((bio = BIO_new(BIO_s_mem())) != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
	*key_pem = bio_text(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int file_read(void *ctx, const char *path, const char *what, struct cube_arena *arena, struct cube_file *file,
		struct cube_err *err)
{
	static struct text cert, key, map = {"+4930T\r\n! one\n+49\n", 19};
	const struct text *text = &cert;
	size_t len = strlen(path);
	char *copy;

	if(!cert.s)
		pki_make(&cert, &key);
	if(strcmp(path, "/cube.conf") == 0)
		text = ctx;
	else if(len >= 4 && strcmp(path + len - 4, ".key") == 0)
		text = &key;
	else if(len >= 4 && strcmp(path + len - 4, ".txt") == 0)
		text = &map;
	if(!(copy = cube_arena_get(arena, text->len + 1))) {
		cube_err_nomem(err, what);
		return -1;
	}
	if(text->len)
		memcpy(copy, text->s, text->len);
	*file = (struct cube_file){copy, text->len, text == &key ? 0600 : 0644, 0};
	return 0;
}

static int file_look(void *ctx, const char *path, const char *what, struct cube_err *err)
{
	(void)ctx;
	(void)path;
	(void)what;
	(void)err;
	return 0;
}

static void put(void *ctx, const char *text, size_t len)
{
	fwrite(text, 1, len, ctx);
}

/* The dump of text, or nothing when it is refused. */
static struct text load(struct text text)
{
	struct cube_files files = {file_read, file_look, &text};
	struct cube_conf *conf = NULL;
	struct text dump = {0};
	struct cube_err err;
	FILE *fp;

	if(cube_conf_load("/cube.conf", &files, &cube_alloc_libc, &conf, &err) != 0) {
		must(!conf && cube_err_any(&err) && err.used > 0 && strlen(err.text) == err.used);
		return dump;
	}
	must(conf && !cube_err_any(&err));
	must((fp = open_memstream(&dump.s, &dump.len)) != NULL);
	cube_conf_dump(conf, put, fp);
	fclose(fp);
	cube_conf_free(&conf);
	return dump;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text dump = load((struct text){(char *)(uintptr_t)data, size}), again;

	if(!dump.s)
		return 0;
	again = load(dump);
	must(again.s && strcmp(dump.s, again.s) == 0);
	free(dump.s);
	free(again.s);
	return 0;
}
