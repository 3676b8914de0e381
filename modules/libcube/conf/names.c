/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of words, and numbers. Knows nothing of keys and sections. */
#include "names.h"

#include <limits.h>
#include <stdio.h>

struct word
{
	const char *text;
	int value;
};

static const struct word transports[] = {
		{"udp", CUBE_TRANSPORT_UDP},
		{"tcp", CUBE_TRANSPORT_TCP},
		{"tcp tls", CUBE_TRANSPORT_TLS},
};

static const struct word urls[] = {
		{"sip", CUBE_URL_SIP},
		{"sips", CUBE_URL_SIPS},
		{"tel", CUBE_URL_TEL},
};

static const struct word cn_sans[] = {
		{"none", CUBE_CN_SAN_NONE},
		{"server", CUBE_CN_SAN_SERVER},
		{"client", CUBE_CN_SAN_CLIENT},
		{"bidirectional", CUBE_CN_SAN_SERVER | CUBE_CN_SAN_CLIENT},
};

static const struct word revocations[] = {
		{"crl", CUBE_REVOCATION_CRL},
		{"ocsp", CUBE_REVOCATION_OCSP},
		{"none", CUBE_REVOCATION_NONE},
};

static const struct word permissions[] = {
		{"both", CUBE_PERMISSION_BOTH},
		{"orig", CUBE_PERMISSION_ORIG},
		{"term", CUBE_PERMISSION_TERM},
		{"none", CUBE_PERMISSION_NONE},
};

/* IOS's name of a codec, and the encoding name in SDP (RFC 3551 and those that register others). */
static const struct
{
	const char *name, *encoding;
} codecs[] = {
		{"g711ulaw", "PCMU"},
		{"g711alaw", "PCMA"},
		{"g722-64", "G722"},
		{"g723r63", "G723"},
		{"g726r16", "G726-16"},
		{"g726r24", "G726-24"},
		{"g726r32", "G726-32"},
		{"g726r40", "G726-40"},
		{"g728", "G728"},
		{"g729r8", "G729"},
		{"gsmfr", "GSM"},
		{"ilbc", "iLBC"},
		{"isac", "iSAC"},
		{"amr-nb", "AMR"},
		{"aacld", "MP4A-LATM"},
		{"opus", "opus"},
		{"clear-channel", "CLEARMODE"},
};

static const struct word bools[] = {
		{"true", true},
		{"yes", true},
		{"on", true},
		{"false", false},
		{"no", false},
		{"off", false},
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const struct word *word_of_text(const struct word *words, size_t n, struct cube_str text, bool any_case)
{
	struct cube_str word;
	size_t i;

	for(i = 0; i < n; i++) {
		word = cube_str_of(words[i].text);
		if(any_case ? cube_str_caseeq(word, text) : cube_str_eq(word, text))
			return &words[i];
	}
	return NULL;
}

static const char *word_of_value(const struct word *words, size_t n, int value)
{
	size_t i;

	for(i = 0; i < n; i++) {
		if(words[i].value == value)
			return words[i].text;
	}
	return "";
}

bool cube_transport_parse(struct cube_str text, enum cube_transport *transport)
{
	const struct word *word = word_of_text(transports, N(transports), text, false);

	if(word)
		*transport = (enum cube_transport)word->value;
	return word != NULL;
}

const char *cube_transport_name(enum cube_transport transport)
{
	return word_of_value(transports, N(transports), (int)transport);
}

bool cube_url_parse(struct cube_str text, enum cube_url *url)
{
	const struct word *word = word_of_text(urls, N(urls), text, false);

	if(word)
		*url = (enum cube_url)word->value;
	return word != NULL;
}

const char *cube_url_name(enum cube_url url)
{
	return word_of_value(urls, N(urls), (int)url);
}

bool cube_cn_san_parse(struct cube_str text, enum cube_cn_san *cn_san)
{
	const struct word *word = word_of_text(cn_sans, N(cn_sans), text, false);

	if(word)
		*cn_san = (enum cube_cn_san)word->value;
	return word != NULL;
}

const char *cube_cn_san_name(enum cube_cn_san cn_san)
{
	return word_of_value(cn_sans, N(cn_sans), (int)cn_san);
}

bool cube_revocation_parse(struct cube_str text, enum cube_revocation *method)
{
	const struct word *word = word_of_text(revocations, N(revocations), text, false);

	if(word)
		*method = (enum cube_revocation)word->value;
	return word != NULL;
}

const char *cube_revocation_name(enum cube_revocation method)
{
	return word_of_value(revocations, N(revocations), (int)method);
}

bool cube_revocation_asked(const struct cube_trustpoint *tp, enum cube_revocation method)
{
	for(unsigned i = 0; i < tp->n_revocation; i++) {
		if(tp->revocation[i] == method)
			return true;
	}
	return false;
}

bool cube_permission_parse(struct cube_str text, enum cube_permission *permission)
{
	const struct word *word = word_of_text(permissions, N(permissions), text, false);

	if(word)
		*permission = (enum cube_permission)word->value;
	return word != NULL;
}

const char *cube_permission_name(enum cube_permission permission)
{
	return word_of_value(permissions, N(permissions), (int)permission);
}

const char *cube_codec_encoding(struct cube_str name)
{
	for(size_t i = 0; i < N(codecs); i++) {
		if(cube_str_eq(cube_str_of(codecs[i].name), name))
			return codecs[i].encoding;
	}
	return NULL;
}

const char *cube_codec_names(char *buf, size_t size)
{
	size_t used = 0;

	for(size_t i = 0; i < N(codecs) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", codecs[i].name);
	return buf;
}

bool cube_responses_parse(struct cube_str text, int *from, int *to)
{
	struct cube_str last = text;
	size_t i;

	for(i = 0; i < text.len && text.s[i] != ' '; i++)
		;
	if(i < text.len) {
		last = (struct cube_str){text.s + i, text.len - i};
		if(!cube_str_starts(last, CUBE_STR(" to ")))
			return false;
		last = (struct cube_str){last.s + 4, last.len - 4};
		text.len = i;
	}
	return cube_number_parse(text, 699, from) && cube_number_parse(last, 699, to) && *from >= 400 && *to >= *from;
}

void cube_responses_add(struct cube_responses *set, int from, int to)
{
	for(; from <= to; from++)
		set->bits[(from - 400) / 64] |= (uint64_t)1 << (from - 400) % 64;
}

bool cube_responses_have(const struct cube_responses *set, int code)
{
	return code >= 400 && code <= 699 && (set->bits[(code - 400) / 64] >> (code - 400) % 64 & 1) != 0;
}

bool cube_bool_parse(struct cube_str text, bool *value)
{
	const struct word *word = word_of_text(bools, N(bools), text, true);

	if(word)
		*value = word->value;
	return word != NULL;
}

bool cube_number_parse(struct cube_str text, int max, int *value)
{
	long long number = 0;
	size_t i;

	if(text.len == 0 || text.len > 10 || (text.len > 1 && text.s[0] == '0'))
		return false;
	for(i = 0; i < text.len; i++) {
		if(text.s[i] < '0' || text.s[i] > '9')
			return false;
		number = number * 10 + (text.s[i] - '0');
	}
	if(number > max || number > INT_MAX)
		return false;
	*value = (int)number;
	return true;
}
