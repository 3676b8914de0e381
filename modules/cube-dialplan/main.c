/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube-dialplan: which way a call would go by a cube.conf, without a server. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libcube/conf/load.h"
#include "../libcube/dialpeer/explain.h"
#include "../libcube/show/dialpeers.h"

#define DEFAULT_CONF "/etc/kamailio/cube.conf"

enum status
{
	FOUND = 0,
	NO_DIAL_PEER = 1,
	WRONG = 2, /* usage or configuration */
};

/* Options without a letter of their own, that are a name of cube_explain_set. */
static const char *const facts[] = {
		"tenant", "socket", "source", "dial-peer", "calling", "ruri", "from", "to", "via", "diversion", "referred-by"};

#define N_FACTS (sizeof(facts) / sizeof(facts[0]))
#define FIRST_FACT 256

enum what
{
	EXPLAIN = 0,
	CHECK,
	SUMMARY,
};

struct order
{
	const char *path;
	enum what what;
	struct cube_explain_ask ask;
};

static void print_line(void *ctx, const char *line)
{
	(void)ctx;
	puts(line);
}

static void print_faults(const struct cube_err *err)
{
	fprintf(stderr, "%s\n", err->text);
	if(err->count > CUBE_ERR_LINES_MAX)
		fprintf(stderr, "(%u more)\n", err->count - CUBE_ERR_LINES_MAX);
}

static int usage(void)
{
	fputs("usage: cube-dialplan [-c cube.conf] [-t tenant] [-i] [--name value ...] number | sip:user@host\n"
		  "       cube-dialplan [-c cube.conf] --check | --summary\n"
		  "names: tenant socket source dial-peer calling ruri from to via diversion referred-by\n",
			stderr);
	return WRONG;
}

/* getopt's table; the facts stand behind the others. */
static void options_fill(struct option options[N_FACTS + 4])
{
	size_t i;

	for(i = 0; i < N_FACTS; i++)
		options[i] = (struct option){facts[i], required_argument, NULL, FIRST_FACT + (int)i};
	options[i++] = (struct option){"check", no_argument, NULL, 'C'};
	options[i++] = (struct option){"summary", no_argument, NULL, 'S'};
	options[i++] = (struct option){"in", no_argument, NULL, 'i'};
	options[i] = (struct option){NULL, 0, NULL, 0};
}

static bool set_fact(struct order *order, const char *name, const char *value)
{
	struct cube_err err;

	cube_err_reset(&err);
	if(cube_explain_set(&order->ask, cube_str_of(name), cube_str_of(value), &err) == 0)
		return true;
	print_faults(&err);
	return false;
}

/* False: said. */
static bool read_options(int argc, char **argv, struct order *order)
{
	struct option options[N_FACTS + 4];
	int option;

	options_fill(options);
	while((option = getopt_long(argc, argv, "c:t:i", options, NULL)) != -1) {
		if(option == 'c')
			order->path = optarg;
		else if(option == 'i')
			order->ask.in_only = true;
		else if(option == 'C' || option == 'S')
			order->what = option == 'C' ? CHECK : SUMMARY;
		else if(option != 't' && option < FIRST_FACT)
			return usage(), false;
		else if(!set_fact(order, option == 't' ? "tenant" : facts[option - FIRST_FACT], optarg))
			return false;
	}
	return true;
}

/* The words behind the options: a number or a URI, or name=value as kamcmd has it. False: said. */
static bool read_words(int argc, char **argv, struct order *order)
{
	struct cube_err err;
	int i;

	cube_err_reset(&err);
	for(i = optind; i < argc; i++) {
		if(cube_explain_word(&order->ask, cube_str_of(argv[i]), &err) < 0) {
			print_faults(&err);
			return false;
		}
	}
	if((order->what == EXPLAIN) != (order->ask.called.len > 0 || order->ask.uri[CUBE_URI_REQUEST].len > 0))
		return usage(), false;
	if(order->ask.in_only && order->ask.tenant_tag == CUBE_NONE && order->ask.socket.port == 0) {
		fputs("-i: whose call it is must be told, by -t or --socket\n", stderr);
		return false;
	}
	return true;
}

/* Keys are for the server's user alone. Without them, and the certificates, the way of calls is the same. */
static struct cube_conf *conf_read(const char *path, bool need_all)
{
	struct cube_err err, plan_err;
	struct cube_conf *conf = NULL;

	if(cube_conf_load(path, &cube_files_disk, &cube_alloc_libc, &conf, &err) == 0)
		return conf;
	if(need_all || cube_conf_load_plan(path, &cube_files_disk, &cube_alloc_libc, &conf, &plan_err) < 0) {
		print_faults(&err);
		return NULL;
	}
	fputs("certificates and keys are left out of account:\n", stderr);
	print_faults(&err);
	return conf;
}

static enum status explain(const struct cube_conf *conf, const struct order *order)
{
	struct cube_rows_lines lines = {print_line, NULL};
	struct cube_rows rows = cube_rows_as_lines(&lines);
	int found = cube_explain(conf, &order->ask, &rows);

	if(found < 0)
		fputs("out of memory\n", stderr);
	return found < 0 ? WRONG : found > 0 ? FOUND : NO_DIAL_PEER;
}

int main(int argc, char **argv)
{
	struct order order = {.path = DEFAULT_CONF};
	struct cube_conf *conf;
	enum status status = FOUND;

	cube_explain_begin(&order.ask);
	if(!read_options(argc, argv, &order) || !read_words(argc, argv, &order))
		return WRONG;
	if(!(conf = conf_read(order.path, order.what == CHECK)))
		return WRONG;
	if(order.what == EXPLAIN)
		status = explain(conf, &order);
	else if(order.what == SUMMARY)
		cube_show_dial_peers(conf, NULL, print_line, NULL);
	cube_conf_free(&conf);
	return fflush(stdout) == 0 && !ferror(stdout) ? (int)status : WRONG;
}
