/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TLS needs to work at all: identities with certificates, CAs to verify by, a profile wherever there is TLS.
 * Looks at what is configured, not into the files. */
#include <stdio.h>

#include "check.h"
#include "names.h"

/* Nobody shall believe that certificates are checked by what is never looked at. */
static void check_revocation(const struct cube_trustpoint *tp, struct cube_err *err)
{
	if(!tp->ca.len && tp->crl.len)
		cube_err_add(err, "trustpoint %.*s: crl: has no effect without ca", CUBE_FMT(tp->name));
	else if(tp->crl.len && !cube_revocation_asked(tp, CUBE_REVOCATION_CRL))
		cube_err_add(err, "trustpoint %.*s: crl: revocation-check has no \"crl\"; add it there, or remove crl",
				CUBE_FMT(tp->name));
	if(!tp->ca.len && tp->revocation_given && tp->revocation[0] != CUBE_REVOCATION_NONE)
		cube_err_add(err, "trustpoint %.*s: revocation-check \"%s\": has no effect without ca", CUBE_FMT(tp->name),
				cube_revocation_name((enum cube_revocation)tp->revocation[0]));
	if(tp->ocsp_url.len && !tp->certificate.len && !cube_revocation_asked(tp, CUBE_REVOCATION_OCSP))
		cube_err_add(err,
				"trustpoint %.*s: ocsp-url: has no effect without \"ocsp\" in revocation-check, or a certificate",
				CUBE_FMT(tp->name));
}

static void check_trustpoints(const struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_trustpoint *tp;
	unsigned i;

	for(i = 0; i < conf->n_trustpoints; i++) {
		tp = &conf->trustpoints[i];
		if(tp->certificate.len && !tp->private_key.len)
			cube_err_add(err, "trustpoint %.*s: certificate: needs private-key", CUBE_FMT(tp->name));
		else if(tp->private_key.len && !tp->certificate.len)
			cube_err_add(err, "trustpoint %.*s: private-key: needs certificate", CUBE_FMT(tp->name));
		else if(!tp->certificate.len && !tp->ca.len)
			cube_err_add(
					err, "trustpoint %.*s: needs certificate and private-key, or ca, or all three", CUBE_FMT(tp->name));
		check_revocation(tp, err);
	}
}

/* index: CUBE_NONE is the business of others. */
static void need_certificate(
		const struct cube_conf *conf, int index, const char *path, const char *key, struct cube_err *err)
{
	if(index != CUBE_NONE && !conf->trustpoints[index].certificate.len)
		cube_err_add(err, "%s: %s \"%.*s\": has no certificate", path, key, CUBE_FMT(conf->trustpoints[index].name));
}

/* Both roles verify the peer always, so there is no profile without CAs. */
static void need_ca(const struct cube_conf *conf, int index, const char *path, const char *key, bool by_default,
		struct cube_err *err)
{
	if(index != CUBE_NONE && !conf->trustpoints[index].ca.len)
		cube_err_add(err, "%s: %s \"%.*s\": has no ca to verify peers by%s", path, key,
				CUBE_FMT(conf->trustpoints[index].name),
				by_default ? "; give it one, or name a trustpoint that has one in verify-trustpoint" : "");
}

static void check_profiles(const struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_tls_profile *p;
	unsigned i, k;
	char path[32];

	for(i = 0; i < conf->n_tls_profiles && conf->tls_profiles[i].tag; i++) {
		p = &conf->tls_profiles[i];
		snprintf(path, sizeof(path), "tls-profile %d", p->tag);
		if(!p->trustpoint_name.len)
			cube_err_add(err, "%s: needs trustpoint", path);
		need_certificate(conf, p->trustpoint[CUBE_ROLE_SERVER], path, "trustpoint", err);
		if(p->client_trustpoint_name.len)
			need_certificate(conf, p->trustpoint[CUBE_ROLE_CLIENT], path, "client-trustpoint", err);
		for(k = 0; k < p->verify_trustpoint_names.n; k++)
			need_ca(conf, p->verify_trustpoints[k], path, "verify-trustpoint", false, err);
		if(k == 0)
			need_ca(conf, p->trustpoint[CUBE_ROLE_SERVER], path, "trustpoint", true, err);
		if((p->cn_san_validate & CUBE_CN_SAN_CLIENT) && p->cn_san.n == 0)
			cube_err_add(err,
					"%s: cn-san-validate \"%s\": needs cn-san, since a client has no session-target to compare with",
					path, cube_cn_san_name(p->cn_san_validate));
	}
}

static void check_signaling(const struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_crypto_signaling *s;
	unsigned i;
	int index;
	char path[128];

	for(i = 0; i < conf->sip_ua.n_crypto_signaling; i++) {
		s = &conf->sip_ua.crypto_signaling[i];
		snprintf(path, sizeof(path), "sip-ua: crypto-signaling %.*s", CUBE_FMT(s->peer));
		if(s->trustpoint_name.len && s->tls_profile_tag) {
			cube_err_add(err, "%s: has trustpoint and tls-profile; remove one of them", path);
			continue;
		}
		if(s->tls_profile == CUBE_NONE) {
			cube_err_add(err, "%s: needs trustpoint or tls-profile", path);
			continue;
		}
		if(s->tls_profile_tag && s->strict_cipher)
			cube_err_add(err, "%s: strict-cipher: goes with trustpoint; tls-profile %d has its own cipher", path,
					s->tls_profile_tag);
		if(s->tls_profile_tag)
			continue;
		index = conf->tls_profiles[s->tls_profile].trustpoint[CUBE_ROLE_SERVER];
		need_certificate(conf, index, path, "trustpoint", err);
		need_ca(conf, index, path, "trustpoint", false, err);
	}
}

void cube_check_tls(const struct cube_conf *conf, struct cube_err *err)
{
	const struct cube_sip_ua *sip_ua = &conf->sip_ua;
	const struct cube_tenant *tenant;
	unsigned i;

	check_trustpoints(conf, err);
	check_profiles(conf, err);
	check_signaling(conf, err);
	if(sip_ua->n_listen_secure && !sip_ua->n_crypto_signaling)
		cube_err_add(err, "sip-ua: listen-secure: needs crypto-signaling, else every handshake fails");
	for(i = 0; i < conf->n_tenants; i++) {
		tenant = &conf->tenants[i];
		if(tenant->listen_secure.port && tenant->tls_profile == CUBE_NONE && !sip_ua->n_crypto_signaling)
			cube_err_add(err, "tenant %d: listen-secure: needs tls-profile here, or crypto-signaling in sip-ua",
					tenant->tag);
		/* a connection's tenant follows from its local address */
		if(tenant->tls_profile_tag && !tenant->listen_secure.port)
			cube_err_add(err,
					"tenant %d: tls-profile: has no effect without listen-secure: TLS of this tenant would use "
					"sip-ua's "
					"listeners and crypto-signaling; add listen-secure, or remove tls-profile",
					tenant->tag);
	}
}
