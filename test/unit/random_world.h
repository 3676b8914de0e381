/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random configurations of dial-peers and all that chooses them, and random calls; as structs, for a naive selection, and
 * as cube.conf and lines of calls.h. Always the same sequence for a seed. Shares no code with libcube. */
#ifndef TEST_RANDOM_WORLD_H
#define TEST_RANDOM_WORLD_H

#include "random_pattern.h"

#define WORLD_PEERS 60 /* more than a list takes */
#define WORLD_MAPS 6
#define WORLD_PATTERNS 5 /* of a map */
#define WORLD_URIS 9
#define WORLD_DPGS 3
#define WORLD_POLICIES 4
#define WORLD_TEXT 48
#define WORLD_NONE (-1)

enum world_header
{
	WORLD_VIA = 0,
	WORLD_REQUEST,
	WORLD_TO,
	WORLD_FROM,
	WORLD_DIVERSION,
	WORLD_REFERRED_BY,
	WORLD_HEADERS,
	WORLD_CALLED = WORLD_HEADERS, /* these two: of rules of policies */
	WORLD_CALLING,
};

enum world_uri_kind
{
	WORLD_URI_HOST = 0,
	WORLD_URI_USER_BEGINS,
	WORLD_URI_USER_HAS,
	WORLD_URI_HOST_AND_USER,
	WORLD_URI_TEL_BEGINS,
	WORLD_URI_WHOLE_HAS,
	WORLD_URI_KINDS,
};

struct world_uri
{
	enum world_uri_kind kind;
	const char *host, *digits;
};

struct world_map
{
	bool shutdown, in_file;
	unsigned n;
	char patterns[WORLD_PATTERNS][WORLD_TEXT];
};

struct world_peer
{
	int tag, tenant; /* tenant: 0, 100, 200 */
	int preference;
	bool shutdown, huntstop, may_in, may_out;
	bool target, group_shut; /* group_shut: the target is a server-group that is shut down */
	bool in_group;			 /* a server-group that is not */
	char called[WORLD_TEXT], answer[WORLD_TEXT], destination[WORLD_TEXT];  /* "": none */
	int called_map, calling_map, destination_map, destination_calling_map; /* indexes */
	int in_uri[WORLD_FROM + 1], destination_uri, destination_uri_of[WORLD_HEADERS];
	int dpg, policy;
};

struct world_dpg
{
	bool shutdown;
	unsigned n, peers[6];
	int preferences[6];
};

struct world
{
	bool by_lot;
	unsigned n_peers;
	struct world_peer peers[WORLD_PEERS];
	struct world_map maps[WORLD_MAPS];
	struct world_uri uris[WORLD_URIS];
	struct world_dpg dpgs[WORLD_DPGS];
	struct
	{
		unsigned n, rules[3]; /* bits: 1 << enum world_header */
	} policies[WORLD_POLICIES];
};

struct world_call
{
	char called[80], calling[80]; /* "": none */
	struct
	{
		bool there, tel;
		const char *user, *host;
		char whole[64];
	} uri[WORLD_HEADERS];
	char line[1024]; /* the same for call_read */
};

void random_world(struct random_source *r, struct world *w);
void random_call(struct random_source *r, const struct world *w, struct world_call *call);
/* The file of map i, as /cfg/map<i>; the whole cube.conf. Return the length. */
size_t world_map_file(struct random_source *r, const struct world *w, unsigned i, char *text, size_t size);
size_t world_conf(struct random_source *r, const struct world *w, char *text, size_t size);

#endif
