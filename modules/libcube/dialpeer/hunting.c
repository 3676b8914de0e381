/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hunting.h"

#include <string.h>

#include "../base/write.h"
#include "../conf/index.h"
#include "../conf/load.h"
#include "../conf/names.h"

#define LEFT_MAX CUBE_SERVERS_MAX

const char *cube_hunting_text(const struct cube_hunting *h, char buf[CUBE_HUNTING_TEXT_MAX])
{
	struct cube_writing text = {.s = buf, .size = CUBE_HUNTING_TEXT_MAX};

	cube_write_number(&text, h->server);
	cube_write(&text, CUBE_STR(":"));
	cube_write_number(&text, h->left);
	for(unsigned i = 0; i < h->n; i++) {
		cube_write(&text, CUBE_STR(","));
		cube_write_number(&text, (unsigned long)h->tag[i]);
	}
	cube_write_end(&text);
	return buf;
}

/* The number that text begins with, and the sign behind it; cuts both off. */
static bool next_number(struct cube_str *text, int max, char sign, int *number)
{
	size_t i = 0;

	while(i < text->len && text->s[i] != sign)
		i++;
	if(!cube_number_parse((struct cube_str){text->s, i}, max, number))
		return false;
	i += i < text->len;
	*text = (struct cube_str){text->s + i, text->len - i};
	return true;
}

bool cube_hunting_parse(struct cube_str text, struct cube_hunting *h)
{
	int server, left;

	memset(h, 0, sizeof(*h));
	if(!next_number(&text, LEFT_MAX, ':', &server) || !next_number(&text, LEFT_MAX, ',', &left))
		return false;
	h->server = (unsigned)server;
	h->left = (unsigned)left;
	for(; text.len > 0; h->n++) {
		if(h->n == CUBE_HUNT_MAX || !next_number(&text, CUBE_DIAL_PEER_MAX, ',', &h->tag[h->n]))
			return false;
	}
	return true;
}

static const struct cube_server_group *group_of(const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	return peer->server_group.tag ? &conf->server_groups[peer->server_group.index] : NULL;
}

static const struct cube_responses *hunt_of(const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	const struct cube_responses *own = cube_dial_more(peer)->hunt;

	return own ? own : &conf->sip_ua.hunt;
}

enum cube_hunting_step cube_hunting_behind(
		const struct cube_conf *conf, const struct cube_dial_peer *peer, int response)
{
	const struct cube_server_group *group = group_of(conf, peer);

	if(group && response && cube_responses_have(&group->huntstop, response))
		return CUBE_HUNTING_PEER;
	if(!response || (group && (response == 404 || response == 500 || response == 503))
			|| cube_responses_have(hunt_of(conf, peer), response))
		return CUBE_HUNTING_SERVER;
	return CUBE_HUNTING_ENDS;
}

/* The first dial-peer has just become the one that is tried. */
static void enter(struct cube_hunting *h, const struct cube_conf *conf, unsigned turn)
{
	const struct cube_dial_peer *peer = h->n ? cube_conf_dial_peer(conf, h->tag[0]) : NULL;
	const struct cube_server_group *group = peer ? group_of(conf, peer) : NULL;

	h->server = h->left = 0;
	if(!group)
		return;
	h->left = group->n_servers;
	if(group->round_robin)
		h->server = turn % group->n_servers;
}

void cube_hunting_begin(struct cube_hunting *h, const struct cube_conf *conf, const struct cube_dial_hit *hits,
		unsigned n, unsigned turn)
{
	memset(h, 0, sizeof(*h));
	for(; h->n < n && h->n < CUBE_HUNT_MAX; h->n++)
		h->tag[h->n] = hits[h->n].peer->tag;
	enter(h, conf, turn);
}

bool cube_hunting_next(struct cube_hunting *h, const struct cube_conf *conf, enum cube_hunting_step step, unsigned turn)
{
	const struct cube_dial_peer *peer = h->n ? cube_conf_dial_peer(conf, h->tag[0]) : NULL;
	const struct cube_server_group *group = peer ? group_of(conf, peer) : NULL;

	if(step == CUBE_HUNTING_SERVER && group && h->left > 1) {
		h->left--;
		h->server = (h->server + 1) % group->n_servers;
		return true;
	}
	if(h->n == 0)
		return false;
	h->n--;
	memmove(h->tag, h->tag + 1, h->n * sizeof(h->tag[0]));
	enter(h, conf, turn);
	return h->n > 0;
}

const struct cube_target *cube_hunting_target(
		const struct cube_hunting *h, const struct cube_conf *conf, const struct cube_dial_peer **peer)
{
	const struct cube_server_group *group;

	*peer = h->n ? cube_conf_dial_peer(conf, h->tag[0]) : NULL;
	if(!*peer)
		return NULL;
	group = group_of(conf, *peer);
	if(group)
		return h->server < group->n_servers ? &group->servers[h->server].target : NULL;
	return (*peer)->target;
}
