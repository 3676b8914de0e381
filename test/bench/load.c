/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TLS and SIP client that keeps a server busy for some seconds, and counts:
 *   load <handshakes|reconnects|requests|hold> <address> <port> ca=F cert=F key=F tls=1.2|1.3 connections=N
 *        [seconds=S] [inflight=N] [pids=P,P...]
 * It always verifies the server and always has a certificate. One connection is made again and again in each of N places.
 * The result is one line of JSON; server_cpu: seconds that the processes `pids` ran meanwhile. hold: when all is idle it
 * says so in a line of its own, and ends when its standard input does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define CONNECTIONS_MAX 20000
#define PATIENCE 30 /* seconds, for all connections to be there */

struct options
{
	const char *ca, *cert, *key, *tls, *pids;
	int connections, inflight;
	double seconds;
};

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "load: %s%s\n", what, detail);
	ERR_print_errors_fp(stderr);
	exit(2);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double own_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Seconds that the processes have run so far. */
static double cpu_of(const char *pids)
{
	double sum = 0;
	const char *p;
	char path[64];

	for(p = pids; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		unsigned long long ns = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%ld/schedstat", strtol(p, NULL, 10));
		f = fopen(path, "r");
		if(f) {
			if(fscanf(f, "%llu", &ns) == 1)
				sum += (double)ns / 1e9;
			fclose(f);
		}
	}
	return sum;
}

static enum load_kind kind_of(const char *name)
{
	static const char *const names[] = {"handshakes", "reconnects", "requests", "hold"};
	int i;

	for(i = 0; i < 4; i++) {
		if(strcmp(name, names[i]) == 0)
			return (enum load_kind)i;
	}
	die("no such kind of load: ", name);
	return LOAD_HOLD;
}

static void parse(struct options *o, int argc, char **argv)
{
	int i;

	for(i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if(!value)
			die("not name=value: ", argv[i]);
		*value++ = '\0';
		if(strcmp(argv[i], "ca") == 0)
			o->ca = value;
		else if(strcmp(argv[i], "cert") == 0)
			o->cert = value;
		else if(strcmp(argv[i], "key") == 0)
			o->key = value;
		else if(strcmp(argv[i], "tls") == 0)
			o->tls = value;
		else if(strcmp(argv[i], "pids") == 0)
			o->pids = value;
		else if(strcmp(argv[i], "connections") == 0)
			o->connections = (int)strtol(value, NULL, 10);
		else if(strcmp(argv[i], "inflight") == 0)
			o->inflight = (int)strtol(value, NULL, 10);
		else if(strcmp(argv[i], "seconds") == 0)
			o->seconds = strtod(value, NULL);
		else
			die("no such option: ", argv[i]);
	}
	if(!o->ca || !o->cert || !o->key || o->connections < 1 || o->connections > CONNECTIONS_MAX || o->inflight < 1)
		die("ca, cert, key or connections is missing", "");
}

/* The same suite and group for every server, so that the servers' own order of preference decides nothing. */
static SSL_CTX *context(const struct options *o, struct load *load)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	load->version = strcmp(o->tls, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	if(!ctx || SSL_CTX_set_min_proto_version(ctx, load->version) != 1
			|| SSL_CTX_set_max_proto_version(ctx, load->version) != 1
			|| SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384") != 1
			|| SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384") != 1
			|| SSL_CTX_set1_groups_list(ctx, "X25519:P-256") != 1)
		die("OpenSSL refuses the policy", "");
	if(SSL_CTX_load_verify_file(ctx, o->ca) != 1 || SSL_CTX_use_certificate_chain_file(ctx, o->cert) != 1
			|| SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1)
		die("OpenSSL refuses the certificates", "");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(
			ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1); /* several answers with one call */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, conn_on_session);
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF); /* a refusal comes as an alert */
	return ctx;
}

static void wait_events(struct load *load, double until)
{
	struct epoll_event events[256];
	double left = until - now();
	int n = epoll_wait(load->epoll, events, 256, left > 0 ? (int)(left * 1000) + 1 : 0), i;

	for(i = 0; i < n; i++) {
		struct conn *conn = events[i].data.ptr;

		if(conn->fd >= 0)
			conn_step(conn);
	}
}

static bool all_there(const struct load *load, int connections)
{
	uint64_t seen = load->kind == LOAD_REQUESTS ? load->established : load->done;

	return load->kind == LOAD_HANDSHAKES || seen >= (uint64_t)connections;
}

/* Is counted from when all connections are there; when reconnecting, from when all have a session. */
static void settle(struct load *load, int connections)
{
	double until = now() + PATIENCE;

	while(!all_there(load, connections)) {
		if(load->failed && load->kind != LOAD_RECONNECTS)
			die("a connection failed: ", load->failure);
		if(now() > until)
			die("the connections do not all come about", "");
		wait_events(load, until);
	}
}

/* Lets the connections at hand end in order: stock Kamailio 5.6 dies of handshakes that are broken off. */
static void drain(struct load *load)
{
	double until = now() + PATIENCE;

	load->stopping = true;
	while((load->kind == LOAD_HANDSHAKES || load->kind == LOAD_RECONNECTS) && load->open > 0 && now() < until)
		wait_events(load, until);
}

static void hold(void)
{
	char byte;

	printf("idle\n");
	fflush(stdout);
	while(read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void report(const struct load *load, double seconds, double cpu, double server_cpu)
{
	printf("{\"done\": %llu, \"resumed\": %llu, \"failed\": %llu, \"failure\": \"%s\", \"seconds\": %.6f, \"cpu\": "
		   "%.6f, "
		   "\"server_cpu\": %.6f}\n",
			(unsigned long long)load->done, (unsigned long long)load->resumed, (unsigned long long)load->failed,
			load->failure, seconds, cpu, server_cpu);
}

int main(int argc, char **argv)
{
	struct options o = {.tls = "1.3", .connections = 32, .inflight = 1, .seconds = 1};
	struct load load = {.failure = ""};
	struct conn *conns;
	double began, cpu, servers;
	int i;

	if(argc < 4)
		die("usage: load <handshakes|reconnects|requests|hold> <address> <port> name=value...", "");
	signal(SIGPIPE, SIG_IGN);
	load.kind = kind_of(argv[1]);
	load.server.sin_family = AF_INET;
	load.server.sin_port = htons((uint16_t)strtol(argv[3], NULL, 10));
	if(inet_pton(AF_INET, argv[2], &load.server.sin_addr) != 1)
		die("not an IPv4 address: ", argv[2]);
	parse(&o, argc - 4, argv + 4);
	load.ctx = context(&o, &load);
	load.inflight = o.inflight;
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	conns = calloc((size_t)o.connections, sizeof(*conns));
	if(load.epoll < 0 || !conns)
		die("out of memory", "");
	load.open = o.connections;
	for(i = 0; i < o.connections; i++) {
		conns[i].load = &load;
		conns[i].number = i;
		conn_start(&conns[i]);
	}
	settle(&load, o.connections);
	if(load.kind == LOAD_HOLD)
		hold();
	load.done = load.resumed = 0;
	began = now();
	cpu = own_cpu();
	servers = cpu_of(o.pids);
	while(load.kind != LOAD_HOLD && now() < began + o.seconds)
		wait_events(&load, began + o.seconds);
	report(&load, now() - began, own_cpu() - cpu, cpu_of(o.pids) - servers);
	drain(&load);
	for(i = 0; i < o.connections; i++)
		conn_drop(&conns[i]);
	return 0;
}
