/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server names to tenants. */
#include "sni.h"

#include <string.h>

#include "../base/sort.h"

static int sni_cmp(const void *va, const void *vb)
{
	const struct cube_sni *a = va, *b = vb;

	return cube_str_casecmp(a->name, b->name);
}

static void add_names(struct cube_conf *conf, int profile, int tenant)
{
	const struct cube_list *names = &conf->tls_profiles[profile].sni;
	unsigned i;

	for(i = 0; i < names->n; i++)
		conf->sni[conf->n_sni++] = (struct cube_sni){names->v[i], profile, tenant};
}

/* Calls add (NULL: none) for each use of a profile with names; returns how many names that makes. */
static size_t each_use(struct cube_conf *conf, void (*add)(struct cube_conf *, int, int))
{
	size_t n = 0;
	unsigned i;

	for(i = 0; i < conf->n_tenants; i++) {
		int profile = conf->tenants[i].tls_profile;

		if(profile == CUBE_NONE)
			continue;
		n += conf->tls_profiles[profile].sni.n;
		if(add)
			add(conf, profile, (int)i);
	}
	for(i = 0; i < conf->sip_ua.n_crypto_signaling; i++) {
		int profile = conf->sip_ua.crypto_signaling[i].tls_profile;

		n += conf->tls_profiles[profile].sni.n;
		if(add)
			add(conf, profile, CUBE_NONE);
	}
	return n;
}

static void owner_add(
		const struct cube_conf *conf, const struct cube_sni *a, const struct cube_sni *b, struct cube_err *err)
{
	if(a->tenant != CUBE_NONE && b->tenant != CUBE_NONE)
		cube_err_add(err,
				"tls-profile %d: sni \"%.*s\": stands for tenant %d and for tenant %d; a name selects one tenant",
				conf->tls_profiles[b->profile].tag, CUBE_FMT(b->name), conf->tenants[a->tenant].tag,
				conf->tenants[b->tenant].tag);
	else
		cube_err_add(err,
				"tls-profile %d: sni \"%.*s\": stands for sip-ua and for tenant %d; a name selects one tenant",
				conf->tls_profiles[b->profile].tag, CUBE_FMT(b->name),
				conf->tenants[a->tenant != CUBE_NONE ? a->tenant : b->tenant].tag);
}

static void check_names(struct cube_conf *conf, struct cube_err *err)
{
	unsigned i, kept = 0;

	for(i = 0; i < conf->n_sni; i++) {
		const struct cube_sni *before = kept ? &conf->sni[kept - 1] : NULL;

		if(!before || sni_cmp(before, &conf->sni[i]) != 0)
			conf->sni[kept++] = conf->sni[i];
		else if(before->tenant != conf->sni[i].tenant || before->profile != conf->sni[i].profile)
			owner_add(conf, before, &conf->sni[i], err);
	}
	conf->n_sni = kept;
	if(kept && conf->sip_ua.n_listen_secure == 0)
		cube_err_add(err,
				"tls-profile %d: sni: has no effect without listen-secure in sip-ua, the listener that tenants share",
				conf->tls_profiles[conf->sni[0].profile].tag);
}

int cube_sni_build(struct cube_conf *conf, struct cube_err *err)
{
	unsigned before = err->count;

	conf->sni = cube_arena_array(conf->arena, each_use(conf, NULL), sizeof(*conf->sni));
	if(!conf->sni) {
		cube_err_nomem(err, conf->path.s);
		return -1;
	}
	each_use(conf, add_names);
	cube_sort(conf->sni, conf->n_sni, sizeof(*conf->sni), sni_cmp);
	check_names(conf, err);
	return err->count == before ? 0 : -1;
}

const struct cube_sni *cube_sni_find(const struct cube_conf *conf, struct cube_str name)
{
	struct cube_sni wanted = {name, 0, 0};
	unsigned low = 0, high = conf->n_sni;

	while(low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = sni_cmp(&wanted, &conf->sni[middle]);

		if(order == 0)
			return &conf->sni[middle];
		if(order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static size_t number(const unsigned char *data)
{
	return (size_t)data[0] << 8 | data[1];
}

/* list length (2), then entries of type (1), length (2), name; host_name is type 0 and the only one that is defined. */
bool cube_sni_parse(const unsigned char *data, size_t len, struct cube_str *name)
{
	if(len < 5 || number(data) != len - 2 || data[2] != 0)
		return false;
	if(number(data + 3) != len - 5 || len == 5 || memchr(data + 5, 0, len - 5))
		return false;
	*name = (struct cube_str){(const char *)data + 5, len - 5};
	return true;
}
