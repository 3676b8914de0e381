/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/dprint.h"
#include "core/parser/hf.h"
#include "core/parser/parse_uri.h"

#include "call.h"

#define KNOWN_MAX 256 /* bytes of a URI, or header */

/* A call's URIs are asked for more than once, and nearly always by this process, one time after the other: what came of it last
 * is the same as long as the same text stands in the same place. */
static void read_part(struct call_facts *f, enum cube_uri_of of,
		bool (*parse)(struct cube_str, struct cube_uri_parts *), struct cube_str text)
{
	static struct known
	{
		struct cube_str at; /* where the text stood */
		char text[KNOWN_MAX];
		struct cube_uri_parts parts; /* of it there */
	} known[CUBE_N_URI_OF];
	struct known *k = &known[of];
	bool good = text.len > 0;

	if(good && k->at.s == text.s && k->at.len == text.len && memcmp(k->text, text.s, text.len) == 0) {
		f->parts[of] = k->parts;
	} else if(good && (good = parse(text, &f->parts[of])) && text.len <= KNOWN_MAX) {
		memcpy(k->text, text.s, text.len);
		k->at = text;
		k->parts = f->parts[of];
	}
	if(good)
		f->call.uri[of] = &f->parts[of];
}

static const struct hdr_field *first_of(const sip_msg_t *msg, hdr_types_t type)
{
	const struct hdr_field *h = msg->headers;

	while(h && h->type != type)
		h = h->next;
	return h;
}

static void read_header(struct call_facts *f, enum cube_uri_of of, const struct hdr_field *header)
{
	if(header)
		read_part(f, of, cube_uri_parse_header, ksr_cube_str(header->body));
}

unsigned call_wanted(const struct cube_conf *conf)
{
	return conf->n_uris ? CALL_ALL : CALL_NUMBERS;
}

void call_numbers(const sip_msg_t *msg, struct call_facts *f)
{
	struct cube_str user =
			f->call.uri[CUBE_URI_REQUEST] ? f->parts[CUBE_URI_REQUEST].user : ksr_cube_str(msg->parsed_uri.user);

	f->call.called = cube_number_from_user(user, f->called);
	if(f->call.uri[CUBE_URI_FROM])
		f->call.calling = cube_number_from_user(f->parts[CUBE_URI_FROM].user, f->calling);
}

bool call_read(sip_msg_t *msg, unsigned wanted, struct call_facts *f)
{
	f->call = (struct cube_call){0}; /* without which nothing else counts */
	if(wanted & CALL_URI(CUBE_URI_REQUEST))
		read_part(f, CUBE_URI_REQUEST, cube_uri_parse, ksr_cube_str(*GET_RURI(msg)));
	if((!f->call.uri[CUBE_URI_REQUEST] && parse_sip_msg_uri(msg) < 0) || parse_headers(msg, HDR_EOH_F, 0) < 0) {
		LM_NOTICE("the Request-URI, or a header, does not parse; no dial-peer matches\n");
		return false;
	}
	if(wanted & CALL_URI(CUBE_URI_VIA) && msg->h_via1)
		read_part(f, CUBE_URI_VIA, cube_uri_parse_via, ksr_cube_str(msg->h_via1->body));
	if(wanted & CALL_URI(CUBE_URI_TO))
		read_header(f, CUBE_URI_TO, msg->to);
	if(wanted & CALL_URI(CUBE_URI_FROM))
		read_header(f, CUBE_URI_FROM, msg->from);
	if(wanted & CALL_URI(CUBE_URI_DIVERSION))
		read_header(f, CUBE_URI_DIVERSION, first_of(msg, HDR_DIVERSION_T));
	if(wanted & CALL_URI(CUBE_URI_REFERRED_BY))
		read_header(f, CUBE_URI_REFERRED_BY, first_of(msg, HDR_REFERREDBY_T));
	return true;
}
