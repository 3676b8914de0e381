/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates of the bench, many of them in little time:
 *   certs <folder> kinds       for RSA 2048 and P-256 each a CA, a server and a client: rsa-ca.pem, rsa-server.pem, .key ...
 *   certs <folder> tenants N   for each of N tenants a CA, an intermediate and an identity of its own, on P-256:
 *                              1-ca.pem, 1.pem (the identity's, then the intermediate), 1.key ... */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_MAX_LEN 1024
#define DAY 86400

struct party
{
	EVP_PKEY *key;
	X509 *cert;
};

static const char *folder;

static void die(const char *what)
{
	fprintf(stderr, "certs: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static void check(int ok, const char *what)
{
	if(ok <= 0)
		die(what);
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	check(extension && X509_add_ext(cert, extension, -1), value);
	X509_EXTENSION_free(extension);
}

static void name(X509_NAME *of, const char *cn)
{
	check(X509_NAME_add_entry_by_txt(of, "O", MBSTRING_ASC, (const unsigned char *)"kamailio-cube bench", -1, -1, 0),
			cn);
	check(X509_NAME_add_entry_by_txt(of, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0), cn);
}

/* issuer NULL: self-signed, and a CA. host NULL: a CA. */
static struct party make(EVP_PKEY *key, const char *cn, const char *host, const struct party *issuer)
{
	static long serial;
	struct party p = {key, X509_new()};
	char san[256];

	check(key && p.cert && X509_set_version(p.cert, X509_VERSION_3), cn);
	check(ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ++serial), cn);
	check(X509_gmtime_adj(X509_getm_notBefore(p.cert), -DAY)
					&& X509_gmtime_adj(X509_getm_notAfter(p.cert), 3650L * DAY),
			cn);
	name(X509_get_subject_name(p.cert), cn);
	check(X509_set_issuer_name(p.cert, X509_get_subject_name(issuer ? issuer->cert : p.cert)), cn);
	check(X509_set_pubkey(p.cert, key), cn);
	extend(p.cert, p.cert, NID_subject_key_identifier, "hash");
	if(issuer)
		extend(p.cert, issuer->cert, NID_authority_key_identifier, "keyid");
	if(host) {
		snprintf(san, sizeof(san), "DNS:%s", host);
		extend(p.cert, NULL, NID_key_usage, "digitalSignature,keyEncipherment");
		extend(p.cert, NULL, NID_ext_key_usage, "serverAuth,clientAuth");
		extend(p.cert, NULL, NID_subject_alt_name, san);
	} else {
		extend(p.cert, NULL, NID_basic_constraints, "critical,CA:TRUE");
		extend(p.cert, NULL, NID_key_usage, "critical,keyCertSign,cRLSign");
	}
	check(X509_sign(p.cert, issuer ? issuer->key : key, EVP_sha256()), cn);
	return p;
}

static FILE *create(const char *file, mode_t mode)
{
	char path[PATH_MAX_LEN];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "w");
	if(!f || chmod(path, mode) != 0) {
		fprintf(stderr, "certs: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return f;
}

static void finish(FILE *f)
{
	if(fclose(f) != 0)
		die("the disk is full");
}

static void write_certs(const char *file, const struct party *first, const struct party *second)
{
	FILE *f = create(file, 0644);

	check(PEM_write_X509(f, first->cert), file);
	if(second)
		check(PEM_write_X509(f, second->cert), file);
	finish(f);
}

static void write_key(const char *file, const struct party *p)
{
	FILE *f = create(file, 0600);

	check(PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL), file);
	finish(f);
}

static void forget(struct party *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
}

static EVP_PKEY *new_key(const char *kind)
{
	return strcmp(kind, "rsa") == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static void make_kind(const char *kind)
{
	static const char *const names[] = {"server", "client"};
	struct party ca, p;
	char file[64], host[64];
	size_t i;

	ca = make(new_key(kind), "bench CA", NULL, NULL);
	snprintf(file, sizeof(file), "%s-ca.pem", kind);
	write_certs(file, &ca, NULL);
	for(i = 0; i < 2; i++) {
		snprintf(host, sizeof(host), "%s.%s.example", names[i], kind);
		p = make(new_key(kind), host, host, &ca);
		snprintf(file, sizeof(file), "%s-%s.pem", kind, names[i]);
		write_certs(file, &p, NULL);
		snprintf(file, sizeof(file), "%s-%s.key", kind, names[i]);
		write_key(file, &p);
		forget(&p);
	}
	forget(&ca);
}

static void make_tenant(int number)
{
	struct party ca, intermediate, p;
	char file[64], host[64], cn[64];

	snprintf(cn, sizeof(cn), "CA of tenant %d", number);
	ca = make(new_key("ec"), cn, NULL, NULL);
	snprintf(cn, sizeof(cn), "intermediate CA of tenant %d", number);
	intermediate = make(new_key("ec"), cn, NULL, &ca);
	snprintf(host, sizeof(host), "tenant%d.example", number);
	p = make(new_key("ec"), host, host, &intermediate);
	snprintf(file, sizeof(file), "%d-ca.pem", number);
	write_certs(file, &ca, NULL);
	snprintf(file, sizeof(file), "%d.pem", number);
	write_certs(file, &p, &intermediate);
	snprintf(file, sizeof(file), "%d.key", number);
	write_key(file, &p);
	forget(&p);
	forget(&intermediate);
	forget(&ca);
}

int main(int argc, char **argv)
{
	int i, n;

	folder = argc > 2 ? argv[1] : "";
	if(argc == 3 && strcmp(argv[2], "kinds") == 0) {
		make_kind("rsa");
		make_kind("ec");
		return 0;
	}
	n = argc == 4 && strcmp(argv[2], "tenants") == 0 ? (int)strtol(argv[3], NULL, 10) : 0;
	if(n <= 0)
		die("usage: certs <folder> kinds | certs <folder> tenants <number>");
	for(i = 1; i <= n; i++)
		make_tenant(i);
	return 0;
}
