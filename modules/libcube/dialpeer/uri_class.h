/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URI classes: what a URI must be for a dial-peer, as IOS's "voice class uri" says it. docs/dial-peers.md has the table
 * of what they ask for. Knows URIs in parts, not SIP messages or dial-peers. */
#ifndef CUBE_DIALPEER_URI_CLASS_H
#define CUBE_DIALPEER_URI_CLASS_H

#include "../base/arena.h"
#include "../base/err.h"
#include "uri.h"

#define CUBE_URI_HOSTS_MAX 100 /* IOS: 10 */
#define CUBE_URI_USER_MAX 256  /* bytes of a user part that are looked at where %HH must be decoded */

/* A uri section as it is written; a text that is empty was not. */
struct cube_uri_class_texts
{
	const struct cube_str *hosts; /* "ipv4:A", "ipv6:[A]", "dns:NAME" */
	unsigned n_hosts;
	struct cube_str host_pattern; /* these five are regular expressions */
	struct cube_str user_id;
	struct cube_str pattern;	  /* excludes all others */
	struct cube_str phone_number; /* excludes hosts, host_pattern and user_id */
	struct cube_str phone_context;
};

struct cube_uri_class; /* immutable after compiling */

/* What the class asked for and got; the first is worth most. */
enum cube_uri_rank
{
	CUBE_URI_RANK_HOST = 0,
	CUBE_URI_RANK_USER,
	CUBE_URI_RANK_TEL,	   /* the number of a tel: URI, or a phone-context */
	CUBE_URI_RANK_PATTERN, /* the whole URI, which has no length */
};

struct cube_uri_match
{
	enum cube_uri_rank rank;
	unsigned length; /* characters that were matched in all parts that the class asks for; 0 for a pattern */
};

/* NULL + one line in err for each fault, which begins with path and the name of the key ("uri acme: user-id: "). The
 * class lives in arena; the texts are not kept. */
const struct cube_uri_class *cube_uri_class_compile(const struct cube_uri_class_texts *texts, const char *path,
		struct cube_arena *arena, struct cube_err *err) __attribute__((warn_unused_result));

/* Does a URI fit? It must have everything that the class asks for; of several hosts one is enough. ips: what the dns:
 * names of the class resolve to, for URIs that have an address; n_ips may be 0. user_first: the user part is worth more
 * than the host ("voice class uri sip preference user-id host"); it decides the rank of a class that asks for both.
 * *match is set when it fits. */
bool cube_uri_class_match(const struct cube_uri_class *class, const struct cube_uri_parts *parts,
		const struct cube_ip *ips, unsigned n_ips, bool user_first, struct cube_uri_match *match);

/* Below 0: a is the better match, 0: none is, above 0: b is. Rank, then the longer one. user_first as above. */
int cube_uri_match_cmp(const struct cube_uri_match *a, const struct cube_uri_match *b, bool user_first);

#endif
