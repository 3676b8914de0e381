/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests by OpenSSL's SHA-256, and sessions in OpenSSL's own form. */
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <string.h>

#include "session.h"

/* Each part with its length in front, so that no two policies are one text. */
static bool add(EVP_MD_CTX *ctx, const void *data, size_t len)
{
	uint64_t n = len;

	return EVP_DigestUpdate(ctx, &n, sizeof(n)) == 1 && (len == 0 || EVP_DigestUpdate(ctx, data, len) == 1);
}

static bool add_number(EVP_MD_CTX *ctx, int64_t number)
{
	return add(ctx, &number, sizeof(number));
}

static bool add_text(EVP_MD_CTX *ctx, const char *text)
{
	return add(ctx, text, strlen(text));
}

static bool add_list(EVP_MD_CTX *ctx, const struct cube_list *list)
{
	bool ok = add_number(ctx, list->n);

	for(unsigned i = 0; i < list->n && ok; i++)
		ok = add(ctx, list->v[i].s, list->v[i].len);
	return ok;
}

/* How certificates that end in tp are looked up. */
static bool add_revocation(EVP_MD_CTX *ctx, const struct cube_trustpoint *tp)
{
	return add(ctx, tp->revocation, tp->n_revocation) && add_number(ctx, tp->revocation_given)
		   && add(ctx, tp->crl.s, tp->crl.len) && add(ctx, tp->ocsp_url.s, tp->ocsp_url.len);
}

static bool add_policy(
		EVP_MD_CTX *ctx, const struct cube_conf *conf, const struct cube_tls_profile *p, enum cube_role role)
{
	const struct cube_trustpoint *own =
			p->trustpoint[role] == CUBE_NONE ? NULL : &conf->trustpoints[p->trustpoint[role]];
	bool ok = add_number(ctx, p->tag) && add_number(ctx, role) && add_number(ctx, p->tls_versions)
			  && add_text(ctx, p->cipher_list) && add_text(ctx, p->ciphersuites) && add_text(ctx, p->groups)
			  && add_number(ctx, p->cn_san_validate) && add_list(ctx, &p->cn_san) && add_number(ctx, p->peer_eku_any)
			  && add_number(ctx, p->sni_send) && add_number(ctx, p->n_verify_trustpoints);

	if(ok && own)
		ok = add(ctx, own->certificate_pem.data, own->certificate_pem.len);
	for(unsigned i = 0; i < p->n_verify_trustpoints && ok; i++) {
		const struct cube_trustpoint *tp = &conf->trustpoints[p->verify_trustpoints[i]];

		ok = add(ctx, tp->ca_pem.data, tp->ca_pem.len) && add_revocation(ctx, tp);
	}
	return ok;
}

int cube_tls_policy_digest(const struct cube_conf *conf, const struct cube_tls_profile *profile, enum cube_role role,
		struct cube_digest *digest)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && add_policy(ctx, conf, profile, role)
			  && EVP_DigestFinal_ex(ctx, digest->bytes, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

struct cube_session_peer cube_session_peer_of(const struct cube_tls_peer *peer, int tenant, int64_t now)
{
	struct cube_session_peer record;

	memset(&record, 0, sizeof(record)); /* its padding is written out, too */
	record.size = sizeof(record);
	record.tenant = tenant;
	record.not_after = peer->not_after < now + CUBE_SESSION_SECONDS ? peer->not_after : now + CUBE_SESSION_SECONDS;
	record.cn_san_verified = peer->cn_san_verified;
	record.checks = peer->checks;
	if(peer->checks.again > 0 && record.not_after > now + peer->checks.again)
		record.not_after = now + peer->checks.again;
	return record;
}

bool cube_session_fits(const void *record, size_t len, int tenant, int64_t now, struct cube_checks *checks)
{
	struct cube_session_peer r;

	if(len != sizeof(r))
		return false;
	memcpy(&r, record, sizeof(r));
	if(r.size != sizeof(r) || r.tenant != tenant || now >= r.not_after || r.checks.n > CUBE_CHECKS_MAX)
		return false;
	*checks = r.checks;
	return true;
}

void cube_session_restore(const void *record, struct cube_tls_peer *peer)
{
	struct cube_session_peer r;

	memcpy(&r, record, sizeof(r));
	peer->not_after = r.not_after;
	peer->cn_san_verified = r.cn_san_verified != 0;
	peer->verify_error = X509_V_OK;
	peer->checks = r.checks;
	peer->checks.again = 0; /* not_after has it */
}

/* OpenSSL's own form is a SEQUENCE in which [3] is the peer's certificate. */
static size_t without_peer(const unsigned char *der, long len, unsigned char *buf, size_t size)
{
	const unsigned char *body = der, *end, *p, *peer, *behind;
	unsigned char *out = buf;
	int tag, class, rest;
	long n;

	if((ASN1_get_object(&body, &n, &tag, &class, len) & 0x80) != 0 || tag != V_ASN1_SEQUENCE)
		return 0;
	end = peer = behind = body + n;
	for(p = body; p < end; p += n) {
		const unsigned char *from = p;

		if((ASN1_get_object(&p, &n, &tag, &class, end - p) & 0x80) != 0)
			return 0;
		if(class == V_ASN1_CONTEXT_SPECIFIC && tag == 3) {
			peer = from;
			behind = p + n;
		}
	}
	rest = (int)(peer - body + (end - behind));
	n = ASN1_object_size(1, rest, V_ASN1_SEQUENCE);
	if(n < 0 || (size_t)n > size)
		return 0;
	ASN1_put_object(&out, 1, rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memcpy(out, body, (size_t)(peer - body));
	memcpy(out + (peer - body), behind, (size_t)(end - behind));
	return (size_t)n;
}

size_t cube_session_pack(SSL_SESSION *session, unsigned char *buf, size_t size)
{
	int len = i2d_SSL_SESSION(session, NULL);
	unsigned char *der = len > 0 ? OPENSSL_malloc((size_t)len) : NULL, *p = der;
	size_t used = der != NULL && i2d_SSL_SESSION(session, &p) == len ? without_peer(der, len, buf, size) : 0;

	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	return used;
}
