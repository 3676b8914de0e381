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

/* Of an enum: a million dial-peers have some. */
#define CUBE_BYTE __attribute__((packed))

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
} CUBE_BYTE;

/* The scheme of the URIs on a leg. */
enum cube_url
{
	CUBE_URL_UNSET = 0,
	CUBE_URL_SIP,
	CUBE_URL_SIPS, /* and TLS alone */
	CUBE_URL_TEL,
} CUBE_BYTE;

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
	enum cube_transport session_transport;			   /* effective after inherit.c, as url */
	enum cube_url url;
	bool sips_required;							  /* of requests that come in */
	const struct cube_session_target *sip_server; /* NULL when not given */
	struct cube_prefixes trusted_list;
	int tls_profile; /* effective: index into tls_profiles, or CUBE_NONE (then crypto-signaling decides) */
};

/* What a key names by tag or by name: tag 0 or an empty name when it is not given, and then the index says nothing. */
struct cube_ref
{
	int tag;
	int index; /* effective, in the table of the section that it names */
};

struct cube_name_ref
{
	struct cube_str name;
	int index;
};

/* SIP responses from 400 to 699, a bit each. */
struct cube_responses
{
	uint64_t bits[5];
};

enum cube_target_kind
{
	CUBE_TARGET_NONE = 0,
	CUBE_TARGET_IP,	 /* ipv4:A[:P] or ipv6:[A][:P] */
	CUBE_TARGET_DNS, /* dns:host[:port] */
} CUBE_BYTE;

struct cube_target
{
	struct cube_str host;  /* DNS: name */
	struct cube_addr addr; /* IP: address, port 0 when not given */
	uint16_t port;		   /* DNS: 0 when not given (then SRV applies) */
	enum cube_target_kind kind;
};

/* A target as written, and taken apart; those that are written alike share one. */
struct cube_session_target
{
	struct cube_str text;
	struct cube_target target; /* NONE: "sip-server" */
};

/* The headers that incoming uri and destination uri-* look at. */
enum cube_uri_of
{
	CUBE_URI_VIA = 0, /* the topmost one's sent-by */
	CUBE_URI_REQUEST,
	CUBE_URI_TO,
	CUBE_URI_FROM,
	CUBE_URI_DIVERSION, /* the topmost one */
	CUBE_URI_REFERRED_BY,
	CUBE_N_URI_OF,
};
#define CUBE_N_URI_IN (CUBE_URI_FROM + 1) /* those of incoming uri, in the order in which they are looked at */

/* permission: orig may be the dial-peer of a call that comes in, term one of a call that goes out. */
enum cube_permission
{
	CUBE_PERMISSION_NONE = 0,
	CUBE_PERMISSION_ORIG = 1,
	CUBE_PERMISSION_TERM = 2,
	CUBE_PERMISSION_BOTH = 3,
} CUBE_BYTE;

/* What few dial-peers have is in parts of their own, one for each theme; a dial-peer has a part when one of its keys is given.
 * They are read by cube_dial_in(), cube_dial_out() and cube_dial_more(). */

/* By what calls come in, empty when not given; and where those go that came in by it. */
struct cube_dial_in
{
	struct cube_name_ref incoming_uri[CUBE_N_URI_IN];
	struct cube_str incoming_called_number, answer_address;
	struct cube_ref incoming_called_map, incoming_calling_map;
	struct cube_ref destination_dpg, destination_policy;
};

/* By what calls go out, besides destination-pattern. */
struct cube_dial_out
{
	struct cube_ref destination_map, destination_calling_map;
	struct cube_name_ref destination_uri, destination_uri_of[CUBE_N_URI_OF]; /* none of REQUEST */
};

struct cube_dial_more
{
	struct cube_str description;
	struct cube_name_ref translation_in, translation_out;
	struct cube_list codec;
	struct cube_list hunt_text;
	const struct cube_responses *hunt; /* effective: those behind which the next dial-peer is tried; NULL: sip-ua's */
};

/* There may be a million: what is in it counts. */
struct cube_dial_peer
{
	int tag;
	int tenant_tag;						   /* 0 when not given: the dial-peer belongs to sip-ua */
	int tenant;							   /* effective: index into tenants, CUBE_NONE for sip-ua */
	int preference;						   /* 0-10, 0 best */
	int max_conn;						   /* 0: no limit */
	enum cube_transport session_transport; /* effective after inherit.c, as url */
	enum cube_url url;
	enum cube_permission permission;
	bool sips_downgrade; /* a sips call may go out by it without TLS, or without sips */
	bool huntstop;
	bool shutdown;
	bool in_dpg; /* effective: a dpg has it */
	struct cube_str destination_pattern;
	const struct cube_session_target *session_target; /* NULL when not given; "sip-server" takes the tenant's */
	const struct cube_target *target;				  /* effective; NULL: none */
	struct cube_ref server_group, keepalive;
	struct cube_dial_in *in; /* NULL when it has none of their keys, as the next ones */
	struct cube_dial_out *out;
	struct cube_dial_more *more;
};

/* All zero, as a dial-peer is in which none of their keys is given. */
extern const struct cube_dial_in cube_dial_in_none;
extern const struct cube_dial_out cube_dial_out_none;
extern const struct cube_dial_more cube_dial_more_none;

static inline const struct cube_dial_in *cube_dial_in(const struct cube_dial_peer *peer)
{
	return peer->in ? peer->in : &cube_dial_in_none;
}

static inline const struct cube_dial_out *cube_dial_out(const struct cube_dial_peer *peer)
{
	return peer->out ? peer->out : &cube_dial_out_none;
}

static inline const struct cube_dial_more *cube_dial_more(const struct cube_dial_peer *peer)
{
	return peer->more ? peer->more : &cube_dial_more_none;
}

/* voice class uri */
struct cube_uri
{
	struct cube_str name;
	struct cube_str description;
	struct cube_list host; /* ipv4:A, ipv6:[A], dns:NAME */
	struct cube_str host_pattern, user_id, pattern, phone_number, phone_context;
};

/* voice class e164-pattern-map */
struct cube_e164_map
{
	int tag;
	struct cube_str description;
	struct cube_list e164;
	struct cube_str url;   /* absolute path of a file with a pattern in each line */
	struct cube_file file; /* its contents, loaded by conf/load.c */
	bool shutdown;
};

/* Of a list that is tried in order: index of what, and its preference. */
struct cube_member
{
	int peer;
	int preference;
};

/* voice class dpg */
struct cube_dpg
{
	int tag;
	struct cube_str description;
	struct cube_list dial_peer; /* "200", "201 preference 1" */
	bool shutdown;
	struct cube_member *members; /* effective, in the order in which they are tried */
	unsigned n_members;
};

/* What a rule of a provision policy asks for, as bits: 1 << enum cube_uri_of, and these. */
#define CUBE_POLICY_CALLED (1u << CUBE_N_URI_OF)
#define CUBE_POLICY_CALLING (2u << CUBE_N_URI_OF)

/* voice class dial-peer provision-policy */
struct cube_policy
{
	int tag;
	struct cube_str description;
	struct cube_list preference; /* "from", "to called" */
	uint16_t *rules;			 /* effective: one after the other; all of one rule must match */
	unsigned n_rules;
};

struct cube_server
{
	struct cube_target target;
	int preference;
};

/* voice class server-group */
struct cube_server_group
{
	int tag;
	struct cube_str description;
	struct cube_list server; /* "ipv4:192.0.2.1:5061", "dns:sip.acme.co preference 1" */
	struct cube_list huntstop_text;
	bool round_robin;
	bool shutdown;
	struct cube_server *servers; /* effective, in the order in which they are tried */
	unsigned n_servers;
	struct cube_responses huntstop; /* effective */
};

/* voice class sip-options-keepalive */
struct cube_keepalive
{
	int tag;
	struct cube_str description;
	int up_interval, down_interval;		   /* seconds, between two questions to a target that answers, or does not */
	int retry;							   /* so many in a row without an answer, and the target is down */
	enum cube_transport session_transport; /* UNSET: the dial-peer's */
};

/* voice translation-rule */
struct cube_translation_rule
{
	int tag;
	struct cube_list rule;
};

/* voice translation-profile */
struct cube_translation_profile
{
	struct cube_str name;
	struct cube_ref called, calling, redirect_called;
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
	enum cube_url url;
	bool sips_required;
	struct cube_crypto_signaling *crypto_signaling;
	unsigned n_crypto_signaling;
	struct cube_prefixes trusted_list;
	bool trusted_authenticate;			 /* default true */
	bool silent_discard_untrusted;		 /* default true */
	int connection_establish_tls;		 /* seconds, default 20 */
	int handshake_failure_limit;		 /* failed inbound handshakes of one source in a minute; 0: no limit */
	int connection_aging_tls;			 /* seconds, default 3600 */
	struct cube_name_ref translation_in; /* voip-incoming translation-profile */
	struct cube_list hunt_text;
	struct cube_responses hunt; /* effective */
	bool dial_peer_hunt_random; /* between equals by lot, not by tag */
	struct cube_str crl_cache;	/* folder of the CRLs that were fetched; need not be there */
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
	struct cube_uri *uris; /* sorted by name, as translation_profiles; the others by tag */
	unsigned n_uris;
	struct cube_e164_map *e164_maps;
	unsigned n_e164_maps;
	struct cube_dpg *dpgs;
	unsigned n_dpgs;
	struct cube_policy *policies;
	unsigned n_policies;
	struct cube_server_group *server_groups;
	unsigned n_server_groups;
	struct cube_keepalive *keepalives;
	unsigned n_keepalives;
	struct cube_translation_rule *translation_rules;
	unsigned n_translation_rules;
	struct cube_translation_profile *translation_profiles;
	unsigned n_translation_profiles;
	struct cube_listener *listeners;
	unsigned n_listeners;
	struct cube_dial_plan *dial_plan;
	struct cube_sni *sni;
	unsigned n_sni;
};

#endif
