/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout is that of Cisco's samples ("SIP TLS Support", show sip-ua connections). */
#include "connections.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/sort.h"

struct out
{
	cube_show_line_f line;
	void *ctx;
};

static void say(const struct out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct out *out, const char *fmt, ...)
{
	char text[CUBE_SHOW_LINE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	out->line(out->ctx, text);
}

static void say_totals(const struct out *out, const struct cube_show_totals *t, bool detail)
{
	char text[CUBE_ADDR_TEXT_MAX];

	say(out, "Total active connections      : %u", t->active);
	say(out, "No. of send failures          : %" PRIu64, t->send_failures);
	say(out, "No. of remote closures        : %" PRIu64, t->remote_closures);
	say(out, "No. of conn. failures         : %" PRIu64, t->conn_failures);
	say(out, "No. of inactive conn. ageouts : %" PRIu64, t->ageouts);
	if(detail && t->queue > 0)
		say(out, "Max. tls send msg queue size of %u, recorded for %s", t->queue, cube_addr_text(&t->queue_for, text));
	say(out, "TLS client handshake failures : %" PRIu64, t->client_failures);
	say(out, "TLS server handshake failures : %" PRIu64, t->server_failures);
	say(out, "%s", "");
}

/* What belongs to no tenant stands in brackets, as does every IPv6 address. Behind the second colon is the VRF's place. */
static const char *socket_text(const struct cube_show_socket *s, char text[CUBE_ADDR_TEXT_MAX + 8])
{
	char ip[CUBE_ADDR_TEXT_MAX];
	bool brackets = s->tenant == 0 || s->local.ip.len == 16;

	snprintf(text, CUBE_ADDR_TEXT_MAX + 8, "%s%s%s:%u:", brackets ? "[" : "", cube_ip_text(&s->local.ip, false, ip),
			brackets ? "]" : "", (unsigned)s->local.port);
	return text;
}

static void say_sockets(const struct out *out, const struct cube_show *show, bool detail)
{
	char text[CUBE_ADDR_TEXT_MAX + 8];
	unsigned i;

	say(out, "-------------- SIP Transport Layer Listen Sockets ---------------");
	say(out, "  Conn-Id             Local-Address            %sTenant ", detail ? "          " : "");
	say(out, " ==========    ===========================   %s", detail ? "           ========" : "============");
	for(i = 0; i < show->n_sockets; i++)
		say(out, "  %-13d %-*s%d", show->sockets[i].id, detail ? 45 : 31, socket_text(&show->sockets[i], text),
				show->sockets[i].tenant);
}

void cube_show_brief(const struct cube_show *show, cube_show_line_f line, void *ctx)
{
	const struct out out = {line, ctx};

	say_totals(&out, &show->totals, false);
	say_sockets(&out, show, false);
}

static const char *const note[] = {
		"---------Printing Detailed Connection Report---------",
		"Note:",
		" ** Tuples with no matching socket entry",
		"    - Do 'clear sip <tcp[tls]/udp> conn t ipv4:<addr>:<port>'",
		"      to overcome this error condition",
		" ++ Tuples with mismatched address/port entry",
		"    - Do 'clear sip <tcp[tls]/udp> conn t ipv4:<addr>:<port> id <connid>'",
		"      to overcome this error condition",
		" * Connections with SIP OAuth ports",
		"",
};

static int conn_cmp(const void *a, const void *b)
{
	const struct cube_show_conn *x = a, *y = b;
	int cmp = cube_ip_cmp(&x->remote.ip, &y->remote.ip);

	if(cmp == 0)
		cmp = (x->remote.port > y->remote.port) - (x->remote.port < y->remote.port);
	return cmp ? cmp : (x->id > y->id) - (x->id < y->id);
}

static void say_conn(const struct out *out, const struct cube_show_conn *c)
{
	char id[24], local[CUBE_ADDR_TEXT_MAX], cipher[80];
	bool typed = strcmp(c->version, "TLSv1.3") == 0 && c->key[0];

	snprintf(id, sizeof(id), "%d%s%s", c->id, c->no_socket ? "**" : "", c->mismatched ? "++" : "");
	snprintf(cipher, sizeof(cipher), "%s%s%s", c->cipher, typed ? ":" : "", typed ? c->key : "");
	say(out, "  %11u %7s %-11s %11u %-38s %11s %34s %5s %5d", (unsigned)c->remote.port, id, c->state, c->queue,
			cube_addr_text(&c->local, local), c->version, cipher, c->curve, c->tenant);
}

/* All of one far end, from at on; where the next one's begin. */
static unsigned say_agent(const struct out *out, const struct cube_show *show, unsigned at)
{
	const struct cube_ip *agent = &show->conns[at].remote.ip;
	char text[CUBE_ADDR_TEXT_MAX];
	unsigned end = at;

	while(end < show->n_conns && cube_ip_eq(&show->conns[end].remote.ip, agent))
		end++;
	say(out, "Remote-Agent:%s, Connections-Count:%u", cube_ip_text(agent, false, text), end - at);
	say(out, "  Remote-Port Conn-Id Conn-State  WriteQ-Size            Local-Address               TLS-Version"
			 "                Cipher              Curve Tenant");
	say(out, "  =========== ======= =========== =========== ====================================== ==========="
			 " ================================== ===== ======");
	for(; at < end; at++)
		say_conn(out, &show->conns[at]);
	say(out, "%s", "");
	return end;
}

void cube_show_detail(struct cube_show *show, cube_show_line_f line, void *ctx)
{
	const struct out out = {line, ctx};
	unsigned i;

	say_totals(&out, &show->totals, true);
	for(i = 0; i < sizeof(note) / sizeof(note[0]); i++)
		say(&out, "%s", note[i]);
	cube_sort(show->conns, show->n_conns, sizeof(show->conns[0]), conn_cmp);
	for(i = 0; i < show->n_conns;)
		i = say_agent(&out, show, i);
	say_sockets(&out, show, true);
}
