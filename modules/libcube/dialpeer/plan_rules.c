/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the dial-plan that is no pattern of numbers: what dial-peers ask of URIs, and translation rules. */
#include "plan_private.h"
#include "plan_rules.h"

#include <stdio.h>
#include <string.h>

static int compile_uri(struct cube_conf *conf, struct cube_dial_plan *plan, unsigned i, struct cube_err *err)
{
	const struct cube_uri *uri = &conf->uris[i];
	struct cube_uri_class_texts texts = {.hosts = uri->host.v,
			.n_hosts = uri->host.n,
			.host_pattern = uri->host_pattern,
			.user_id = uri->user_id,
			.pattern = uri->pattern,
			.phone_number = uri->phone_number,
			.phone_context = uri->phone_context};
	char path[192];

	snprintf(path, sizeof(path), "uri %.*s", CUBE_FMT(uri->name));
	plan->classes[i] = cube_uri_class_compile(&texts, path, conf->arena, err);
	return plan->classes[i] ? 0 : -1;
}

static int compile_rule(struct cube_conf *conf, struct cube_dial_plan *plan, unsigned i, struct cube_err *err)
{
	const struct cube_translation_rule *rule = &conf->translation_rules[i];
	char path[64];

	snprintf(path, sizeof(path), "translation-rule %d", rule->tag);
	plan->translations[i] = cube_translation_compile(rule->rule.v, rule->rule.n, path, conf->arena, err);
	return plan->translations[i] ? 0 : -1;
}

static int uri_cmp(const void *a, const void *b)
{
	const struct cube_dial_uri *x = a, *y = b;

	if(x->tenant != y->tenant)
		return x->tenant < y->tenant ? -1 : 1;
	if(x->of != y->of)
		return x->of < y->of ? -1 : 1;
	return x->peer < y->peer ? -1 : x->peer > y->peer;
}

static bool asks_out(const struct cube_dial_peer *peer)
{
	for(unsigned of = 0; of < CUBE_N_URI_OF; of++) {
		if(cube_dial_out(peer)->destination_uri_of[of].name.len)
			return true;
	}
	return false;
}

static void gather_in(const struct cube_conf *conf, struct cube_dial_plan *plan)
{
	for(unsigned i = 0; i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];

		for(unsigned of = 0; of < CUBE_N_URI_IN && cube_dial_takes_in(peer); of++) {
			const struct cube_name_ref *uri = &cube_dial_in(peer)->incoming_uri[of];

			if(uri->name.len)
				plan->uris_in[plan->n_uris_in++] = (struct cube_dial_uri){
						.tenant = peer->tenant, .peer = i, .uri = (uint32_t)uri->index, .of = (uint8_t)of};
		}
	}
	cube_sort(plan->uris_in, plan->n_uris_in, sizeof(*plan->uris_in), uri_cmp);
}

static void gather_out(const struct cube_conf *conf, struct cube_dial_plan *plan)
{
	unsigned i;

	for(i = 0; i < conf->n_dial_peers; i++) {
		if(cube_dial_out(&conf->dial_peers[i])->destination_uri.name.len
				&& cube_dial_takes_out(conf, &conf->dial_peers[i]))
			plan->uris_out[plan->n_uris_out++] = i;
	}
	for(i = 0; i < conf->n_dial_peers; i++) {
		if(asks_out(&conf->dial_peers[i]) && cube_dial_takes_out(conf, &conf->dial_peers[i]))
			plan->uris_out[plan->n_uris_out + plan->n_uris_of++] = i;
	}
}

int cube_dial_rules_build(struct cube_conf *conf, struct cube_dial_plan *plan, struct cube_err *err)
{
	size_t n_in = 0, n_out = 0;
	int ret = 0;
	unsigned i;

	for(i = 0; i < conf->n_dial_peers; i++) {
		for(unsigned of = 0; of < CUBE_N_URI_IN; of++)
			n_in += cube_dial_in(&conf->dial_peers[i])->incoming_uri[of].name.len > 0;
		n_out += (cube_dial_out(&conf->dial_peers[i])->destination_uri.name.len > 0)
				 + (size_t)asks_out(&conf->dial_peers[i]);
	}
	plan->classes = cube_arena_array(conf->arena, conf->n_uris, sizeof(*plan->classes));
	plan->translations = cube_arena_array(conf->arena, conf->n_translation_rules, sizeof(*plan->translations));
	plan->uris_in = cube_arena_array(conf->arena, n_in, sizeof(*plan->uris_in));
	plan->uris_out = cube_arena_array(conf->arena, n_out, sizeof(*plan->uris_out));
	if(!plan->classes || !plan->translations || !plan->uris_in || !plan->uris_out) {
		cube_err_nomem(err, "dial-peers");
		return -1;
	}
	for(i = 0; i < conf->n_uris; i++)
		ret |= compile_uri(conf, plan, i, err);
	for(i = 0; i < conf->n_translation_rules; i++)
		ret |= compile_rule(conf, plan, i, err);
	gather_in(conf, plan);
	gather_out(conf, plan);
	return ret;
}

void cube_dial_translate(const struct cube_conf *conf, const struct cube_name_ref *profile, enum cube_number_of which,
		struct cube_str number, bool is_name, struct cube_dial_translated *t)
{
	const struct cube_translation_profile *p = profile->name.len ? &conf->translation_profiles[profile->index] : NULL;
	const struct cube_ref *refs[CUBE_N_NUMBERS] = {NULL};

	t->what = CUBE_TRANSLATED_NOT;
	t->rules = 0;
	t->rule = 0;
	t->number = number;
	if(!p || is_name)
		return;
	refs[CUBE_NUMBER_CALLED] = &p->called;
	refs[CUBE_NUMBER_CALLING] = &p->calling;
	refs[CUBE_NUMBER_REDIRECT] = &p->redirect_called;
	t->rules = refs[which]->tag;
	if(t->rules)
		t->what = cube_translation_apply(
				conf->dial_plan->translations[refs[which]->index], number, t->buf, &t->number, &t->rule);
}
