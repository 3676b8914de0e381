/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a profile's settings to the lists that OpenSSL takes, and the judgement whether they can work together. One
 * IOS list orders the suites of all versions; OpenSSL wants those of TLS 1.3 apart: each half keeps the order. */
#include <stdio.h>
#include <string.h>

#include "policy.h"

#define SUITES_MAX 32 /* more than there are names: a list with repeated names is cut, not overrun */

struct build
{
	struct cube_tls_profile *profile;
	const struct cube_tls_cipher *cipher; /* NULL: a built-in list */
	const enum cube_key_type *key_types;
	const char *path;
	struct cube_err *err;
	const struct cube_suite *suites[SUITES_MAX];
	unsigned n;
	bool failed;
};

static const char *key_name(enum cube_key_type key)
{
	return key == CUBE_KEY_EC ? "EC" : "RSA";
}

static struct cube_str identity_name(const struct cube_tls_profile *profile, enum cube_role role)
{
	return role == CUBE_ROLE_CLIENT && profile->client_trustpoint_name.len > 0 ? profile->client_trustpoint_name
																			   : profile->trustpoint_name;
}

static void choose_configured(struct build *b)
{
	for(unsigned i = 0; i < b->cipher->cipher.n && b->n < SUITES_MAX; i++) {
		const struct cube_suite *suite = cube_suite_find(b->cipher->cipher.v[i]);

		if(suite != NULL) {
			b->suites[b->n++] = suite;
			continue;
		}
		b->failed = true;
		cube_err_add(b->err, "%s: cipher %d: no such cipher: %.*s (allowed: %s)", b->path, b->cipher->tag,
				CUBE_FMT(b->cipher->cipher.v[i]), cube_suite_names);
	}
}

static void choose_built_in(struct build *b)
{
	struct cube_str name = b->profile->cipher_name;
	unsigned set = CUBE_SUITES_DEFAULT;

	if(cube_str_eq(name, CUBE_STR("strict")))
		set = CUBE_SUITES_STRICT;
	else if(cube_str_eq(name, CUBE_STR("ecdsa")))
		set = CUBE_SUITES_ECDSA;
	for(unsigned i = 0; i < cube_n_suites && b->n < SUITES_MAX; i++) {
		if(cube_suites[i].sets & set)
			b->suites[b->n++] = &cube_suites[i];
	}
}

static unsigned versions_of(const struct build *b, enum cube_key_type server_key)
{
	unsigned versions = 0;

	for(unsigned i = 0; i < b->n; i++) {
		if(server_key == CUBE_KEY_NONE || b->suites[i]->key == CUBE_KEY_NONE || b->suites[i]->key == server_key)
			versions |= b->suites[i]->tls_versions;
	}
	return versions;
}

/* "cipher 100" or "cipher strict"; the default list has no name of its own. */
static const char *list_name(const struct build *b, char buf[48])
{
	if(b->cipher != NULL)
		snprintf(buf, 48, "cipher %d", b->cipher->tag);
	else if(b->profile->cipher_name.len > 0)
		snprintf(buf, 48, "cipher %.*s", (int)(b->profile->cipher_name.len > 32 ? 32 : b->profile->cipher_name.len),
				b->profile->cipher_name.s);
	else
		snprintf(buf, 48, "default ciphers");
	return buf;
}

static void check_identities(struct build *b)
{
	if(b->profile->tls_versions != CUBE_TLS_1_0)
		return;
	for(int role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
		struct cube_str name = identity_name(b->profile, (enum cube_role)role);

		if(b->key_types[role] != CUBE_KEY_EC)
			continue;
		/* one trustpoint in both roles is one fault */
		if(role == CUBE_ROLE_CLIENT && b->key_types[CUBE_ROLE_SERVER] == CUBE_KEY_EC
				&& cube_str_eq(name, identity_name(b->profile, CUBE_ROLE_SERVER)))
			continue;
		b->failed = true;
		cube_err_add(b->err,
				"%s: tls-version 1.0 needs an RSA key, but trustpoint %.*s has an EC key (ECDSA is not supported with "
				"TLS 1.0; use tls-version 1.2+)",
				b->path, CUBE_FMT(name));
	}
}

static void check_suites(struct build *b)
{
	enum cube_key_type server_key = b->key_types[CUBE_ROLE_SERVER];

	for(unsigned i = 0; b->cipher != NULL && i < b->n; i++) {
		const struct cube_suite *suite = b->suites[i];

		if(suite->key == CUBE_KEY_EC && b->profile->tls_versions == CUBE_TLS_1_0) {
			b->failed = true;
			cube_err_add(b->err,
					"%s: cipher %d: %s cannot be used with tls-version 1.0 (ECDSA is not supported with "
					"TLS 1.0; use tls-version 1.2+)",
					b->path, b->cipher->tag, suite->ios);
		}
		if(suite->key == CUBE_KEY_NONE || server_key == CUBE_KEY_NONE || suite->key == server_key)
			continue;
		b->failed = true;
		cube_err_add(b->err,
				"%s: cipher %d: %s needs an %s key, but trustpoint %.*s has an %s key (remove the cipher, or use a "
				"trustpoint with an %s key)",
				b->path, b->cipher->tag, suite->ios, key_name(suite->key), CUBE_FMT(b->profile->trustpoint_name),
				key_name(server_key), key_name(suite->key));
	}
}

static void check_versions(struct build *b)
{
	struct cube_tls_profile *profile = b->profile;
	enum cube_key_type server_key = b->key_types[CUBE_ROLE_SERVER];
	unsigned served = versions_of(b, CUBE_KEY_NONE);
	unsigned missing = profile->tls_versions & ~served;
	char versions[64], list[48];

	if(b->failed)
		return; /* what is missing would only repeat it */
	if((profile->tls_versions & served) == 0) {
		b->failed = true;
		cube_err_add(b->err, "%s: %s has no cipher for the permitted versions (%s)", b->path, list_name(b, list),
				cube_tls_versions_text(profile->tls_versions, versions));
		return;
	}
	if(server_key != CUBE_KEY_NONE && (profile->tls_versions & versions_of(b, server_key)) == 0) {
		b->failed = true;
		cube_err_add(b->err, "%s: %s has no cipher for %s with the %s key of trustpoint %.*s", b->path,
				list_name(b, list), cube_tls_versions_text(profile->tls_versions, versions), key_name(server_key),
				CUBE_FMT(profile->trustpoint_name));
		return;
	}
	if(missing != 0 && b->cipher != NULL && profile->tls_version_text.len > 0) {
		b->failed = true;
		cube_err_add(b->err,
				"%s: %s has no cipher for %s, which tls-version %.*s permits (add one, or narrow tls-version)", b->path,
				list_name(b, list), cube_tls_versions_text(missing, versions), CUBE_FMT(profile->tls_version_text));
		return;
	}
	profile->tls_versions &= served;
}

/* Names joined with ':', of the suites that are (not) TLS 1.3's. NULL: out of memory. */
static const char *join_suites(const struct build *b, bool tls_1_3, struct cube_arena *arena)
{
	char text[SUITES_MAX * 40];
	size_t used = 0;

	for(unsigned i = 0; i < b->n; i++) {
		if((b->suites[i]->tls_versions == CUBE_TLS_1_3) != tls_1_3)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? ":" : "", b->suites[i]->openssl);
	}
	return cube_arena_text(arena, (struct cube_str){text, used});
}

static const char *join_curves(struct build *b, struct cube_arena *arena)
{
	const struct cube_list *curves = &b->profile->curves;
	char text[256];
	size_t used = 0;

	for(unsigned i = 0; i < curves->n; i++) {
		const char *name = cube_curve_openssl(curves->v[i]);

		if(name == NULL) {
			b->failed = true;
			cube_err_add(b->err, "%s: curves: no such curve: %.*s (allowed: %s)", b->path, CUBE_FMT(curves->v[i]),
					cube_curve_names);
			continue;
		}
		if(used + strlen(name) + 2 > sizeof(text)) {
			b->failed = true;
			cube_err_add(b->err, "%s: curves: too many (%u); name each curve once", b->path, curves->n);
			break;
		}
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? ":" : "", name);
	}
	return cube_arena_text(arena, (struct cube_str){text, used});
}

int cube_tls_policy_build(struct cube_tls_profile *profile, const struct cube_tls_cipher *cipher,
		const enum cube_key_type key_types[2], const char *path, struct cube_arena *arena, struct cube_err *err)
{
	struct build b = {.profile = profile, .cipher = cipher, .key_types = key_types, .path = path, .err = err};
	const char *cipher_list, *ciphersuites, *groups;

	if(cipher != NULL)
		choose_configured(&b);
	else
		choose_built_in(&b);
	check_identities(&b);
	check_suites(&b);
	check_versions(&b);
	cipher_list = join_suites(&b, false, arena);
	ciphersuites = join_suites(&b, true, arena);
	groups = join_curves(&b, arena);
	if(cipher_list == NULL || ciphersuites == NULL || groups == NULL) {
		cube_err_nomem(err, path);
		return -1;
	}
	if(b.failed)
		return -1;
	profile->cipher_list = cipher_list;
	profile->ciphersuites = ciphersuites;
	profile->groups = groups;
	return 0;
}

static unsigned list_versions(const char *list, enum cube_key_type server_key)
{
	unsigned versions = 0;

	while(list != NULL && *list != '\0') {
		size_t len = strcspn(list, ":");

		for(unsigned i = 0; i < cube_n_suites; i++) {
			const struct cube_suite *suite = &cube_suites[i];

			if(strlen(suite->openssl) == len && memcmp(suite->openssl, list, len) == 0
					&& (server_key == CUBE_KEY_NONE || suite->key == CUBE_KEY_NONE || suite->key == server_key))
				versions |= suite->tls_versions;
		}
		list += len;
		list += *list == ':';
	}
	return versions;
}

unsigned cube_tls_versions_served(const struct cube_tls_profile *profile, enum cube_role role, enum cube_key_type key)
{
	enum cube_key_type server_key = role == CUBE_ROLE_SERVER ? key : CUBE_KEY_NONE;

	return profile->tls_versions
		   & (list_versions(profile->cipher_list, server_key) | list_versions(profile->ciphersuites, server_key));
}
