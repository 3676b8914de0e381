/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only list of cube.conf's sections and keys: their names, what kind of value each takes, its range, and the
 * member of the model that holds it. read.c, fill.c and dump.c walk these tables. */
#ifndef CUBE_CONF_SCHEMA_H
#define CUBE_CONF_SCHEMA_H

#include <stddef.h>

enum cube_kind
{
	CUBE_KIND_LATER = 0,   /* known, but this release does not implement it: refused */
	CUBE_KIND_TEXT,		   /* struct cube_str, min to max bytes */
	CUBE_KIND_PATH,		   /* struct cube_str, made absolute; at most max bytes then, 0: no limit */
	CUBE_KIND_URL,		   /* struct cube_str, http:// */
	CUBE_KIND_PATH_OR_URL, /* struct cube_str, one of the two */
	CUBE_KIND_NUMBER,	   /* int, min to max */
	CUBE_KIND_BOOL,		   /* bool */
	CUBE_KIND_EKU,		   /* bool: any (true), strict */
	CUBE_KIND_TRANSPORT,   /* enum cube_transport */
	CUBE_KIND_URL_SCHEME,  /* enum cube_url */
	CUBE_KIND_CN_SAN,	   /* enum cube_cn_san */
	CUBE_KIND_TLS_VERSION, /* struct cube_str */
	CUBE_KIND_TARGET,	   /* const struct cube_session_target *; "sip-server" is allowed when max is 1 */
	CUBE_KIND_ADDR,		   /* struct cube_addr with a port */
	CUBE_KIND_ADDRS,	   /* struct cube_addr * and, at count, unsigned; min to max entries, as in all lists */
	CUBE_KIND_PREFIXES,	   /* struct cube_prefixes */
	CUBE_KIND_TEXTS,	   /* struct cube_list */
	CUBE_KIND_CIPHERS,	   /* struct cube_list */
	CUBE_KIND_CURVES,	   /* struct cube_list */
	CUBE_KIND_CN_SANS,	   /* struct cube_list */
	CUBE_KIND_HOSTS,	   /* struct cube_list of host names */
	CUBE_KIND_REVOCATIONS, /* struct cube_list of cube_revocation_name */
	CUBE_KIND_PATTERNS,	   /* struct cube_list of words without a limit but that of patterns */
	CUBE_KIND_RULES,	   /* struct cube_list of words without a limit but that of translation rules */
	CUBE_KIND_CODECS,	   /* struct cube_list */
	CUBE_KIND_RESPONSES,   /* struct cube_list of "404" and "500 to 599" */
	CUBE_KIND_PERMISSION,  /* enum cube_permission */
	CUBE_KIND_HUNT_SCHEME, /* bool: round-robin (true), preference */
	CUBE_KIND_REF,		   /* struct cube_ref to a section of id ref */
	CUBE_KIND_NAME_REF,	   /* struct cube_name_ref, likewise */
};

/* A struct that a section has when one of its keys is given. */
struct cube_part
{
	size_t pointer; /* to it: where in the section's struct */
	size_t size;
};

struct cube_key
{
	const char *name;
	enum cube_kind kind;
	const struct cube_part *part; /* the struct that has the member; NULL: the section's own */
	size_t offset;				  /* of the member in it */
	size_t count;				  /* CUBE_KIND_ADDRS: of the member that counts */
	int min, max;
	int ref; /* enum cube_section_id */
};

enum cube_title
{
	CUBE_TITLE_NONE = 0,
	CUBE_TITLE_TAG,		/* a number from 1 to max_tag */
	CUBE_TITLE_NAME,	/* 1 to CUBE_NAME_MAX bytes */
	CUBE_TITLE_NETWORK, /* "default" or a prefix */
};

enum cube_section_id
{
	CUBE_SECTION_SIP_UA = 0,
	CUBE_SECTION_TRUSTPOINT,
	CUBE_SECTION_TLS_CIPHER,
	CUBE_SECTION_TLS_PROFILE,
	CUBE_SECTION_TENANT,
	CUBE_SECTION_DIAL_PEER,
	CUBE_SECTION_URI,
	CUBE_SECTION_E164_MAP,
	CUBE_SECTION_DPG,
	CUBE_SECTION_POLICY,
	CUBE_SECTION_SERVER_GROUP,
	CUBE_SECTION_KEEPALIVE,
	CUBE_SECTION_TRANSLATION_RULE,
	CUBE_SECTION_TRANSLATION_PROFILE,
	CUBE_SECTION_SRTP_CRYPTO,
	CUBE_SECTION_CRYPTO_SIGNALING, /* inside sip-ua */
};

#define CUBE_N_SECTIONS 15 /* those of the root, which come first */
#define CUBE_KEYS_MAX 40   /* of one section */
#define CUBE_NAME_MAX 142  /* IOS: characters of a trustpoint's name */
#define CUBE_DESCRIPTION_MAX 80
#define CUBE_LIST_MAX 100
#define CUBE_TRUSTED_MAX 1000
#define CUBE_CIPHERS_MAX 13
#define CUBE_E164_MAX 5000 /* patterns of a map that are written in cube.conf; a file may have any number */
#define CUBE_CODECS_MAX 20
#define CUBE_SERVERS_MAX 20			 /* of a server-group (IOS: 5) */
#define CUBE_RULE_TAG_MAX 2147483647 /* voice translation-rule 1-2147483647 */
#define CUBE_CACHE_MAX 900 /* bytes of the folder's path: those of its files must be shorter than CUBE_FETCH_URL_MAX */

struct cube_section
{
	const char *name;
	enum cube_section_id id;
	enum cube_title title;
	int max_tag;
	const struct cube_section *inner; /* the section that may stand inside, or NULL */
	size_t size;					  /* of its struct, which begins with the title, if it has one */
	size_t table, count;			  /* of the array of them in struct cube_conf, and of its length; not sip-ua */
	unsigned n_keys;
	struct cube_key keys[CUBE_KEYS_MAX];
};

/* The struct that has the key's member; NULL: the object has no such part. */
void *cube_key_struct(const struct cube_key *key, const void *object);

extern const struct cube_section cube_sections[CUBE_N_SECTIONS];
extern const struct cube_section cube_section_crypto_signaling;

#endif
