/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf/schema.c: tables that read.c can rely on, each key described in docs/config.md, each that is implemented used in
 * ok/complete.conf. Runs in the root of the tree. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/conf/schema.h"
#include "helper.h"

/* The sections of the root, then the inner one. */
static const struct cube_section *section(int i)
{
	return i < CUBE_N_SECTIONS ? &cube_sections[i] : &cube_section_crypto_signaling;
}

START_TEST(table)
{
	const struct cube_section *s = section(_i);
	const struct cube_key *key;
	unsigned i, k;

	ck_assert_int_eq((int)s->id, _i);
	ck_assert_int_eq(s->max_tag > 0, s->title == CUBE_TITLE_TAG);
	/* read.c finds its way by the first key */
	ck_assert_uint_ge(s->n_keys, 1);
	ck_assert_uint_le(s->n_keys, CUBE_KEYS_MAX);
	for(i = 0; i < s->n_keys; i++) {
		key = &s->keys[i];
		ck_assert_msg(key->name != NULL, "%s: key %u has no name", s->name, i);
		ck_assert_msg(key->min <= key->max, "%s: %s", s->name, key->name);
		if(key->part)
			ck_assert_msg(key->offset < key->part->size && key->part->pointer < s->size, "%s: %s", s->name, key->name);
		for(k = 0; k < i; k++)
			ck_assert_msg(strcmp(key->name, s->keys[k].name) != 0, "%s: %s is there twice", s->name, key->name);
	}
	for(; i < CUBE_KEYS_MAX; i++)
		ck_assert_msg(s->keys[i].name == NULL, "%s: n_keys does not count %s", s->name, s->keys[i].name);
}
END_TEST

/* The part of the text that describes the section. */
static char *chapter(const char *text, const struct cube_section *s)
{
	char head[64];
	const char *begin, *end;

	snprintf(head, sizeof(head), "\n%s %s\n", s == &cube_section_crypto_signaling ? "###" : "##",
			s->id == CUBE_SECTION_SRTP_CRYPTO ? "Not in this release" : s->name);
	begin = strstr(text, head);
	ck_assert_msg(begin != NULL, "docs/config.md: no chapter on %s", s->name);
	end = strstr(begin + strlen(head), "\n## ");
	return strndup(begin, end ? (size_t)(end - begin) : strlen(begin));
}

START_TEST(documented)
{
	const struct cube_section *s = section(_i);
	char *text = helper_read("docs/config.md", NULL), *own = chapter(text, s), want[64];
	bool later;
	unsigned i;

	for(i = 0; i < s->n_keys; i++) {
		later = s->keys[i].kind == CUBE_KIND_LATER;
		snprintf(want, sizeof(want), later ? "`%s`" : "| `%s` |", s->keys[i].name);
		ck_assert_msg(strstr(later ? text : own, want) != NULL, "docs/config.md: %s: no word of %s", s->name,
				s->keys[i].name);
	}
	free(own);
	free(text);
}
END_TEST

START_TEST(shown)
{
	const struct cube_section *s = section(_i);
	char *text = helper_read("test/conf/ok/complete.conf", NULL), want[64];
	unsigned i;

	for(i = 0; i < s->n_keys; i++) {
		snprintf(want, sizeof(want), "%s ", s->keys[i].name);
		if(s->keys[i].kind != CUBE_KIND_LATER)
			ck_assert_msg(strstr(text, want) != NULL, "complete.conf: %s: no %s", s->name, s->keys[i].name);
	}
	free(text);
}
END_TEST

Suite *suite_schema(void);
Suite *suite_schema(void)
{
	Suite *suite = suite_create("schema");
	TCase *tcase = tcase_create("schema");

	tcase_add_loop_test(tcase, table, 0, CUBE_N_SECTIONS + 1);
	tcase_add_loop_test(tcase, documented, 0, CUBE_N_SECTIONS + 1);
	tcase_add_loop_test(tcase, shown, 0, CUBE_N_SECTIONS + 1);
	suite_add_tcase(suite, tcase);
	return suite;
}
