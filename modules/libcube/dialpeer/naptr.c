/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "naptr.h"

#define DOMAIN_MAX 253 /* RFC 1035 2.3.4, as text */

static const struct
{
	struct cube_str service, prefix;
} kinds[] = {
		[CUBE_TRANSPORT_UDP] = {{"SIP+D2U", 7}, {"_sip._udp.", 10}},
		[CUBE_TRANSPORT_TCP] = {{"SIP+D2T", 7}, {"_sip._tcp.", 10}},
		[CUBE_TRANSPORT_TLS] = {{"SIPS+D2T", 8}, {"_sips._tcp.", 11}},
};

/* It becomes part of a URI. */
static bool is_domain(struct cube_str text)
{
	if(text.len == 0 || text.len > DOMAIN_MAX || text.s[0] == '.')
		return false;
	for(size_t i = 0; i < text.len; i++) {
		char c = text.s[i], small = (char)(c | 0x20);

		if(!(small >= 'a' && small <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
			return false;
	}
	return true;
}

static struct cube_str domain_of(const struct cube_naptr *r, enum cube_transport transport)
{
	const struct cube_str none = {NULL, 0}, prefix = kinds[transport].prefix;
	struct cube_str rest;

	if(!cube_str_caseeq(r->flags, CUBE_STR("s")) || r->regexp.len
			|| !cube_str_caseeq(r->services, kinds[transport].service) || r->replacement.len <= prefix.len
			|| !cube_str_caseeq((struct cube_str){r->replacement.s, prefix.len}, prefix))
		return none;
	rest = (struct cube_str){r->replacement.s + prefix.len, r->replacement.len - prefix.len};
	return is_domain(rest) ? rest : none;
}

static bool before(const struct cube_naptr *a, const struct cube_naptr *b)
{
	return a->order != b->order ? a->order < b->order : a->preference < b->preference;
}

unsigned cube_naptr_leads(const struct cube_naptr *records, unsigned n, enum cube_transport transport,
		struct cube_naptr_lead *leads, unsigned max)
{
	unsigned used = 0, at;

	for(unsigned i = 0; i < n; i++) {
		struct cube_str domain = domain_of(&records[i], transport);

		if(domain.len == 0)
			continue;
		for(at = used; at > 0 && before(&records[i], &records[leads[at - 1].record]); at--) {
			if(at < max)
				leads[at] = leads[at - 1];
		}
		if(at < max)
			leads[at] = (struct cube_naptr_lead){domain, i};
		used += used < max;
	}
	return used;
}
