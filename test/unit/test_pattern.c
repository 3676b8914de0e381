/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/pattern.c and pattern_run.c: the pattern language by a table, its error messages, and random
 * patterns against a naive matcher. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/pattern.h"
#include "helper.h"
#include "random_pattern.h"

Suite *suite_pattern(void);

#define NO (-1)
#define D10 "1234567890"
#define D32 "12345678901234567890123456789012"

/* Where a row comes from. IOS: Cisco's description of destination-pattern. CUBE: its dial-peer matching. The others
 * are settled in docs/dial-peers.md. */
static const struct
{
	const char *pattern, *number;
	int want; /* explicit digits, or NO */
	const char *why;
} rows[] = {
		/* literals */
		{"1000", "1000", 4, "CUBE: all digits explicit"},
		{"1000", "1001", NO, "IOS: a literal is itself"},
		{"1000", "100", NO, "IOS: all digits of the pattern must come"},
		{"1000", "10005", 4, "IOS: en bloc, extra digits pass"},
		{"1000", "01000", NO, "IOS: the beginning is implied"},
		{"8675309#", "8675309#", 8, "IOS: # is a key"},
		{"8675309#", "8675309", NO, "IOS: # is a key"},
		{"*67", "*67", 3, "IOS: * is the star key"},
		{"1*", "1*", 2, "IOS: * is the star key"},
		{"1*", "111", NO, "IOS: * repeats nothing"},
		{"1*", "1", NO, "IOS: * repeats nothing"},
		{"ABCDEF", "ABCDEF", 6, "IOS: A-F are digits"},
		{"AAAA", "AAAA", 4, "CUBE: placeholder pattern"},
		{"AAAA", "2001", NO, "CUBE: placeholder pattern"},
		{"BAD.BAD", "BAD1BAD", 6, "CUBE: placeholder pattern"},
		{"ABC123", "ABC123", 6, "CUBE: placeholder pattern"},
		{"abc", "ABC", 3, "docs: a-f are A-F"},
		{"ABC", "abc", 3, "docs: a-f are A-F"},
		{"aBc", "AbC", 3, "docs: a-f are A-F"},
		{"5", "5", 1, "one digit"},
		{"0", "0", 1, "zero is a digit"},
		{"00", "0049301", 2, "IOS: prefix"},
		{"911", "911", 3, "IOS: literal"},
		{"911", "9115551234", 3, "IOS: prefix"},
		/* . */
		{"2...", "2001", 1, "CUBE: longest match counts literals"},
		{"200.", "2001", 3, "CUBE: 2... loses to 200."},
		{"2001", "2001", 4, "CUBE: both lose to 2001"},
		{"2...", "200", NO, "IOS: a dot is one digit"},
		{"2...", "20012", 1, "IOS: prefix"},
		{"2...", "3001", NO, "IOS: literal"},
		{"....", "1234", 0, "CUBE: nothing explicit"},
		{".", "1", 0, "IOS: dot"},
		{".", "A", 0, "IOS: dot is 0-9 A-F * # +"},
		{".", "f", 0, "docs: a-f are A-F"},
		{".", "*", 0, "IOS: dot is 0-9 A-F * # +"},
		{".", "#", 0, "IOS: dot is 0-9 A-F * # +"},
		{".", "+", 0, "IOS: dot is 0-9 A-F * # +"},
		{".1", "+1", 1, "IOS: dot"},
		{"1.3", "123", 2, "IOS: dot inside"},
		{"1.3", "133", 2, "IOS: dot inside"},
		{"1.3", "13", NO, "IOS: dot inside is not optional"},
		{"................", "1234567890123456", 0, "docs: more than 15 dots"},
		{"555....", "5551234", 3, "IOS: seven digits that begin with 555"},
		{"555....", "555123", NO, "IOS: at least seven digits"},
		/* sets */
		{"91[^135]555", "912555", 5, "IOS: negated set"},
		{"91[^135]555", "911555", NO, "IOS: negated set"},
		{"91[^135]555", "913555", NO, "IOS: negated set"},
		{"91[^135]555", "915555", NO, "IOS: negated set"},
		{"91[^135]555", "91555", NO, "IOS: a negated set is one digit"},
		{"[1-3]22", "122", 2, "IOS: range"},
		{"[1-3]22", "222", 2, "IOS: range"},
		{"[1-3]22", "322", 2, "IOS: range ends are in it"},
		{"[1-3]22", "422", NO, "IOS: range"},
		{"[1-3]22", "022", NO, "IOS: range"},
		{"[^1-3]22", "022", 2, "IOS: negated range"},
		{"[^1-3]22", "422", 2, "IOS: negated range"},
		{"[^1-3]22", "*22", 2, "IOS: negated range matches the other keys"},
		{"[^1-3]22", "222", NO, "IOS: negated range"},
		{"[1-3,5-9]0", "10", 1, "IOS: comma separates"},
		{"[1-3,5-9]0", "40", NO, "IOS: comma separates"},
		{"[1-3,5-9]0", "90", 1, "IOS: comma separates"},
		{"[1-3,5-9]0", ",0", NO, "docs: a comma is never a digit"},
		{"[1-35-9]0", "50", 1, "IOS: members may touch"},
		{"[5,8]", "8", 0, "IOS: list"},
		{"[5,8]", "6", NO, "IOS: list"},
		{"555[25]", "5552", 3, "IOS: list without commas"},
		{"555[25]", "5555", 3, "IOS: list without commas"},
		{"555[25]", "5553", NO, "IOS: list without commas"},
		{"[1,]", "1", 0, "docs: commas in brackets only separate"},
		{"[,1,,2]", "2", 0, "docs: commas in brackets only separate"},
		{"[5]", "5", 0, "docs: a set of one is not explicit"},
		{"5[5]", "55", 1, "docs: a set of one is not explicit"},
		{"[A-D]1", "C1", 1, "IOS: range of letters"},
		{"[A-D]1", "E1", NO, "IOS: range of letters"},
		{"[a-d]1", "C1", 1, "docs: a-f are A-F"},
		{"[*#]1", "#1", 1, "IOS: keys in a set"},
		{"[*#]1", "*1", 1, "IOS: keys in a set"},
		{"[*#]1", "+1", NO, "IOS: keys in a set"},
		{"[+]1", "+1", 1, "docs: + in a set is itself"},
		{"[0-9A-F*#+]", "+", 0, "docs: a set of everything"},
		{"[2-9]..[2-9]......$", "2015550123", 0, "IOS: NANP"},
		{"[2-9]..[2-9]......$", "1015550123", NO, "IOS: NANP"},
		{"[2-9]..[2-9]......$", "20155501234", NO, "IOS: NANP, exact"},
		{"+1[2-9]..[2-9]......$", "+12015550123", 2, "IOS: E.164 NANP"},
		{"+1[2-9]..[2-9]......$", "12015550123", NO, "IOS: E.164 NANP"},
		{"+1[2-9]..[2-9]......$", "+11015550123", NO, "IOS: E.164 NANP"},
		{"333[^49]", "3331", 3, "IOS: negated list"},
		{"333[^49]", "3334", NO, "IOS: negated list"},
		{"3+[123]", "3331", 3, "IOS: repeat, then list"},
		/* pause */
		{"9,,,5551212", "95551212", 8, "IOS: a comma is a pause, no digit"},
		{"9,,,5551212", "9,,,5551212", NO, "docs: a comma is never a digit"},
		{"9,5", "95", 2, "IOS: pause"},
		{",5", "5", 1, "IOS: pause in front"},
		{"5,", "5", 1, "IOS: pause at the end"},
		{"5,T", "51", 1, "IOS: pause before T"},
		/* % */
		{"74%", "7", 1, "IOS: % is zero or more"},
		{"74%", "74", 2, "IOS: % is zero or more"},
		{"74%", "74444", 5, "IOS: % is zero or more"},
		{"74%", "75", 1, "IOS: % is zero, 5 is extra"},
		{"74%$", "75", NO, "IOS: % then end"},
		{"74%5", "75", 2, "IOS: % is zero"},
		{"74%5", "74445", 5, "IOS: % is more"},
		{"74%4", "74", 2, "docs: % leaves digits for what follows"},
		{"74%4", "744", 3, "docs: % leaves digits for what follows"},
		{"74%4", "7", NO, "docs: % leaves digits for what follows"},
		{"333(123)%", "333", 3, "IOS: group zero times"},
		{"333(123)%", "333123", 6, "IOS: group once"},
		{"333(123)%", "333123123", 9, "IOS: group twice"},
		{"333(123)%$", "33312312", NO, "IOS: no half group"},
		{"333(123)%", "33312312", 6, "IOS: prefix"},
		{".%5", "1235", 1, "docs: repeats after a dot"},
		{".%5", "5555", 1, "docs: the most explicit way counts"},
		{".%55", "5555", 2, "docs: the most explicit way counts"},
		{"[12]%3", "12123", 1, "docs: repeats after a set"},
		{"[12]%3", "3", 1, "docs: repeats after a set"},
		/* + */
		{"+1919.......", "+19195551234", 5, "IOS: + first is the plus of E.164"},
		{"+1919.......", "19195551234", NO, "IOS: + first is the plus of E.164"},
		{"^+1", "+1", 2, "IOS: + first, behind ^"},
		{"+", "+", 1, "IOS: + alone"},
		{"++", "+++", 3, "docs: the second + repeats the first"},
		{"85+", "85", 2, "IOS: + is one or more"},
		{"85+", "8555", 4, "IOS: + is one or more"},
		{"85+", "8", NO, "IOS: + is not zero"},
		{"85+", "85+", 2, "IOS: + elsewhere is no digit"},
		{"5+23", "5523", 4, "IOS: + is one or more"},
		{"5+23", "555523", 6, "IOS: + is one or more"},
		{"5+23", "23", NO, "IOS: + is not zero"},
		{"1+", "111", 3, "IOS: + is one or more"},
		{"(61)+", "61", 2, "IOS: group"},
		{"(61)+", "616161", 6, "IOS: group"},
		{"(61)+$", "61616", NO, "IOS: no half group"},
		{"(+44)?20", "+4420", 5, "docs: + first in a group is the plus of E.164"},
		{"(+44)?20", "20", 2, "docs: + first in a group is the plus of E.164"},
		{".+1", "991", 1, "docs: repeats after a dot"},
		{".+1", "1", NO, "docs: repeats after a dot"},
		{"[23]+1", "32231", 1, "docs: repeats after a set"},
		/* ? */
		{"(206)?5015111", "5015111", 7, "IOS: optional group"},
		{"(206)?5015111", "2065015111", 10, "IOS: optional group"},
		{"(206)?5015111", "20605015111", NO, "IOS: once at most"},
		{"(206)?5015111", "205015111", NO, "IOS: the whole group"},
		{"(0)?(1)?21933...", "21933123", 5, "CUBE: two optional prefixes"},
		{"(0)?(1)?21933...", "021933123", 6, "CUBE: two optional prefixes"},
		{"(0)?(1)?21933...", "121933123", 6, "CUBE: two optional prefixes"},
		{"(0)?(1)?21933...", "0121933123", 7, "CUBE: two optional prefixes"},
		{"(0)?(1)?21933...", "1021933123", NO, "CUBE: in this order"},
		{"12?3", "13", 2, "IOS: optional digit"},
		{"12?3", "123", 3, "IOS: optional digit"},
		{"12?3", "1223", NO, "IOS: once at most"},
		{"12?2", "12", 2, "docs: ? leaves the digit for what follows"},
		{"12?2", "122", 3, "docs: ? leaves the digit for what follows"},
		{".?5", "5", 1, "docs: repeats after a dot"},
		{".?5", "45", 1, "docs: repeats after a dot"},
		{".?5", "445", NO, "docs: repeats after a dot"},
		/* groups */
		{"408(555)", "408555", 6, "IOS: a group alone changes nothing"},
		{"333(123)", "333123", 6, "IOS: a group alone changes nothing"},
		{"333(123)", "3331", NO, "IOS: a group is all of its digits"},
		{"(1(2)?3)+", "131233", 5, "docs: groups in groups"},
		{"(1(2)?3)+4", "1312313", NO, "docs: groups in groups"},
		{"(1(2)?3)+4", "13123134", 8, "docs: groups in groups"},
		{"((((((((5))))))))", "5", 1, "docs: eight deep"},
		{"(5%)%", "555", 3, "docs: a repeat of what may be nothing ends"},
		{"((5%)%)%$", "5555", 4, "docs: a repeat of what may be nothing ends"},
		{"((5?)+(6?)+)+7", "56657", 5, "docs: a repeat of what may be nothing ends"},
		{"(1[2-3].)+4", "12913x4", NO, "docs: x is no digit"},
		{"(1[2-3].)+4", "1291384", 3, "IOS: group of sets"},
		{"(1,2)+", "1212", 4, "IOS: pause in a group"},
		/* ^ and $ */
		{"^8675309", "8675309", 7, "IOS: ^ is implied"},
		{"^8675309", "18675309", NO, "IOS: ^ is implied"},
		{"1000$", "1000", 4, "IOS: $ is the end"},
		{"1000$", "10005", NO, "IOS: $ is the end"},
		{"2...$", "20012", NO, "IOS: $ is the end"},
		{"2...$", "2001", 1, "IOS: $ is the end"},
		{"5%$", "5555", 4, "IOS: $ is the end"},
		{"5%$", "5554", NO, "IOS: $ is the end"},
		/* T */
		{"9T", "9", 1, "IOS: T is 0 to 32 digits"},
		{"9T", "91234567890", 1, "IOS: T counts nothing"},
		{"9T", "8", NO, "IOS: T"},
		{"9011T", "9011441234", 4, "IOS: international prefix"},
		{".T", "1", 0, "IOS: .T needs a digit"},
		{".T", "18005550123", 0, "IOS: .T takes all"},
		{"T", "1", 0, "IOS: T alone takes all"},
		{"T", "", NO, "docs: no number matches nothing"},
		{"555T", "5550124", 3, "IOS: T"},
		{"1T$", "1" D32, 1, "IOS: T is up to 32 digits"},
		{"1T$", "1" D32 "3", NO, "IOS: T is up to 32 digits"},
		{"1T", "1" D32 "3", 1, "docs: without $ further digits pass"},
		{"T$", D32, 0, "IOS: T is up to 32 digits"},
		{"T$", D32 "1", NO, "IOS: T is up to 32 digits"},
		{"5+T", "55123", 2, "IOS: T behind a repeat"},
		{"5%T$", "555" D32, 3, "IOS: T behind a repeat"},
		/* \ */
		{"\\+1", "+1", 2, "IOS: escape"},
		{"1\\+1", "1+1", 3, "IOS: an escaped + is a digit anywhere"},
		{"1\\+1", "11", NO, "IOS: an escaped + is no repeat"},
		{"1\\++", "1+++", 4, "IOS: an escaped + can be repeated"},
		{"\\*\\#\\5\\a", "*#5A", 4, "IOS: an escaped digit is itself"},
		/* what is no number */
		{"1", "", NO, "docs: no number matches nothing"},
		{"5%", "", NO, "docs: no number matches nothing"},
		{"1000", "1000x", NO, "docs: letters beyond F are no digits"},
		{".T", "alice", NO, "docs: letters beyond F are no digits"},
		{".T", "fab", 0, "docs: a name of a-f is a number"},
		{"1", "1-2", NO, "docs: separators are taken out before"},
		{"1", "1 ", NO, "docs: a blank is no digit"},
		{"1", "1T", NO, "docs: T is no digit"},
		{"1", "1.", NO, "docs: . is no digit"},
		{".T", D32 D32, 0, "docs: 64 digits"},
		{".T", D32 D32 "1", NO, "docs: 65 digits"},
		{"1.%2", D32 D32, 2, "docs: 64 digits"},
};

struct fixture
{
	struct cube_arena *arena;
	struct cube_err err;
};

static void fixture_new(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->arena = cube_arena_new(&cube_alloc_libc, 8192);
	ck_assert_ptr_nonnull(f->arena);
}

START_TEST(test_rows)
{
	struct fixture f;
	const struct cube_pattern *pattern;
	unsigned digits = 99, naive_digits = 0;
	bool hit, naive_hit;
	int got;

	fixture_new(&f);
	pattern = cube_pattern_compile(cube_str_of(rows[_i].pattern), "p", f.arena, &f.err);
	ck_assert_msg(pattern != NULL, "\"%s\": %s", rows[_i].pattern, f.err.text);
	hit = cube_pattern_match(pattern, cube_str_of(rows[_i].number), &digits);
	got = hit ? (int)digits : NO;
	ck_assert_msg(got == rows[_i].want, "%s against %s: got %d, want %d: %s", rows[_i].pattern, rows[_i].number, got,
			rows[_i].want, rows[_i].why);
	ck_assert(cube_pattern_match(pattern, cube_str_of(rows[_i].number), NULL) == hit);
	naive_hit = naive_match(rows[_i].pattern, rows[_i].number, &naive_digits);
	ck_assert_msg((naive_hit ? (int)naive_digits : NO) == rows[_i].want, "the naive matcher is wrong about %s, %s",
			rows[_i].pattern, rows[_i].number);
	cube_arena_free(&f.arena);
}
END_TEST

#define SIGNS "(allowed: 0-9 A-F * # + . [ ] ( ) % ? , \\ and T $ at the end)"
#define D128 D32 D32 D32 D32

static const struct
{
	const char *pattern, *want; /* behind the path */
} bad[] = {
		{"", "\"\": position 1: no digit " SIGNS},
		{"^", "\"^\": position 1: no digit " SIGNS},
		{"$", "\"$\": position 1: no digit " SIGNS},
		{"^$", "\"^$\": position 1: no digit " SIGNS},
		{",,", "\",,\": position 1: no digit " SIGNS},
		{"12x4", "\"12x4\": position 3: no such sign in a pattern " SIGNS},
		{"12-4", "\"12-4\": position 3: no such sign in a pattern " SIGNS},
		{"12 4", "\"12 4\": position 3: no such sign in a pattern " SIGNS},
		{"1|2", "\"1|2\": position 2: no such sign in a pattern " SIGNS},
		{"1{3}", "\"1{3}\": position 2: no such sign in a pattern " SIGNS},
		{"1t", "\"1t\": position 2: no such sign in a pattern " SIGNS},
		{"1\n", "\"1?\": position 2: no such sign in a pattern " SIGNS},
		{"1\xff", "\"1?\": position 2: no such sign in a pattern " SIGNS},
		{"1]", "\"1]\": position 2: no such sign in a pattern " SIGNS},
		{"%1", "\"%1\": position 1: nothing to repeat: %, + and ? stand behind a digit, ., [...] or (...)"},
		{"1%%", "\"1%%\": position 3: nothing to repeat: %, + and ? stand behind a digit, ., [...] or (...)"},
		{"1+?", "\"1+?\": position 3: nothing to repeat: %, + and ? stand behind a digit, ., [...] or (...)"},
		{"1?+", "\"1?+\": position 3: nothing to repeat: %, + and ? stand behind a digit, ., [...] or (...)"},
		{"1(?2)", "\"1(?2)\": position 3: nothing to repeat: %, + and ? stand behind a digit, ., [...] or (...)"},
		{"9,+", "\"9,+\": position 3: nothing to repeat: %, + and ? stand behind a digit, ., [...] or (...)"},
		{"1T2", "\"1T2\": position 2: T and $ only at the end, as T, $ or T$"},
		{"1TT", "\"1TT\": position 2: T and $ only at the end, as T, $ or T$"},
		{"1$T", "\"1$T\": position 2: T and $ only at the end, as T, $ or T$"},
		{"1$$", "\"1$$\": position 2: T and $ only at the end, as T, $ or T$"},
		{"1$2", "\"1$2\": position 2: T and $ only at the end, as T, $ or T$"},
		{"1(2T)", "\"1(2T)\": position 4: T and $ only at the end, as T, $ or T$"},
		{"1T%", "\"1T%\": position 2: T and $ only at the end, as T, $ or T$"},
		{"1^2", "\"1^2\": position 2: ^ only as the first sign of a pattern or of brackets"},
		{"^^1", "\"^^1\": position 2: ^ only as the first sign of a pattern or of brackets"},
		{"1[23", "\"1[23\": position 2: [ is not closed by ]"},
		{"1[", "\"1[\": position 2: [ is not closed by ]"},
		{"1[^", "\"1[^\": position 2: [ is not closed by ]"},
		{"[]", "\"[]\": position 1: no digit between the brackets"},
		{"[^]", "\"[^]\": position 1: no digit between the brackets"},
		{"[,]", "\"[,]\": position 1: no digit between the brackets"},
		{"[^0-9A-F*#+]", "\"[^0-9A-F*#+]\": position 1: every digit is excluded"},
		{"1[2.]", "\"1[2.]\": position 4: not a digit (allowed in brackets: 0-9 A-F * # + , - and ^ in front)"},
		{"1[2^3]", "\"1[2^3]\": position 4: not a digit (allowed in brackets: 0-9 A-F * # + , - and ^ in front)"},
		{"[-5]", "\"[-5]\": position 2: not a digit (allowed in brackets: 0-9 A-F * # + , - and ^ in front)"},
		{"[T]", "\"[T]\": position 2: not a digit (allowed in brackets: 0-9 A-F * # + , - and ^ in front)"},
		{"[5-2]", "\"[5-2]\": position 2: not a range (allowed: from a lower to a higher digit of 0-9, or of A-F)"},
		{"[5-]", "\"[5-]\": position 2: not a range (allowed: from a lower to a higher digit of 0-9, or of A-F)"},
		{"[5-", "\"[5-\": position 2: not a range (allowed: from a lower to a higher digit of 0-9, or of A-F)"},
		{"[8-B]", "\"[8-B]\": position 2: not a range (allowed: from a lower to a higher digit of 0-9, or of A-F)"},
		{"[*-#]", "\"[*-#]\": position 2: not a range (allowed: from a lower to a higher digit of 0-9, or of A-F)"},
		{"[1-3-5]", "\"[1-3-5]\": position 5: not a digit (allowed in brackets: 0-9 A-F * # + , - and ^ in front)"},
		{"(12", "\"(12\": position 1: ( is not closed by )"},
		{"1(2(3)", "\"1(2(3)\": position 2: ( is not closed by )"},
		{"12)", "\"12)\": position 3: ) without ("},
		{"1()", "\"1()\": position 2: nothing between the parentheses"},
		{"1(,)", "\"1(,)\": position 2: nothing between the parentheses"},
		{"(((((((((5)))))))))", "\"(((((((((5)))))))))\": position 9: too many ( inside each other (at most 8)"},
		{"1\\", "\"1\\\": position 2: no digit behind \\ (allowed: 0-9 A-F * # +)"},
		{"1\\.", "\"1\\.\": position 3: no digit behind \\ (allowed: 0-9 A-F * # +)"},
		{"1\\T", "\"1\\T\": position 3: no digit behind \\ (allowed: 0-9 A-F * # +)"},
		{D128 "1", "\"" D128 "\": position 129: too long (at most 128 characters)"},
};

START_TEST(test_bad)
{
	struct fixture f;
	char want[512];

	fixture_new(&f);
	snprintf(want, sizeof(want), "dial-peer 7: destination-pattern: %s", bad[_i].want);
	ck_assert_ptr_null(
			cube_pattern_compile(cube_str_of(bad[_i].pattern), "dial-peer 7: destination-pattern", f.arena, &f.err));
	ck_assert_str_eq(f.err.text, want);
	ck_assert_uint_eq(f.err.count, 1);
	cube_arena_free(&f.arena);
}
END_TEST

/* The longest patterns there are, with the most instructions and the worst repeats. */
START_TEST(test_limits)
{
	static const char *const pieces[] = {"5%", "5+", "(5%)%", "[5]%", "(5?)+", ".%", "1"};
	struct fixture f;
	char text[CUBE_PATTERN_TEXT_MAX + 1], number[CUBE_NUMBER_MAX + 1];
	size_t piece_len = strlen(pieces[_i]), len = 0;
	unsigned digits = 0, naive_digits = 0;
	const struct cube_pattern *pattern;
	bool hit;

	fixture_new(&f);
	for(; len + piece_len <= CUBE_PATTERN_TEXT_MAX; len += piece_len)
		memcpy(text + len, pieces[_i], piece_len);
	text[len] = '\0';
	memset(number, '5', CUBE_NUMBER_MAX);
	number[CUBE_NUMBER_MAX] = '\0';
	pattern = cube_pattern_compile((struct cube_str){text, len}, "p", f.arena, &f.err);
	ck_assert_msg(pattern != NULL, "%s", f.err.text);
	hit = cube_pattern_match(pattern, cube_str_of(number), &digits);
	ck_assert(hit == naive_match(text, number, &naive_digits));
	ck_assert(!hit || digits == naive_digits);
	cube_arena_free(&f.arena);
}
END_TEST

#define RANDOM_PATTERNS 150000 /* times NUMBERS, in each of the two tests below */
#define NUMBERS 8

/* Patterns are many, memory is not. */
static void renew(struct fixture *f, unsigned i)
{
	if(i % 256 == 0) {
		cube_arena_free(&f->arena);
		fixture_new(f);
	}
	cube_err_reset(&f->err);
}

/* What compiles must match as the naive matcher says. */
static unsigned agree(const char *text, const struct cube_pattern *pattern, struct random_source *r)
{
	char number[80];
	unsigned hits = 0;

	for(int i = 0; i < NUMBERS; i++) {
		unsigned got_digits = 0, want_digits = 0;
		bool got, want;

		if(i % 2)
			random_number_like(r, text, number);
		else
			random_number(r, number, i == 2 ? 70 : 7);
		got = cube_pattern_match(pattern, cube_str_of(number), &got_digits);
		want = naive_match(text, number, &want_digits);
		if(got != want || (got && got_digits != want_digits)) /* ck_assert writes to a file each time */
			ck_abort_msg("%s against %s: got %d/%u, want %d/%u", text, number, got, got_digits, want, want_digits);
		hits += got;
	}
	return hits;
}

START_TEST(test_random)
{
	unsigned n = RANDOM_PATTERNS * random_times();
	struct random_source r = {20240611};
	uint64_t hits = 0, all = (uint64_t)n * NUMBERS;
	struct fixture f = {.arena = NULL};
	char text[64];

	for(unsigned i = 0; i < n; i++) {
		const struct cube_pattern *pattern;

		renew(&f, i);
		random_pattern(&r, text, sizeof(text));
		pattern = cube_pattern_compile(cube_str_of(text), "p", f.arena, &f.err);
		if(!pattern)
			ck_abort_msg("%s", f.err.text);
		hits += agree(text, pattern, &r);
	}
	cube_arena_free(&f.arena);
	ck_assert_msg(hits > all / 5 && hits < all * 4 / 5,
			"%" PRIu64 " of %" PRIu64 " match: the patterns are too strange to say anything", hits, all);
}
END_TEST

/* Any string of the language's signs either has exactly one message or compiles, and then matches as it should. */
START_TEST(test_random_signs)
{
	static const char signs[] = "1122333A.*#+%?()()[]^-,$T\\";
	unsigned n = RANDOM_PATTERNS * random_times(), good = 0;
	struct random_source r = {77};
	struct fixture f = {.arena = NULL};

	for(unsigned i = 0; good < n; i++) {
		const struct cube_pattern *pattern;
		char text[12] = "";
		unsigned len = random_below(&r, sizeof(text));

		for(unsigned k = 0; k < len; k++)
			text[k] = signs[random_below(&r, sizeof(signs) - 1)];
		renew(&f, i);
		pattern = cube_pattern_compile(cube_str_of(text), "p", f.arena, &f.err);
		if(f.err.count != (pattern ? 0 : 1))
			ck_abort_msg("%s: %u messages", text, f.err.count);
		if(pattern) {
			agree(text, pattern, &r);
			good++;
		}
		if(i / 50 >= n)
			ck_abort_msg("only %u of %u are patterns", good, i);
	}
	cube_arena_free(&f.arena);
}
END_TEST

START_TEST(test_no_memory)
{
	struct helper_alloc h;
	struct cube_err err = {0};
	struct cube_arena *arena;
	unsigned compiled = 0;

	helper_alloc_init(&h, 1, false);
	arena = cube_arena_new(&h.alloc, 4096);
	while(cube_pattern_compile(CUBE_STR("12345%"), "dial-peer 7", arena, &err))
		compiled++;
	ck_assert_uint_gt(compiled, 0);
	ck_assert_uint_eq(err.count, 1);
	ck_assert(strncmp(err.text, "dial-peer 7: ", 13) == 0);
	cube_arena_free(&arena);
	ck_assert_int_eq(h.live, 0);
}
END_TEST

Suite *suite_pattern(void)
{
	Suite *s = suite_create("pattern");
	TCase *t = tcase_create("pattern");

	tcase_set_timeout(t, 120.0 * random_times());
	tcase_add_loop_test(t, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(t, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(t, test_limits, 0, 7);
	tcase_add_test(t, test_random);
	tcase_add_test(t, test_random_signs);
	tcase_add_test(t, test_no_memory);
	suite_add_tcase(s, t);
	return s;
}
