/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/resolve.h"
#include "core/timer.h"

#include "naptr.h"

#define KNOWN 64
#define NAME_MAX_LEN 254 /* with the zero */
#define RECORDS 32
#define SECONDS_MAX 3600
#define SECONDS_WITHOUT 60 /* that a name without such records, or without an answer, is not asked again */

/* The core's cache of DNS gives NAPTR records to nobody; so each process keeps what it has asked for. */
struct known
{
	char host[NAME_MAX_LEN], domain[NAME_MAX_LEN]; /* domain empty: there is none */
	enum cube_transport transport;
	ticks_t since;
	unsigned seconds;
};

static struct known known[KNOWN];

static bool is_over(const struct known *k)
{
	return get_ticks() - k->since >= k->seconds;
}

/* That of the name, or the one whose place it gets. */
static struct known *find(struct cube_str host, enum cube_transport transport)
{
	struct known *place = &known[0];

	for(struct known *k = known; k < known + KNOWN; k++) {
		if(k->host[0] && k->transport == transport && cube_str_caseeq(cube_str_of(k->host), host))
			return k;
		if(place->host[0] && (!k->host[0] || k->since < place->since))
			place = k;
	}
	place->host[0] = '\0';
	return place;
}

static void keep(char *to, struct cube_str text)
{
	memcpy(to, text.s, text.len);
	to[text.len] = '\0';
}

static void ask(struct known *k)
{
	struct rdata *list = get_record(k->host, T_NAPTR, RES_ONLY_TYPE);
	struct cube_naptr records[RECORDS];
	unsigned ttl[RECORDS], n = 0, chosen = 0;
	struct cube_str domain;

	for(const struct rdata *r = list; r && n < RECORDS; r = r->next) {
		const struct naptr_rdata *d = r->rdata;

		if(r->type != T_NAPTR || !d)
			continue;
		ttl[n] = r->ttl;
		records[n++] = (struct cube_naptr){.order = d->order,
				.preference = d->pref,
				.flags = {d->flags, d->flags_len},
				.services = {d->services, d->services_len},
				.regexp = {d->regexp, d->regexp_len},
				.replacement = {d->repl, d->repl_len}};
	}
	domain = cube_naptr_domain(records, n, k->transport, &chosen);
	k->domain[0] = '\0';
	k->seconds = SECONDS_WITHOUT;
	if(domain.len) {
		keep(k->domain, domain);
		k->seconds = ttl[chosen] < SECONDS_MAX ? ttl[chosen] : SECONDS_MAX;
	}
	k->since = get_ticks();
	free_rdata_list(list);
}

struct cube_str naptr_host(struct cube_str host, enum cube_transport transport)
{
	struct known *k;

	if(host.len == 0 || host.len >= NAME_MAX_LEN)
		return host;
	k = find(host, transport);
	if(!k->host[0] || is_over(k)) {
		keep(k->host, host);
		k->transport = transport;
		ask(k);
	}
	return k->domain[0] ? cube_str_of(k->domain) : host;
}
