/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting and binary search. Knows where each table's key is; nothing of what the rest means. */
#include "index.h"

#include <stdlib.h>
#include <string.h>

static int cmp_tag(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int cmp_name(const void *a, const void *b)
{
	return cube_str_cmp(*(const struct cube_str *)a, *(const struct cube_str *)b);
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

unsigned cube_index_count(const struct cube_conf *conf, const struct cube_section *section)
{
	unsigned n;

	memcpy(&n, (const char *)conf + section->count, sizeof(n));
	return n;
}

void *cube_index_object(const struct cube_conf *conf, const struct cube_section *section, unsigned index)
{
	char *v;

	memcpy(&v, (const char *)conf + section->table, sizeof(v));
	return v + index * section->size;
}

static void sort(struct cube_conf *conf, const struct cube_section *section, struct cube_err *err)
{
	int (*cmp)(const void *, const void *) = section->title == CUBE_TITLE_TAG ? cmp_tag : cmp_name;
	unsigned n = cube_index_count(conf, section), i;

	for(i = 1; i < n && cmp(cube_index_object(conf, section, i - 1), cube_index_object(conf, section, i)) <= 0; i++)
		;
	if(i < n) /* programs write large ones, and in order */
		qsort(cube_index_object(conf, section, 0), n, section->size, cmp);
	for(i = 1; i < n; i++) {
		const void *object = cube_index_object(conf, section, i);

		if(cmp(cube_index_object(conf, section, i - 1), object) != 0)
			continue;
		if(section->title == CUBE_TITLE_TAG)
			cube_err_add(err, "%s %d: configured twice", section->name, *(const int *)object);
		else
			cube_err_add(err, "%s %.*s: configured twice", section->name, CUBE_FMT(*(const struct cube_str *)object));
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
	unsigned i;

	sort_signaling(&conf->sip_ua, err);
	for(i = 0; i < CUBE_N_SECTIONS; i++) {
		if(cube_sections[i].size)
			sort(conf, &cube_sections[i], err);
	}
}

static int find(const struct cube_conf *conf, enum cube_section_id id, const void *title,
		int (*cmp)(const void *, const void *))
{
	const struct cube_section *section = &cube_sections[id];
	unsigned n = cube_index_count(conf, section);
	const char *v = cube_index_object(conf, section, 0), *found;

	found = n ? bsearch(title, v, n, section->size, cmp) : NULL;
	return found ? (int)((size_t)(found - v) / section->size) : CUBE_NONE;
}

int cube_index_tag(const struct cube_conf *conf, enum cube_section_id section, int tag)
{
	return find(conf, section, &tag, cmp_tag);
}

int cube_index_name(const struct cube_conf *conf, enum cube_section_id section, struct cube_str name)
{
	return find(conf, section, &name, cmp_name);
}

int cube_index_trustpoint(const struct cube_conf *conf, struct cube_str name)
{
	return cube_index_name(conf, CUBE_SECTION_TRUSTPOINT, name);
}

int cube_index_tls_cipher(const struct cube_conf *conf, int tag)
{
	return cube_index_tag(conf, CUBE_SECTION_TLS_CIPHER, tag);
}

int cube_index_tls_profile(const struct cube_conf *conf, int tag)
{
	return cube_index_tag(conf, CUBE_SECTION_TLS_PROFILE, tag);
}

int cube_index_tenant(const struct cube_conf *conf, int tag)
{
	return cube_index_tag(conf, CUBE_SECTION_TENANT, tag);
}

int cube_index_dial_peer(const struct cube_conf *conf, int tag)
{
	return cube_index_tag(conf, CUBE_SECTION_DIAL_PEER, tag);
}
