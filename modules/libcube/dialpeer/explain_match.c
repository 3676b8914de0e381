/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By what a dial-peer matches a call, asked of one dial-peer at a time and whatever its state. The index cannot tell: it has
 * only those that can be taken. */
#include "explain_private.h"

#include <string.h>

#include "e164_map.h"

enum
{
	CALLED = 0,
	CALLING,
};

void cube_explain_numbers(struct cube_explain_run *run)
{
	run->call.called = run->numbers[CALLED].text;
	run->call.calling = run->numbers[CALLING].text;
	for(unsigned i = 0; i < 2; i++) {
		run->n_digits[i] = cube_digits_of(run->numbers[i].text, run->digits[i]);
		memset(run->maps[i], 0, run->conf->n_e164_maps * sizeof(*run->maps[i]));
	}
}

static bool text_fits(const struct cube_explain_run *run, struct cube_str text, unsigned of, unsigned *digits)
{
	struct cube_program program;

	return run->n_digits[of] > 0 && text.len > 0 && cube_program_parse(text, "", &program, NULL) == 0
		   && cube_program_run(&program, run->digits[of], run->n_digits[of], digits);
}

static const struct cube_explain_map *map_look(struct cube_explain_run *run, const struct cube_ref *ref, unsigned of)
{
	const struct cube_e164_map *map = &run->conf->e164_maps[ref->index];
	struct cube_explain_map *m = &run->maps[of][ref->index];
	struct cube_e164_cursor cursor = {0};
	struct cube_str text;
	unsigned digits;

	if(m->looked)
		return m;
	m->looked = true;
	while(!map->shutdown && cube_e164_next(map, &cursor, &text)) {
		if(!text_fits(run, text, of, &digits) || (m->fits && digits <= m->digits))
			continue;
		m->fits = true;
		m->digits = digits;
		m->pattern = text;
	}
	return m;
}

/* A dial-peer counts by the best of its patterns. */
static bool by_number(struct cube_explain_run *run, unsigned of, struct cube_str text, const char *key,
		const struct cube_ref *ref, const char *map_key, struct cube_explain_match *match)
{
	const struct cube_explain_map *map = ref && ref->tag ? map_look(run, ref, of) : NULL;
	bool fits = text_fits(run, text, of, &match->digits);

	match->key = key;
	match->pattern = text;
	if(map && map->fits && (!fits || map->digits > match->digits)) {
		match->digits = map->digits;
		match->key = map_key;
		match->map = ref->tag;
		match->pattern = map->pattern;
		fits = true;
	}
	return fits;
}

static bool uri_fits(const struct cube_explain_run *run, const struct cube_name_ref *uri, enum cube_uri_of of,
		struct cube_uri_match *found)
{
	return uri->name.len && run->call.uri[of]
		   && cube_uri_class_match(run->conf->dial_plan->classes[uri->index], run->call.uri[of], NULL, 0, false, found);
}

static bool by_uri(const struct cube_explain_run *run, const struct cube_name_ref *uri, enum cube_uri_of of,
		struct cube_explain_match *match)
{
	struct cube_uri_match found;

	if(!uri_fits(run, uri, of, &found))
		return false;
	match->rank = (uint8_t)found.rank;
	match->digits = found.length;
	match->key = cube_dial_by_name(match->by);
	match->pattern = uri->name;
	return true;
}

static bool by_calling_map(
		struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match)
{
	return by_number(run, CALLING, CUBE_STR(""), "", &cube_dial_out(peer)->destination_calling_map,
			"destination-calling-e164-pattern-map", match);
}

static bool by_called(struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match)
{
	return by_number(run, CALLED, peer->destination_pattern, "destination-pattern",
			&cube_dial_out(peer)->destination_map, "destination-e164-pattern-map", match);
}

/* Everything that the rule asks for must fit; a number that it asks for gives the length. */
static bool by_rule(struct cube_explain_run *run, const struct cube_dial_peer *peer, unsigned bits,
		struct cube_explain_match *match)
{
	struct cube_explain_match calling = {.by = CUBE_DIAL_BY_POLICY};
	struct cube_uri_match found;

	match->key = "all URIs that the rule asks for";
	for(unsigned of = 0; of < CUBE_N_URI_OF; of++) {
		if((bits & 1u << of)
				&& !uri_fits(run, &cube_dial_out(peer)->destination_uri_of[of], (enum cube_uri_of)of, &found))
			return false;
	}
	if((bits & CUBE_POLICY_CALLING) && !by_calling_map(run, peer, &calling))
		return false;
	if(bits & CUBE_POLICY_CALLED)
		return by_called(run, peer, match);
	if(bits == CUBE_POLICY_CALLING) {
		calling.step = match->step;
		*match = calling;
	}
	return true;
}

static bool by_policy(struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match)
{
	const struct cube_policy *policy = &run->conf->policies[cube_dial_in(run->in)->destination_policy.index];

	for(unsigned i = 0; i < policy->n_rules; i++) {
		*match = (struct cube_explain_match){.by = CUBE_DIAL_BY_POLICY, .step = (int)i};
		if(by_rule(run, peer, policy->rules[i], match))
			return true;
	}
	return false;
}

static bool by_dpg(
		const struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match)
{
	const struct cube_dpg *dpg = &run->conf->dpgs[cube_dial_in(run->in)->destination_dpg.index];
	int index = (int)(peer - run->conf->dial_peers);

	match->key = "the dpg";
	for(unsigned i = 0; i < dpg->n_members; i++) {
		if(dpg->members[i].peer == index)
			return true;
	}
	return false;
}

bool cube_explain_match(struct cube_explain_run *run, const struct cube_dial_peer *peer, enum cube_dial_by by,
		struct cube_explain_match *match)
{
	*match = (struct cube_explain_match){.by = (uint8_t)by};
	switch(by) {
		case CUBE_DIAL_BY_INCOMING_CALLED:
			return by_number(run, CALLED, cube_dial_in(peer)->incoming_called_number, "incoming-called-number",
					&cube_dial_in(peer)->incoming_called_map, "incoming-called-e164-pattern-map", match);
		case CUBE_DIAL_BY_INCOMING_CALLING:
			return by_number(run, CALLING, cube_dial_in(peer)->answer_address, "answer-address",
					&cube_dial_in(peer)->incoming_calling_map, "incoming-calling-e164-pattern-map", match);
		case CUBE_DIAL_BY_INCOMING_PATTERN:
			return by_number(run, CALLING, peer->destination_pattern, "destination-pattern", NULL, "", match);
		case CUBE_DIAL_BY_DPG:
			return by_dpg(run, peer, match);
		case CUBE_DIAL_BY_POLICY:
			return by_policy(run, peer, match);
		case CUBE_DIAL_BY_URI:
			return by_uri(run, &cube_dial_out(peer)->destination_uri, CUBE_URI_REQUEST, match);
		case CUBE_DIAL_BY_CALLED:
			return by_called(run, peer, match);
		case CUBE_DIAL_BY_CALLING:
			return by_calling_map(run, peer, match);
		default: {
			unsigned of = (unsigned)by - CUBE_DIAL_BY_INCOMING_URI_VIA;

			return by_uri(run, &cube_dial_in(peer)->incoming_uri[of], (enum cube_uri_of)of, match);
		}
	}
}

static bool match_first(struct cube_explain_run *run, const struct cube_dial_peer *peer, enum cube_dial_by first,
		enum cube_dial_by last, struct cube_explain_match *match)
{
	for(enum cube_dial_by by = first; by <= last; by++) {
		if(!cube_explain_match(run, peer, by, match))
			continue;
		match->step = (int)(by - first);
		return true;
	}
	return false;
}

bool cube_explain_match_in(
		struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match)
{
	return match_first(run, peer, CUBE_DIAL_BY_INCOMING_URI_VIA, CUBE_DIAL_BY_INCOMING_PATTERN, match);
}

bool cube_explain_match_out(
		struct cube_explain_run *run, const struct cube_dial_peer *peer, struct cube_explain_match *match)
{
	return match_first(run, peer, CUBE_DIAL_BY_URI, CUBE_DIAL_BY_CALLING, match);
}

enum cube_dial_by cube_explain_decides(const struct cube_explain_run *run)
{
	if(run->in && cube_dial_in(run->in)->destination_dpg.tag
			&& !run->conf->dpgs[cube_dial_in(run->in)->destination_dpg.index].shutdown)
		return CUBE_DIAL_BY_DPG;
	if(run->in && cube_dial_in(run->in)->destination_policy.tag)
		return CUBE_DIAL_BY_POLICY;
	return CUBE_DIAL_BY_NONE;
}
