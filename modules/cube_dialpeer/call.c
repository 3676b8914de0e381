/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/dprint.h"
#include "core/parser/hf.h"
#include "core/parser/parse_uri.h"
#include "core/rand/fastrand.h"

#include "call.h"

static void read_part(struct call_facts *f, enum cube_uri_of of,
		bool (*parse)(struct cube_str, struct cube_uri_parts *), struct cube_str text)
{
	if(text.len && parse(text, &f->parts[of]))
		f->call.uri[of] = &f->parts[of];
}

static struct cube_str body_of(const struct hdr_field *header)
{
	return header ? ksr_cube_str(header->body) : (struct cube_str){NULL, 0};
}

static const struct hdr_field *first_of(const sip_msg_t *msg, hdr_types_t type)
{
	const struct hdr_field *h = msg->headers;

	while(h && h->type != type)
		h = h->next;
	return h;
}

bool call_read(sip_msg_t *msg, struct call_facts *f)
{
	memset(f, 0, sizeof(*f));
	if(parse_sip_msg_uri(msg) < 0 || parse_headers(msg, HDR_EOH_F, 0) < 0) {
		LM_NOTICE("the Request-URI, or a header, does not parse; no dial-peer matches\n");
		return false;
	}
	read_part(f, CUBE_URI_VIA, cube_uri_parse_via, body_of(msg->h_via1));
	read_part(f, CUBE_URI_REQUEST, cube_uri_parse, ksr_cube_str(*GET_RURI(msg)));
	read_part(f, CUBE_URI_TO, cube_uri_parse_header, body_of(msg->to));
	read_part(f, CUBE_URI_FROM, cube_uri_parse_header, body_of(msg->from));
	read_part(f, CUBE_URI_DIVERSION, cube_uri_parse_header, body_of(first_of(msg, HDR_DIVERSION_T)));
	read_part(f, CUBE_URI_REFERRED_BY, cube_uri_parse_header, body_of(first_of(msg, HDR_REFERREDBY_T)));
	f->call.called = cube_number_from_user(ksr_cube_str(msg->parsed_uri.user), f->called);
	if(f->call.uri[CUBE_URI_FROM])
		f->call.calling = cube_number_from_user(f->parts[CUBE_URI_FROM].user, f->calling);
	f->call.lot = fastrand();
	return true;
}
