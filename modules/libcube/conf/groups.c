/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "groups.h"

#include <stdio.h>
#include <string.h>

#include "index.h"
#include "names.h"
#include "target.h"
#include "value.h"

/* IOS: these say something of the call itself, so no other server is asked behind them anyway. */
static const int no_huntstop[] = {401, 407, 415, 417, 422, 480, 485, 486, 488};

void cube_groups_responses(const struct cube_list *words, struct cube_responses *set)
{
	unsigned i;
	int from, to;

	for(i = 0; i < words->n; i++) {
		if(cube_responses_parse(words->v[i], &from, &to))
			cube_responses_add(set, from, to);
	}
}

/* "WORD [preference N]": cuts the word off. False: what is behind it is something else. */
static bool split(struct cube_str text, int max, struct cube_str *word, int *preference)
{
	static const struct cube_str middle = {" preference ", 12};
	const char *blank = text.len ? memchr(text.s, ' ', text.len) : NULL;
	struct cube_str rest;

	*preference = 0;
	*word = text;
	if(!blank)
		return true;
	word->len = (size_t)(blank - text.s);
	rest = (struct cube_str){blank, text.len - word->len};
	return cube_str_starts(rest, middle)
		   && cube_number_parse((struct cube_str){rest.s + middle.len, rest.len - middle.len}, max, preference);
}

static void add_member(struct cube_conf *conf, struct cube_dpg *dpg, struct cube_str text, struct cube_err *err)
{
	struct cube_member member;
	struct cube_str word;
	unsigned i;
	int tag;

	if(!split(text, 10, &word, &member.preference) || !cube_number_parse(word, CUBE_DIAL_PEER_MAX, &tag)) {
		cube_err_add(err,
				"dpg %d: dial-peer \"%.*s\": no such form (allowed: a tag, like 200, or 200 preference 1; 0 to 10)",
				dpg->tag, CUBE_SEEN(text));
		return;
	}
	member.peer = cube_index_dial_peer(conf, tag);
	if(member.peer == CUBE_NONE) {
		cube_err_add(err, "dpg %d: dial-peer %d: no such dial-peer", dpg->tag, tag);
		return;
	}
	for(i = 0; i < dpg->n_members; i++) {
		if(dpg->members[i].peer == member.peer) {
			cube_err_add(err, "dpg %d: dial-peer %d: given twice", dpg->tag, tag);
			return;
		}
	}
	conf->dial_peers[member.peer].in_dpg = true;
	for(i = dpg->n_members++; i > 0 && dpg->members[i - 1].preference > member.preference; i--)
		dpg->members[i] = dpg->members[i - 1];
	dpg->members[i] = member;
}

static int build_dpg(struct cube_conf *conf, struct cube_dpg *dpg, struct cube_err *err)
{
	unsigned i;

	dpg->members = cube_arena_array(conf->arena, dpg->dial_peer.n, sizeof(*dpg->members));
	for(i = 0; dpg->members && i < dpg->dial_peer.n; i++)
		add_member(conf, dpg, dpg->dial_peer.v[i], err);
	return dpg->members ? 0 : -1;
}

/* The bit of a word; 0: there is no such word. */
static unsigned policy_bit(struct cube_str word)
{
	static const struct
	{
		const char *word;
		unsigned bit;
	} words[] = {
			{"from", 1u << CUBE_URI_FROM},
			{"to", 1u << CUBE_URI_TO},
			{"via", 1u << CUBE_URI_VIA},
			{"diversion", 1u << CUBE_URI_DIVERSION},
			{"referred-by", 1u << CUBE_URI_REFERRED_BY},
			{"called", CUBE_POLICY_CALLED},
			{"calling", CUBE_POLICY_CALLING},
	};

	for(size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if(cube_str_eq(cube_str_of(words[i].word), word))
			return words[i].bit;
	}
	return 0;
}

static bool policy_rule(struct cube_str text, uint16_t *rule)
{
	size_t at = 0, end;

	*rule = 0;
	do {
		unsigned bit;

		for(end = at; end < text.len && text.s[end] != ' '; end++)
			;
		bit = policy_bit((struct cube_str){text.s + at, end - at});
		if(bit == 0 || (*rule & bit))
			return false;
		*rule |= (uint16_t)bit;
		at = end + 1;
	} while(end < text.len);
	return true;
}

static int build_policy(struct cube_conf *conf, struct cube_policy *policy, struct cube_err *err)
{
	unsigned i;

	policy->rules = cube_arena_array(conf->arena, policy->preference.n, sizeof(*policy->rules));
	for(i = 0; policy->rules && i < policy->preference.n; i++) {
		if(policy_rule(policy->preference.v[i], &policy->rules[policy->n_rules]))
			policy->n_rules++;
		else
			cube_err_add(err,
					"provision-policy %d: preference \"%.*s\": no such rule (allowed: from, to, via, diversion, "
					"referred-by, called, calling; several with a blank between must match together)",
					policy->tag, CUBE_SEEN(policy->preference.v[i]));
	}
	return policy->rules ? 0 : -1;
}

static void add_server(struct cube_server_group *group, struct cube_str text, struct cube_err *err)
{
	struct cube_server server;
	const char *wrong = NULL;
	struct cube_str word;
	unsigned i;

	if(!split(text, 5, &word, &server.preference))
		wrong = "not a preference from 0 to 5";
	else
		wrong = cube_target_parse(word, &server.target);
	if(wrong) {
		cube_err_add(err,
				"server-group %d: server \"%.*s\": %s (allowed: ipv4:192.0.2.1:5061, ipv6:[2001:db8::1]:5061, "
				"dns:host:port; the port may be left out; behind it \" preference 1\")",
				group->tag, CUBE_SEEN(text), wrong);
		return;
	}
	/* round-robin looks at no preference */
	for(i = group->n_servers++; !group->round_robin && i > 0 && group->servers[i - 1].preference > server.preference;
			i--)
		group->servers[i] = group->servers[i - 1];
	group->servers[i] = server;
}

static void check_huntstop(const struct cube_server_group *group, struct cube_err *err)
{
	unsigned i, k;
	int from, to;

	for(i = 0; i < group->huntstop_text.n; i++) {
		if(!cube_responses_parse(group->huntstop_text.v[i], &from, &to) || from != to)
			continue; /* a range may include some of them */
		for(k = 0; k < sizeof(no_huntstop) / sizeof(no_huntstop[0]); k++) {
			if(no_huntstop[k] == from)
				cube_err_add(err, "server-group %d: huntstop %d: no server is tried behind it in any case", group->tag,
						from);
		}
	}
}

static int build_servers(struct cube_conf *conf, struct cube_server_group *group, struct cube_err *err)
{
	unsigned i;

	group->servers = cube_arena_array(conf->arena, group->server.n, sizeof(*group->servers));
	for(i = 0; group->servers && i < group->server.n; i++)
		add_server(group, group->server.v[i], err);
	if(group->server.n == 0)
		cube_err_add(err, "server-group %d: server: at least one is needed", group->tag);
	check_huntstop(group, err);
	cube_groups_responses(&group->huntstop_text, &group->huntstop);
	return group->servers ? 0 : -1;
}

int cube_groups_build(struct cube_conf *conf, struct cube_err *err)
{
	unsigned i;
	int ret = 0;

	for(i = 0; i < conf->n_dpgs; i++)
		ret |= build_dpg(conf, &conf->dpgs[i], err);
	for(i = 0; i < conf->n_policies; i++)
		ret |= build_policy(conf, &conf->policies[i], err);
	for(i = 0; i < conf->n_server_groups; i++)
		ret |= build_servers(conf, &conf->server_groups[i], err);
	if(ret < 0)
		cube_err_nomem(err, conf->path.s);
	return ret;
}
