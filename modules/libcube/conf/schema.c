/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of schema.h. Order of keys: as interfaces and dumps show them. Ranges are those of IOS where IOS has
 * one, except where a limit of IOS is only a limit of a router (docs/config.md says which). */
#include "schema.h"

#include "../tls/url.h"
#include "model.h"

/* clang-format off */
#define DESCRIPTION(type) {.name = "description", .kind = CUBE_KIND_TEXT, .offset = offsetof(struct type, description), .max = CUBE_DESCRIPTION_MAX}
#define TEXT(type, key, member, least, most) {.name = key, .kind = CUBE_KIND_TEXT, .offset = offsetof(struct type, member), .min = least, .max = most}
#define NUMBER(type, key, member, least, most) {.name = key, .kind = CUBE_KIND_NUMBER, .offset = offsetof(struct type, member), .min = least, .max = most}
#define LIST(type, key, list_kind, member, least, most) {.name = key, .kind = list_kind, .offset = offsetof(struct type, member), .min = least, .max = most}
#define VALUE(type, key, value_kind, member) {.name = key, .kind = value_kind, .offset = offsetof(struct type, member)}
#define PATH(type, key, path_kind, member, most) {.name = key, .kind = path_kind, .offset = offsetof(struct type, member), .max = most}
#define LATER(key) {.name = key, .kind = CUBE_KIND_LATER}
#define LATER_UNLESS(key, value) {.name = key, .kind = CUBE_KIND_LATER_UNLESS, .unless = value}

const struct cube_section cube_section_crypto_signaling = {
	.name = "crypto-signaling", .id = CUBE_SECTION_CRYPTO_SIGNALING, .title = CUBE_TITLE_NETWORK,
	.n_keys = 3, .keys = {
		TEXT(cube_crypto_signaling, "trustpoint", trustpoint_name, 1, CUBE_NAME_MAX),
		VALUE(cube_crypto_signaling, "strict-cipher", CUBE_KIND_BOOL, strict_cipher),
		NUMBER(cube_crypto_signaling, "tls-profile", tls_profile_tag, 1, CUBE_TAG_MAX),
	},
};

const struct cube_section cube_sections[CUBE_N_SECTIONS] = {
	{
		.name = "sip-ua", .id = CUBE_SECTION_SIP_UA, .inner = &cube_section_crypto_signaling,
		.n_keys = 12, .keys = {
			{.name = "listen-secure", .kind = CUBE_KIND_ADDRS, .min = 1, .max = CUBE_LIST_MAX,
				.offset = offsetof(struct cube_sip_ua, listen_secure), .count = offsetof(struct cube_sip_ua, n_listen_secure)},
			{.name = "listen-non-secure", .kind = CUBE_KIND_ADDRS, .min = 1, .max = CUBE_LIST_MAX,
				.offset = offsetof(struct cube_sip_ua, listen_non_secure), .count = offsetof(struct cube_sip_ua, n_listen_non_secure)},
			VALUE(cube_sip_ua, "tls-version", CUBE_KIND_TLS_VERSION, tls_version_text),
			LATER_UNLESS("url", "sip"),
			VALUE(cube_sip_ua, "session-transport", CUBE_KIND_TRANSPORT, session_transport),
			LIST(cube_sip_ua, "trusted-list", CUBE_KIND_PREFIXES, trusted_list, 0, CUBE_TRUSTED_MAX),
			VALUE(cube_sip_ua, "trusted-authenticate", CUBE_KIND_BOOL, trusted_authenticate),
			VALUE(cube_sip_ua, "silent-discard-untrusted", CUBE_KIND_BOOL, silent_discard_untrusted),
			NUMBER(cube_sip_ua, "connection-establish-tls", connection_establish_tls, 5, 20),
			NUMBER(cube_sip_ua, "connection-aging-tls", connection_aging_tls, 60, 259200),
			NUMBER(cube_sip_ua, "handshake-failure-limit", handshake_failure_limit, 0, 10000),
			PATH(cube_sip_ua, "crl-cache", CUBE_KIND_PATH, crl_cache, CUBE_CACHE_MAX),
		},
	},
	{
		.name = "trustpoint", .id = CUBE_SECTION_TRUSTPOINT, .title = CUBE_TITLE_NAME,
		.n_keys = 15, .keys = {
			VALUE(cube_trustpoint, "certificate", CUBE_KIND_PATH, certificate),
			VALUE(cube_trustpoint, "private-key", CUBE_KIND_PATH, private_key),
			VALUE(cube_trustpoint, "ca", CUBE_KIND_PATH, ca),
			LIST(cube_trustpoint, "revocation-check", CUBE_KIND_REVOCATIONS, revocation_check_names, 1, CUBE_REVOCATIONS_MAX),
			PATH(cube_trustpoint, "crl", CUBE_KIND_PATH_OR_URL, crl, CUBE_FETCH_URL_MAX - 1),
			VALUE(cube_trustpoint, "ocsp-url", CUBE_KIND_URL, ocsp_url),
			LATER("key-type"),
			LATER("key-size"),
			LATER("fqdn"),
			LATER("subject-name"),
			LATER("subject-alt-name"),
			LATER("serial-number"),
			LATER("ip-address"),
			LATER("enrollment-url"),
			LATER("password"),
		},
	},
	{
		.name = "tls-cipher", .id = CUBE_SECTION_TLS_CIPHER, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		.n_keys = 1, .keys = {
			LIST(cube_tls_cipher, "cipher", CUBE_KIND_CIPHERS, cipher, 1, CUBE_CIPHERS_MAX),
		},
	},
	{
		.name = "tls-profile", .id = CUBE_SECTION_TLS_PROFILE, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		.n_keys = 12, .keys = {
			DESCRIPTION(cube_tls_profile),
			TEXT(cube_tls_profile, "trustpoint", trustpoint_name, 1, CUBE_NAME_MAX),
			TEXT(cube_tls_profile, "client-trustpoint", client_trustpoint_name, 1, CUBE_NAME_MAX),
			LIST(cube_tls_profile, "verify-trustpoint", CUBE_KIND_TEXTS, verify_trustpoint_names, 1, CUBE_LIST_MAX),
			TEXT(cube_tls_profile, "cipher", cipher_name, 1, CUBE_NAME_MAX),
			VALUE(cube_tls_profile, "tls-version", CUBE_KIND_TLS_VERSION, tls_version_text),
			VALUE(cube_tls_profile, "cn-san-validate", CUBE_KIND_CN_SAN, cn_san_validate),
			LIST(cube_tls_profile, "cn-san", CUBE_KIND_CN_SANS, cn_san, 1, CUBE_LIST_MAX),
			VALUE(cube_tls_profile, "sni-send", CUBE_KIND_BOOL, sni_send),
			LIST(cube_tls_profile, "sni", CUBE_KIND_HOSTS, sni, 1, CUBE_LIST_MAX),
			VALUE(cube_tls_profile, "peer-eku", CUBE_KIND_EKU, peer_eku_any),
			LIST(cube_tls_profile, "curves", CUBE_KIND_CURVES, curves, 1, CUBE_LIST_MAX),
		},
	},
	{
		.name = "tenant", .id = CUBE_SECTION_TENANT, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		.n_keys = 10, .keys = {
			DESCRIPTION(cube_tenant),
			NUMBER(cube_tenant, "tls-profile", tls_profile_tag, 1, CUBE_TAG_MAX),
			VALUE(cube_tenant, "listen-secure", CUBE_KIND_ADDR, listen_secure),
			VALUE(cube_tenant, "listen-non-secure", CUBE_KIND_ADDR, listen_non_secure),
			VALUE(cube_tenant, "session-transport", CUBE_KIND_TRANSPORT, session_transport),
			LATER_UNLESS("url", "sip"),
			VALUE(cube_tenant, "sip-server", CUBE_KIND_TARGET, sip_server),
			LATER("srtp-crypto"),
			LATER("bind-media"),
			LIST(cube_tenant, "trusted-list", CUBE_KIND_PREFIXES, trusted_list, 0, CUBE_TRUSTED_MAX),
		},
	},
	{
		.name = "dial-peer", .id = CUBE_SECTION_DIAL_PEER, .title = CUBE_TITLE_TAG, .max_tag = CUBE_DIAL_PEER_MAX,
		.n_keys = 12, .keys = {
			DESCRIPTION(cube_dial_peer),
			NUMBER(cube_dial_peer, "tenant", tenant_tag, 1, CUBE_TAG_MAX),
			TEXT(cube_dial_peer, "destination-pattern", destination_pattern, 1, 1000),
			TEXT(cube_dial_peer, "incoming-called-number", incoming_called_number, 1, 1000),
			{.name = "session-target", .kind = CUBE_KIND_TARGET, .offset = offsetof(struct cube_dial_peer, session_target), .max = 1},
			VALUE(cube_dial_peer, "session-transport", CUBE_KIND_TRANSPORT, session_transport),
			LATER_UNLESS("url", "sip"),
			LATER("codec"),
			NUMBER(cube_dial_peer, "preference", preference, 0, 10),
			VALUE(cube_dial_peer, "huntstop", CUBE_KIND_BOOL, huntstop),
			VALUE(cube_dial_peer, "shutdown", CUBE_KIND_BOOL, shutdown),
			LATER("srtp-crypto"),
		},
	},
	{
		.name = "srtp-crypto", .id = CUBE_SECTION_SRTP_CRYPTO, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		.n_keys = 1, .keys = {
			LATER("crypto"),
		},
	},
};
/* clang-format on */
