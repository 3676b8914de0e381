/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stand-ins of helper.h. Knows the interfaces that libcube asks, nothing of how it uses them. */
#include "helper.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/dump.h"
#include "pki.h"

const struct cube_target helper_target = {.kind = CUBE_TARGET_DNS};

static void *alloc(void *ctx, size_t size)
{
	struct helper_alloc *h = ctx;
	long call = h->calls++;

	if(h->fail_at != HELPER_NEVER && (h->once ? call == h->fail_at : call >= h->fail_at))
		return NULL;
	h->live++;
	return malloc(size);
}

static void release(void *ctx, void *block)
{
	struct helper_alloc *h = ctx;

	h->live--;
	free(block);
}

void helper_alloc_init(struct helper_alloc *h, long fail_at, bool once)
{
	*h = (struct helper_alloc){.alloc = {alloc, release, h}, .fail_at = fail_at, .once = once};
}

/* NULL and the words of base/file.c when there is none. */
static const struct helper_file *find(
		const struct helper_files *h, const char *path, const char *what, struct cube_err *err)
{
	unsigned i;

	for(i = 0; i < h->n; i++) {
		if(strcmp(h->v[i].path, path) == 0)
			return &h->v[i];
	}
	cube_err_add(err, "%s: cannot read %s: No such file or directory", what, path);
	return NULL;
}

static int files_read(void *ctx, const char *path, const char *what, struct cube_arena *arena, struct cube_file *file,
		struct cube_err *err)
{
	struct helper_files *h = ctx;
	const struct helper_file *found = find(h, path, what, err);
	char *data;

	h->reads++;
	if(!found)
		return -1;
	if(!(data = cube_arena_get(arena, found->len + 1))) {
		cube_err_nomem(err, what);
		return -1;
	}
	memcpy(data, found->data, found->len);
	*file = (struct cube_file){data, found->len, found->mode, 0};
	return 0;
}

static int files_look(void *ctx, const char *path, const char *what, struct cube_err *err)
{
	struct helper_files *h = ctx;

	h->looks++;
	return find(h, path, what, err) ? 0 : -1;
}

void helper_files_init(struct helper_files *h)
{
	memset(h, 0, sizeof(*h));
	h->files = (struct cube_files){files_read, files_look, h};
}

void helper_files_put(struct helper_files *h, const char *path, const void *data, size_t len, uint32_t mode)
{
	unsigned i;

	for(i = 0; i < h->n && strcmp(h->v[i].path, path) != 0; i++)
		;
	ck_assert_uint_lt(i, HELPER_FILES_MAX);
	if(i < h->n) {
		free(h->v[i].path);
		free(h->v[i].data);
	} else {
		h->n++;
	}
	h->v[i].path = strdup(path);
	h->v[i].data = malloc(len + 1);
	ck_assert_ptr_nonnull(h->v[i].data);
	memcpy(h->v[i].data, data, len);
	h->v[i].len = len;
	h->v[i].mode = mode;
}

void helper_files_free(struct helper_files *h)
{
	unsigned i;

	for(i = 0; i < h->n; i++) {
		free(h->v[i].path);
		free(h->v[i].data);
	}
	h->n = 0;
}

static void put_cert(struct helper_files *h, const char *path, const struct pki *pki)
{
	char *pem = pki_certs_pem(&pki, 1);

	helper_files_put(h, path, pem, strlen(pem), 0644);
	free(pem);
}

static void put_key(struct helper_files *h, const char *path, const struct pki *pki, uint32_t mode)
{
	char *pem = pki_key_pem(pki->key, NULL);

	helper_files_put(h, path, pem, strlen(pem), mode);
	free(pem);
}

void helper_files_pki(struct helper_files *h)
{
	static const char map[] = "+4930T\n! a comment\n\n+4940$\n",
					  bad[] = "+4930T\r\n! one\r\n\r\n +49 40\r\n+4989\r\n20)";
	struct pki ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "CA", .ca = true});
	struct pki other = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "Other CA", .ca = true});
	struct pki rsa = pki_make(&(struct pki_spec){.key = PKI_RSA_2048, .cn = "cube.example.com", .issuer = &ca});
	struct pki ec = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "ec.example.com", .issuer = &ca});

	put_cert(h, "/cfg/pki/ca.pem", &ca);
	put_cert(h, "/cfg/pki/other-ca.pem", &other);
	put_cert(h, "/cfg/pki/cube.pem", &rsa);
	put_key(h, "/cfg/pki/cube.key", &rsa, 0600);
	put_key(h, "/cfg/pki/open.key", &rsa, 0644);
	put_cert(h, "/cfg/pki/ec.pem", &ec);
	put_key(h, "/cfg/pki/ec.key", &ec, 0600);
	helper_files_put(h, "/cfg/pki/broken.pem", "no PEM\n", 7, 0600);
	helper_files_put(h, "/cfg/pki/ca.crl", "", 0, 0644);
	helper_files_put(h, "/cfg/maps/two.txt", map, strlen(map), 0644);
	helper_files_put(h, "/cfg/maps/bad.txt", bad, strlen(bad), 0644);
	pki_free(&ca);
	pki_free(&other);
	pki_free(&rsa);
	pki_free(&ec);
}

struct cube_conf *helper_load(struct helper_files *files, const char *text, size_t len, struct cube_err *err)
{
	struct cube_conf *conf = NULL;

	helper_files_put(files, HELPER_CONF, text, len, 0644);
	if(cube_conf_load(HELPER_CONF, &files->files, &cube_alloc_libc, &conf, err) != 0)
		return NULL;
	return conf;
}

void *helper_exact(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, len);
	return copy;
}

char *helper_read(const char *path, size_t *len)
{
	FILE *fp = fopen(path, "r");
	char *text = NULL;
	size_t got = 0, n;

	ck_assert_msg(fp != NULL, "cannot open %s", path);
	do {
		text = realloc(text, got + 4097);
		ck_assert_ptr_nonnull(text);
		n = fread(text + got, 1, 4096, fp);
		got += n;
	} while(n > 0);
	fclose(fp);
	text[got] = '\0';
	if(len)
		*len = got;
	return text;
}

static void put_dump(void *ctx, const char *text, size_t len)
{
	fwrite(text, 1, len, ctx);
}

char *helper_dump(const struct cube_conf *conf)
{
	char *text = NULL;
	size_t len;
	FILE *fp = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(fp);
	cube_conf_dump(conf, put_dump, fp);
	fclose(fp);
	return text;
}
