/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* memrchr */
#include "proof.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096
#define LEG_BYTES 9 /* of a leg, besides its address */
#define LEGS_MAX (2 * (sizeof(((struct cube_ip *)0)->bytes) + LEG_BYTES))

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

static char *pack_tenant(char *at, int tag)
{
	uint32_t tenant = (uint32_t)tag;

	for(int shift = 24; shift >= 0; shift -= 8)
		*at++ = (char)(tenant >> shift);
	return at;
}

static char *pack(char *at, const struct cube_proof_leg *leg)
{
	*at++ = (char)leg->addr.ip.len;
	memcpy(at, leg->addr.ip.bytes, leg->addr.ip.len);
	at += leg->addr.ip.len;
	*at++ = (char)(leg->addr.port >> 8);
	*at++ = (char)leg->addr.port;
	*at++ = (char)leg->proto;
	at = pack_tenant(at, leg->tenant);
	*at++ = leg->scheme;
	return at;
}

/* What stands behind n bytes of text. */
static struct cube_str behind(struct cube_str text, size_t n)
{
	return (struct cube_str){text.s + n, text.len - n};
}

static size_t length_until(struct cube_str text, char a, char b)
{
	size_t i = 0;

	while(i < text.len && text.s[i] != a && text.s[i] != b)
		i++;
	return i;
}

bool cube_proof_place(const struct cube_uri_parts *parts, struct cube_proof_place *place)
{
	struct cube_str before = parts->user.len ? parts->user : parts->scheme, rest;
	const char *end = parts->whole.s + parts->whole.len;

	*place = (struct cube_proof_place){.user = parts->user, .host = parts->host};
	/* none: a telephone number; else there may be parameters of the user, a password, or brackets */
	if(!parts->host.len || parts->host.s[0] == '[' || before.s + before.len + 1 != parts->host.s)
		return false;
	rest = (struct cube_str){parts->host.s + parts->host.len, (size_t)(end - parts->host.s) - parts->host.len};
	if(rest.len && rest.s[0] == ':') {
		place->port = behind(rest, 1);
		place->port.len = length_until(place->port, ';', '?');
		rest = behind(rest, 1 + place->port.len);
	}
	while(rest.len && rest.s[0] == ';') { /* may it be maddr? */
		rest = behind(rest, 1);
		if(rest.len && (rest.s[0] | 0x20) == 'm')
			return false;
		rest = behind(rest, length_until(rest, ';', '?'));
	}
	return rest.len == 0 || rest.s[0] == '?';
}

struct cube_prover
{
	EVP_MAC_CTX *siphash;
	unsigned char key[CUBE_PROOF_KEY];
};

struct cube_prover *cube_prover_new(const unsigned char key[CUBE_PROOF_KEY])
{
	size_t size = CUBE_PROOF_LEN / 2;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
	struct cube_prover *prover = calloc(1, sizeof(*prover));
	EVP_MAC *siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);

	if(prover && siphash)
		prover->siphash = EVP_MAC_CTX_new(siphash);
	EVP_MAC_free(siphash);
	if(prover && prover->siphash && EVP_MAC_CTX_set_params(prover->siphash, params) == 1) {
		memcpy(prover->key, key, CUBE_PROOF_KEY);
		return prover;
	}
	cube_prover_free(prover);
	return NULL;
}

void cube_prover_free(struct cube_prover *prover)
{
	if(!prover)
		return;
	EVP_MAC_CTX_free(prover->siphash);
	OPENSSL_cleanse(prover->key, sizeof(prover->key));
	free(prover);
}

/* What is proven. */
enum part
{
	WHAT,
	CALL_ID,
	CALLER_TAG,
	LEGS,
	USER,
	HOST,
	PORT,
	MADDR,
	N_PARTS
};

/* The lengths of all parts, and then these, so no two lists of parts are the same text. 0: they are too long. */
static size_t join(const struct cube_str parts[N_PARTS], unsigned char text[TEXT_MAX])
{
	unsigned char *at = text + (size_t)N_PARTS * 2;

	for(unsigned i = 0; i < N_PARTS; i++) {
		size_t len = parts[i].len;

		if(len > (size_t)(text + TEXT_MAX - at))
			return 0;
		text[2 * i] = (unsigned char)(len >> 8);
		text[2 * i + 1] = (unsigned char)len;
		if(!len)
			continue;
		memcpy(at, parts[i].s, len);
		for(size_t k = 0; (i == HOST || i == MADDR) && k < len; k++) /* names of hosts are the same in capitals */
			at[k] = lower((char)at[k]);
		at += len;
	}
	return (size_t)(at - text);
}

static bool prove(struct cube_prover *prover, struct cube_str what, const struct cube_proof_dialog *dialog,
		struct cube_str legs, const struct cube_proof_place *place, char proof[CUBE_PROOF_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	const struct cube_str parts[N_PARTS] = {
			what, dialog->call_id, dialog->caller_tag, legs, place->user, place->host, place->port, place->maddr};
	EVP_MAC_CTX *ctx = prover ? prover->siphash : NULL;
	unsigned char mac[EVP_MAX_MD_SIZE], text[TEXT_MAX];
	size_t used = join(parts, text), len = 0;

	proof[0] = '\0';
	if(!used || !parts[CALL_ID].len || !parts[CALLER_TAG].len || !ctx
			|| EVP_MAC_init(ctx, prover->key, CUBE_PROOF_KEY, NULL) != 1 || EVP_MAC_update(ctx, text, used) != 1
			|| EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1 || len != CUBE_PROOF_LEN / 2)
		return false;
	for(unsigned i = 0; i < CUBE_PROOF_LEN / 2; i++) {
		proof[2 * i] = hex[mac[i] >> 4];
		proof[2 * i + 1] = hex[mac[i] & 15];
	}
	proof[CUBE_PROOF_LEN] = '\0';
	return true;
}

bool cube_proof_route(struct cube_prover *prover, const struct cube_proof_dialog *dialog,
		const struct cube_proof_leg *in, const struct cube_proof_leg *out, const struct cube_proof_place *next,
		char proof[CUBE_PROOF_LEN + 1])
{
	static const struct cube_proof_place none;
	char buf[LEGS_MAX];
	struct cube_str legs = {buf, (size_t)(pack(pack(buf, in), out) - buf)};

	return next ? prove(prover, CUBE_STR("route"), dialog, legs, next, proof)
				: prove(prover, CUBE_STR("last route"), dialog, legs, &none, proof);
}

bool cube_proof_target(struct cube_prover *prover, const struct cube_proof_dialog *dialog, bool caller,
		const struct cube_proof_place *place, char proof[CUBE_PROOF_LEN + 1])
{
	char buf[LEGS_MAX];
	struct cube_str tenants = {buf, (size_t)(pack_tenant(pack_tenant(buf, dialog->in), dialog->out) - buf)};

	return prove(prover, caller ? CUBE_STR("caller") : CUBE_STR("called"), dialog, tenants, place, proof);
}

bool cube_proof_is(const char *proof, struct cube_str shown)
{
	return strlen(proof) == CUBE_PROOF_LEN && shown.len == CUBE_PROOF_LEN
		   && CRYPTO_memcmp(proof, shown.s, CUBE_PROOF_LEN) == 0;
}

bool cube_proof_find(struct cube_str uri, const char *name, struct cube_str *value)
{
	const struct cube_str wanted = cube_str_of(name);
	const char *end = uri.s + uri.len, *semicolon = end;

	/* from behind, where ours is */
	while((semicolon = uri.s ? memrchr(uri.s, ';', (size_t)(semicolon - uri.s)) : NULL)) {
		struct cube_str rest = {semicolon + 1, (size_t)(end - semicolon) - 1};

		if(rest.len <= wanted.len || rest.s[wanted.len] != '='
				|| !cube_str_caseeq((struct cube_str){rest.s, wanted.len}, wanted))
			continue;
		*value = behind(rest, wanted.len + 1);
		value->len = length_until(*value, ';', '?');
		return true;
	}
	return false;
}

bool cube_proof_mark(
		struct cube_str uri, struct cube_str host, const char proof[CUBE_PROOF_LEN + 1], struct cube_proof_mark *mark)
{
	size_t end = (size_t)(host.s - uri.s) + host.len;

	while(end < uri.len && uri.s[end] != '?') /* headers of the URI */
		end++;
	mark->at = end;
	memcpy(mark->text, CUBE_PROOF_MARK, sizeof(CUBE_PROOF_MARK) - 1);
	memcpy(mark->text + sizeof(CUBE_PROOF_MARK) - 1, proof, CUBE_PROOF_LEN);
	return uri.len <= CUBE_PROOF_URI_MAX - sizeof(mark->text);
}

bool cube_proof_unmark(
		struct cube_str uri, char buf[CUBE_PROOF_URI_MAX], struct cube_str *changed, struct cube_str *shown)
{
	size_t first, end;

	if(!cube_proof_find(uri, CUBE_PROOF_TARGET, shown))
		return false;
	first = (size_t)(shown->s - uri.s) - (sizeof(CUBE_PROOF_MARK) - 1);
	end = (size_t)(shown->s - uri.s) + shown->len;
	if(first + uri.len - end > CUBE_PROOF_URI_MAX)
		return false;
	memcpy(buf, uri.s, first);
	memcpy(buf + first, uri.s + end, uri.len - end);
	*changed = (struct cube_str){buf, first + uri.len - end};
	return true;
}
