/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists: how many entries, each entry's form, none twice. An entry with a fault is left out. */
#include "value_list.h"


#include "../tls/name.h"
#include "../tls/policy.h"
#include "names.h"
#include "target.h"

static void *member(const struct cube_value *value, size_t offset)
{
	return (char *)value->object + offset;
}

static void bad_name(const struct cube_value *value, struct cube_str seen, const char *what, const char *names)
{
	cube_err_add(value->err, "%s: %s \"%.*s\": no such %s (allowed: %s)", value->path, value->key->name,
			CUBE_SEEN(seen), what, names);
}

static bool text_ok(const struct cube_value *value, struct cube_str text)
{
	enum cube_revocation method;
	char names[CUBE_CODEC_NAMES_MAX];
	int from, to;

	switch(value->key->kind) {
		case CUBE_KIND_CIPHERS:
			if(!cube_suite_find(text)) {
				bad_name(value, text, "cipher", cube_suite_names);
				return false;
			}
			return true;
		case CUBE_KIND_CURVES:
			if(!cube_curve_openssl(text)) {
				bad_name(value, text, "curve", cube_curve_names);
				return false;
			}
			return true;
		case CUBE_KIND_CN_SANS:
			if(!cube_cn_san_ok(text)) {
				cube_value_bad(value, text,
						"not a name (like sip.example.com or *.example.com, 3 to 128 characters, at least "
						"one dot besides that of *.)");
				return false;
			}
			return true;
		case CUBE_KIND_HOSTS:
			if(!cube_name_is_host(text)) {
				cube_value_bad(value, text, "not a host name (like sip.example.com, no wildcard, no address)");
				return false;
			}
			return true;
		case CUBE_KIND_REVOCATIONS:
			if(!cube_revocation_parse(text, &method)) {
				bad_name(value, text, "method", "crl, ocsp, none");
				return false;
			}
			return true;
		case CUBE_KIND_CODECS:
			if(!cube_codec_encoding(text)) {
				bad_name(value, text, "codec", cube_codec_names(names, sizeof(names)));
				return false;
			}
			return true;
		case CUBE_KIND_RESPONSES:
			if(!cube_responses_parse(text, &from, &to)) {
				cube_value_bad(
						value, text, "no responses (allowed: one like 404, or several like 500 to 599; 400 to 699)");
				return false;
			}
			return true;
		case CUBE_KIND_PATTERNS: /* what is in it dialpeer/pattern.c says */
		case CUBE_KIND_RULES:	 /* dialpeer/translate.c */
			return true;
		default:
			if(text.len == 0 || text.len > CUBE_NAME_MAX) {
				cube_err_add(value->err, "%s: %s: a name of %zu characters (1 to %d)", value->path, value->key->name,
						text.len, CUBE_NAME_MAX);
				return false;
			}
			return true;
	}
}

/* Certificates' names are compared without regard to case, IOS's names with. */
static bool text_twice(const struct cube_value *value, const struct cube_list *list, struct cube_str text)
{
	bool any_case = value->key->kind == CUBE_KIND_CN_SANS || value->key->kind == CUBE_KIND_HOSTS;
	unsigned i;

	if(value->key->kind == CUBE_KIND_PATTERNS)
		return false; /* there may be thousands, and two do no harm */
	for(i = 0; i < list->n; i++) {
		if(any_case ? cube_str_caseeq(list->v[i], text) : cube_str_eq(list->v[i], text))
			return true;
	}
	return false;
}

/* What stands behind "none" would never be asked. */
static void check_none(const struct cube_value *value, const struct cube_list *list)
{
	unsigned i;

	for(i = 1; i < list->n; i++) {
		if(cube_str_eq(list->v[i - 1], CUBE_STR("none")))
			cube_value_bad(value, list->v[i], "stands behind \"none\", with which every certificate has passed");
	}
}

static int store_texts(const struct cube_value *value)
{
	struct cube_list list = {cube_arena_array(value->arena, value->n, sizeof(*list.v)), 0};
	unsigned i;

	if(!list.v)
		return cube_value_nomem(value);
	for(i = 0; i < value->n; i++) {
		if(!text_ok(value, value->v[i]))
			continue;
		if(text_twice(value, &list, value->v[i])) {
			cube_value_bad(value, value->v[i], "given twice");
			continue;
		}
		if((value->key->kind == CUBE_KIND_PATTERNS ? cube_value_copy : cube_value_share)(
				   value, value->v[i], &list.v[list.n])
				!= 0)
			return -1;
		list.n++;
	}
	if(value->key->kind == CUBE_KIND_REVOCATIONS)
		check_none(value, &list);
	*(struct cube_list *)member(value, value->key->offset) = list;
	return 0;
}

static bool prefix_twice(const struct cube_prefixes *list, const struct cube_prefix *prefix)
{
	unsigned i;

	for(i = 0; i < list->n; i++) {
		if(list->v[i].bits == prefix->bits && cube_ip_eq(&list->v[i].ip, &prefix->ip))
			return true;
	}
	return false;
}

static int store_prefixes(const struct cube_value *value)
{
	struct cube_prefixes list = {cube_arena_array(value->arena, value->n, sizeof(*list.v)), 0};
	unsigned i;

	if(!list.v)
		return cube_value_nomem(value);
	for(i = 0; i < value->n; i++) {
		if(!cube_prefix_parse(value->v[i], &list.v[list.n]))
			cube_value_bad(value, value->v[i],
					"not a network (like 192.0.2.0/24 or 2001:db8::/32, with no bit set behind the prefix)");
		else if(prefix_twice(&list, &list.v[list.n]))
			cube_value_bad(value, value->v[i], "given twice");
		else
			list.n++;
	}
	*(struct cube_prefixes *)member(value, value->key->offset) = list;
	return 0;
}

/* Addresses that are given twice are found with all other conflicts of ports. */
static int store_addrs(const struct cube_value *value)
{
	struct cube_addr *v = cube_arena_array(value->arena, value->n, sizeof(*v));
	unsigned i, n = 0;

	if(!v)
		return cube_value_nomem(value);
	for(i = 0; i < value->n; i++) {
		if(cube_addr_parse(value->v[i], true, &v[n]))
			n++;
		else
			cube_value_bad(value, value->v[i], CUBE_ADDR_WRONG);
	}
	*(struct cube_addr **)member(value, value->key->offset) = v;
	*(unsigned *)member(value, value->key->count) = n;
	return 0;
}

int cube_value_store_list(const struct cube_value *value)
{
	const struct cube_key *key = value->key;

	if((int)value->n < key->min || (int)value->n > key->max) {
		cube_err_add(value->err, "%s: %s: a list of %u entries (%d to %d)", value->path, key->name, value->n, key->min,
				key->max);
		return 0;
	}
	if(key->kind == CUBE_KIND_ADDRS)
		return store_addrs(value);
	if(key->kind == CUBE_KIND_PREFIXES)
		return store_prefixes(value);
	return store_texts(value);
}
