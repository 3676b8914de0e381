/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proof.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "../base/write.h"

#define TEXT_MAX 4096

/* What is proven, one part behind the other, each with its length: no two lists of parts are the same text. */
struct text
{
	unsigned char buf[TEXT_MAX];
	size_t used;
	bool full;
};

static void add(struct text *t, struct cube_str part)
{
	if(t->full || part.len > 0xffff || part.len + 2 > TEXT_MAX - t->used) {
		t->full = true;
		return;
	}
	t->buf[t->used++] = (unsigned char)(part.len >> 8);
	t->buf[t->used++] = (unsigned char)(part.len & 0xff);
	if(part.len)
		memcpy(t->buf + t->used, part.s, part.len);
	t->used += part.len;
}

static void add_number(struct text *t, int number)
{
	unsigned n = (unsigned)number;
	char bytes[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};

	add(t, (struct cube_str){bytes, sizeof(bytes)});
}

static void add_dialog(struct text *t, const char *what, const struct cube_proof_dialog *dialog)
{
	add(t, cube_str_of(what));
	add(t, dialog->call_id);
	add(t, dialog->caller_tag);
	if(dialog->call_id.len == 0 || dialog->caller_tag.len == 0)
		t->full = true;
}

static void add_leg(struct text *t, const struct cube_proof_leg *leg)
{
	add(t, (struct cube_str){(const char *)leg->addr.ip.bytes, leg->addr.ip.len});
	add_number(t, leg->addr.port);
	add_number(t, leg->proto);
	add_number(t, leg->tenant);
	add(t, (struct cube_str){&leg->scheme, 1});
}

/* Names of hosts are the same in capitals. */
static void add_host(struct text *t, struct cube_str host)
{
	size_t from = t->used;

	add(t, host);
	for(; !t->full && from < t->used; from++) {
		if(t->buf[from] >= 'A' && t->buf[from] <= 'Z' && from >= t->used - host.len)
			t->buf[from] = (unsigned char)(t->buf[from] + 'a' - 'A');
	}
}

static void add_place(struct text *t, const struct cube_proof_place *place)
{
	add(t, place->user);
	add_host(t, place->host);
	add(t, place->port);
	add_host(t, place->maddr);
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

static bool prove(struct cube_prover *prover, const struct text *t, char proof[CUBE_PROOF_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	EVP_MAC_CTX *ctx = prover ? prover->siphash : NULL;
	unsigned char mac[EVP_MAX_MD_SIZE];
	size_t len = 0;

	proof[0] = '\0';
	if(t->full || !ctx || EVP_MAC_init(ctx, prover->key, CUBE_PROOF_KEY, NULL) != 1
			|| EVP_MAC_update(ctx, t->buf, t->used) != 1 || EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1
			|| len != CUBE_PROOF_LEN / 2)
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
	struct text t;

	t.used = 0; /* the rest of it is written before it is read */
	t.full = false;
	add_dialog(&t, "route", dialog);
	add_leg(&t, in);
	add_leg(&t, out);
	if(next)
		add_place(&t, next);
	return prove(prover, &t, proof);
}

bool cube_proof_target(struct cube_prover *prover, const struct cube_proof_dialog *dialog, bool caller,
		const struct cube_proof_place *place, char proof[CUBE_PROOF_LEN + 1])
{
	struct text t;

	t.used = 0; /* the rest of it is written before it is read */
	t.full = false;
	add_dialog(&t, caller ? "caller" : "called", dialog);
	add_place(&t, place);
	return prove(prover, &t, proof);
}

bool cube_proof_is(const char *proof, struct cube_str shown)
{
	return strlen(proof) == CUBE_PROOF_LEN && shown.len == CUBE_PROOF_LEN
		   && CRYPTO_memcmp(proof, shown.s, CUBE_PROOF_LEN) == 0;
}

bool cube_proof_find(struct cube_str uri, const char *name, struct cube_str *value)
{
	size_t len = strlen(name), i;

	for(i = uri.len; i-- > 0;) {
		struct cube_str rest = {uri.s + i + 1, uri.len - i - 1};

		if(uri.s[i] != ';' || rest.len <= len || rest.s[len] != '='
				|| !cube_str_caseeq((struct cube_str){rest.s, len}, cube_str_of(name)))
			continue;
		*value = (struct cube_str){rest.s + len + 1, 0};
		while(value->s + value->len < uri.s + uri.len && value->s[value->len] != ';' && value->s[value->len] != '?')
			value->len++;
		return true;
	}
	return false;
}

/* Of uri up to first, then text, and of uri what is behind. */
static bool put(char buf[CUBE_PROOF_URI_MAX], struct cube_str uri, size_t first, const char *text, size_t behind,
		struct cube_str *changed)
{
	size_t len = strlen(text), rest = uri.len - behind;

	if(first + len + rest > CUBE_PROOF_URI_MAX)
		return false;
	memcpy(buf, uri.s, first);
	memcpy(buf + first, text, len);
	memcpy(buf + first + len, uri.s + behind, rest);
	*changed = (struct cube_str){buf, first + len + rest};
	return true;
}

bool cube_proof_mark(struct cube_str uri, struct cube_str host, const char *proof, char buf[CUBE_PROOF_URI_MAX],
		struct cube_str *changed)
{
	char text[sizeof(";" CUBE_PROOF_TARGET "=") + CUBE_PROOF_LEN];
	struct cube_writing w = CUBE_WRITE_IN(text);
	size_t end = (size_t)(host.s - uri.s) + host.len;

	while(end < uri.len && uri.s[end] != '?') /* headers of the URI */
		end++;
	cube_write(&w, CUBE_STR(";" CUBE_PROOF_TARGET "="));
	cube_write(&w, cube_str_of(proof));
	return cube_write_end(&w) && put(buf, uri, end, text, end, changed);
}

bool cube_proof_unmark(
		struct cube_str uri, char buf[CUBE_PROOF_URI_MAX], struct cube_str *changed, struct cube_str *shown)
{
	size_t first, behind;

	if(!cube_proof_find(uri, CUBE_PROOF_TARGET, shown))
		return false;
	first = (size_t)(shown->s - uri.s) - sizeof(";" CUBE_PROOF_TARGET "=") + 1;
	behind = (size_t)(shown->s - uri.s) + shown->len;
	return put(buf, uri, first, "", behind, changed);
}
