/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf/text.c: what becomes of the text on its way to the parser. What it refuses is in test/conf/bad/text_*. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../modules/libcube/conf/text.h"
#include "helper.h"

#define END "\n__eof = \"\001\"\n"

static const struct
{
	const char *text, *clean; /* without END */
} rows[] = {
		{"a{}", "a{}"},
		{"a { b = c }\n", "a { b = c }\n"},
		{"a { b = { } }", "a { b = { \"\001\"} }"}, /* an empty list is seen by the parser as a marked one */
		{"a { b = {} c = {\n} }", "a { b = {\"\001\"} c = {\n\"\001\"} }"},
		{"a { b { } }", "a { b { } }"},
		{"# x\na {} # y", "\na {} "},
		{"// x\na {} // y\n", "\na {} \n"},
		{"a /* { */{}", "a  {}"},
		{"a /* 1\n2\n3 */ {}", "a \n\n  {}"}, /* lines stay */
		{"/**/a{}/***/", " a{} "},
		{"a \"#\" {}", "a \"#\" {}"},
		{"a '//' {}", "a '//' {}"},
		{"a \"/*\" {}", "a \"/*\" {}"},
		{"a \"\\\"\\\\\" {}", "a \"\\\"\\\\\" {}"},
		{"a '${x}' {}", "a '${x}' {}"},
		{"a \"$\" {}", "a \"$\" {}"},
		{"a {\r\n}\r\n", "a { \n} \n"},
		{"\xEF\xBB\xBF"
		 "a{}",
				"a{}"},
		{"a [2001:db8::1]:5061 {}", "a [2001:db8::1]:5061 {}"},
		{"a /etc/x.pem {}", "a /etc/x.pem {}"},
		{"a { b = c, d }", "a { b = c, d }"},
};

START_TEST(clean)
{
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 64);
	struct cube_str got;
	struct cube_err err;
	char want[200];

	cube_err_reset(&err);
	snprintf(want, sizeof(want), "%s%s", rows[_i].clean, END);
	ck_assert_msg(cube_text_clean(cube_str_of(rows[_i].text), "x", arena, &got, &err) == 0, "%s", err.text);
	ck_assert_str_eq(got.s, want);
	ck_assert_uint_eq(got.len, strlen(want));
	cube_arena_free(&arena);
}
END_TEST

/* Whatever the bytes: one line, or text that is at most all marks longer. */
START_TEST(any_three_bytes)
{
	static const char bytes[] = "a=,{}\"'\\/*#$+\n\r\t \x80\xC3\x01";
	struct cube_arena *arena = cube_arena_new(&cube_alloc_libc, 1 << 20);
	struct cube_str got;
	struct cube_err err;
	size_t i, k, m;
	char text[8];

	for(i = 0; i < sizeof(bytes); i++) {
		for(k = 0; k < sizeof(bytes); k++) {
			for(m = 0; m < sizeof(bytes); m++) {
				char *exact = cube_arena_get(arena, 6); /* a sanitizer sees a byte too far */

				memcpy(text, (char[]){'a', '{', bytes[i], bytes[k], bytes[m], '}'}, 6);
				memcpy(exact, text, 6);
				cube_err_reset(&err);
				if(cube_text_clean((struct cube_str){exact, 6}, "x", arena, &got, &err) == 0)
					ck_assert(!cube_err_any(&err));
				else
					ck_assert_uint_eq(err.count, 1);
			}
		}
	}
	cube_arena_free(&arena);
}
END_TEST

static const struct
{
	const char *text;
	bool ok;
} utf8[] = {
		{"", true},
		{"plain", true},
		{"\xC2\x80", true},
		{"\xDF\xBF", true},
		{"\xE0\xA0\x80", true},
		{"\xED\x9F\xBF", true},
		{"\xEF\xBF\xBF", true},
		{"\xF0\x90\x80\x80", true},
		{"\xF4\x8F\xBF\xBF", true},
		{"\x80", false},
		{"\xC0\xAF", false},
		{"\xC1\xBF", false},
		{"\xC3", false},
		{"\xC3(", false},
		{"\xE0\x80\xAF", false},
		{"\xE2\x82", false},
		{"\xED\xA0\x80", false}, /* surrogate */
		{"\xF0\x80\x80\xAF", false},
		{"\xF4\x90\x80\x80", false},
		{"\xF5\x80\x80\x80", false},
		{"\xFF", false},
};

START_TEST(is_utf8)
{
	ck_assert_int_eq(cube_text_utf8(cube_str_of(utf8[_i].text)), utf8[_i].ok);
}
END_TEST

Suite *suite_text(void);
Suite *suite_text(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = tcase_create("text");

	tcase_add_loop_test(tcase, clean, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, any_three_bytes);
	tcase_add_loop_test(tcase, is_utf8, 0, sizeof(utf8) / sizeof(utf8[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
