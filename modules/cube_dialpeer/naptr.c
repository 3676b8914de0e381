/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's cache of DNS gives NAPTR records to nobody; so what they lead to is kept here, for all processes. */
#include <string.h>

#include "core/dns_cache.h"
#include "core/globals.h"
#include "core/locking.h"
#include "core/resolve.h"
#include "core/timer.h"

#include "../ksr/ksr.h"
#include "hosts.h"
#include "naptr.h"

#define SETS 256
#define WAYS 4
#define DOMAINS 3		 /* of one name and transport that are tried */
#define NAME_MAX_LEN 254 /* with the zero */
#define RECORDS 32
#define SECONDS_MAX 3600
#define SECONDS_WITHOUT 60 /* that a name without such records, or without an answer, is not asked again */

struct known
{
	char host[NAME_MAX_LEN], domain[DOMAINS][NAME_MAX_LEN]; /* empty: there is none */
	enum cube_transport transport;
	ticks_t since;
	unsigned seconds;
};

static struct
{
	gen_lock_t lock; /* all of it; held for a copy of one place */
	struct known place[SETS][WAYS];
} * table;

int naptr_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

static bool is_over(const struct known *k)
{
	return !k->host[0] || get_ticks() - k->since >= k->seconds;
}

static bool is_of(const struct known *k, struct cube_str host, enum cube_transport transport)
{
	return k->transport == transport && cube_str_caseeq(cube_str_of(k->host), host);
}

/* FNV-1a */
static struct known *set_of(struct cube_str host)
{
	uint32_t hash = 2166136261u;

	for(size_t i = 0; i < host.len; i++)
		hash = (hash ^ (unsigned char)(host.s[i] | 0x20)) * 16777619u;
	return table->place[(hash ^ hash >> 16) % SETS];
}

static bool find(struct cube_str host, enum cube_transport transport, struct known *found)
{
	const struct known *set = set_of(host);
	bool is_known = false;

	lock_get(&table->lock);
	for(unsigned i = 0; i < WAYS && !is_known; i++) {
		is_known = is_of(&set[i], host, transport) && !is_over(&set[i]);
		if(is_known)
			*found = set[i];
	}
	lock_release(&table->lock);
	return is_known;
}

/* In its own place, in one whose time is over, or in that of the one that was asked for longest ago. */
static void put(const struct known *k)
{
	struct known *set = set_of(cube_str_of(k->host)), *to = &set[0];

	lock_get(&table->lock);
	for(unsigned i = 0; i < WAYS; i++) {
		if(is_of(&set[i], cube_str_of(k->host), k->transport)) {
			to = &set[i];
			break;
		}
		if(!is_over(to) && (is_over(&set[i]) || set[i].since < to->since))
			to = &set[i];
	}
	*to = *k;
	lock_release(&table->lock);
}

static void copy(char *to, struct cube_str text)
{
	memcpy(to, text.s, text.len);
	to[text.len] = '\0';
}

static void take(struct known *k, const struct cube_naptr *records, const unsigned *ttl, unsigned n)
{
	struct cube_naptr_lead leads[DOMAINS];
	unsigned n_leads = cube_naptr_leads(records, n, k->transport, leads, DOMAINS);

	k->seconds = n_leads ? SECONDS_MAX : SECONDS_WITHOUT;
	for(unsigned i = 0; i < n_leads; i++) {
		copy(k->domain[i], leads[i].domain);
		k->seconds = ttl[leads[i].record] < k->seconds ? ttl[leads[i].record] : k->seconds;
	}
	k->seconds += k->seconds == 0; /* as the core's cache of the others, by dns_cache_min_ttl */
}

static void ask(struct known *k)
{
	struct rdata *list = get_record(k->host, T_NAPTR, RES_ONLY_TYPE);
	struct cube_naptr records[RECORDS];
	unsigned ttl[RECORDS], n = 0;

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
	take(k, records, ttl, n);
	k->since = get_ticks();
	free_rdata_list(list);
}

/* Has it SRV records, and one of them a host with an address? Answered by the core's cache, where the request will look, too. */
static bool has_service(const char *domain, enum cube_transport transport)
{
	str name = ksr_str(cube_str_of(domain));
	struct dns_srv_handle handle;
	unsigned short port = 0;
	char proto = hosts_proto(transport);
	ip_addr_t ip;
	bool has;

	dns_srv_handle_init(&handle);
	has = dns_sip_resolve(&handle, &name, &ip, &port, &proto, dns_flags) >= 0 && handle.srv;
	dns_srv_handle_put(&handle);
	return has;
}

struct cube_str naptr_host(struct cube_str host, enum cube_transport transport)
{
	static struct known found;

	if(host.len == 0 || host.len >= NAME_MAX_LEN)
		return host;
	if(!find(host, transport, &found)) {
		memset(&found, 0, sizeof(found));
		copy(found.host, host);
		found.transport = transport;
		ask(&found);
		put(&found);
	}
	if(!found.domain[0][0])
		return host;
	for(unsigned i = 0; i < DOMAINS && found.domain[1][0] && found.domain[i][0]; i++) {
		if(has_service(found.domain[i], transport))
			return cube_str_of(found.domain[i]);
	}
	return cube_str_of(found.domain[0]);
}
