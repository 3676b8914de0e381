/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dry run is asked, from the words of an operator. */
#include <string.h>

#include "../conf/names.h"
#include "explain.h"
#include "uri.h"

void cube_explain_begin(struct cube_explain_ask *ask)
{
	memset(ask, 0, sizeof(*ask));
	ask->tenant_tag = ask->peer_tag = CUBE_NONE;
}

/* "203.0.113.10:5080", "ipv4:203.0.113.10:5080", "[2001:db8::1]:5080" */
static struct cube_str without_family(struct cube_str text)
{
	if(cube_str_starts(text, CUBE_STR("ipv4:")) || cube_str_starts(text, CUBE_STR("ipv6:")))
		return (struct cube_str){text.s + 5, text.len - 5};
	return text;
}

static bool tag_parse(struct cube_str text, int max, int *tag)
{
	if(cube_str_eq(text, CUBE_STR("0"))) {
		*tag = 0;
		return true;
	}
	return cube_number_parse(text, max, tag);
}

static struct cube_str *text_of(struct cube_explain_ask *ask, struct cube_str name)
{
	const struct
	{
		struct cube_str name, *text;
	} texts[] = {
			{CUBE_STR("called"), &ask->called},
			{CUBE_STR("calling"), &ask->calling},
			{CUBE_STR("ruri"), &ask->uri[CUBE_URI_REQUEST]},
			{CUBE_STR("from"), &ask->uri[CUBE_URI_FROM]},
			{CUBE_STR("to"), &ask->uri[CUBE_URI_TO]},
			{CUBE_STR("via"), &ask->uri[CUBE_URI_VIA]},
			{CUBE_STR("diversion"), &ask->uri[CUBE_URI_DIVERSION]},
			{CUBE_STR("referred-by"), &ask->uri[CUBE_URI_REFERRED_BY]},
	};

	for(size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if(cube_str_eq(name, texts[i].name))
			return texts[i].text;
	}
	return NULL;
}

bool cube_explain_has(struct cube_str name)
{
	struct cube_explain_ask ask;

	return text_of(&ask, name) || cube_str_eq(name, CUBE_STR("tenant")) || cube_str_eq(name, CUBE_STR("dial-peer"))
		   || cube_str_eq(name, CUBE_STR("socket")) || cube_str_eq(name, CUBE_STR("source"));
}

int cube_explain_set(struct cube_explain_ask *ask, struct cube_str name, struct cube_str value, struct cube_err *err)
{
	struct cube_str *text = text_of(ask, name);
	const char *wanted = NULL;
	struct cube_addr source;

	if(text) {
		*text = value;
		return 0;
	}
	if(cube_str_eq(name, CUBE_STR("tenant"))) {
		if(!tag_parse(value, CUBE_TAG_MAX, &ask->tenant_tag))
			wanted = "a tenant's tag, or 0 for sip-ua";
	} else if(cube_str_eq(name, CUBE_STR("dial-peer"))) {
		if(!tag_parse(value, CUBE_DIAL_PEER_MAX, &ask->peer_tag))
			wanted = "a dial-peer's tag, or 0";
	} else if(cube_str_eq(name, CUBE_STR("socket"))) {
		if(!cube_addr_parse(without_family(value), true, &ask->socket))
			wanted = "address:port";
	} else if(cube_str_eq(name, CUBE_STR("source"))) {
		if(!cube_addr_parse(without_family(value), false, &source) && !cube_ip_parse(value, &source.ip))
			wanted = "an address";
		else
			ask->source = source.ip;
	} else {
		cube_err_add(err, "%.*s: no such name", (int)(name.len < 40 ? name.len : 40), name.len ? name.s : "");
		return -1;
	}
	if(wanted)
		cube_err_add(err, "%.*s: must be %s", CUBE_FMT(name), wanted);
	return wanted ? -1 : 0;
}

int cube_explain_word(struct cube_explain_ask *ask, struct cube_str word, struct cube_err *err)
{
	const char *equals = word.len ? memchr(word.s, '=', word.len) : NULL;
	struct cube_uri_parts uri;
	struct cube_str name = {word.s, equals ? (size_t)(equals - word.s) : word.len};

	if(equals && cube_explain_has(name))
		return cube_explain_set(ask, name, (struct cube_str){equals + 1, word.len - name.len - 1}, err);
	if(cube_uri_parse(word, &uri)) {
		ask->uri[CUBE_URI_REQUEST] = word;
		return 0;
	}
	if(equals || cube_explain_has(word) || ask->called.len || word.len == 0) {
		cube_err_add(err, "%.*s: neither name=value nor a number", (int)(word.len < 40 ? word.len : 40),
				word.len ? word.s : "");
		return -1;
	}
	ask->called = word;
	return 0;
}
