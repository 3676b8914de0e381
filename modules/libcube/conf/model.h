/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as the program sees it: structs only. Filled by read.c, judged by check.c, completed by
 * inherit.c (every "effective" member), then never changed again. All of it, text included, lives in one arena.
 * Members are named like the keys of cube.conf, which are IOS's own keywords. */
#ifndef CUBE_CONF_MODEL_H
#define CUBE_CONF_MODEL_H

#include "../base/arena.h"
#include "../base/file.h"
#include "../base/net.h"
#include "../base/str.h"

#define CUBE_TAG_MAX 10000			  /* voice class tenant|tls-profile|tls-cipher|srtp-crypto 1-10000 */
#define CUBE_DIAL_PEER_MAX 1073741823 /* dial-peer voice 1-1073741823 */
#define CUBE_NONE (-1)				  /* "no such object" where an index is kept */

/* Bits, since a policy is a set. */
enum cube_tls_version
{
	CUBE_TLS_1_0 = 1,
	CUBE_TLS_1_1 = 2,
	CUBE_TLS_1_2 = 4,
	CUBE_TLS_1_3 = 8,
};

enum cube_transport
{
	CUBE_TRANSPORT_UNSET = 0,
	CUBE_TRANSPORT_UDP,
	CUBE_TRANSPORT_TCP,
	CUBE_TRANSPORT_TLS, /* "tcp tls" */
};

/* Bits: whose name is validated. `server` and `client` name the peer's role, as in CUBE. */
enum cube_cn_san
{
	CUBE_CN_SAN_NONE = 0,
	CUBE_CN_SAN_SERVER = 1,
	CUBE_CN_SAN_CLIENT = 2,
};

enum cube_role
{
	CUBE_ROLE_SERVER = 0, /* we accepted the connection */
	CUBE_ROLE_CLIENT = 1, /* we opened it */
};

struct cube_list
{
	struct cube_str *v;
	unsigned n;
};

struct cube_prefixes
{
	struct cube_prefix *v;
	unsigned n;
};

/* Public-key kinds that decide which suites a certificate can serve. */
enum cube_key_type
{
	CUBE_KEY_NONE = 0,
	CUBE_KEY_RSA,
	CUBE_KEY_EC,
};

/* How a peer's certificate is found to be revoked or not. */
enum cube_revocation
{
	CUBE_REVOCATION_CRL = 1,
	CUBE_REVOCATION_OCSP,
	CUBE_REVOCATION_NONE, /* it passes */
};

#define CUBE_REVOCATIONS_MAX 3 /* each of them once */

/* A certificate of a file, without what it takes OpenSSL to tell. */
struct cube_cert_span
{
	unsigned char sha256[32]; /* of its DER */
	unsigned index;			  /* in its file, from 0 */
	int64_t not_before,
			not_after; /* seconds since the epoch; not_after 0: it has no such times, so it never is valid */
};

/* All of a file, sorted by sha256. */
struct cube_cert_set
{
	unsigned n;
	const struct cube_cert_span *v;
};

struct cube_trustpoint
{
	struct cube_str name;
	/* absolute after reading: relative ones are taken from the configuration's folder */
	struct cube_str certificate, private_key, ca; /* empty when not given */
	/* contents, loaded by conf/load.c */
	struct cube_file certificate_pem, private_key_pem, ca_pem;
	enum cube_key_type key_type;			 /* of the certificate */
	struct cube_cert_set own_set;			 /* what is in certificate */
	struct cube_cert_set ca_set;			 /* what is in ca; trustpoints with the same file share one */
	struct cube_list revocation_check_names; /* as written */
	struct cube_str crl;					 /* absolute path, or http:// when crl_is_url; empty when not given */
	struct cube_str ocsp_url;				 /* http://; empty when not given */
	/* effective, from inherit.c: the methods in order. The next one is asked when one has no answer; behind the last one
	 * a certificate without an answer is refused. Not given: crl, but a certificate of which nobody publishes a CRL
	 * (no crl here, no distribution point in it) passes. */
	uint8_t revocation[CUBE_REVOCATIONS_MAX]; /* enum cube_revocation */
	unsigned n_revocation;
	bool revocation_given;
	bool crl_is_url;
};

struct cube_tls_cipher
{
	int tag;
	struct cube_list cipher; /* IOS names, best first */
};

struct cube_tls_profile
{
	int tag; /* 0: made from a crypto-signaling entry with a trustpoint */
	struct cube_str description;
	struct cube_str trustpoint_name, client_trustpoint_name, cipher_name;
	struct cube_list verify_trustpoint_names;
	struct cube_str tls_version_text; /* empty when not given */
	enum cube_cn_san cn_san_validate;
	struct cube_list cn_san; /* "host.domain" or "*.domain" */
	bool sni_send;
	struct cube_list sni; /* server names that select its tenant on a listener of sip-ua */
	bool peer_eku_any;
	struct cube_list curves;
	/* effective, from inherit.c */
	int trustpoint[2]; /* by enum cube_role; index into trustpoints, CUBE_NONE if the role has none */
	int *verify_trustpoints;
	unsigned n_verify_trustpoints;
	unsigned tls_versions;	  /* CUBE_TLS_* bits */
	const char *cipher_list;  /* OpenSSL's names for TLS 1.2 and below, best first; "" if none */
	const char *ciphersuites; /* OpenSSL's names for TLS 1.3, best first; "" if none */
	const char *groups;		  /* OpenSSL's group list; "" for OpenSSL's default */
};

struct cube_tenant
{
	int tag;
	struct cube_str description;
	int tls_profile_tag;							   /* 0 when not given */
	struct cube_addr listen_secure, listen_non_secure; /* port 0 when not given */
	enum cube_transport session_transport;			   /* effective after inherit.c */
	struct cube_str sip_server;						   /* as written */
	struct cube_prefixes trusted_list;
	int tls_profile; /* effective: index into tls_profiles, or CUBE_NONE (then crypto-signaling decides) */
};

enum cube_target_kind
{
	CUBE_TARGET_NONE = 0,
	CUBE_TARGET_IP,	 /* ipv4:A[:P] or ipv6:[A][:P] */
	CUBE_TARGET_DNS, /* dns:host[:port] */
};

struct cube_target
{
	enum cube_target_kind kind;
	struct cube_addr addr; /* IP: address, port 0 when not given */
	struct cube_str host;  /* DNS: name */
	uint16_t port;		   /* DNS: 0 when not given (then SRV applies) */
};

struct cube_dial_peer
{
	int tag;
	struct cube_str description;
	int tenant_tag;												 /* 0 when not given: the dial-peer belongs to sip-ua */
	struct cube_str destination_pattern, incoming_called_number; /* empty when not given */
	struct cube_str session_target;								 /* as written; "sip-server" takes the tenant's */
	enum cube_transport session_transport;						 /* effective after inherit.c */
	int preference;												 /* 0-10, 0 best */
	bool huntstop;
	bool shutdown;
	int tenant;				   /* effective: index into tenants, CUBE_NONE for sip-ua */
	struct cube_target target; /* effective */
};

struct cube_crypto_signaling
{
	struct cube_str peer;	   /* "default" or the network, as written */
	struct cube_prefix prefix; /* bits 0 and ip.len 0 for "default" */
	struct cube_str trustpoint_name;
	bool strict_cipher;
	int tls_profile_tag; /* 0 when a trustpoint is given */
	int tls_profile;	 /* effective: index into tls_profiles */
};

struct cube_sip_ua
{
	struct cube_addr *listen_secure, *listen_non_secure;
	unsigned n_listen_secure, n_listen_non_secure;
	struct cube_str tls_version_text;
	unsigned tls_versions; /* effective */
	enum cube_transport session_transport;
	struct cube_crypto_signaling *crypto_signaling;
	unsigned n_crypto_signaling;
	struct cube_prefixes trusted_list;
	bool trusted_authenticate;	   /* default true */
	bool silent_discard_untrusted; /* default true */
	int connection_establish_tls;  /* seconds, default 20 */
	int handshake_failure_limit;   /* failed inbound handshakes of one source in a minute; 0: no limit */
	int connection_aging_tls;	   /* seconds, default 3600 */
	struct cube_str crl_cache;	   /* folder of the CRLs that were fetched; need not be there */
};

/* One address and port that cube.conf opens. Sorted by (address length, address, port, secure). */
struct cube_listener
{
	struct cube_addr addr;
	bool secure;
	int tenant; /* index, CUBE_NONE for sip-ua */
};

struct cube_dial_plan; /* dialpeer/plan.h */
struct cube_sni;	   /* tenant/sni.h */

struct cube_conf
{
	struct cube_arena *arena; /* owns everything here */
	struct cube_str path;	  /* of the file, for messages */
	struct cube_sip_ua sip_ua;
	struct cube_trustpoint *trustpoints;
	unsigned n_trustpoints;
	struct cube_tls_cipher *tls_ciphers;
	unsigned n_tls_ciphers;
	struct cube_tls_profile *tls_profiles; /* the configured ones, then those of crypto-signaling */
	unsigned n_tls_profiles;
	struct cube_tenant *tenants; /* sorted by tag */
	unsigned n_tenants;
	struct cube_dial_peer *dial_peers; /* sorted by tag */
	unsigned n_dial_peers;
	struct cube_listener *listeners;
	unsigned n_listeners;
	struct cube_dial_plan *dial_plan;
	struct cube_sni *sni;
	unsigned n_sni;
};

#endif
