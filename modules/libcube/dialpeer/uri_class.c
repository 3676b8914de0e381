/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URI classes: compiles their texts, and tries them on a URI. What an expression may contain, regex.c says. */
#include "uri_class.h"

#include <stdio.h>
#include <string.h>

#include "../tls/name.h"
#include "number.h"
#include "regex.h"

struct host
{
	struct cube_ip ip;	  /* unset: a name */
	struct cube_str name; /* in the arena */
};

struct cube_uri_class
{
	/* NULL: not asked for */
	const struct cube_regex *host, *user_id, *pattern, *phone_number, *phone_context;
	unsigned n_hosts; /* literal ones */
	bool any_name;	  /* one of them is a name */
	struct host hosts[];
};

/* What is being compiled. */
struct maker
{
	struct cube_uri_class *class;
	const char *path;
	struct cube_arena *arena;
	struct cube_err *err;
};

static bool make_regex(struct maker *m, const char *key, struct cube_str text, const struct cube_regex **regex)
{
	char path[256];

	if(text.len == 0)
		return true;
	snprintf(path, sizeof(path), "%s: %s", m->path, key);
	return (*regex = cube_regex_compile(text, CUBE_REGEX_URI, path, m->arena, m->err)) != NULL;
}

static bool refuse_host(struct maker *m, struct cube_str text, const char *why)
{
	cube_err_add(m->err,
			"%s: host: \"%.*s\": %s (allowed: ipv4:A.B.C.D, ipv6:[X:X::X], dns:NAME; host-pattern is for others)",
			m->path, CUBE_FMT(text), why);
	return false;
}

static bool make_address(struct maker *m, struct cube_str text, uint8_t len)
{
	struct host *host = &m->class->hosts[m->class->n_hosts];
	struct cube_str address = {text.s + 5, text.len - 5};

	if(!cube_ip_parse(address, &host->ip) || host->ip.len != len)
		return refuse_host(m, text, len == 4 ? "not an IPv4 address" : "not an IPv6 address");
	m->class->n_hosts++;
	return true;
}

static bool make_name(struct maker *m, struct cube_str text)
{
	struct host *host = &m->class->hosts[m->class->n_hosts];
	struct cube_str name = {text.s + 4, text.len - 4};

	if(!cube_name_is_host(name))
		return refuse_host(m, text, "not a host name");
	if(!(host->name.s = cube_arena_text(m->arena, name))) {
		cube_err_nomem(m->err, m->path);
		return false;
	}
	host->name.len = name.len;
	m->class->n_hosts++;
	m->class->any_name = true;
	return true;
}

static bool make_host(struct maker *m, struct cube_str text)
{
	if(cube_str_starts(text, CUBE_STR("ipv4:")))
		return make_address(m, text, 4);
	if(cube_str_starts(text, CUBE_STR("ipv6:")))
		return make_address(m, text, 16);
	if(cube_str_starts(text, CUBE_STR("dns:")))
		return make_name(m, text);
	return refuse_host(m, text, "no such form");
}

/* Which keys go together. */
static bool is_sound(const struct cube_uri_class_texts *texts, const char *path, struct cube_err *err)
{
	bool sip = texts->n_hosts || texts->host_pattern.len || texts->user_id.len, tel = texts->phone_number.len,
		 context = texts->phone_context.len;

	if(texts->n_hosts > CUBE_URI_HOSTS_MAX) {
		cube_err_add(err, "%s: host: %u of them (at most %d)", path, texts->n_hosts, CUBE_URI_HOSTS_MAX);
		return false;
	}
	if(texts->pattern.len ? sip || tel || context : sip && tel) {
		cube_err_add(err, "%s: %s", path,
				texts->pattern.len ? "pattern stands alone: it is for the whole URI, all other keys are for parts of it"
								   : "phone-number is for tel: URIs, which have neither host nor user-id");
		return false;
	}
	if(!texts->pattern.len && !sip && !tel && !context) {
		cube_err_add(err,
				"%s: asks for nothing (one of host, user-id, phone-number, phone-context, pattern must be there)",
				path);
		return false;
	}
	return true;
}

const struct cube_uri_class *cube_uri_class_compile(
		const struct cube_uri_class_texts *texts, const char *path, struct cube_arena *arena, struct cube_err *err)
{
	struct maker m = {.path = path, .arena = arena, .err = err};
	bool good = true;
	unsigned i;

	if(!is_sound(texts, path, err))
		return NULL;
	if(!(m.class = cube_arena_get(arena, sizeof(*m.class) + texts->n_hosts * sizeof(m.class->hosts[0])))) {
		cube_err_nomem(err, path);
		return NULL;
	}
	for(i = 0; i < texts->n_hosts; i++)
		good &= make_host(&m, texts->hosts[i]);
	good &= make_regex(&m, "host-pattern", texts->host_pattern, &m.class->host);
	good &= make_regex(&m, "user-id", texts->user_id, &m.class->user_id);
	good &= make_regex(&m, "pattern", texts->pattern, &m.class->pattern);
	good &= make_regex(&m, "phone-number", texts->phone_number, &m.class->phone_number);
	good &= make_regex(&m, "phone-context", texts->phone_context, &m.class->phone_context);
	return good ? m.class : NULL;
}

/* Adds the length of what regex matches in text. NULL asks for nothing. */
static bool has(const struct cube_regex *regex, struct cube_str text, unsigned *length)
{
	struct cube_regex_span spans[CUBE_REGEX_SPANS];

	if(!regex)
		return true;
	if(text.len == 0 || !cube_regex_search(regex, text, spans))
		return false;
	*length += (unsigned)(spans[0].to - spans[0].from);
	return true;
}

static bool is_one_of(const struct cube_ip *ip, const struct cube_ip *ips, unsigned n)
{
	unsigned i;

	for(i = 0; i < n; i++) {
		if(cube_ip_eq(ip, &ips[i]))
			return true;
	}
	return false;
}

static bool has_literal(const struct cube_uri_class *class, const struct cube_uri_parts *parts,
		const struct cube_ip *ips, unsigned n_ips)
{
	unsigned i;

	for(i = 0; i < class->n_hosts; i++) {
		const struct host *host = &class->hosts[i];

		if(host->ip.len ? cube_ip_eq(&host->ip, &parts->ip) : cube_str_caseeq(host->name, parts->host))
			return true;
	}
	return parts->ip.len && class->any_name && is_one_of(&parts->ip, ips, n_ips);
}

/* One host is enough; a literal one is the whole of it. */
static bool has_host(const struct cube_uri_class *class, const struct cube_uri_parts *parts, const struct cube_ip *ips,
		unsigned n_ips, unsigned *length)
{
	if(!class->n_hosts && !class->host)
		return true;
	if(parts->host.len && has_literal(class, parts, ips, n_ips)) {
		*length += (unsigned)parts->host.len;
		return true;
	}
	return class->host && has(class->host, parts->host, length);
}

/* %HH is the character that it stands for, or an expression would be easy to get round. What cannot be decoded fits
 * nothing. */
static bool has_user(const struct cube_regex *regex, struct cube_str user, unsigned *length)
{
	char buf[CUBE_URI_USER_MAX];

	if(user.len && memchr(user.s, '%', user.len) && !cube_user_decode(user, buf, sizeof(buf), &user))
		return false;
	return has(regex, user, length);
}

static bool has_parts(const struct cube_uri_class *class, const struct cube_uri_parts *parts, const struct cube_ip *ips,
		unsigned n_ips, unsigned *length)
{
	bool tel = cube_str_caseeq(parts->scheme, CUBE_STR("tel"));
	char number[CUBE_NUMBER_MAX];

	if(class->user_id && (tel || !has_user(class->user_id, parts->user, length)))
		return false;
	if(class->phone_number && (!tel || !has(class->phone_number, cube_number_from_user(parts->user, number), length)))
		return false;
	return has(class->phone_context, parts->phone_context, length) && has_host(class, parts, ips, n_ips, length);
}

bool cube_uri_class_match(const struct cube_uri_class *class, const struct cube_uri_parts *parts,
		const struct cube_ip *ips, unsigned n_ips, bool user_first, struct cube_uri_match *match)
{
	struct cube_uri_match found = {.rank = CUBE_URI_RANK_TEL};

	if(class->pattern) {
		if(parts->whole.len == 0 || !cube_regex_search(class->pattern, parts->whole, NULL))
			return false;
		*match = (struct cube_uri_match){.rank = CUBE_URI_RANK_PATTERN};
		return true;
	}
	if(!has_parts(class, parts, ips, n_ips, &found.length))
		return false;
	if(class->user_id)
		found.rank = CUBE_URI_RANK_USER;
	if((class->n_hosts || class->host) && !(class->user_id && user_first))
		found.rank = CUBE_URI_RANK_HOST;
	*match = found;
	return true;
}

static int place(enum cube_uri_rank rank, bool user_first)
{
	if(user_first && rank == CUBE_URI_RANK_HOST)
		return CUBE_URI_RANK_USER;
	if(user_first && rank == CUBE_URI_RANK_USER)
		return CUBE_URI_RANK_HOST;
	return (int)rank;
}

int cube_uri_match_cmp(const struct cube_uri_match *a, const struct cube_uri_match *b, bool user_first)
{
	int order = place(a->rank, user_first) - place(b->rank, user_first);

	return order ? order : (a->length < b->length) - (a->length > b->length);
}
