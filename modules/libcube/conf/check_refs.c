/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References by tag and by name. Knows which key names what; says what there is to name. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "index.h"
#include "names.h"
#include "read.h"
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

/* "a, b, ..." */
static const char *listed_titles(struct listed *l, const struct cube_conf *conf, enum cube_section_id id)
{
	const struct cube_section *section = &cube_sections[id];
	unsigned n = cube_index_count(conf, section), i;

	if(section->title == CUBE_TITLE_TAG)
		return listed_tags(l, cube_index_object(conf, section, 0), n, section->size);
	memset(l, 0, sizeof(*l));
	for(i = 0; i < n && i <= LISTED_MAX; i++)
		listed_add(l, *(const struct cube_str *)cube_index_object(conf, section, i));
	return n ? l->text : "none";
}

static void check_trustpoint(
		const struct cube_conf *conf, const char *path, const char *key, struct cube_str name, struct cube_err *err)
{
	struct listed l;

	if(name.len && cube_index_trustpoint(conf, name) == CUBE_NONE)
		cube_err_add(err, "%s: %s \"%.*s\": no such trustpoint (configured: %s)", path, key, CUBE_SEEN(name),
				listed_titles(&l, conf, CUBE_SECTION_TRUSTPOINT));
}

static void check_profile(const struct cube_conf *conf, const char *path, int tag, struct cube_err *err)
{
	struct listed l;

	if(tag && cube_index_tls_profile(conf, tag) == CUBE_NONE)
		cube_err_add(err, "%s: tls-profile %d: no such tls-profile (configured: %s)", path, tag,
				listed_titles(&l, conf, CUBE_SECTION_TLS_PROFILE));
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
			CUBE_SEEN(cipher), listed_titles(&l, conf, CUBE_SECTION_TLS_CIPHER));
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

/* A key of kind CUBE_KIND_REF or CUBE_KIND_NAME_REF of one object. */
static void check_ref(
		const struct cube_conf *conf, const char *path, const struct cube_key *key, void *member, struct cube_err *err)
{
	enum cube_section_id id = (enum cube_section_id)key->ref;
	const char *section = cube_sections[id].name;
	struct cube_name_ref *name = member;
	struct cube_ref *tag = member;
	struct listed l;

	if(key->kind == CUBE_KIND_REF) {
		tag->index = tag->tag ? cube_index_tag(conf, id, tag->tag) : CUBE_NONE;
		if(tag->tag && tag->index == CUBE_NONE)
			cube_err_add(err, "%s: %s %d: no such %s (configured: %s)", path, key->name, tag->tag, section,
					listed_titles(&l, conf, id));
	} else {
		name->index = name->name.len ? cube_index_name(conf, id, name->name) : CUBE_NONE;
		if(name->name.len && name->index == CUBE_NONE)
			cube_err_add(err, "%s: %s \"%.*s\": no such %s (configured: %s)", path, key->name, CUBE_SEEN(name->name),
					section, listed_titles(&l, conf, id));
	}
}

static void check_object(
		const struct cube_conf *conf, const struct cube_section *section, void *object, struct cube_err *err)
{
	struct cube_str title = {NULL, 0};
	char path[CUBE_PATH_MAX], tag[16];
	unsigned i;

	if(section->title == CUBE_TITLE_TAG) {
		snprintf(tag, sizeof(tag), "%d", *(const int *)object);
		title = cube_str_of(tag);
	} else if(section->title == CUBE_TITLE_NAME) {
		title = *(const struct cube_str *)object;
	}
	cube_section_path(section, title, path);
	for(i = 0; i < section->n_keys; i++) {
		const struct cube_key *key = &section->keys[i];
		char *has = cube_key_struct(key, object);

		if(has && (key->kind == CUBE_KIND_REF || key->kind == CUBE_KIND_NAME_REF))
			check_ref(conf, path, key, has + key->offset, err);
	}
}

static void check_objects(struct cube_conf *conf, struct cube_err *err)
{
	unsigned i, k;

	check_object(conf, &cube_sections[CUBE_SECTION_SIP_UA], &conf->sip_ua, err);
	for(i = 0; i < CUBE_N_SECTIONS; i++) {
		const struct cube_section *section = &cube_sections[i];

		for(k = 0; section->size && k < cube_index_count(conf, section); k++)
			check_object(conf, section, cube_index_object(conf, section, k), err);
	}
}

/* Before anything is inherited: what stands in one section. */
static void check_url(const char *path, enum cube_url url, enum cube_transport transport, struct cube_err *err)
{
	if(url == CUBE_URL_SIPS && transport != CUBE_TRANSPORT_UNSET && transport != CUBE_TRANSPORT_TLS)
		cube_err_add(err,
				"%s: url \"sips\": session-transport \"%s\" contradicts it; sips is TLS alone (allowed: tcp tls)", path,
				cube_transport_name(transport));
}

static void check_urls(const struct cube_conf *conf, struct cube_err *err)
{
	char path[64];
	unsigned i;

	check_url("sip-ua", conf->sip_ua.url, conf->sip_ua.session_transport, err);
	for(i = 0; i < conf->n_tenants; i++) {
		snprintf(path, sizeof(path), "tenant %d", conf->tenants[i].tag);
		check_url(path, conf->tenants[i].url, conf->tenants[i].session_transport, err);
	}
	for(i = 0; i < conf->n_dial_peers; i++) {
		snprintf(path, sizeof(path), "dial-peer %d", conf->dial_peers[i].tag);
		check_url(path, conf->dial_peers[i].url, conf->dial_peers[i].session_transport, err);
	}
}

void cube_check_refs(struct cube_conf *conf, struct cube_err *err)
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
					conf->dial_peers[i].tenant_tag, listed_titles(&l, conf, CUBE_SECTION_TENANT));
	}
	check_objects(conf, err);
	check_urls(conf, err);
}
