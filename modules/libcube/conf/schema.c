/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of schema.h. Order of keys: as interfaces and dumps show them. Ranges are those of IOS where IOS has
 * one, except where a limit of IOS is only a limit of a router (docs/config.md says which). */
#include "schema.h"

#include <string.h>

#include "../tls/url.h"
#include "model.h"

const struct cube_dial_in cube_dial_in_none;
const struct cube_dial_out cube_dial_out_none;
const struct cube_dial_more cube_dial_more_none;

static const struct cube_part dial_in = {offsetof(struct cube_dial_peer, in), sizeof(struct cube_dial_in)};
static const struct cube_part dial_out = {offsetof(struct cube_dial_peer, out), sizeof(struct cube_dial_out)};
static const struct cube_part dial_more = {offsetof(struct cube_dial_peer, more), sizeof(struct cube_dial_more)};

void *cube_key_struct(const struct cube_key *key, const void *object)
{
	void *at = (void *)(uintptr_t)object;

	if(key->part)
		memcpy(&at, (const char *)object + key->part->pointer, sizeof(at));
	return at;
}

/* clang-format off */
#define DESCRIPTION(type) {.name = "description", .kind = CUBE_KIND_TEXT, .offset = offsetof(struct type, description), .max = CUBE_DESCRIPTION_MAX}
#define TEXT(type, key, member, least, most) {.name = key, .kind = CUBE_KIND_TEXT, .offset = offsetof(struct type, member), .min = least, .max = most}
#define NUMBER(type, key, member, least, most) {.name = key, .kind = CUBE_KIND_NUMBER, .offset = offsetof(struct type, member), .min = least, .max = most}
#define LIST(type, key, list_kind, member, least, most) {.name = key, .kind = list_kind, .offset = offsetof(struct type, member), .min = least, .max = most}
#define VALUE(type, key, value_kind, member) {.name = key, .kind = value_kind, .offset = offsetof(struct type, member)}
#define PATH(type, key, path_kind, member, most) {.name = key, .kind = path_kind, .offset = offsetof(struct type, member), .max = most}
#define REF(type, key, member, section, most) {.name = key, .kind = CUBE_KIND_REF, .offset = offsetof(struct type, member), .min = 1, .max = most, .ref = section}
#define NAME_REF(type, key, member, section) {.name = key, .kind = CUBE_KIND_NAME_REF, .offset = offsetof(struct type, member), .min = 1, .max = CUBE_NAME_MAX, .ref = section}
/* Of dial-peers: which part, then as above. */
#define PART(which, key, part_kind, member, least, most) {.name = key, .kind = part_kind, .part = &dial_##which, .offset = offsetof(struct cube_dial_##which, member), .min = least, .max = most}
#define PART_REF(which, key, member, section) {.name = key, .kind = CUBE_KIND_REF, .part = &dial_##which, .offset = offsetof(struct cube_dial_##which, member), .min = 1, .max = CUBE_TAG_MAX, .ref = section}
#define PART_NAME_REF(which, key, member, section) {.name = key, .kind = CUBE_KIND_NAME_REF, .part = &dial_##which, .offset = offsetof(struct cube_dial_##which, member), .min = 1, .max = CUBE_NAME_MAX, .ref = section}
#define IN_URI(key, member) PART_NAME_REF(in, key, member, CUBE_SECTION_URI)
#define OUT_URI(key, member) PART_NAME_REF(out, key, member, CUBE_SECTION_URI)
#define TABLE(type, array) .size = sizeof(struct type), .table = offsetof(struct cube_conf, array), .count = offsetof(struct cube_conf, n_##array)
#define LATER(key) {.name = key, .kind = CUBE_KIND_LATER}

const struct cube_section cube_section_crypto_signaling = {
	.name = "crypto-signaling", .id = CUBE_SECTION_CRYPTO_SIGNALING, .title = CUBE_TITLE_NETWORK,
	.size = sizeof(struct cube_crypto_signaling), .table = offsetof(struct cube_conf, sip_ua.crypto_signaling),
	.count = offsetof(struct cube_conf, sip_ua.n_crypto_signaling),
	.n_keys = 3, .keys = {
		TEXT(cube_crypto_signaling, "trustpoint", trustpoint_name, 1, CUBE_NAME_MAX),
		VALUE(cube_crypto_signaling, "strict-cipher", CUBE_KIND_BOOL, strict_cipher),
		NUMBER(cube_crypto_signaling, "tls-profile", tls_profile_tag, 1, CUBE_TAG_MAX),
	},
};

const struct cube_section cube_sections[CUBE_N_SECTIONS] = {
	{
		.name = "sip-ua", .id = CUBE_SECTION_SIP_UA, .inner = &cube_section_crypto_signaling,
		.n_keys = 16, .keys = {
			{.name = "listen-secure", .kind = CUBE_KIND_ADDRS, .min = 1, .max = CUBE_LIST_MAX,
				.offset = offsetof(struct cube_sip_ua, listen_secure), .count = offsetof(struct cube_sip_ua, n_listen_secure)},
			{.name = "listen-non-secure", .kind = CUBE_KIND_ADDRS, .min = 1, .max = CUBE_LIST_MAX,
				.offset = offsetof(struct cube_sip_ua, listen_non_secure), .count = offsetof(struct cube_sip_ua, n_listen_non_secure)},
			VALUE(cube_sip_ua, "tls-version", CUBE_KIND_TLS_VERSION, tls_version_text),
			VALUE(cube_sip_ua, "url", CUBE_KIND_URL_SCHEME, url),
			VALUE(cube_sip_ua, "sips-required", CUBE_KIND_BOOL, sips_required),
			VALUE(cube_sip_ua, "session-transport", CUBE_KIND_TRANSPORT, session_transport),
			LIST(cube_sip_ua, "trusted-list", CUBE_KIND_PREFIXES, trusted_list, 0, CUBE_TRUSTED_MAX),
			VALUE(cube_sip_ua, "trusted-authenticate", CUBE_KIND_BOOL, trusted_authenticate),
			VALUE(cube_sip_ua, "silent-discard-untrusted", CUBE_KIND_BOOL, silent_discard_untrusted),
			NUMBER(cube_sip_ua, "connection-establish-tls", connection_establish_tls, 5, 20),
			NUMBER(cube_sip_ua, "connection-aging-tls", connection_aging_tls, 60, 259200),
			NUMBER(cube_sip_ua, "handshake-failure-limit", handshake_failure_limit, 0, 10000),
			LIST(cube_sip_ua, "voice-hunt", CUBE_KIND_RESPONSES, hunt_text, 1, CUBE_LIST_MAX),
			VALUE(cube_sip_ua, "dial-peer-hunt-random", CUBE_KIND_BOOL, dial_peer_hunt_random),
			NAME_REF(cube_sip_ua, "translation-profile-incoming", translation_in, CUBE_SECTION_TRANSLATION_PROFILE),
			PATH(cube_sip_ua, "crl-cache", CUBE_KIND_PATH, crl_cache, CUBE_CACHE_MAX),
		},
	},
	{
		.name = "trustpoint", .id = CUBE_SECTION_TRUSTPOINT, .title = CUBE_TITLE_NAME,
		TABLE(cube_trustpoint, trustpoints),
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
		TABLE(cube_tls_cipher, tls_ciphers),
		.n_keys = 1, .keys = {
			LIST(cube_tls_cipher, "cipher", CUBE_KIND_CIPHERS, cipher, 1, CUBE_CIPHERS_MAX),
		},
	},
	{
		.name = "tls-profile", .id = CUBE_SECTION_TLS_PROFILE, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		TABLE(cube_tls_profile, tls_profiles),
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
		TABLE(cube_tenant, tenants),
		.n_keys = 11, .keys = {
			DESCRIPTION(cube_tenant),
			NUMBER(cube_tenant, "tls-profile", tls_profile_tag, 1, CUBE_TAG_MAX),
			VALUE(cube_tenant, "listen-secure", CUBE_KIND_ADDR, listen_secure),
			VALUE(cube_tenant, "listen-non-secure", CUBE_KIND_ADDR, listen_non_secure),
			VALUE(cube_tenant, "session-transport", CUBE_KIND_TRANSPORT, session_transport),
			VALUE(cube_tenant, "url", CUBE_KIND_URL_SCHEME, url),
			VALUE(cube_tenant, "sips-required", CUBE_KIND_BOOL, sips_required),
			VALUE(cube_tenant, "sip-server", CUBE_KIND_TARGET, sip_server),
			LATER("srtp-crypto"),
			LATER("bind-media"),
			LIST(cube_tenant, "trusted-list", CUBE_KIND_PREFIXES, trusted_list, 0, CUBE_TRUSTED_MAX),
		},
	},
	{
		.name = "dial-peer", .id = CUBE_SECTION_DIAL_PEER, .title = CUBE_TITLE_TAG, .max_tag = CUBE_DIAL_PEER_MAX,
		TABLE(cube_dial_peer, dial_peers),
		.n_keys = 37, .keys = {
			PART(more, "description", CUBE_KIND_TEXT, description, 0, CUBE_DESCRIPTION_MAX),
			NUMBER(cube_dial_peer, "tenant", tenant_tag, 1, CUBE_TAG_MAX),
			IN_URI("incoming-uri-via", incoming_uri[CUBE_URI_VIA]),
			IN_URI("incoming-uri-request", incoming_uri[CUBE_URI_REQUEST]),
			IN_URI("incoming-uri-to", incoming_uri[CUBE_URI_TO]),
			IN_URI("incoming-uri-from", incoming_uri[CUBE_URI_FROM]),
			PART(in, "incoming-called-number", CUBE_KIND_TEXT, incoming_called_number, 1, 1000),
			PART_REF(in, "incoming-called-e164-pattern-map", incoming_called_map, CUBE_SECTION_E164_MAP),
			PART_REF(in, "incoming-calling-e164-pattern-map", incoming_calling_map, CUBE_SECTION_E164_MAP),
			PART(in, "answer-address", CUBE_KIND_TEXT, answer_address, 1, 1000),
			PART_REF(in, "destination-dpg", destination_dpg, CUBE_SECTION_DPG),
			PART_REF(in, "destination-provision-policy", destination_policy, CUBE_SECTION_POLICY),
			TEXT(cube_dial_peer, "destination-pattern", destination_pattern, 1, 1000),
			PART_REF(out, "destination-e164-pattern-map", destination_map, CUBE_SECTION_E164_MAP),
			PART_REF(out, "destination-calling-e164-pattern-map", destination_calling_map, CUBE_SECTION_E164_MAP),
			OUT_URI("destination-uri", destination_uri),
			OUT_URI("destination-uri-from", destination_uri_of[CUBE_URI_FROM]),
			OUT_URI("destination-uri-to", destination_uri_of[CUBE_URI_TO]),
			OUT_URI("destination-uri-via", destination_uri_of[CUBE_URI_VIA]),
			OUT_URI("destination-uri-diversion", destination_uri_of[CUBE_URI_DIVERSION]),
			OUT_URI("destination-uri-referred-by", destination_uri_of[CUBE_URI_REFERRED_BY]),
			{.name = "session-target", .kind = CUBE_KIND_TARGET, .offset = offsetof(struct cube_dial_peer, session_target), .max = 1},
			REF(cube_dial_peer, "session-server-group", server_group, CUBE_SECTION_SERVER_GROUP, CUBE_TAG_MAX),
			REF(cube_dial_peer, "options-keepalive-profile", keepalive, CUBE_SECTION_KEEPALIVE, CUBE_TAG_MAX),
			VALUE(cube_dial_peer, "session-transport", CUBE_KIND_TRANSPORT, session_transport),
			VALUE(cube_dial_peer, "url", CUBE_KIND_URL_SCHEME, url),
			VALUE(cube_dial_peer, "sips-downgrade", CUBE_KIND_BOOL, sips_downgrade),
			PART_NAME_REF(more, "translation-profile-incoming", translation_in, CUBE_SECTION_TRANSLATION_PROFILE),
			PART_NAME_REF(more, "translation-profile-outgoing", translation_out, CUBE_SECTION_TRANSLATION_PROFILE),
			PART(more, "codec", CUBE_KIND_CODECS, codec, 1, CUBE_CODECS_MAX),
			NUMBER(cube_dial_peer, "preference", preference, 0, 10),
			NUMBER(cube_dial_peer, "max-conn", max_conn, 1, 2147483647),
			VALUE(cube_dial_peer, "permission", CUBE_KIND_PERMISSION, permission),
			PART(more, "voice-hunt", CUBE_KIND_RESPONSES, hunt_text, 1, CUBE_LIST_MAX),
			VALUE(cube_dial_peer, "huntstop", CUBE_KIND_BOOL, huntstop),
			VALUE(cube_dial_peer, "shutdown", CUBE_KIND_BOOL, shutdown),
			LATER("srtp-crypto"),
		},
	},
	{
		.name = "uri", .id = CUBE_SECTION_URI, .title = CUBE_TITLE_NAME,
		TABLE(cube_uri, uris),
		.n_keys = 7, .keys = {
			DESCRIPTION(cube_uri),
			LIST(cube_uri, "host", CUBE_KIND_TEXTS, host, 1, CUBE_LIST_MAX),
			TEXT(cube_uri, "host-pattern", host_pattern, 1, CUBE_NAME_MAX),
			TEXT(cube_uri, "user-id", user_id, 1, CUBE_NAME_MAX),
			TEXT(cube_uri, "pattern", pattern, 1, CUBE_NAME_MAX),
			TEXT(cube_uri, "phone-number", phone_number, 1, CUBE_NAME_MAX),
			TEXT(cube_uri, "phone-context", phone_context, 1, CUBE_NAME_MAX),
		},
	},
	{
		.name = "e164-pattern-map", .id = CUBE_SECTION_E164_MAP, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		TABLE(cube_e164_map, e164_maps),
		.n_keys = 4, .keys = {
			DESCRIPTION(cube_e164_map),
			LIST(cube_e164_map, "e164", CUBE_KIND_PATTERNS, e164, 1, CUBE_E164_MAX),
			VALUE(cube_e164_map, "url", CUBE_KIND_PATH, url),
			VALUE(cube_e164_map, "shutdown", CUBE_KIND_BOOL, shutdown),
		},
	},
	{
		.name = "dpg", .id = CUBE_SECTION_DPG, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		TABLE(cube_dpg, dpgs),
		.n_keys = 3, .keys = {
			DESCRIPTION(cube_dpg),
			LIST(cube_dpg, "dial-peer", CUBE_KIND_TEXTS, dial_peer, 1, CUBE_LIST_MAX),
			VALUE(cube_dpg, "shutdown", CUBE_KIND_BOOL, shutdown),
		},
	},
	{
		.name = "provision-policy", .id = CUBE_SECTION_POLICY, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		TABLE(cube_policy, policies),
		.n_keys = 2, .keys = {
			DESCRIPTION(cube_policy),
			LIST(cube_policy, "preference", CUBE_KIND_TEXTS, preference, 1, 10),
		},
	},
	{
		.name = "server-group", .id = CUBE_SECTION_SERVER_GROUP, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		TABLE(cube_server_group, server_groups),
		.n_keys = 5, .keys = {
			DESCRIPTION(cube_server_group),
			LIST(cube_server_group, "server", CUBE_KIND_TEXTS, server, 1, CUBE_SERVERS_MAX),
			VALUE(cube_server_group, "hunt-scheme", CUBE_KIND_HUNT_SCHEME, round_robin),
			LIST(cube_server_group, "huntstop", CUBE_KIND_RESPONSES, huntstop_text, 1, CUBE_LIST_MAX),
			VALUE(cube_server_group, "shutdown", CUBE_KIND_BOOL, shutdown),
		},
	},
	{
		.name = "options-keepalive", .id = CUBE_SECTION_KEEPALIVE, .title = CUBE_TITLE_TAG, .max_tag = CUBE_TAG_MAX,
		TABLE(cube_keepalive, keepalives),
		.n_keys = 5, .keys = {
			DESCRIPTION(cube_keepalive),
			NUMBER(cube_keepalive, "up-interval", up_interval, 5, 1200),
			NUMBER(cube_keepalive, "down-interval", down_interval, 5, 1200),
			NUMBER(cube_keepalive, "retry", retry, 1, 10),
			VALUE(cube_keepalive, "session-transport", CUBE_KIND_TRANSPORT, session_transport),
		},
	},
	{
		.name = "translation-rule", .id = CUBE_SECTION_TRANSLATION_RULE, .title = CUBE_TITLE_TAG, .max_tag = CUBE_RULE_TAG_MAX,
		TABLE(cube_translation_rule, translation_rules),
		.n_keys = 1, .keys = {
			LIST(cube_translation_rule, "rule", CUBE_KIND_RULES, rule, 1, CUBE_LIST_MAX),
		},
	},
	{
		.name = "translation-profile", .id = CUBE_SECTION_TRANSLATION_PROFILE, .title = CUBE_TITLE_NAME,
		TABLE(cube_translation_profile, translation_profiles),
		.n_keys = 3, .keys = {
			REF(cube_translation_profile, "called", called, CUBE_SECTION_TRANSLATION_RULE, CUBE_RULE_TAG_MAX),
			REF(cube_translation_profile, "calling", calling, CUBE_SECTION_TRANSLATION_RULE, CUBE_RULE_TAG_MAX),
			REF(cube_translation_profile, "redirect-called", redirect_called, CUBE_SECTION_TRANSLATION_RULE, CUBE_RULE_TAG_MAX),
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
