/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting and binary search. Knows where each table's key is; nothing of what the rest means. */
#include "index.h"

#include <stdlib.h>

/* All that have a tag begin with it. */
_Static_assert(offsetof(struct cube_tls_cipher, tag) == 0, "tag is first");
_Static_assert(offsetof(struct cube_tls_profile, tag) == 0, "tag is first");
_Static_assert(offsetof(struct cube_tenant, tag) == 0, "tag is first");
_Static_assert(offsetof(struct cube_dial_peer, tag) == 0, "tag is first");

static int cmp_tag(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int cmp_trustpoint(const void *a, const void *b)
{
	return cube_str_cmp(((const struct cube_trustpoint *)a)->name, ((const struct cube_trustpoint *)b)->name);
}

static int cmp_signaling(const void *a, const void *b)
{
	const struct cube_prefix *x = &((const struct cube_crypto_signaling *)a)->prefix;
	const struct cube_prefix *y = &((const struct cube_crypto_signaling *)b)->prefix;

	if((x->ip.len == 0) != (y->ip.len == 0))
		return x->ip.len == 0 ? 1 : -1;
	if(x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	return cube_ip_cmp(&x->ip, &y->ip);
}

static void sort_tags(void *v, unsigned n, size_t size, const char *name, struct cube_err *err)
{
	const char *at = v;
	unsigned i;

	qsort(v, n, size, cmp_tag);
	for(i = 1; i < n; i++) {
		if(cmp_tag(at + (i - 1) * size, at + i * size) == 0)
			cube_err_add(err, "%s %d: configured twice", name, *(const int *)(const void *)(at + i * size));
	}
}

static void sort_trustpoints(struct cube_conf *conf, struct cube_err *err)
{
	struct cube_trustpoint *v = conf->trustpoints;
	unsigned i;

	qsort(v, conf->n_trustpoints, sizeof(*v), cmp_trustpoint);
	for(i = 1; i < conf->n_trustpoints; i++) {
		if(cmp_trustpoint(&v[i - 1], &v[i]) == 0)
			cube_err_add(err, "trustpoint %.*s: configured twice", CUBE_FMT(v[i].name));
	}
}

static void sort_signaling(struct cube_sip_ua *sip_ua, struct cube_err *err)
{
	struct cube_crypto_signaling *v = sip_ua->crypto_signaling;
	unsigned i;

	qsort(v, sip_ua->n_crypto_signaling, sizeof(*v), cmp_signaling);
	for(i = 1; i < sip_ua->n_crypto_signaling; i++) {
		if(cmp_signaling(&v[i - 1], &v[i]) == 0)
			cube_err_add(err, "sip-ua: crypto-signaling %.*s: configured twice", CUBE_FMT(v[i].peer));
	}
}

void cube_index_build(struct cube_conf *conf, struct cube_err *err)
{
	sort_signaling(&conf->sip_ua, err);
	sort_trustpoints(conf, err);
	sort_tags(conf->tls_ciphers, conf->n_tls_ciphers, sizeof(*conf->tls_ciphers), "tls-cipher", err);
	sort_tags(conf->tls_profiles, conf->n_tls_profiles, sizeof(*conf->tls_profiles), "tls-profile", err);
	sort_tags(conf->tenants, conf->n_tenants, sizeof(*conf->tenants), "tenant", err);
	sort_tags(conf->dial_peers, conf->n_dial_peers, sizeof(*conf->dial_peers), "dial-peer", err);
}

static int find_tag(const void *v, unsigned n, size_t size, int tag)
{
	const char *found = n ? bsearch(&tag, v, n, size, cmp_tag) : NULL;

	return found ? (int)((size_t)(found - (const char *)v) / size) : CUBE_NONE;
}

int cube_index_trustpoint(const struct cube_conf *conf, struct cube_str name)
{
	struct cube_trustpoint key = {.name = name};
	const struct cube_trustpoint *v = conf->trustpoints, *found;

	found = conf->n_trustpoints ? bsearch(&key, v, conf->n_trustpoints, sizeof(*v), cmp_trustpoint) : NULL;
	return found ? (int)(found - v) : CUBE_NONE;
}

int cube_index_tls_cipher(const struct cube_conf *conf, int tag)
{
	return find_tag(conf->tls_ciphers, conf->n_tls_ciphers, sizeof(*conf->tls_ciphers), tag);
}

int cube_index_tls_profile(const struct cube_conf *conf, int tag)
{
	return find_tag(conf->tls_profiles, conf->n_tls_profiles, sizeof(*conf->tls_profiles), tag);
}

int cube_index_tenant(const struct cube_conf *conf, int tag)
{
	return find_tag(conf->tenants, conf->n_tenants, sizeof(*conf->tenants), tag);
}

int cube_index_dial_peer(const struct cube_conf *conf, int tag)
{
	return find_tag(conf->dial_peers, conf->n_dial_peers, sizeof(*conf->dial_peers), tag);
}
