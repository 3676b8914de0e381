/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/conf: each ok/X.conf loads and dumps as ok/X.dump, each bad/X.conf is refused with the words of bad/X.err.
 * A dump loads again and gives the same dump. A file cut anywhere is refused. The examples of cfg
 * load. Runs in the root of the tree. */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper.h"

static struct helper_files files;
static glob_t ok, bad, examples;

static void setup(void)
{
	helper_files_init(&files);
	helper_files_pki(&files);
}

static void teardown(void)
{
	helper_files_free(&files);
}

/* ok/x.conf and ".dump": the contents of ok/x.dump. */
static char *sibling(const char *path, const char *ending)
{
	char name[300];

	snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(path) - strlen(".conf")), path, ending);
	return helper_read(name, NULL);
}

START_TEST(accepted)
{
	const char *path = ok.gl_pathv[_i];
	char *want = sibling(path, ".dump"), *text, *got, *again;
	struct cube_conf *conf;
	struct cube_err err;
	size_t len;

	text = helper_read(path, &len);
	conf = helper_load(&files, text, len, &err);
	ck_assert_msg(conf != NULL, "%s: %s", path, err.text);
	ck_assert(!cube_err_any(&err));
	got = helper_dump(conf);
	ck_assert_msg(strcmp(got, want) == 0, "%s: the dump is\n%.3500s", path, got);
	ck_assert_msg(!strstr(got, "PRIVATE KEY"), "%s: key material", path);
	cube_conf_free(&conf);
	ck_assert_ptr_null(conf);
	conf = helper_load(&files, got, strlen(got), &err);
	ck_assert_msg(conf != NULL, "%s: the dump does not load: %s", path, err.text);
	again = helper_dump(conf);
	ck_assert_msg(strcmp(got, again) == 0, "%s: the dump of the dump is\n%s", path, again);
	cube_conf_free(&conf);
	free(text);
	free(want);
	free(got);
	free(again);
}
END_TEST

/* Under the names that examples have for them: an identity with an EC key, one with an RSA key, a CA, a map. */
static void put_examples(void)
{
	static const char *const names[][2] = {{"tls/tenant100.pem", "pki/ec.pem"}, {"tls/tenant100.key", "pki/ec.key"},
			{"tls/tenant200.pem", "pki/cube.pem"}, {"tls/tenant200.key", "pki/cube.key"}, {"tls/ca.pem", "pki/ca.pem"},
			{"../build/pki/tenant100.pem", "pki/ec.pem"}, {"../build/pki/tenant100.key", "pki/ec.key"},
			{"../build/pki/ca.pem", "pki/ca.pem"}};
	char path[64], from[64];
	unsigned i, k;
	size_t len;
	char *map = helper_read("cfg/examples/maps/moved.txt", &len);

	helper_files_put(&files, "/cfg/maps/moved.txt", map, len, 0644);
	free(map);
	for(i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/cfg/%s", names[i][0]);
		snprintf(from, sizeof(from), "/cfg/%s", names[i][1]);
		for(k = 0; strcmp(files.v[k].path, from) != 0; k++)
			ck_assert_uint_lt(k, files.n);
		helper_files_put(&files, path, files.v[k].data, files.v[k].len, files.v[k].mode);
	}
}

/* What is given to people to begin with. */
START_TEST(example)
{
	const char *path = examples.gl_pathv[_i];
	size_t len;
	char *text = helper_read(path, &len);
	struct cube_conf *conf;
	struct cube_err err;

	put_examples();
	conf = helper_load(&files, text, len, &err);
	ck_assert_msg(conf != NULL, "%s: %s", path, err.text);
	cube_conf_free(&conf);
	free(text);
}
END_TEST

START_TEST(refused)
{
	const char *path = bad.gl_pathv[_i];
	char *want = sibling(path, ".err"), *text;
	struct cube_err err;
	size_t len;

	text = helper_read(path, &len);
	ck_assert_msg(helper_load(&files, text, len, &err) == NULL, "%s is accepted", path);
	len = strlen(want);
	if(len && want[len - 1] == '\n')
		want[len - 1] = '\0';
	ck_assert_msg(strcmp(err.text, want) == 0, "%s: it says\n%s", path, err.text);
	free(text);
	free(want);
}
END_TEST

static size_t end_of_text(const char *text, size_t len)
{
	while(len && strchr(" \t\n", text[len - 1]))
		len--;
	return len;
}

/* The bytes up to the cut alone. */
static struct cube_conf *load_cut(const char *text, size_t cut, struct cube_err *err)
{
	char *piece = helper_exact(text, cut);
	struct cube_conf *conf = helper_load(&files, piece, cut, err);

	free(piece);
	return conf;
}

/* In top_down.conf each section needs one that comes behind it: no cut of it is a configuration. */
START_TEST(cut_anywhere)
{
	size_t len, cut, whole;
	char *text = helper_read("test/conf/ok/top_down.conf", &len);
	struct cube_conf *conf;
	struct cube_err err;

	whole = end_of_text(text, len);
	for(cut = 0; cut <= len; cut++) {
		conf = load_cut(text, cut, &err);
		ck_assert_msg((conf != NULL) == (cut >= whole), "cut at %zu of %zu: %s", cut, len, err.text);
		ck_assert_int_eq(cube_err_any(&err), conf == NULL);
		cube_conf_free(&conf);
	}
	free(text);
}
END_TEST

/* In any other file a cut may fall between two sections, and only there. */
START_TEST(cut_between_sections)
{
	size_t len, cut, end;
	char *text = helper_read(ok.gl_pathv[_i], &len);
	const char *line;
	struct cube_conf *conf;
	struct cube_err err;

	for(cut = 0; cut < len; cut++) {
		if(!(conf = load_cut(text, cut, &err)))
			continue;
		cube_conf_free(&conf);
		end = end_of_text(text, cut);
		for(line = text + end; line > text && line[-1] != '\n'; line--)
			;
		ck_assert_msg(end && (text[end - 1] == '}' || text[end - 1] == '\r' || strpbrk(line, "#/")),
				"%s cut at %zu is accepted", ok.gl_pathv[_i], cut);
	}
	free(text);
}
END_TEST

START_TEST(count_goes_on)
{
	size_t len;
	char *text = helper_read("test/conf/bad/value_many_faults.conf", &len);
	struct cube_err err;

	ck_assert_ptr_null(helper_load(&files, text, len, &err));
	ck_assert_uint_eq(err.count, 25);
	free(text);
}
END_TEST

/* A bad file must leave nothing in the parser that changes how the next one is read. */
START_TEST(bad_then_good)
{
	size_t good_len, len;
	char *good = helper_read("test/conf/ok/complete.conf", &good_len), *text;
	struct cube_conf *conf;
	struct cube_err err;

	text = helper_read(bad.gl_pathv[_i], &len);
	ck_assert_ptr_null(helper_load(&files, text, len, &err));
	conf = helper_load(&files, good, good_len, &err);
	ck_assert_msg(conf != NULL, "%s, and then complete.conf: %s", bad.gl_pathv[_i], err.text);
	cube_conf_free(&conf);
	free(text);
	free(good);
}
END_TEST

START_TEST(without_err)
{
	size_t len;
	char *text = helper_read("test/conf/bad/value_number.conf", &len);

	ck_assert_ptr_null(helper_load(&files, text, len, NULL));
	free(text);
}
END_TEST

Suite *suite_golden(void);
Suite *suite_golden(void)
{
	Suite *suite = suite_create("golden");
	TCase *tcase = tcase_create("golden");

	tcase_set_timeout(tcase, 120);
	tcase_add_unchecked_fixture(tcase, setup, teardown);
	if(glob("test/conf/ok/*.conf", 0, NULL, &ok) != 0 || glob("test/conf/bad/*.conf", 0, NULL, &bad) != 0) {
		fprintf(stderr, "golden: test/conf is not here; run this in the root of the tree\n");
		exit(EXIT_FAILURE);
	}
	if(glob("cfg/*.conf", 0, NULL, &examples) != 0 || glob("cfg/examples/*.conf", GLOB_APPEND, NULL, &examples) != 0) {
		fprintf(stderr, "golden: cfg is not here; run this in the root of the tree\n");
		exit(EXIT_FAILURE);
	}
	tcase_add_loop_test(tcase, example, 0, (int)examples.gl_pathc);
	tcase_add_loop_test(tcase, accepted, 0, (int)ok.gl_pathc);
	tcase_add_loop_test(tcase, refused, 0, (int)bad.gl_pathc);
	tcase_add_test(tcase, cut_anywhere);
	tcase_add_loop_test(tcase, cut_between_sections, 0, (int)ok.gl_pathc);
	tcase_add_test(tcase, count_goes_on);
	tcase_add_loop_test(tcase, bad_then_good, 0, (int)bad.gl_pathc);
	tcase_add_test(tcase, without_err);
	suite_add_tcase(suite, tcase);
	return suite;
}
