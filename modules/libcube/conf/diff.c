/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two objects are the same when their dumps are: so no key is forgotten here when one is added. */
#include "diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "dump.h"
#include "index.h"

/* The dump of one object; its memory serves for the next one, too. */
static void read_one(struct cube_buf *t, const struct cube_conf *conf, enum cube_section_id section, unsigned i)
{
	t->len = 0;
	cube_conf_dump_one(conf, section, i, cube_buf_put, t);
}

static bool same_file(const struct cube_file *a, const struct cube_file *b)
{
	return a->len == b->len && (a->data == b->data || memcmp(a->data, b->data, a->len) == 0);
}

static bool same_files(const struct cube_trustpoint *a, const struct cube_trustpoint *b)
{
	return same_file(&a->certificate_pem, &b->certificate_pem) && same_file(&a->private_key_pem, &b->private_key_pem)
		   && same_file(&a->ca_pem, &b->ca_pem);
}

/* One section of both configurations. */
struct pair
{
	const struct cube_conf *conf[2]; /* before, after */
	enum cube_section_id section;
	unsigned n[2], at[2];
	struct cube_buf text[2];
	cube_diff_f change;
	void *ctx;
};

/* Of the object at which one of the two stands; buf serves for a number. */
static struct cube_str title(const struct pair *p, int which, char buf[16])
{
	const struct cube_section *section = &cube_sections[p->section];
	const void *object = section->size ? cube_index_object(p->conf[which], section, p->at[which]) : NULL;

	if(!object)
		return (struct cube_str){"", 0};
	if(section->title == CUBE_TITLE_NAME)
		return *(const struct cube_str *)object;
	snprintf(buf, 16, "%d", *(const int *)object);
	return cube_str_of(buf);
}

/* Which comes first, by the order of the tables: numbers by value, names by their bytes. */
static int title_cmp(const struct pair *p, struct cube_str a, struct cube_str b)
{
	if(cube_sections[p->section].title == CUBE_TITLE_TAG && a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return cube_str_cmp(a, b);
}

static bool same(struct pair *p)
{
	int which;

	for(which = 0; which < 2; which++)
		read_one(&p->text[which], p->conf[which], p->section, p->at[which]);
	if(p->text[0].len != p->text[1].len || memcmp(p->text[0].s, p->text[1].s, p->text[0].len) != 0)
		return false;
	if(p->section == CUBE_SECTION_TRUSTPOINT)
		return same_files(&p->conf[0]->trustpoints[p->at[0]], &p->conf[1]->trustpoints[p->at[1]]);
	return p->section != CUBE_SECTION_E164_MAP
		   || same_file(&p->conf[0]->e164_maps[p->at[0]].file, &p->conf[1]->e164_maps[p->at[1]].file);
}

static void section_diff(struct pair *p)
{
	struct cube_str titles[2];
	char buf[2][16];
	int cmp;

	p->at[0] = p->at[1] = 0;
	p->n[0] = cube_conf_count(p->conf[0], p->section);
	p->n[1] = cube_conf_count(p->conf[1], p->section);
	while(p->at[0] < p->n[0] || p->at[1] < p->n[1]) {
		titles[0] = p->at[0] < p->n[0] ? title(p, 0, buf[0]) : (struct cube_str){"", 0};
		titles[1] = p->at[1] < p->n[1] ? title(p, 1, buf[1]) : (struct cube_str){"", 0};
		cmp = p->at[1] == p->n[1] ? -1 : p->at[0] == p->n[0] ? 1 : title_cmp(p, titles[0], titles[1]);
		if(cmp < 0)
			p->change(p->ctx, p->section, titles[0], CUBE_CHANGE_REMOVED);
		else if(cmp > 0)
			p->change(p->ctx, p->section, titles[1], CUBE_CHANGE_ADDED);
		else if(!same(p))
			p->change(p->ctx, p->section, titles[1], CUBE_CHANGE_CHANGED);
		p->at[0] += cmp <= 0;
		p->at[1] += cmp >= 0;
	}
}

int cube_conf_diff(const struct cube_conf *before, const struct cube_conf *after, cube_diff_f change, void *ctx)
{
	struct pair p = {.conf = {before, after}, .change = change, .ctx = ctx};
	unsigned section;

	for(section = 0; section < CUBE_N_SECTIONS; section++) {
		p.section = (enum cube_section_id)section;
		section_diff(&p);
	}
	free(p.text[0].s);
	free(p.text[1].s);
	return p.text[0].failed || p.text[1].failed ? -1 : 0;
}

const char *cube_change_name(enum cube_change change)
{
	static const char *const names[] = {"added", "removed", "changed"};

	return names[change];
}
