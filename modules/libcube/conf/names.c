/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of words, and numbers. Knows nothing of keys and sections. */
#include "names.h"

#include <limits.h>

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
