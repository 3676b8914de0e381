/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "show sip-ua connections tcp tls {brief | detail}" of IOS XE 17.14, word for word and column for column: who knows CUBE,
 * or has a program that reads it, goes on as before. Knows nothing of where the facts come from. */
#ifndef CUBE_SHOW_CONNECTIONS_H
#define CUBE_SHOW_CONNECTIONS_H

#include "../base/net.h"

struct cube_show_totals
{
	unsigned active;
	uint64_t send_failures, remote_closures, conn_failures, ageouts, client_failures, server_failures;
	/* the longest queue that a connection has had, in messages; 0: none has had any */
	unsigned queue;
	struct cube_addr queue_for;
};

struct cube_show_conn
{
	struct cube_addr remote, local;
	int id;
	const char *state;
	unsigned queue;		 /* bytes that wait to be sent */
	const char *version; /* "TLSv1.3"; "" before the handshake is done, as are the next three */
	const char *cipher;	 /* OpenSSL's name */
	const char *key;	 /* "RSA", "ECDSA"; shown with TLS 1.3 alone, whose suites do not tell */
	const char *curve;	 /* "P-256" */
	int tenant;
	bool no_socket;	 /* marked "**": it was ended, by one side or the other, and is about to be freed */
	bool mismatched; /* marked "++": it does not leave from its tenant's address */
};

struct cube_show_socket
{
	int id;
	struct cube_addr local;
	int tenant; /* 0: sip-ua */
};

struct cube_show
{
	struct cube_show_totals totals;
	struct cube_show_conn *conns; /* detail sorts them: by remote address, then port, then id */
	unsigned n_conns;
	const struct cube_show_socket *sockets;
	unsigned n_sockets;
};

/* Gives the text line by line, without line ends. Empty lines are given, too. */
typedef void (*cube_show_line_f)(void *ctx, const char *line);

#define CUBE_SHOW_LINE_MAX 256

void cube_show_brief(const struct cube_show *show, cube_show_line_f line, void *ctx);
void cube_show_detail(struct cube_show *show, cube_show_line_f line, void *ctx);

#endif
