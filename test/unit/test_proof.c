/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/proof.c. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/proof.h"
#include "helper.h"

Suite *suite_proof(void);

static const unsigned char key[CUBE_PROOF_KEY] = "0123456789abcde", other_key[CUBE_PROOF_KEY] = "x";

/* Of one key at a time. */
static struct cube_prover *prover_of(const unsigned char *of)
{
	static struct cube_prover *prover;
	static const unsigned char *has;

	if(has != of) {
		cube_prover_free(prover);
		prover = cube_prover_new(of);
		has = of;
	}
	return prover;
}

struct facts
{
	const unsigned char *key;
	struct cube_proof_dialog dialog;
	struct cube_proof_leg in, out;
	struct cube_proof_place place;
	bool caller;
};

static struct facts good(void)
{
	struct facts f = {.key = key,
			.dialog = {CUBE_STR("call@host"), CUBE_STR("tag"), 0, 0},
			.in = {{{4, {192, 0, 2, 1}}, 5060}, 1, 100, 'p'},
			.out = {{{4, {192, 0, 2, 1}}, 5061}, 3, 200, 's'},
			.place = {CUBE_STR("user"), CUBE_STR("host.example"), CUBE_STR("5080"), CUBE_STR("")},
			.caller = true};

	return f;
}

static bool prove_route(const struct facts *f, char proof[CUBE_PROOF_LEN + 1])
{
	return cube_proof_route(prover_of(f->key), &f->dialog, &f->in, &f->out, &f->place, proof);
}

static bool prove_target(const struct facts *f, char proof[CUBE_PROOF_LEN + 1])
{
	struct cube_proof_dialog dialog = f->dialog;

	dialog.in = f->in.tenant;
	dialog.out = f->out.tenant;
	return cube_proof_target(prover_of(f->key), &dialog, f->caller, &f->place, proof);
}

static const char *route(const struct facts *f, char proof[CUBE_PROOF_LEN + 1])
{
	ck_assert(prove_route(f, proof));
	return proof;
}

static const char *target(const struct facts *f, char proof[CUBE_PROOF_LEN + 1])
{
	ck_assert(prove_target(f, proof));
	return proof;
}

/* Each fact changed alone, and texts that only flow into one another. */
static struct facts changed(int i)
{
	struct facts f = good();

	switch(i) {
		case 0:
			f.key = other_key;
			break;
		case 1:
			f.dialog.call_id = CUBE_STR("call@hos");
			break;
		case 2:
			f.dialog.caller_tag = CUBE_STR("tah");
			break;
		case 3:
			f.dialog.call_id = CUBE_STR("call@hostt");
			f.dialog.caller_tag = CUBE_STR("ag");
			break;
		case 4:
			f.place.user = CUBE_STR("User");
			break;
		case 5:
			f.place.user = CUBE_STR("");
			break;
		case 6:
			f.place.host = CUBE_STR("host2.example");
			break;
		case 7:
			f.place.port = CUBE_STR("");
			break;
		case 8:
			f.place.maddr = CUBE_STR("192.0.2.9");
			break;
		case 9:
			f.place.port = CUBE_STR("");
			f.place.maddr = CUBE_STR("5080");
			break;
		case 10:
			f.in.addr.port = 5061;
			break;
		case 11:
			f.in.addr.ip.bytes[3] = 2;
			break;
		case 12:
			f.in.proto = 2;
			break;
		case 13:
			f.in.tenant = 101;
			break;
		case 14:
			f.in.scheme = 's';
			break;
		case 15:
			f.out.addr.port = 5060;
			break;
		case 16:
			f.out.tenant = -1;
			break;
		case 17:
			f.out.scheme = 'p';
			break;
		case 18:
			f.out.addr.ip = (struct cube_ip){16, {192, 0, 2, 1}};
			break;
		case 19:
			f.in.tenant += 1 << 16;
			break;
		default:
			f.in = f.out;
			f.out = good().in;
			break;
	}
	return f;
}

#define FIRST_OF_LEGS 10
#define CHANGES 21

START_TEST(test_changed)
{
	char a[CUBE_PROOF_LEN + 1], b[CUBE_PROOF_LEN + 1];
	struct facts f = good(), g = changed(_i);

	ck_assert_str_ne(route(&f, a), route(&g, b));
	ck_assert_int_eq(strcmp(target(&f, a), target(&g, b)) != 0,
			_i < FIRST_OF_LEGS || f.in.tenant != g.in.tenant || f.out.tenant != g.out.tenant);
}
END_TEST

START_TEST(test_same)
{
	char a[CUBE_PROOF_LEN + 1], b[CUBE_PROOF_LEN + 1];
	struct facts f = good(), g = good();

	g.place.host = CUBE_STR("HOST.Example");
	ck_assert_str_eq(route(&f, a), route(&g, b));
	ck_assert_str_eq(target(&f, a), target(&g, b));
	ck_assert_uint_eq(strlen(a), CUBE_PROOF_LEN);
	ck_assert(cube_proof_is(a, cube_str_of(b)));
	b[7] = b[7] == '0' ? '1' : '0';
	ck_assert(!cube_proof_is(a, cube_str_of(b)));
	ck_assert(!cube_proof_is(a, (struct cube_str){a, CUBE_PROOF_LEN - 1}));
	ck_assert(!cube_proof_is("", CUBE_STR("")));
	f.caller = false;
	ck_assert_str_ne(target(&f, a), target(&g, b));
	ck_assert_str_ne(route(&f, a), target(&f, b));
	ck_assert(cube_proof_route(prover_of(f.key), &f.dialog, &f.in, &f.out, NULL, b));
	ck_assert_str_ne(a, b);
	f.place = (struct cube_proof_place){.user = {NULL, 0}};
	ck_assert_str_ne(route(&f, a), b);
}
END_TEST

START_TEST(test_impossible)
{
	static char longest[5000];
	char proof[CUBE_PROOF_LEN + 1];
	struct facts f = good();

	memset(longest, 'x', sizeof(longest) - 1);
	f.dialog.caller_tag = CUBE_STR("");
	ck_assert(!prove_target(&f, proof));
	ck_assert_str_eq(proof, "");
	f = good();
	f.dialog.call_id = CUBE_STR("");
	ck_assert(!prove_route(&f, proof));
	f = good();
	f.dialog.call_id = cube_str_of(longest);
	ck_assert(!prove_route(&f, proof));
	f = good();
	f.place.host = cube_str_of(longest);
	ck_assert(!prove_target(&f, proof));
	longest[4000] = '\0'; /* each fits, both together do not */
	f.place.host = f.place.maddr = cube_str_of(longest);
	ck_assert(!prove_target(&f, proof));
}
END_TEST

/* user host port, with _ for none; NULL: it must be found out otherwise. */
static const struct
{
	const char *uri, *place;
} places[] = {
		{"sip:a@b", "a b _"},
		{"sip:b", "_ b _"},
		{"sips:a@b:5061", "a b 5061"},
		{"sip:b:1;transport=tcp;lr", "_ b 1"},
		{"sip:+1-2@192.0.2.1:5060;transport=udp?x=y", "+1-2 192.0.2.1 5060"},
		{"sip:a@b?maddr=c", "a b _"},
		{"sip:a@b;maddr=c", NULL},
		{"sip:a@b;x=1;MADDR=c", NULL},
		{"sip:a@b;method=INVITE", NULL},
		{"sip:a@b;x=1;;maddr=c", NULL},
		{"sip:a:p@b", NULL},
		{"sip:a;x=1@b", NULL},
		{"sip:a@[::1]", NULL},
		{"sip:[::1]:5060", NULL},
		{"sip:a@b.:5060", NULL},
		{"tel:+4989", NULL},
};

START_TEST(test_places)
{
	struct cube_proof_place place;
	struct cube_uri_parts parts;
	char text[100];

	ck_assert(cube_uri_parse(cube_str_of(places[_i].uri), &parts));
	if(!cube_proof_place(&parts, &place)) {
		ck_assert_msg(!places[_i].place, "%s", places[_i].uri);
		return;
	}
	snprintf(text, sizeof(text), "%.*s %.*s %.*s", CUBE_FMT(place.user.len ? place.user : CUBE_STR("_")),
			CUBE_FMT(place.host), CUBE_FMT(place.port.len ? place.port : CUBE_STR("_")));
	ck_assert(place.maddr.len == 0);
	ck_assert_str_eq(text, places[_i].place ? places[_i].place : "NULL");
}
END_TEST

#define P "0123456789abcdef"

static const struct
{
	const char *uri, *host, *marked;
} uris[] = {
		{"sip:a@b", "b", "sip:a@b;cube-to=" P},
		{"sip:b:5060;transport=tcp", "b", "sip:b:5060;transport=tcp;cube-to=" P},
		{"sip:a?x@b?subject=c;d", "b", "sip:a?x@b;cube-to=" P "?subject=c;d"},
		{"sips:a@[::1]:1;lr?a=b", "[::1]", "sips:a@[::1]:1;lr;cube-to=" P "?a=b"},
		{"sip:a@b;cube-to=fedc", "b", "sip:a@b;cube-to=fedc;cube-to=" P},
};

START_TEST(test_marks)
{
	const char *host =
			strstr(strchr(uris[_i].uri, '@') ? strchr(uris[_i].uri, '@') : strchr(uris[_i].uri, ':'), uris[_i].host);
	char buf[CUBE_PROOF_URI_MAX], buf2[CUBE_PROOF_URI_MAX];
	struct cube_str uri = cube_str_of(uris[_i].uri), marked = {buf, 0}, back, shown;
	struct cube_proof_mark mark;

	ck_assert(cube_proof_mark(uri, (struct cube_str){host, strlen(uris[_i].host)}, P, &mark));
	marked.len = (size_t)snprintf(
			buf, sizeof(buf), "%.*s%.*s%s", (int)mark.at, uri.s, (int)sizeof(mark.text), mark.text, uri.s + mark.at);
	ck_assert_str_eq(buf, uris[_i].marked);
	ck_assert(cube_proof_unmark(marked, buf2, &back, &shown));
	ck_assert_msg(cube_str_eq(back, uri), "%.*s", CUBE_FMT(back));
	ck_assert(cube_str_eq(shown, CUBE_STR(P)));
}
END_TEST

START_TEST(test_no_mark)
{
	static const char *const without[] = {
			"", ";", "sip:a@b", "sip:a@b;cube-to", "sip:a@b;xcube-to=1", "cube-to=1", "sip:a@b;cube-t"};
	char buf[CUBE_PROOF_URI_MAX], longest[CUBE_PROOF_URI_MAX];
	struct cube_str changed, shown;
	struct cube_proof_mark mark;

	for(size_t i = 0; i < sizeof(without) / sizeof(*without); i++) {
		size_t len = strlen(without[i]);
		char *copy = helper_exact(without[i], len);

		ck_assert(!cube_proof_unmark((struct cube_str){copy, len}, buf, &changed, &shown));
		free(copy);
	}
	ck_assert(cube_proof_unmark(CUBE_STR("sip:a@b;CUBE-TO="), buf, &changed, &shown));
	ck_assert(shown.len == 0 && cube_str_eq(changed, CUBE_STR("sip:a@b")));
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "sip:", 4);
	for(size_t i = 0; i < 2; i++)
		ck_assert(cube_proof_mark((struct cube_str){longest, CUBE_PROOF_URI_MAX - sizeof(mark.text) + i},
						  (struct cube_str){longest + 4, 9}, P, &mark)
				  == (i == 0));
}
END_TEST

Suite *suite_proof(void)
{
	Suite *s = suite_create("proof");
	TCase *tc = tcase_create("proof");

	tcase_add_loop_test(tc, test_changed, 0, CHANGES);
	tcase_add_test(tc, test_same);
	tcase_add_test(tc, test_impossible);
	tcase_add_loop_test(tc, test_places, 0, (int)(sizeof(places) / sizeof(*places)));
	tcase_add_loop_test(tc, test_marks, 0, (int)(sizeof(uris) / sizeof(*uris)));
	tcase_add_test(tc, test_no_mark);
	suite_add_tcase(s, tc);
	return s;
}
