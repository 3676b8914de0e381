/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/ctx.c and tls/verify.c by real handshakes with plain OpenSSL peers: whoever may, gets through; whoever
 * may not, gets a TLS alert, and the operator the reason. */
#include <check.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "tlspair.h"

Suite *suite_handshake(void);

enum
{
	K_RSA = 0,
	P256,
	P384,
	KINDS,
};

static const enum pki_key kinds[KINDS] = {PKI_RSA_2048, PKI_P256, PKI_P384};
static struct pki root, foreign, ids[KINDS], peers[KINDS];

/* Once for the suite, before check forks: RSA keys are slow to make. */
static void setup(void)
{
	root = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "root", .ca = true});
	foreign = pki_make(&(struct pki_spec){.key = PKI_P384, .cn = "foreign", .ca = true});
	for(int i = 0; i < KINDS; i++) {
		ids[i] = pki_make(&(struct pki_spec){.key = kinds[i],
				.cn = "cube",
				.san = "DNS:cube.example.com",
				.key_usage = "digitalSignature,keyEncipherment",
				.issuer = &root});
		peers[i] = pki_make(&(struct pki_spec){.key = kinds[i],
				.cn = "edge",
				.san = "DNS:sip.acme.co",
				.key_usage = "digitalSignature,keyEncipherment",
				.eku = "serverAuth,clientAuth",
				.issuer = &root});
	}
}

static void teardown(void)
{
	for(int i = 0; i < KINDS; i++) {
		pki_free(&ids[i]);
		pki_free(&peers[i]);
	}
	pki_free(&root);
	pki_free(&foreign);
}

static SSL *our_end(struct ours *o, enum cube_role role)
{
	struct cube_err err;
	SSL *ssl;

	cube_err_reset(&err);
	ssl = ours_ssl(o, role, &err);
	ck_assert_msg(ssl != NULL, "%s", err.text);
	return ssl;
}

/* ---- versions, keys and roles ---- */

static const struct
{
	const char *version;
	int openssl;
} versions[] = {{"1.0", TLS1_VERSION}, {"1.1", TLS1_1_VERSION}, {"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}};

/* Can this key serve this version as a TLS server? CUBE has no ECDSA suite below TLS 1.2. */
static bool can_serve(int kind, int version)
{
	return kind == K_RSA || version >= TLS1_2_VERSION;
}

static void meet_exclusively(int our_kind, int peer_kind, enum cube_role role, int v)
{
	const struct pki *id[] = {&ids[our_kind]}, *cas[] = {&root}, *peer_id[] = {&peers[peer_kind]};
	int server_kind = role == CUBE_ROLE_SERVER ? our_kind : peer_kind;
	struct ours o;

	ours_make(&o, id, 1, cas, 1);
	o.profile.tls_versions = cube_tls_versions_parse(cube_str_of(versions[v].version));
	/* the policy refuses these by itself: see test_policy.c */
	if((our_kind != K_RSA && versions[v].openssl == TLS1_VERSION)
			|| (role == CUBE_ROLE_SERVER && !can_serve(our_kind, versions[v].openssl))) {
		ours_free(&o);
		return;
	}
	/* an EC identity is no hindrance for a client, and a profile may be for clients alone */
	o.profile.trustpoint[CUBE_ROLE_SERVER] = role == CUBE_ROLE_SERVER ? 0 : CUBE_NONE;
	if(role == CUBE_ROLE_SERVER) {
		ours_ready(&o);
	} else {
		const enum cube_key_type keys[2] = {CUBE_KEY_NONE, o.trustpoints[0].key_type};
		struct cube_err err;

		cube_err_reset(&err);
		ck_assert_int_eq(cube_tls_policy_build(&o.profile, NULL, keys, "p", o.arena, &err), 0);
	}
	for(int p = 0; p < 4; p++) {
		SSL *ours = our_end(&o, role), *peer = plain_ssl(role == CUBE_ROLE_CLIENT, peer_id, 1, &root);
		bool want = p == v && can_serve(server_kind, versions[v].openssl), got;

		SSL_set_min_proto_version(peer, versions[p].openssl);
		SSL_set_max_proto_version(peer, versions[p].openssl);
		got = tls_meet(ours, peer);
		ck_assert_msg(got == want,
				"we %s, key %d, tls-version %s; peer key %d, version %s: %d (ours: %s; peer: %s; %s)",
				role == CUBE_ROLE_SERVER ? "server" : "client", our_kind, versions[v].version, peer_kind,
				versions[p].version, got, tls_reason_text(ours), tls_reason_text(peer), o.peer.reason);
		if(got)
			ck_assert_int_eq(SSL_version(ours), versions[v].openssl);
		SSL_free(ours);
		SSL_free(peer);
	}
	ours_free(&o);
}

START_TEST(test_matrix)
{
	for(int role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
		for(int v = 0; v < 4; v++) {
			for(int ours = 0; ours < KINDS; ours++)
				meet_exclusively(ours, _i, (enum cube_role)role, v);
		}
	}
}
END_TEST

/* Default and minimum: which versions of a peer get through, and that the highest common one is taken. */
START_TEST(test_ranges)
{
	static const struct
	{
		const char *version;
		bool through[4];
	} rows[] = {{"1.1+", {false, true, true, true}}, {"1.2+", {false, false, true, true}}};
	const struct pki *id[] = {&ids[K_RSA]}, *cas[] = {&root}, *peer_id[] = {&peers[K_RSA]};

	for(size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		for(int role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
			for(int max = 0; max < 4; max++) {
				struct ours o;
				SSL *ours, *peer = plain_ssl(role == CUBE_ROLE_CLIENT, peer_id, 1, &root);

				ours_make(&o, id, 1, cas, 1);
				o.profile.tls_versions = cube_tls_versions_parse(cube_str_of(rows[r].version));
				ours_ready(&o);
				ours = our_end(&o, (enum cube_role)role);
				SSL_set_max_proto_version(peer, versions[max].openssl);
				ck_assert_int_eq(tls_meet(ours, peer), rows[r].through[max]);
				if(rows[r].through[max])
					ck_assert_int_eq(SSL_version(ours), versions[max].openssl);
				SSL_free(ours);
				SSL_free(peer);
				ours_free(&o);
			}
		}
	}
}
END_TEST

/* ---- suites and groups ---- */

/* Each of the 13 is negotiated where the peer has that one alone, in both roles. */
START_TEST(test_suites)
{
	const struct cube_suite *suite = &cube_suites[_i];
	int kind = suite->key == CUBE_KEY_EC ? P256 : K_RSA;
	const struct pki *id[] = {&ids[kind]}, *cas[] = {&root}, *peer_id[] = {&peers[kind]};

	for(int role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
		SSL *ours, *peer = plain_ssl(role == CUBE_ROLE_CLIENT, peer_id, 1, &root);
		struct ours o;

		ours_make(&o, id, 1, cas, 1);
		ours_ready(&o);
		ours = our_end(&o, (enum cube_role)role);
		if(suite->tls_versions == CUBE_TLS_1_3) {
			ck_assert_int_eq(SSL_set_ciphersuites(peer, suite->openssl), 1);
		} else {
			ck_assert_int_eq(SSL_set_cipher_list(peer, suite->openssl), 1);
			SSL_set_max_proto_version(peer, TLS1_2_VERSION);
		}
		ck_assert_msg(tls_meet(ours, peer), "%s role %d: %s, %s", suite->ios, role, tls_reason_text(ours),
				tls_reason_text(peer));
		ck_assert_str_eq(SSL_get_cipher_name(ours), suite->openssl);
		SSL_free(ours);
		SSL_free(peer);
		ours_free(&o);
	}
}
END_TEST

static void expect_choice(
		struct cube_str *names, unsigned n, const char *peer_list, const char *peer_suites, int max, const char *want)
{
	const struct pki *id[] = {&ids[K_RSA]}, *cas[] = {&root}, *peer_id[] = {&peers[K_RSA]};
	const struct cube_tls_cipher cipher = {.tag = 100, .cipher = {names, n}};
	const enum cube_key_type keys[2] = {CUBE_KEY_RSA, CUBE_KEY_RSA};
	SSL *ours, *peer = plain_ssl(false, peer_id, 1, &root);
	struct cube_err err;
	struct ours o;

	ours_make(&o, id, 1, cas, 1);
	cube_err_reset(&err);
	ck_assert_int_eq(cube_tls_policy_build(&o.profile, &cipher, keys, "p", o.arena, &err), 0);
	ours = our_end(&o, CUBE_ROLE_SERVER);
	SSL_set_cipher_list(peer, peer_list);
	SSL_set_ciphersuites(peer, peer_suites);
	SSL_set_max_proto_version(peer, max);
	ck_assert_int_eq(tls_meet(ours, peer), want != NULL);
	if(want != NULL)
		ck_assert_str_eq(SSL_get_cipher_name(ours), want);
	else
		ck_assert_int_eq(tls_reason(ours), SSL_R_NO_SHARED_CIPHER);
	SSL_free(ours);
	SSL_free(peer);
	ours_free(&o);
}

/* As server our order wins, in TLS 1.2 and in TLS 1.3. */
START_TEST(test_order)
{
	struct cube_str names[] = {CUBE_STR("AES128_GCM_SHA256"), CUBE_STR("ECDHE_RSA_AES128_GCM_SHA256"),
			CUBE_STR("AES256_GCM_SHA384"), CUBE_STR("ECDHE_RSA_AES256_GCM_SHA384")};
	const char *list = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256";
	const char *suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256";

	expect_choice(names, 4, list, suites, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
	expect_choice(names, 4, list, suites, TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256");
	expect_choice(names + 2, 2, list, suites, TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384");
	expect_choice(names + 2, 2, list, suites, TLS1_2_VERSION, "ECDHE-RSA-AES256-GCM-SHA384");
	expect_choice(names + 2, 2, "AES128-SHA", suites, TLS1_2_VERSION, NULL);
	expect_choice(names + 2, 1, list, "TLS_AES_128_GCM_SHA256", TLS1_3_VERSION, NULL);
}
END_TEST

START_TEST(test_groups)
{
	const struct pki *id[] = {&ids[K_RSA]}, *cas[] = {&root}, *peer_id[] = {&peers[K_RSA]};
	struct cube_str curves[] = {CUBE_STR("P-384"), CUBE_STR("P-521")};
	static const struct
	{
		const char *peer;
		int nid;
	} rows[] = {{"X25519:P-384", NID_secp384r1}, {"P-521", NID_secp521r1}, {"X25519:P-256", 0}};

	for(size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for(int max = TLS1_2_VERSION; max <= TLS1_3_VERSION; max++) {
			SSL *ours, *peer = plain_ssl(false, peer_id, 1, &root);
			struct ours o;

			ours_make(&o, id, 1, cas, 1);
			o.profile.curves = (struct cube_list){curves, 2};
			ours_ready(&o);
			ours = our_end(&o, CUBE_ROLE_SERVER);
			SSL_set_max_proto_version(peer, max);
			SSL_set_cipher_list(peer, "ECDHE-RSA-AES128-GCM-SHA256");
			ck_assert_int_eq(SSL_set1_groups_list(peer, rows[i].peer), 1);
			ck_assert_int_eq(tls_meet(ours, peer), rows[i].nid != 0);
			if(rows[i].nid != 0)
				ck_assert_int_eq(SSL_get_shared_group(ours, 0), rows[i].nid);
			SSL_free(ours);
			SSL_free(peer);
			ours_free(&o);
		}
	}
}
END_TEST

/* ---- who may and who may not ---- */

struct trial
{
	const char *what;
	enum cube_role role;  /* ours */
	struct pki_spec spec; /* the peer's certificate */
	enum
	{
		BY_ROOT = 0,
		BY_FOREIGN,
		BY_SELF,
		BY_SUB,		 /* and it sends the subordinate CA along */
		BY_SUB_ALONE /* and it does not */
	} by;
	enum
	{
		LIST_ROOT = 0,
		LIST_SELF, /* the peer's own certificate is in ca */
		LIST_SUB   /* the subordinate CA alone is in ca */
	} list;
	enum cube_cn_san cn_san;
	const char *permit; /* the one entry of cn-san */
	const char *host;	/* session target */
	const char *ip;
	bool eku_any;
	bool later;			/* a year from now */
	int error;			/* X509_V_ERR_*, 0 when it may */
	const char *reason; /* cube_tls_peer's */
	int peer_sees;		/* SSL_R_* of the peer, in TLS 1.3 */
};

#define BAD_CERT SSL_R_SSLV3_ALERT_BAD_CERTIFICATE
#define EXPIRED SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED
#define UNSUPPORTED SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE
#define UNKNOWN_CA SSL_R_TLSV1_ALERT_UNKNOWN_CA
#define SRV .role = CUBE_ROLE_SERVER
#define CLI .role = CUBE_ROLE_CLIENT
#define BOTH .cn_san = CUBE_CN_SAN_SERVER | CUBE_CN_SAN_CLIENT

/* clang-format off */
static const struct trial trials[] = {
	{.what = "client by our CA", SRV, .spec = {.cn = "edge", .eku = "clientAuth"}},
	{.what = "server by our CA", CLI, .spec = {.cn = "edge", .eku = "serverAuth"}},
	{.what = "client without extended key usage", SRV, .spec = {.cn = "edge"}},
	{.what = "server without extended key usage", CLI, .spec = {.cn = "edge"}},
	{.what = "client with a subordinate CA", SRV, .by = BY_SUB, .spec = {.cn = "edge"}},
	{.what = "server with a subordinate CA", CLI, .by = BY_SUB, .spec = {.cn = "edge"}},
	{.what = "subordinate CA listed alone", SRV, .by = BY_SUB, .list = LIST_SUB, .spec = {.cn = "edge"}},
	{.what = "subordinate CA listed alone and not sent", CLI, .by = BY_SUB_ALONE, .list = LIST_SUB, .spec = {.cn = "edge"}},
	{.what = "self-signed client that is listed", SRV, .by = BY_SELF, .list = LIST_SELF, .spec = {.cn = "edge"}},
	{.what = "self-signed server that is listed", CLI, .by = BY_SELF, .list = LIST_SELF, .spec = {.cn = "edge"}},
	{.what = "listed certificate of a foreign CA", SRV, .by = BY_FOREIGN, .list = LIST_SELF, .spec = {.cn = "edge"}},

	{.what = "foreign client", SRV, .by = BY_FOREIGN, .spec = {.cn = "edge"}, .error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		.reason = "the peer's certificate comes from a CA that is not in the ca of the verify-trustpoint (CN edge; issued by CN foreign)", .peer_sees = UNKNOWN_CA},
	{.what = "foreign server", CLI, .by = BY_FOREIGN, .spec = {.cn = "edge"}, .error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		.reason = "the peer's certificate comes from a CA that is not in the ca of the verify-trustpoint (CN edge; issued by CN foreign)", .peer_sees = UNKNOWN_CA},
	{.what = "missing subordinate CA", CLI, .by = BY_SUB_ALONE, .spec = {.cn = "edge"}, .error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		.reason = "the peer's certificate comes from a CA that is not in the ca of the verify-trustpoint (CN edge; issued by CN sub)", .peer_sees = UNKNOWN_CA},
	{.what = "self-signed client", SRV, .by = BY_SELF, .spec = {.cn = "edge"}, .error = X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
		.reason = "the peer's certificate is self-signed and not in the ca of the verify-trustpoint (CN edge)", .peer_sees = UNKNOWN_CA},
	{.what = "a leaf as CA's sibling", SRV, .by = BY_ROOT, .list = LIST_SELF, .later = true, .spec = {.cn = "edge"}, .error = X509_V_ERR_CERT_HAS_EXPIRED,
		.reason = "the peer's certificate has expired (CN edge)", .peer_sees = EXPIRED},
	{.what = "expired client", SRV, .later = true, .spec = {.cn = "edge", .from_days = -1, .to_days = 30}, .error = X509_V_ERR_CERT_HAS_EXPIRED,
		.reason = "a CA certificate of the peer's chain has expired (CN root)", .peer_sees = EXPIRED},
	{.what = "expired server", CLI, .spec = {.cn = "edge", .from_days = -2, .to_days = -1}, .error = X509_V_ERR_CERT_HAS_EXPIRED,
		.reason = "the peer's certificate has expired (CN edge)", .peer_sees = EXPIRED},
	{.what = "server from the future", CLI, .spec = {.cn = "edge", .from_days = 1, .to_days = 2}, .error = X509_V_ERR_CERT_NOT_YET_VALID,
		.reason = "the peer's certificate is not valid before ; check this machine's clock (CN edge)", .peer_sees = BAD_CERT},
	{.what = "weak key", SRV, .spec = {.key = PKI_RSA_1024, .cn = "edge"}, .error = X509_V_ERR_EE_KEY_TOO_SMALL,
		.reason = "the peer's certificate has a key that is too small (CN edge)", .peer_sees = BAD_CERT},
	{.what = "weak digest", CLI, .spec = {.cn = "edge", .sha1 = true}, .error = X509_V_ERR_CA_MD_TOO_WEAK,
		.reason = "the peer's certificate is signed with a digest that is too weak (CN edge)", .peer_sees = BAD_CERT},

	/* purpose */
	{.what = "client with serverAuth alone", SRV, .spec = {.cn = "edge", .eku = "serverAuth"}, .error = X509_V_ERR_INVALID_PURPOSE,
		.reason = "the peer's certificate lacks clientAuth in its extended key usage (peer-eku any permits that) (CN edge)",
		.peer_sees = UNSUPPORTED},
	{.what = "client with serverAuth alone, any", SRV, .eku_any = true, .spec = {.cn = "edge", .eku = "serverAuth"}},
	{.what = "server with clientAuth alone", CLI, .spec = {.cn = "edge", .eku = "clientAuth"}, .error = X509_V_ERR_INVALID_PURPOSE,
		.reason = "the peer's certificate lacks serverAuth in its extended key usage (peer-eku any permits that) (CN edge)",
		.peer_sees = UNSUPPORTED},
	{.what = "server with clientAuth alone, any", CLI, .eku_any = true, .spec = {.cn = "edge", .eku = "clientAuth"}},
	{.what = "client with the SIP domain purpose, any", SRV, .eku_any = true, .spec = {.cn = "edge", .eku = "1.3.6.1.5.5.7.3.20"}},
	{.what = "client that may not sign", SRV, .spec = {.cn = "edge", .eku = "clientAuth", .key_usage = "cRLSign"}, .error = X509_V_ERR_INVALID_PURPOSE,
		.reason = "the peer's certificate may not be used for TLS by its key usage (CN edge)", .peer_sees = UNSUPPORTED},
	{.what = "client that may not sign, any", SRV, .eku_any = true, .spec = {.cn = "edge", .eku = "serverAuth", .key_usage = "cRLSign"}, .error = X509_V_ERR_INVALID_PURPOSE,
		.reason = "the peer's certificate may not be used for TLS by its key usage (CN edge)", .peer_sees = UNSUPPORTED},

	/* names: as client */
	{.what = "target in the SAN", CLI, BOTH, .host = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:sip.acme.co"}},
	{.what = "target in the CN, no SAN", CLI, BOTH, .host = "sip.acme.co", .spec = {.cn = "sip.acme.co"}},
	{.what = "list in the CN beside a SAN", CLI, BOTH, .permit = "sip.acme.co", .spec = {.cn = "sip.acme.co", .san = "DNS:other.example"}},
	{.what = "target in the CN beside a SAN", CLI, BOTH, .host = "sip.acme.co", .spec = {.cn = "sip.acme.co", .san = "DNS:other.example"},
		.error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "no name of the peer's certificate is the session target or in cn-san (other.example, CN sip.acme.co)", .peer_sees = BAD_CERT},
	{.what = "target in the URI", CLI, BOTH, .host = "acme.co", .spec = {.cn = "edge", .san = "DNS:other.example,URI:sip:acme.co"}},
	{.what = "target by wildcard", CLI, BOTH, .host = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:*.acme.co"}},
	{.what = "list instead of target", CLI, BOTH, .host = "sip.acme.co", .permit = "*.edge.example", .spec = {.cn = "edge", .san = "DNS:a.edge.example"}},
	{.what = "address in the SAN", CLI, BOTH, .ip = "192.0.2.1", .spec = {.cn = "edge", .san = "IP:192.0.2.1"}},
	{.what = "address, name in the list", CLI, BOTH, .ip = "192.0.2.1", .permit = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:sip.acme.co"}},
	{.what = "wrong server, not asked", CLI, .cn_san = CUBE_CN_SAN_CLIENT, .host = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:evil.example"}},
	{.what = "wrong server", CLI, BOTH, .host = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:evil.example"}, .error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "no name of the peer's certificate is the session target or in cn-san (evil.example, CN edge)", .peer_sees = BAD_CERT},
	{.what = "partial wildcard", CLI, BOTH, .host = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:s*.acme.co"}, .error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "no name of the peer's certificate is the session target or in cn-san (s*.acme.co, CN edge)", .peer_sees = BAD_CERT},
	{.what = "wrong address", CLI, BOTH, .ip = "192.0.2.1", .spec = {.cn = "192.0.2.1", .san = "IP:192.0.2.2"}, .error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "no name of the peer's certificate is the session target or in cn-san (192.0.2.2, CN 192.0.2.1)", .peer_sees = BAD_CERT},
	{.what = "no target and no list", CLI, BOTH, .spec = {.cn = "edge", .san = "DNS:sip.acme.co"}, .error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "no name of the peer's certificate is the session target or in cn-san (sip.acme.co, CN edge)", .peer_sees = BAD_CERT},
	/* names: as server */
	{.what = "client in the list", SRV, BOTH, .permit = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:sip.acme.co"}},
	{.what = "client in the list by CN", SRV, BOTH, .permit = "*.acme.co", .spec = {.cn = "sip.acme.co"}},
	{.what = "client in the list by URI", SRV, BOTH, .permit = "acme.co", .spec = {.cn = "edge", .san = "URI:sips:acme.co"}},
	{.what = "wrong client, not asked", SRV, .cn_san = CUBE_CN_SAN_SERVER, .permit = "sip.acme.co", .spec = {.cn = "edge"}},
	{.what = "wrong client", SRV, BOTH, .permit = "sip.acme.co", .spec = {.cn = "edge", .san = "DNS:sip.acme.co.evil.example"}, .error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "no name of the peer's certificate is in cn-san (sip.acme.co.evil.example, CN edge)", .peer_sees = BAD_CERT},
	{.what = "client, empty list", SRV, BOTH, .spec = {.cn = "edge", .san = "DNS:sip.acme.co"}, .error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "cn-san permits nobody: its list is empty (sip.acme.co, CN edge)", .peer_sees = BAD_CERT},
	{.what = "a server's target is nobody's name", SRV, BOTH, .host = "sip.acme.co", .ip = "192.0.2.1", .permit = "x.acme.co",
		.spec = {.cn = "edge", .san = "DNS:sip.acme.co,IP:192.0.2.1"}, .error = X509_V_ERR_HOSTNAME_MISMATCH,
		.reason = "no name of the peer's certificate is in cn-san (sip.acme.co, 192.0.2.1, CN edge)", .peer_sees = BAD_CERT},
	/* a CA that may issue below acme.co alone: its CN counts as a name */
	{.what = "constrained CA, good CN", SRV, BOTH, .by = BY_SUB, .permit = "sip.acme.co", .spec = {.cn = "sip.acme.co", .san = "DNS:a.acme.co"}},
	{.what = "constrained CA, good URI", SRV, BOTH, .by = BY_SUB, .permit = "sip.acme.co", .spec = {.cn = "edge", .san = "URI:sip:sip.acme.co"}},
	{.what = "constrained CA, bad URI", SRV, BOTH, .by = BY_SUB, .permit = "bank.example", .spec = {.cn = "edge", .san = "DNS:a.acme.co,URI:sip:bank.example"},
		.error = X509_V_ERR_PERMITTED_VIOLATION,
		.reason = "the peer's certificate has a name that its CA is not permitted to issue (a.acme.co, sip:bank.example, CN edge)",
		.peer_sees = SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN},
	{.what = "constrained CA, bad URI, no names asked", SRV, .by = BY_SUB, .spec = {.cn = "edge", .san = "DNS:a.acme.co,URI:sip:bank.example"}},
	{.what = "constrained CA, bad CN", SRV, BOTH, .by = BY_SUB, .permit = "bank.example", .spec = {.cn = "bank.example", .san = "DNS:a.acme.co"},
		.error = X509_V_ERR_PERMITTED_VIOLATION,
		.reason = "the peer's certificate has a name that its CA is not permitted to issue (a.acme.co, CN bank.example)", .peer_sees = SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN},
};
/* clang-format on */

static struct pki peer_identity(const struct trial *t, const struct pki *sub)
{
	struct pki_spec spec = t->spec;

	if(spec.key == PKI_RSA_2048)
		spec.key = PKI_P256;
	spec.issuer = t->by == BY_SELF ? NULL : t->by == BY_FOREIGN ? &foreign : t->by == BY_ROOT ? &root : sub;
	return pki_make(&spec);
}

/* When a certificate begins is another time in each run: it is taken out. */
static const char *without_date(char *reason)
{
	char *at = strstr(reason, "before ");

	if(at != NULL)
		memmove(at + 7, at + 30, strlen(at + 30) + 1);
	return reason;
}

static void run_trial(const struct trial *t, int version)
{
	struct pki sub = pki_make(&(struct pki_spec){
			.key = PKI_P384, .cn = "sub", .ca = true, .issuer = &root, .constraints = "permitted;DNS:.acme.co"});
	struct pki peer_id = peer_identity(t, &sub);
	const struct pki *id[] = {&ids[P256]}, *chain[] = {&peer_id, &sub};
	const struct pki *cas[] = {t->list == LIST_SELF ? &peer_id : t->list == LIST_SUB ? &sub : &root};
	struct cube_str permit = cube_str_of(t->permit);
	SSL *ours, *peer;
	struct ours o;
	bool got;

	ours_make(&o, id, 1, cas, 1);
	o.profile.cn_san_validate = t->cn_san;
	o.profile.cn_san = (struct cube_list){&permit, t->permit != NULL};
	o.profile.peer_eku_any = t->eku_any;
	o.peer.target_host = cube_str_of(t->host);
	if(t->ip != NULL)
		ck_assert(cube_ip_parse(cube_str_of(t->ip), &o.peer.target_ip));
	ours_ready(&o);
	ours = our_end(&o, t->role);
	if(t->later)
		X509_VERIFY_PARAM_set_time(SSL_get0_param(ours), time(NULL) + 365 * 86400);
	peer = plain_ssl(t->role == CUBE_ROLE_CLIENT, chain, t->by == BY_SUB ? 2 : 1, &root);
	SSL_set_max_proto_version(peer, version);
	got = tls_meet(ours, peer);
	ck_assert_msg(got == (t->error == 0), "%s (%#x): ours \"%s\" \"%s\", peer \"%s\"", t->what, (unsigned)version,
			o.peer.reason, tls_reason_text(ours), tls_reason_text(peer));
	ck_assert_msg(o.peer.verify_error == t->error, "%s: error %d (%s)", t->what, o.peer.verify_error, o.peer.reason);
	ck_assert_int_eq(SSL_get_verify_result(ours), t->error);
	ck_assert_str_eq(without_date(o.peer.reason), t->reason != NULL ? t->reason : "");
	ck_assert_msg(
			o.peer.cn_san_verified
					== (got && (t->cn_san & (t->role == CUBE_ROLE_CLIENT ? CUBE_CN_SAN_SERVER : CUBE_CN_SAN_CLIENT))),
			"%s: cn_san_verified %d", t->what, o.peer.cn_san_verified);
	if(!got && version == TLS1_3_VERSION)
		ck_assert_msg(tls_reason(peer) == t->peer_sees, "%s: the peer sees \"%s\"", t->what, tls_reason_text(peer));
	SSL_free(ours);
	SSL_free(peer);
	ours_free(&o);
	pki_free(&peer_id);
	pki_free(&sub);
}

START_TEST(test_trials)
{
	run_trial(&trials[_i], TLS1_3_VERSION);
	run_trial(&trials[_i], TLS1_2_VERSION);
}
END_TEST

/* CUBE: mutual authentication always, as server. */
START_TEST(test_no_certificate)
{
	const struct pki *id[] = {&ids[K_RSA]}, *cas[] = {&root};

	for(int v = 1; v < 4; v++) {
		SSL *ours, *peer = plain_ssl(false, NULL, 0, &root);
		struct ours o;

		ours_make(&o, id, 1, cas, 1);
		ours_ready(&o);
		ours = our_end(&o, CUBE_ROLE_SERVER);
		SSL_set_max_proto_version(peer, versions[v].openssl);
		ck_assert(!tls_meet(ours, peer));
		ck_assert_int_eq(tls_reason(ours), SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
		ck_assert_int_eq(tls_reason(peer),
				v == 3 ? SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED : SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
		SSL_free(ours);
		SSL_free(peer);
		ours_free(&o);
	}
}
END_TEST

/* A client without an identity gets as far as the server lets it. */
START_TEST(test_client_without_identity)
{
	const struct pki *cas[] = {&root}, *peer_id[] = {&peers[K_RSA]};

	for(int asks = 0; asks < 2; asks++) {
		SSL *ours, *peer = plain_ssl(true, peer_id, 1, asks ? &root : NULL);
		struct ours o;

		ours_make(&o, NULL, 0, cas, 1);
		ours_ready(&o);
		ours = our_end(&o, CUBE_ROLE_CLIENT);
		ck_assert_int_eq(tls_meet(ours, peer), !asks);
		SSL_free(ours);
		SSL_free(peer);
		ours_free(&o);
	}
}
END_TEST

/* An SSL that nobody prepared, or prepared for the other role, refuses. */
START_TEST(test_unprepared)
{
	const struct pki *id[] = {&ids[P256]}, *cas[] = {&root}, *peer_id[] = {&peers[P256]};

	for(int i = 0; i < 3; i++) {
		SSL *ours, *peer = plain_ssl(false, peer_id, 1, &root);
		struct ours o;

		ours_make(&o, id, 1, cas, 1);
		ours_ready(&o);
		ours = our_end(&o, CUBE_ROLE_SERVER);
		if(i == 0)
			o.peer.role = CUBE_ROLE_CLIENT;
		else if(i == 1)
			o.peer.profile = NULL;
		ck_assert_int_eq(tls_meet(ours, peer), i == 2);
		SSL_free(ours);
		SSL_free(peer);
		ours_free(&o);
	}
}
END_TEST

/* What TLS 1.1 in the default versions needs must not open TLS 1.2 for SHA-1 signatures. */
START_TEST(test_relaxed_no_further)
{
	const struct pki *id[] = {&ids[K_RSA]}, *cas[] = {&root}, *peer_id[] = {&peers[K_RSA]};

	for(int role = CUBE_ROLE_SERVER; role <= CUBE_ROLE_CLIENT; role++) {
		SSL *ours, *peer = plain_ssl(role == CUBE_ROLE_CLIENT, peer_id, 1, &root);
		struct ours o;

		ours_make(&o, id, 1, cas, 1);
		ours_ready(&o);
		ck_assert(cube_tls_ctx_legacy(&o.conf, &o.profile, (enum cube_role)role));
		ours = our_end(&o, (enum cube_role)role);
		SSL_set_max_proto_version(peer, TLS1_2_VERSION);
		SSL_set_cipher_list(peer, "ECDHE-RSA-AES128-GCM-SHA256");
		ck_assert_int_eq(SSL_set1_sigalgs_list(peer, "RSA+SHA1"), 1);
		ck_assert_int_eq(SSL_set1_client_sigalgs_list(peer, "RSA+SHA1"), 1);
		ck_assert(!tls_meet(ours, peer));
		SSL_free(ours);
		SSL_free(peer);
		ours_free(&o);
	}
}
END_TEST

Suite *suite_handshake(void)
{
	Suite *s = suite_create("handshake");
	TCase *tc = tcase_create("handshake");

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_matrix, 0, KINDS);
	tcase_add_test(tc, test_ranges);
	tcase_add_loop_test(tc, test_suites, 0, (int)cube_n_suites);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_groups);
	tcase_add_loop_test(tc, test_trials, 0, sizeof(trials) / sizeof(trials[0]));
	tcase_add_test(tc, test_no_certificate);
	tcase_add_test(tc, test_client_without_identity);
	tcase_add_test(tc, test_unprepared);
	tcase_add_test(tc, test_relaxed_no_further);
	suite_add_tcase(s, tc);
	return s;
}
