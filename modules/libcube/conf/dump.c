/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a configuration out by the same tables that read it. What comes out can be loaded again and gives the same
 * configuration. Of keys and certificates only the paths are known here. */
#include "dump.h"

#include <stdio.h>

#include "../tls/policy.h"
#include "index.h"
#include "names.h"
#include "schema.h"

struct out
{
	void (*put)(void *ctx, const char *text, size_t len);
	void *ctx;
	unsigned indent;
	bool begun; /* a section has been written */
};

static void put(const struct out *out, struct cube_str text)
{
	if(text.len)
		out->put(out->ctx, text.s, text.len);
}

static void put_text(const struct out *out, const char *text)
{
	put(out, cube_str_of(text));
}

/* ${ is only plain text between single quotes. */
static void put_string(const struct out *out, struct cube_str text)
{
	char quote = '"';
	size_t i, begin = 0;

	for(i = 0; i + 1 < text.len; i++) {
		if(text.s[i] == '$' && text.s[i + 1] == '{')
			quote = '\'';
	}
	out->put(out->ctx, &quote, 1);
	for(i = 0; i < text.len; i++) {
		if(text.s[i] != quote && text.s[i] != '\\')
			continue;
		put(out, (struct cube_str){text.s + begin, i - begin});
		put_text(out, "\\");
		begin = i;
	}
	put(out, (struct cube_str){text.s + begin, text.len - begin});
	out->put(out->ctx, &quote, 1);
}

static void put_key(const struct out *out, const char *key)
{
	char line[64];

	snprintf(line, sizeof(line), "%*s%-24s = ", (int)out->indent, "", key);
	put_text(out, line);
}

static void put_item(const struct out *out, unsigned i, struct cube_str text)
{
	put_text(out, i ? ", " : " ");
	put_string(out, text);
}

static void put_list(const struct out *out, const struct cube_list *list)
{
	unsigned i;

	put_text(out, "{");
	for(i = 0; i < list->n; i++)
		put_item(out, i, list->v[i]);
	put_text(out, " }");
}

static void put_addrs(const struct out *out, const struct cube_addr *v, unsigned n)
{
	char text[CUBE_ADDR_TEXT_MAX];
	unsigned i;

	put_text(out, "{");
	for(i = 0; i < n; i++)
		put_item(out, i, cube_str_of(cube_addr_text(&v[i], text)));
	put_text(out, " }");
}

static void put_prefixes(const struct out *out, const struct cube_prefixes *list)
{
	char ip[CUBE_ADDR_TEXT_MAX], text[CUBE_ADDR_TEXT_MAX + 8];
	unsigned i;

	put_text(out, "{");
	for(i = 0; i < list->n; i++) {
		snprintf(text, sizeof(text), "%s/%u", cube_ip_text(&list->v[i].ip, false, ip), (unsigned)list->v[i].bits);
		put_item(out, i, cube_str_of(text));
	}
	put_text(out, " }");
}

/* Is there anything to write? What has a default is always written. */
static bool is_set(const struct cube_key *key, const char *object)
{
	const void *member = object + key->offset;

	switch(key->kind) {
		case CUBE_KIND_TEXT:
		case CUBE_KIND_PATH:
		case CUBE_KIND_URL:
		case CUBE_KIND_PATH_OR_URL:
		case CUBE_KIND_TLS_VERSION:
		case CUBE_KIND_NAME_REF:
			return ((const struct cube_str *)member)->len > 0;
		case CUBE_KIND_TARGET:
			return *(const struct cube_session_target *const *)member != NULL;
		case CUBE_KIND_NUMBER:
		case CUBE_KIND_REF:
			return *(const int *)member >= key->min;
		case CUBE_KIND_URL_SCHEME:
			return *(const enum cube_url *)member != CUBE_URL_UNSET;
		case CUBE_KIND_TRANSPORT:
			return *(const enum cube_transport *)member != CUBE_TRANSPORT_UNSET;
		case CUBE_KIND_ADDR:
			return ((const struct cube_addr *)member)->port > 0;
		case CUBE_KIND_ADDRS:
			return *(const unsigned *)(const void *)(object + key->count) > 0;
		case CUBE_KIND_TEXTS:
		case CUBE_KIND_CIPHERS:
		case CUBE_KIND_CURVES:
		case CUBE_KIND_CN_SANS:
		case CUBE_KIND_HOSTS:
		case CUBE_KIND_REVOCATIONS:
		case CUBE_KIND_PATTERNS:
		case CUBE_KIND_RULES:
		case CUBE_KIND_CODECS:
		case CUBE_KIND_RESPONSES:
			return ((const struct cube_list *)member)->n > 0;
		case CUBE_KIND_LATER:
			return false;
		default:
			return true;
	}
}

static void put_value(const struct out *out, const struct cube_key *key, const char *object)
{
	const void *member = object + key->offset;
	char text[CUBE_ADDR_TEXT_MAX];

	switch(key->kind) {
		case CUBE_KIND_NUMBER:
		case CUBE_KIND_REF:
			snprintf(text, sizeof(text), "%d", *(const int *)member);
			put_text(out, text);
			break;
		case CUBE_KIND_TARGET:
			put_string(out, (*(const struct cube_session_target *const *)member)->text);
			break;
		case CUBE_KIND_BOOL:
			put_text(out, *(const bool *)member ? "true" : "false");
			break;
		case CUBE_KIND_EKU:
			put_text(out, *(const bool *)member ? "\"any\"" : "\"strict\"");
			break;
		case CUBE_KIND_TRANSPORT:
			put_string(out, cube_str_of(cube_transport_name(*(const enum cube_transport *)member)));
			break;
		case CUBE_KIND_URL_SCHEME:
			put_string(out, cube_str_of(cube_url_name(*(const enum cube_url *)member)));
			break;
		case CUBE_KIND_PERMISSION:
			put_string(out, cube_str_of(cube_permission_name(*(const enum cube_permission *)member)));
			break;
		case CUBE_KIND_HUNT_SCHEME:
			put_text(out, *(const bool *)member ? "\"round-robin\"" : "\"preference\"");
			break;
		case CUBE_KIND_CN_SAN:
			put_string(out, cube_str_of(cube_cn_san_name(*(const enum cube_cn_san *)member)));
			break;
		case CUBE_KIND_ADDR:
			put_string(out, cube_str_of(cube_addr_text(member, text)));
			break;
		case CUBE_KIND_ADDRS:
			put_addrs(out, *(struct cube_addr *const *)member, *(const unsigned *)(const void *)(object + key->count));
			break;
		case CUBE_KIND_PREFIXES:
			put_prefixes(out, member);
			break;
		case CUBE_KIND_TEXTS:
		case CUBE_KIND_CIPHERS:
		case CUBE_KIND_CURVES:
		case CUBE_KIND_CN_SANS:
		case CUBE_KIND_HOSTS:
		case CUBE_KIND_REVOCATIONS:
		case CUBE_KIND_PATTERNS:
		case CUBE_KIND_RULES:
		case CUBE_KIND_CODECS:
		case CUBE_KIND_RESPONSES:
			put_list(out, member);
			break;
		default:
			put_string(out, *(const struct cube_str *)member);
	}
}

static void put_keys(const struct out *out, const struct cube_section *section, const void *object)
{
	unsigned i;

	for(i = 0; i < section->n_keys; i++) {
		const char *has = cube_key_struct(&section->keys[i], object);

		if(!has || !is_set(&section->keys[i], has))
			continue;
		put_key(out, section->keys[i].name);
		put_value(out, &section->keys[i], has);
		put_text(out, "\n");
	}
}

static void put_begin(struct out *out, const struct cube_section *section, struct cube_str title)
{
	put_text(out, out->begun && out->indent == 0 ? "\n" : "");
	put_text(out, out->indent ? "    " : "");
	put_text(out, section->name);
	if(section->title == CUBE_TITLE_TAG) {
		put_text(out, " ");
		put(out, title);
	} else if(section->title != CUBE_TITLE_NONE) {
		put_text(out, " ");
		put_string(out, title);
	}
	put_text(out, " {\n");
	out->indent += 4;
	out->begun = true;
}

static void put_end(struct out *out)
{
	out->indent -= 4;
	put_text(out, out->indent ? "    }\n" : "}\n");
}

static void put_object(struct out *out, const struct cube_section *section, const void *object)
{
	struct cube_str title = {NULL, 0};
	char tag[16];

	if(section->title == CUBE_TITLE_TAG) {
		snprintf(tag, sizeof(tag), "%d", *(const int *)object);
		title = cube_str_of(tag);
	} else {
		title = *(const struct cube_str *)object;
	}
	put_begin(out, section, title);
	put_keys(out, section, object);
	put_end(out);
}

static void dump_sip_ua(struct out *out, const struct cube_conf *conf)
{
	const struct cube_sip_ua *sip_ua = &conf->sip_ua;
	const struct cube_crypto_signaling *s;
	unsigned i;

	put_begin(out, &cube_sections[CUBE_SECTION_SIP_UA], CUBE_STR(""));
	put_keys(out, &cube_sections[CUBE_SECTION_SIP_UA], sip_ua);
	for(i = 0; i < sip_ua->n_crypto_signaling; i++) {
		s = &sip_ua->crypto_signaling[i];
		put_begin(out, &cube_section_crypto_signaling, s->peer);
		put_keys(out, &cube_section_crypto_signaling, s);
		put_end(out);
	}
	put_end(out);
}

/* Versions from sip-ua of which some have no suite in the profile's cipher list are left out of the policy. Written
 * as the profile's own they would be refused, so they stand in a comment. */
static void put_versions_left(const struct out *out, const struct cube_tls_profile *p)
{
	char line[160], versions[64];

	snprintf(line, sizeof(line), "%*s# tls-version from sip-ua; left by cipher: %s\n", (int)out->indent, "",
			cube_tls_versions_text(p->tls_versions, versions));
	put_text(out, line);
}

/* Written out, crl would ask for a CRL of those, too, that have none. */
static void put_revocation_default(const struct out *out)
{
	char line[100];

	snprintf(line, sizeof(line), "%*s# revocation-check by default: crl, where one is published\n", (int)out->indent,
			"");
	put_text(out, line);
}

static void dump_trustpoint(struct out *out, const struct cube_trustpoint *tp)
{
	put_begin(out, &cube_sections[CUBE_SECTION_TRUSTPOINT], tp->name);
	put_keys(out, &cube_sections[CUBE_SECTION_TRUSTPOINT], tp);
	if(tp->ca.len && !tp->revocation_given)
		put_revocation_default(out);
	put_end(out);
}

static void dump_profile(struct out *out, const struct cube_conf *conf, const struct cube_tls_profile *p)
{
	struct cube_tls_profile effective = *p;
	bool whole = p->tls_versions == conf->sip_ua.tls_versions;
	char title[16];

	if(!p->tls_version_text.len && whole)
		effective.tls_version_text = conf->sip_ua.tls_version_text;
	if(!p->client_trustpoint_name.len)
		effective.client_trustpoint_name = p->trustpoint_name;
	if(p->verify_trustpoint_names.n == 0)
		effective.verify_trustpoint_names = (struct cube_list){&effective.trustpoint_name, 1};
	snprintf(title, sizeof(title), "%d", p->tag);
	put_begin(out, &cube_sections[CUBE_SECTION_TLS_PROFILE], cube_str_of(title));
	put_keys(out, &cube_sections[CUBE_SECTION_TLS_PROFILE], &effective);
	if(!p->tls_version_text.len && !whole)
		put_versions_left(out, p);
	put_end(out);
}

static void dump_dial_peer(struct out *out, const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	struct cube_dial_peer effective = *peer;

	if(peer->session_target && peer->session_target->target.kind == CUBE_TARGET_NONE && peer->tenant != CUBE_NONE)
		effective.session_target = conf->tenants[peer->tenant].sip_server;
	put_object(out, &cube_sections[CUBE_SECTION_DIAL_PEER], &effective);
}

unsigned cube_conf_count(const struct cube_conf *conf, enum cube_section_id id)
{
	const struct cube_section *section = &cube_sections[id];
	unsigned n = section->size ? cube_index_count(conf, section) : id == CUBE_SECTION_SIP_UA;

	while(id == CUBE_SECTION_TLS_PROFILE && n > 0 && !conf->tls_profiles[n - 1].tag) /* crypto-signaling's */
		n--;
	return n;
}

static void dump_one(struct out *out, const struct cube_conf *conf, enum cube_section_id section, unsigned i)
{
	switch(section) {
		case CUBE_SECTION_SIP_UA:
			dump_sip_ua(out, conf);
			break;
		case CUBE_SECTION_TRUSTPOINT:
			dump_trustpoint(out, &conf->trustpoints[i]);
			break;
		case CUBE_SECTION_TLS_PROFILE:
			dump_profile(out, conf, &conf->tls_profiles[i]);
			break;
		case CUBE_SECTION_DIAL_PEER:
			dump_dial_peer(out, conf, &conf->dial_peers[i]);
			break;
		default:
			put_object(out, &cube_sections[section], cube_index_object(conf, &cube_sections[section], i));
	}
}

void cube_conf_dump_one(const struct cube_conf *conf, enum cube_section_id section, unsigned index,
		void (*put_piece)(void *ctx, const char *text, size_t len), void *ctx)
{
	struct out out = {.put = put_piece, .ctx = ctx};

	dump_one(&out, conf, section, index);
}

void cube_conf_dump(const struct cube_conf *conf, void (*put_piece)(void *ctx, const char *text, size_t len), void *ctx)
{
	struct out out = {.put = put_piece, .ctx = ctx};
	unsigned section, i;

	for(section = 0; section < CUBE_N_SECTIONS; section++) {
		for(i = 0; i < cube_conf_count(conf, (enum cube_section_id)section); i++)
			dump_one(&out, conf, (enum cube_section_id)section, i);
	}
}
