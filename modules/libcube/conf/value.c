/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function per kind of value. Knows the forms of values, not which sections and keys there are. */
#include "value.h"

#include <string.h>

#include "../tls/policy.h"
#include "../tls/url.h"
#include "names.h"
#include "target.h"
#include "value_list.h"

void cube_value_bad(const struct cube_value *value, struct cube_str seen, const char *reason)
{
	cube_err_add(value->err, "%s: %s \"%.*s\": %s", value->path, value->key->name, CUBE_SEEN(seen), reason);
}

int cube_value_nomem(const struct cube_value *value)
{
	cube_err_nomem(value->err, value->path);
	return -1;
}

static void *member(const struct cube_value *value)
{
	return (char *)value->object + value->key->offset;
}

int cube_value_copy(const struct cube_value *value, struct cube_str text, struct cube_str *copy)
{
	const char *s = cube_arena_text(value->arena, text);

	if(!s)
		return cube_value_nomem(value);
	*copy = (struct cube_str){s, text.len};
	return 0;
}

int cube_value_share(const struct cube_value *value, struct cube_str text, struct cube_str *copy)
{
	struct cube_value_shared *shared = value->shared;
	const struct cube_str *known = cube_shared_find(&shared->texts, text);
	struct cube_str *own;

	if(known) {
		*copy = *known;
		return 0;
	}
	if(cube_value_copy(value, text, copy) < 0)
		return -1;
	if(!(own = cube_arena_get(shared->scratch, sizeof(*own))))
		return cube_value_nomem(value);
	*own = *copy;
	return cube_shared_add(&shared->texts, own, shared->scratch) < 0 ? cube_value_nomem(value) : 0;
}

/* Characters, not bytes, of UTF-8. */
static size_t characters(struct cube_str text)
{
	size_t i, n = 0;

	for(i = 0; i < text.len; i++) {
		if(((unsigned char)text.s[i] & 0xC0) != 0x80)
			n++;
	}
	return n;
}

static int store_text(const struct cube_value *value)
{
	size_t n = characters(value->v[0]);

	if((int)n < value->key->min) {
		cube_err_add(value->err, "%s: %s: is empty", value->path, value->key->name);
		return 0;
	}
	if((int)n > value->key->max) {
		cube_err_add(
				value->err, "%s: %s: %zu characters (at most %d)", value->path, value->key->name, n, value->key->max);
		return 0;
	}
	if(value->key->kind == CUBE_KIND_NAME_REF)
		return cube_value_share(value, value->v[0], member(value));
	return cube_value_copy(value, value->v[0], member(value));
}

static int store_path(const struct cube_value *value)
{
	struct cube_str file = value->v[0];
	size_t folder = file.len && file.s[0] == '/' ? 0 : value->folder.len;
	char *path;

	if(file.len == 0) {
		cube_err_add(value->err, "%s: %s: is empty", value->path, value->key->name);
		return 0;
	}
	if(value->key->max && folder + file.len > (size_t)value->key->max) {
		cube_err_add(value->err, "%s: %s: a path of %zu bytes (at most %d)", value->path, value->key->name,
				folder + file.len, value->key->max);
		return 0;
	}
	if(!(path = cube_arena_get(value->arena, folder + file.len + 1)))
		return cube_value_nomem(value);
	if(folder)
		memcpy(path, value->folder.s, folder);
	memcpy(path + folder, file.s, file.len);
	*(struct cube_str *)member(value) = (struct cube_str){path, folder + file.len};
	return 0;
}

#define URL_FORM "one like http://ca.example.com/a.crl, in printable ASCII without blanks"

static int store_url(const struct cube_value *value)
{
	if(cube_fetch_url_ok(value->v[0]))
		return cube_value_copy(value, value->v[0], member(value));
	cube_value_bad(value, value->v[0], "not an address of http:// (allowed: " URL_FORM ")");
	return 0;
}

static int store_path_or_url(const struct cube_value *value)
{
	if(!cube_fetch_has_scheme(value->v[0]))
		return store_path(value);
	if(cube_fetch_url_ok(value->v[0]))
		return cube_value_copy(value, value->v[0], member(value));
	cube_value_bad(value, value->v[0], "not an address of http:// (allowed: a file's path, or " URL_FORM ")");
	return 0;
}

static int store_number(const struct cube_value *value)
{
	int number;

	if(cube_number_parse(value->v[0], value->key->max, &number) && number >= value->key->min)
		*(int *)member(value) = number;
	else
		cube_err_add(value->err, "%s: %s \"%.*s\": not a number from %d to %d (digits only, no leading zero)",
				value->path, value->key->name, CUBE_SEEN(value->v[0]), value->key->min, value->key->max);
	return 0;
}

static int store_bool(const struct cube_value *value)
{
	if(!cube_bool_parse(value->v[0], member(value)))
		cube_value_bad(value, value->v[0], "neither true nor false (allowed: true, false, yes, no, on, off)");
	return 0;
}

static int store_eku(const struct cube_value *value)
{
	bool any = cube_str_eq(value->v[0], CUBE_STR("any"));

	if(any || cube_str_eq(value->v[0], CUBE_STR("strict")))
		*(bool *)member(value) = any;
	else
		cube_value_bad(value, value->v[0], "no such check (allowed: strict, any)");
	return 0;
}

static int store_permission(const struct cube_value *value)
{
	if(!cube_permission_parse(value->v[0], member(value)))
		cube_value_bad(value, value->v[0], "no such permission (allowed: both, orig, term, none)");
	return 0;
}

static int store_hunt_scheme(const struct cube_value *value)
{
	bool round_robin = cube_str_eq(value->v[0], CUBE_STR("round-robin"));

	if(round_robin || cube_str_eq(value->v[0], CUBE_STR("preference")))
		*(bool *)member(value) = round_robin;
	else
		cube_value_bad(value, value->v[0], "no such scheme (allowed: preference, round-robin)");
	return 0;
}

static int store_url_scheme(const struct cube_value *value)
{
	if(!cube_url_parse(value->v[0], member(value)))
		cube_value_bad(value, value->v[0], "no such scheme (allowed: sip, sips, tel)");
	return 0;
}

static int store_transport(const struct cube_value *value)
{
	if(!cube_transport_parse(value->v[0], member(value)))
		cube_value_bad(value, value->v[0], "no such transport (allowed: udp, tcp, tcp tls)");
	return 0;
}

static int store_cn_san(const struct cube_value *value)
{
	if(!cube_cn_san_parse(value->v[0], member(value)))
		cube_value_bad(value, value->v[0], "no such check (allowed: none, server, client, bidirectional)");
	return 0;
}

static int store_tls_version(const struct cube_value *value)
{
	if(cube_tls_versions_parse(value->v[0]))
		return cube_value_copy(value, value->v[0], member(value));
	cube_err_add(value->err, "%s: %s \"%.*s\": no such version (allowed: %s)", value->path, value->key->name,
			CUBE_SEEN(value->v[0]), cube_tls_version_names);
	return 0;
}

/* What is right with it has been found out. */
static int keep_target(const struct cube_value *value)
{
	const struct cube_session_target **to = member(value);
	struct cube_value_shared *shared = value->shared;
	struct cube_session_target *own;

	if((*to = cube_shared_find(&shared->targets, value->v[0])) != NULL)
		return 0;
	if(!(own = cube_arena_get(value->arena, sizeof(*own))))
		return cube_value_nomem(value);
	if(cube_value_copy(value, value->v[0], &own->text) < 0)
		return -1;
	(void)cube_target_parse(own->text, &own->target); /* "sip-server" leaves NONE */
	*to = own;
	return cube_shared_add(&shared->targets, own, shared->scratch) < 0 ? cube_value_nomem(value) : 0;
}

static int store_target(const struct cube_value *value)
{
	bool tenants = value->key->max == 1; /* may say "sip-server" */
	struct cube_target target;
	const char *wrong;

	if((tenants && cube_str_eq(value->v[0], CUBE_STR("sip-server")))
			|| !(wrong = cube_target_parse(value->v[0], &target)))
		return keep_target(value);
	cube_err_add(value->err,
			"%s: %s \"%.*s\": %s (allowed: %sipv4:192.0.2.1:5061, ipv6:[2001:db8::1]:5061, dns:host:port; "
			"the port may be left out)",
			value->path, value->key->name, CUBE_SEEN(value->v[0]), wrong, tenants ? "sip-server, " : "");
	return 0;
}

static int store_addr(const struct cube_value *value)
{
	if(!cube_addr_parse(value->v[0], true, member(value)))
		cube_value_bad(value, value->v[0], CUBE_ADDR_WRONG);
	return 0;
}

/* What was refused is not shown: one of these keys is a password. */
static int store_later(const struct cube_value *value)
{
	cube_err_add(
			value->err, "%s: %s: this release does not implement it; remove the key", value->path, value->key->name);
	return 0;
}

static int store_one(const struct cube_value *value)
{
	if(value->n != 1) {
		cube_err_add(
				value->err, "%s: %s: one value is needed, not a list of %u", value->path, value->key->name, value->n);
		return 0;
	}
	switch(value->key->kind) {
		case CUBE_KIND_TEXT:
		case CUBE_KIND_NAME_REF: /* the name is its first member, as the tag is of the other one */
			return store_text(value);
		case CUBE_KIND_PATH:
			return store_path(value);
		case CUBE_KIND_URL:
			return store_url(value);
		case CUBE_KIND_PATH_OR_URL:
			return store_path_or_url(value);
		case CUBE_KIND_NUMBER:
		case CUBE_KIND_REF:
			return store_number(value);
		case CUBE_KIND_BOOL:
			return store_bool(value);
		case CUBE_KIND_EKU:
			return store_eku(value);
		case CUBE_KIND_TRANSPORT:
			return store_transport(value);
		case CUBE_KIND_URL_SCHEME:
			return store_url_scheme(value);
		case CUBE_KIND_PERMISSION:
			return store_permission(value);
		case CUBE_KIND_HUNT_SCHEME:
			return store_hunt_scheme(value);
		case CUBE_KIND_CN_SAN:
			return store_cn_san(value);
		case CUBE_KIND_TLS_VERSION:
			return store_tls_version(value);
		case CUBE_KIND_TARGET:
			return store_target(value);
		case CUBE_KIND_ADDR:
			return store_addr(value);
		default:
			return 0;
	}
}

int cube_value_store(const struct cube_value *value)
{
	switch(value->key->kind) {
		case CUBE_KIND_LATER:
			return store_later(value);
		case CUBE_KIND_ADDRS:
		case CUBE_KIND_PREFIXES:
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
			return cube_value_store_list(value);
		default:
			return store_one(value);
	}
}
