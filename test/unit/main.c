/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the unit tests: all suites, or those named as arguments. suites.h, made by the Makefile from the file names
 * test_<x>.c, has a line SUITE(<x>) for each. Knows nothing of what they test. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define SUITE(name) Suite *suite_##name(void);
#include "suites.h"
#undef SUITE

static const struct
{
	const char *name;
	Suite *(*make)(void);
} suites[] = {
#define SUITE(name) {#name, suite_##name},
#include "suites.h"
#undef SUITE
	{NULL, NULL}
};
/* clang-format on */

static bool is_wanted(const char *name, int argc, char **argv)
{
	for(int i = 1; i < argc; i++)
		if(strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	int ran = 0, run = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for(size_t i = 0; suites[i].name; i++) {
		if(!is_wanted(suites[i].name, argc, argv))
			continue;
		SRunner *runner = srunner_create(suites[i].make());
		srunner_run_all(runner, CK_NORMAL);
		run += srunner_ntests_run(runner);
		failed += srunner_ntests_failed(runner);
		srunner_free(runner);
		ran++;
	}
	if(ran == 0) {
		fprintf(stderr, "unit: no such suite; there are:");
		for(size_t i = 0; suites[i].name; i++)
			fprintf(stderr, " %s", suites[i].name);
		fprintf(stderr, "\n");
		return EXIT_FAILURE;
	}
	printf("%d passed, %d failed\n", run - failed, failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
