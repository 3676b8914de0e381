/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References by tag and by name. Knows which key names what; says what there is to name. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "index.h"
#include "names.h"
#include "value.h"

#define LISTED_MAX 10

/* "100, 200, ..." or "a, b". */
struct listed
{
	char text[400];
	size_t used;
	unsigned n;
};

static void listed_add(struct listed *l, struct cube_str name)
{
	size_t room = sizeof(l->text) - l->used;
	int n;

	if(l->n > LISTED_MAX)
		return;
	if(l->n++ == LISTED_MAX)
		name = CUBE_STR("...");
	n = snprintf(l->text + l->used, room, "%s%.*s", l->used ? ", " : "", CUBE_FMT(name));
	l->used += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static const char *listed_tags(struct listed *l, const void *v, unsigned n, size_t size)
{
	const char *at = v;
	char tag[16];
	unsigned i;

	memset(l, 0, sizeof(*l));
	for(i = 0; i < n && i <= LISTED_MAX; i++) {
		snprintf(tag, sizeof(tag), "%d", *(const int *)(const void *)(at + i * size));
		listed_add(l, cube_str_of(tag));
	}
	return n ? l->text : "none";
}

static const char *listed_trustpoints(struct listed *l, const struct cube_conf *conf)
{
	unsigned i;

	memset(l, 0, sizeof(*l));
	for(i = 0; i < conf->n_trustpoints && i <= LISTED_MAX; i++)
		listed_add(l, conf->trustpoints[i].name);
	return conf->n_trustpoints ? l->text : "none";
}

static void check_trustpoint(
		const struct cube_conf *conf, const char *path, const char *key, struct cube_str name, struct cube_err *err)
{
	struct listed l;

	if(name.len && cube_index_trustpoint(conf, name) == CUBE_NONE)
		cube_err_add(err, "%s: %s \"%.*s\": no such trustpoint (configured: %s)", path, key, CUBE_SEEN(name),
				listed_trustpoints(&l, conf));
}

static void check_profile(const struct cube_conf *conf, const char *path, int tag, struct cube_err *err)
{
	struct listed l;

	if(tag && cube_index_tls_profile(conf, tag) == CUBE_NONE)
		cube_err_add(err, "%s: tls-profile %d: no such tls-profile (configured: %s)", path, tag,
				listed_tags(&l, conf->tls_profiles, conf->n_tls_profiles, sizeof(*conf->tls_profiles)));
}

static void check_cipher(const struct cube_conf *conf, const char *path, struct cube_str cipher, struct cube_err *err)
{
	struct listed l;
	int tag;

	if(cipher.len == 0 || cube_str_eq(cipher, CUBE_STR("strict")) || cube_str_eq(cipher, CUBE_STR("ecdsa")))
		return;
	if(cube_number_parse(cipher, CUBE_TAG_MAX, &tag) && cube_index_tls_cipher(conf, tag) != CUBE_NONE)
		return;
	cube_err_add(err, "%s: cipher \"%.*s\": no such tls-cipher (allowed: strict, ecdsa; configured: %s)", path,
			CUBE_SEEN(cipher), listed_tags(&l, conf->tls_ciphers, conf->n_tls_ciphers, sizeof(*conf->tls_ciphers)));
}

static void check_profiles(const struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_tls_profile *p;
	unsigned i, k;
	char path[64];

	for(i = 0; i < conf->n_tls_profiles; i++) {
		p = &conf->tls_profiles[i];
		snprintf(path, sizeof(path), "tls-profile %d", p->tag);
		check_trustpoint(conf, path, "trustpoint", p->trustpoint_name, err);
		check_trustpoint(conf, path, "client-trustpoint", p->client_trustpoint_name, err);
		for(k = 0; k < p->verify_trustpoint_names.n; k++)
			check_trustpoint(conf, path, "verify-trustpoint", p->verify_trustpoint_names.v[k], err);
		check_cipher(conf, path, p->cipher_name, err);
	}
}

void cube_check_refs(const struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_crypto_signaling *s;
	struct listed l;
	char path[128];
	unsigned i;

	for(i = 0; i < conf->sip_ua.n_crypto_signaling; i++) {
		s = &conf->sip_ua.crypto_signaling[i];
		snprintf(path, sizeof(path), "sip-ua: crypto-signaling %.*s", CUBE_FMT(s->peer));
		check_trustpoint(conf, path, "trustpoint", s->trustpoint_name, err);
		check_profile(conf, path, s->tls_profile_tag, err);
	}
	check_profiles(conf, err);
	for(i = 0; i < conf->n_tenants; i++) {
		snprintf(path, sizeof(path), "tenant %d", conf->tenants[i].tag);
		check_profile(conf, path, conf->tenants[i].tls_profile_tag, err);
	}
	for(i = 0; i < conf->n_dial_peers; i++) {
		if(conf->dial_peers[i].tenant_tag && cube_index_tenant(conf, conf->dial_peers[i].tenant_tag) == CUBE_NONE)
			cube_err_add(err, "dial-peer %d: tenant %d: no such tenant (configured: %s)", conf->dial_peers[i].tag,
					conf->dial_peers[i].tenant_tag,
					listed_tags(&l, conf->tenants, conf->n_tenants, sizeof(*conf->tenants)));
	}
}
