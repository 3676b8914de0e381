/* SPDX-License-Identifier: GPL-2.0-or-later */
/* However many objects differ, what is kept of them has one size. */
#include "changes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void note(void *ctx, enum cube_section_id section, struct cube_str title, enum cube_change change)
{
	struct cube_changes *c = ctx;
	struct cube_change_list *list = &c->of[section][change];

	if(list->n < CUBE_CHANGES_TITLES)
		snprintf(list->titles[list->n], sizeof(list->titles[0]), "%.*s", CUBE_FMT(title));
	list->n++;
	c->n++;
}

struct cube_changes *cube_changes_of(const struct cube_conf *before, const struct cube_conf *after)
{
	struct cube_changes *c = calloc(1, sizeof(*c));

	if(c && cube_conf_diff(before, after, note, c) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

unsigned cube_change_titles(const struct cube_change_list *list)
{
	return list->n < CUBE_CHANGES_TITLES ? list->n : CUBE_CHANGES_TITLES;
}

struct text
{
	char *buf;
	size_t used, size;
	bool cut;
};

/* All of it, or nothing more from then on. */
static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...)
{
	size_t room = t->size - t->used;
	va_list ap;
	int n;

	if(t->cut)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->used, room, fmt, ap);
	va_end(ap);
	t->cut = n < 0 || (size_t)n + sizeof("...") > room;
	if(t->cut)
		snprintf(t->buf + t->used, room, "...");
	else
		t->used += (size_t)n;
}

static void add_list(struct text *t, const char *section, const struct cube_change_list *list)
{
	unsigned i, kept = cube_change_titles(list);

	add(t, "%s", section);
	for(i = 0; i < kept; i++)
		add(t, "%s%s%s", i ? "," : "", list->titles[i][0] ? " " : "", list->titles[i]);
	if(list->n > kept)
		add(t, " and %u more", list->n - kept);
}

const char *cube_changes_text(const struct cube_changes *changes, char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};
	unsigned change, section;
	bool any;

	buf[0] = '\0';
	for(change = 0; change < CUBE_CHANGES; change++) {
		any = false;
		for(section = 0; section < CUBE_N_SECTIONS; section++) {
			const struct cube_change_list *list = &changes->of[section][change];

			if(list->n == 0)
				continue;
			if(any)
				add(&t, ", ");
			else
				add(&t, "%s%s: ", t.used ? "; " : "", cube_change_name((enum cube_change)change));
			add_list(&t, cube_sections[section].name, list);
			any = true;
		}
	}
	if(changes->n == 0)
		add(&t, "nothing has changed");
	return buf;
}
