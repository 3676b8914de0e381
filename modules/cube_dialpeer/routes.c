/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/dprint.h"
#include "core/parser/parse_rr.h"
#include "core/socket_info.h"

#include "../libcube/conf/load.h"
#include "routes.h"

#define SOCKETS_KNOWN 256 /* in each process */
#define ENTRY_MAX 64

int routes_of(hdr_field_t *h, struct cube_str *uris, int n)
{
	hdr_types_t type = h ? h->type : HDR_OTHER_T;
	int found = 0, rc = 0;

	for(; h && found < n; h = h->next) {
		if(h->type != type)
			continue;
		ksr_quiet_begin();
		rc = parse_rr(h);
		ksr_quiet_end();
		if(rc < 0)
			return -1;
		for(rr_t *r = h->parsed; r && found < n; r = r->next)
			uris[found++] = ksr_cube_str(r->nameaddr.uri);
	}
	return found;
}

struct cube_proof_place routes_place_of(const sip_uri_t *uri)
{
	return (struct cube_proof_place){
			ksr_cube_str(uri->user), ksr_cube_str(uri->host), ksr_cube_str(uri->port), ksr_cube_str(uri->maddr_val)};
}

bool routes_place(struct cube_str text, sip_uri_t *uri, struct cube_proof_place *place)
{
	bool ok;

	memset(uri, 0, sizeof(*uri));
	ksr_quiet_begin();
	ok = text.len > 0 && parse_uri((char *)text.s, (int)text.len, uri) >= 0;
	ksr_quiet_end();
	*place = routes_place_of(uri);
	return ok && place->host.len > 0;
}

/* There is no port where that is 5060. */
static socket_info_t *find(struct cube_str text)
{
	struct cube_proof_place place;
	sip_uri_t uri;
	bool tls;

	if(!routes_place(text, &uri, &place))
		return NULL;
	tls = uri.type == SIPS_URI_T || uri.type == TELS_URI_T;
	return grep_sock_info(&uri.host, uri.port_no ? uri.port_no : SIP_PORT, tls ? PROTO_TLS : uri.proto);
}

/* "sip:host:port", and ";transport=tcp" where that stands behind it. */
static struct cube_str front_of(struct cube_str uri)
{
	static const struct cube_str transport = {";transport=", 11};
	const char *end = uri.len ? memchr(uri.s, ';', uri.len) : NULL;
	struct cube_str rest = {end, end ? (size_t)(uri.s + uri.len - end) : 0};

	if(!end)
		return uri;
	if(cube_str_starts(rest, transport)) {
		end = memchr(rest.s + 1, ';', rest.len - 1);
		return (struct cube_str){uri.s, end ? (size_t)(end - uri.s) : uri.len};
	}
	return (struct cube_str){uri.s, (size_t)(end - uri.s)};
}

/* Each request of a dialog has two such entries, of which there are few different ones. They are never closed. */
socket_info_t *routes_socket(struct cube_str uri)
{
	static struct
	{
		char text[ENTRY_MAX];
		size_t len;
		socket_info_t *si;
	} known[SOCKETS_KNOWN], *k;
	struct cube_str front = front_of(uri);
	unsigned hash = 0;

	if(front.len > ENTRY_MAX)
		return find(front);
	for(size_t i = 0; i < front.len; i++)
		hash = hash * 31 + (unsigned char)front.s[i];
	k = &known[hash % SOCKETS_KNOWN];
	if(!cube_str_eq((struct cube_str){k->text, k->len}, front)) {
		socket_info_t *si = find(front);

		if(!si) /* whoever made that up shall not drive out what is known */
			return NULL;
		memcpy(k->text, front.s, front.len);
		k->len = front.len;
		k->si = si;
	}
	return k->si;
}

bool routes_leg(const struct cube_conf *conf, const socket_info_t *si, char scheme, struct cube_proof_leg *leg)
{
	const struct cube_listener *l;

	if(!si)
		return false;
	leg->addr = (struct cube_addr){ksr_cube_ip(&si->address), si->port_no};
	leg->proto = si->proto;
	leg->scheme = scheme;
	l = cube_conf_listener(conf, &leg->addr.ip, leg->addr.port, si->proto == PROTO_TLS);
	leg->tenant = !l ? CUBE_NONE : l->tenant == CUBE_NONE ? 0 : conf->tenants[l->tenant].tag;
	return true;
}
