/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/header.c. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/header.h"
#include "helper.h"

Suite *suite_header(void);

#define COUNT(a) (int)(sizeof(a) / sizeof(*(a)))

static const struct
{
	const char *message, *want; /* of each header: the index of its name, and its body in brackets */
} headers[] = {
		{"X\r\nContact: <sip:a@b>\r\n\r\n", "0[ <sip:a@b>\r]"},
		{"X\r\nA: b\r\nCONTACT \t :a\r\nm:b\nM : c\r\nmm: d\r\n\r\nContact: no", "0[a\r]1[b]1[ c\r]"},
		{"X\nContact: a,\n b\r\n\tc\nRecord-Route: <d>\n\n", "0[ a,\n b\r\n\tc]2[ <d>]"},
		{"Contact: a\r\nY: b\r\n\r\n", ""}, /* that would be the first line */
		{"X\r\nContact: a", "0[ a]"},
		{"X\r\nContact:", "0[]"},
		{"X\r\nContact", ""},
		{"X\r\nContact \r\n", ""},
		{"X\r\nContacts: a\r\n\r\n", ""},
		{"X\r\nCon\r\n tact: a\r\n\r\n", ""},
		{"X\r\nA: b\r\n Contact: c\r\nContact: d\r\n\r\n", "0[ d\r]"},
		{"X\r\n\r\nContact: a\r\n", ""},
		{"", ""},
		{"\n", ""},
		{"X", ""},
};

START_TEST(test_headers)
{
	static const struct cube_str names[] = {{"Contact", 7}, {"m", 1}, {"Record-Route", 12}};
	size_t len = strlen(headers[_i].message), used = 0;
	char *copy = helper_exact(headers[_i].message, len), text[300] = "";
	struct cube_str rest = {copy, len}, body;
	unsigned which;

	while(cube_header_next(&rest, names, 3, &which, &body))
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%u[%.*s]", which, CUBE_FMT(body));
	ck_assert_str_eq(text, headers[_i].want);
	free(copy);
}
END_TEST

static const struct
{
	const char *lines;
	bool plain;
} lines[] = {
		{"\r\n", true},
		{"\n", true},
		{"\r", true},
		{"Contact: <sip:a@b>\r\nContent-Length: 0\r\n\r\n", true},
		{"Contact:\r\nX:y\nl: 12\r\n\r\nbody without end", true},
		{"Contact: a\r\n b\r\n\tTo: c\r\n\r\n", true},
		{"Content-Type: application/sdp\r\nContent-Length:   999999999\r\n\r\n", true},
		{"", false},
		{"Contact: a\r\n", false}, /* no end */
		{"Contact: a", false},
		{"Contact", false},
		{"Contact : a\r\n\r\n", false},
		{": a\r\n\r\n", false},
		{" a: b\r\n\r\n", false},
		{"Con tact: a\r\n\r\n", false},
		{"To: <sip:a@b>\r\n\r\n", false},
		{"X: a\r\nTO: \"\r\n\r\n", false},
		{"t: <sip:a@b>\r\n\r\n", false},
		{"Via: SIP/2.0/UDP a\r\n\r\n", false},
		{"v: SIP/2.0/UDP a\r\n\r\n", false},
		{"cSeq: 1 BYE\r\n\r\n", false},
		{"Retry-After: 1\r\n\r\n", false},
		{"Content-Length: 1234567890\r\n\r\n", false},
		{"Content-Length: 1 2\r\n\r\n", false},
		{"Content-Length:\r\n\r\n", false},
		{"l: x\r\n\r\n", false},
		{"L: 1\r\n 2\r\n\r\n", false},
};

START_TEST(test_lines)
{
	size_t len = strlen(lines[_i].lines);
	char *copy = helper_exact(lines[_i].lines, len);

	ck_assert_msg(cube_header_lines_plain((struct cube_str){copy, len}) == lines[_i].plain, "%s", lines[_i].lines);
	free(copy);
}
END_TEST

static const struct
{
	const char *body, *tag; /* NULL: not plain */
} tags[] = {
		{"<sip:a@b>;tag=1", "1"},
		{"  \"Bob\" <sip:a@b:5060;x=y>;x;y=z;TAG=a.b-c;q=1\r\n", "a.b-c"},
		{"\"\"<sip:a@b>;tag=a%20b", "a%20b"},
		{"\"tag=2;, <x\" <sip:a@b>;tag=1", NULL}, /* < in quotes: Kamailio will know */
		{"\"a, b; c\" <sip:a@b>;tag=1", "1"},
		{"<sip:a@b;tag=2>;tag=1", "1"},
		{"<sip:a@b>", NULL},
		{"<sip:a@b>;tag=", NULL},
		{"<sip:a@b>;tag", NULL},
		{"<sip:a@b>;tag=1;tag=2", NULL},
		{"<sip:a@b>;x=\"y\";tag=1", NULL},
		{"<sip:a@b> ;tag=1", NULL},
		{"<sip:a@b>; tag=1", NULL},
		{"<sip:a@b>;tag=1;", NULL},
		{"<sip:a@b>;tag=1 x", NULL},
		{"<sip:a@b>;;tag=1", NULL},
		{"<>;tag=1", NULL},
		{"<sip:a@b;tag=1", NULL},
		{"<sip:a b>;tag=1", NULL},
		{"<sip:<a@b>;tag=1", NULL},
		{"sip:a@b;tag=1", NULL},
		{"Bob <sip:a@b>;tag=1", NULL},
		{"\"Bob", NULL},
		{"\"Bob\"", NULL},
		{"\"Bob\" ", NULL},
		{"\"Bo\\\"b\" <sip:a@b>;tag=1", NULL},
		{"\"B\xc3\xb6\" <sip:a@b>;tag=1", NULL},
		{"", NULL},
		{"<", NULL},
		{";tag=1", NULL},
};

START_TEST(test_tags)
{
	size_t len = strlen(tags[_i].body);
	char *copy = helper_exact(tags[_i].body, len);
	struct cube_str tag;
	bool plain = cube_header_tag((struct cube_str){copy, len}, &tag);

	ck_assert_msg(plain == (tags[_i].tag != NULL), "%s", tags[_i].body);
	ck_assert_msg(!plain || cube_str_eq(tag, cube_str_of(tags[_i].tag)), "%s: %.*s", tags[_i].body, CUBE_FMT(tag));
	free(copy);
}
END_TEST

#define LARGE 3000000

/* What is looked through again and again takes time by its length alone. */
START_TEST(test_long)
{
	static const struct cube_str names[] = {{"Contact", 7}, {"m", 1}, {"Record-Route", 12}};
	static const char *const pieces[] = {
			"m", "m ", "\nm ", "\n m", "\r", "m:\n", "Contact\n", "a:\n\t", ";a", "\"", "<"};
	char *text = malloc(LARGE);
	struct cube_str rest, body;
	unsigned which;

	ck_assert_ptr_nonnull(text);
	for(int i = 0; i < COUNT(pieces); i++) {
		size_t len = strlen(pieces[i]);

		for(size_t k = 0; k < LARGE; k++)
			text[k] = pieces[i][k % len];
		text[0] = i % 2 ? '<' : '\n';
		rest = (struct cube_str){text, LARGE};
		while(cube_header_next(&rest, names, 3, &which, &body))
			;
		cube_header_lines_plain((struct cube_str){text, LARGE});
		cube_header_lines_plain((struct cube_str){text + 1, LARGE - 1});
		cube_header_tag((struct cube_str){text, LARGE}, &body);
	}
	free(text);
}
END_TEST

Suite *suite_header(void)
{
	Suite *s = suite_create("header");
	TCase *tc = tcase_create("header");

	tcase_add_loop_test(tc, test_headers, 0, COUNT(headers));
	tcase_add_loop_test(tc, test_lines, 0, COUNT(lines));
	tcase_add_loop_test(tc, test_tags, 0, COUNT(tags));
	tcase_add_test(tc, test_long);
	suite_add_tcase(s, tc);
	return s;
}
