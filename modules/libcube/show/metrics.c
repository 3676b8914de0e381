/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function for each group of metrics, in the order in which they are written; all lines of one name stand together. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../conf/names.h"
#include "metrics.h"

#define LINE_BYTES 2048
#define LABEL_BYTES 1024 /* of an escaped value */

struct out
{
	const struct cube_state *s;
	cube_put_f put;
	void *ctx;
};

static void say(const struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct out *o, const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if(n > 0 && (size_t)n < sizeof(line))
		o->put(o->ctx, line, (size_t)n);
}

static void head(const struct out *o, const char *name, const char *type, const char *help)
{
	say(o, "# HELP kamailio_cube_%s %s\n# TYPE kamailio_cube_%s %s\n", name, help, name, type);
}

/* A label's value: \, " and the end of a line are escaped; what is not printable ASCII and no UTF-8 becomes '?', since one
 * such byte would cost the whole text. Cut where it does not fit. */
static const char *label(struct cube_str text, char buf[LABEL_BYTES])
{
	size_t used = 0, i = 0;

	while(i < text.len && used + 8 < LABEL_BYTES) {
		size_t n = cube_utf8_next(text.s + i, text.len - i);

		if(n > 1) {
			memcpy(buf + used, text.s + i, n);
			used += n;
		} else if(n == 0 || (unsigned char)text.s[i] < ' ' || text.s[i] == 127) {
			if(text.s[i] == '\n')
				buf[used++] = '\\';
			buf[used++] = text.s[i] == '\n' ? 'n' : '?';
		} else {
			if(text.s[i] == '\\' || text.s[i] == '"')
				buf[used++] = '\\';
			buf[used++] = text.s[i];
		}
		i += n > 0 ? n : 1;
	}
	buf[used] = '\0';
	return buf;
}

static const char *role_name(int role)
{
	return role == CUBE_ROLE_SERVER ? "server" : "client";
}

/* ---- the handshakes, and what else became of connections, by tenant and role */

/* Which lines a counter has. */
enum lines
{
	LINES_ALL,	  /* one for each tenant and role */
	LINES_BUSY,	  /* where there has been a connection */
	LINES_CLIENT, /* of those, where we are the client */
	LINES_SOME,	  /* where it is not 0 */
};

struct counter
{
	enum lines lines;
	unsigned what;
	const char *labels; /* behind tenant and role: ",result=\"ok\"" */
};

static void counter_say(
		const struct out *o, const char *name, const struct counter *c, const struct cube_state_tenant *t, int role)
{
	uint64_t n = t->of[role].n[c->what];
	bool busy = cube_state_busy(t, (enum cube_role)role);

	if((c->lines == LINES_SOME && n == 0) || (c->lines == LINES_BUSY && !busy)
			|| (c->lines == LINES_CLIENT && (!busy || role != CUBE_ROLE_CLIENT)))
		return;
	say(o, "kamailio_cube_%s{tenant=\"%d\",role=\"%s\"%s} %" PRIu64 "\n", name, t->tag, role_name(role), c->labels, n);
}

static void counters(const struct out *o, const char *name, const char *help, const struct counter *list, unsigned n)
{
	head(o, name, "counter", help);
	for(unsigned i = 0; i < o->s->n_tenants; i++) {
		for(int role = 0; role < 2; role++) {
			for(unsigned k = 0; k < n; k++)
				counter_say(o, name, &list[k], &o->s->tenants[i], role);
		}
	}
}

#define COUNTERS(name, help, ...)                                  \
	counters(o, name, help, (const struct counter[]){__VA_ARGS__}, \
			sizeof((const struct counter[]){__VA_ARGS__}) / sizeof(struct counter))

static void handshakes(const struct out *o)
{
	head(o, "tls_handshakes_total", "counter",
			"TLS handshakes that ended: ok where both sides accepted, else failed. Tenant 0 is sip-ua.");
	for(unsigned i = 0; i < o->s->n_tenants; i++) {
		const struct cube_state_tenant *t = &o->s->tenants[i];

		for(int role = 0; role < 2; role++)
			say(o,
					"kamailio_cube_tls_handshakes_total{tenant=\"%d\",role=\"%s\",result=\"ok\"} %" PRIu64 "\n"
					"kamailio_cube_tls_handshakes_total{tenant=\"%d\",role=\"%s\",result=\"failed\"} %" PRIu64 "\n",
					t->tag, role_name(role), t->of[role].n[CUBE_COUNT_DONE], t->tag, role_name(role),
					cube_state_failed(t, (enum cube_role)role));
	}
}

static void failures(const struct out *o)
{
	head(o, "tls_handshake_failures_total", "counter", "TLS handshakes that failed, by reason.");
	for(unsigned i = 0; i < o->s->n_tenants; i++) {
		const struct cube_state_tenant *t = &o->s->tenants[i];

		for(int role = 0; role < 2; role++) {
			for(int why = 0; why < CUBE_TLS_FAILURES; why++) {
				if(t->of[role].n[why] > 0)
					say(o,
							"kamailio_cube_tls_handshake_failures_total{tenant=\"%d\",role=\"%s\",reason=\"%s\"} "
							"%" PRIu64 "\n",
							t->tag, role_name(role), cube_tls_failure_name((enum cube_tls_failure)why),
							t->of[role].n[why]);
			}
		}
	}
}

static void connections_ended(const struct out *o)
{
	COUNTERS("tls_handshakes_resumed_total", "TLS handshakes that were ok by resuming an earlier session.",
			{LINES_SOME, CUBE_COUNT_RESUMED, ""});
	COUNTERS("tls_connections_begun_total", "TLS connections that were begun, whatever became of them.",
			{LINES_BUSY, CUBE_COUNT_BEGUN, ""});
	COUNTERS("tls_connections_without_handshake_total",
			"TLS connections that ended before a handshake: conn-failed where the target could not be reached, limited "
			"by "
			"handshake-failure-limit, unserved for a fault of this server.",
			{LINES_CLIENT, CUBE_COUNT_CONN_FAILED, ",reason=\"conn-failed\""},
			{LINES_SOME, CUBE_COUNT_LIMITED, ",reason=\"limited\""},
			{LINES_BUSY, CUBE_COUNT_UNSERVED, ",reason=\"unserved\""});
	COUNTERS("tls_connections_closed_total", "TLS connections that ended after their handshake, by what ended them.",
			{LINES_SOME, CUBE_COUNT_REMOTE_CLOSED, ",reason=\"remote-closed\""},
			{LINES_SOME, CUBE_COUNT_AGED_OUT, ",reason=\"aged-out\""},
			{LINES_SOME, CUBE_COUNT_CLEARED, ",reason=\"cleared\""});
	COUNTERS("tls_messages_total", "SIP messages on TLS connections.",
			{LINES_BUSY, CUBE_COUNT_RECEIVED, ",direction=\"received\""},
			{LINES_BUSY, CUBE_COUNT_SENT, ",direction=\"sent\""});
	COUNTERS("tls_bytes_total", "Bytes of SIP on TLS connections, as they are before encryption.",
			{LINES_BUSY, CUBE_COUNT_RECEIVED_BYTES, ",direction=\"received\""},
			{LINES_BUSY, CUBE_COUNT_SENT_BYTES, ",direction=\"sent\""});
	COUNTERS("tls_send_failures_total", "SIP messages that could not be sent on a TLS connection.",
			{LINES_BUSY, CUBE_COUNT_SEND_FAILED, ""});
}

static void connections(const struct out *o)
{
	head(o, "tls_connections", "gauge", "TLS connections that are up.");
	for(unsigned i = 0; i < o->s->n_tenants; i++) {
		const struct cube_state_tenant *t = &o->s->tenants[i];

		for(int role = 0; role < 2; role++) {
			for(unsigned v = 0; v < CUBE_STATE_VERSIONS; v++) {
				/* the versions that are in use everywhere: also when the last connection is gone */
				bool wanted = v >= 2 ? cube_state_busy(t, (enum cube_role)role) : t->conns[role][v] > 0;

				if(wanted)
					say(o, "kamailio_cube_tls_connections{tenant=\"%d\",role=\"%s\",version=\"%s\"} %u\n", t->tag,
							role_name(role), cube_state_version(v), t->conns[role][v]);
			}
		}
	}
	head(o, "tls_handshakes_running", "gauge", "TLS handshakes that are under way.");
	for(unsigned i = 0; i < o->s->n_tenants; i++) {
		for(int role = 0; role < 2; role++) {
			if(o->s->tenants[i].running[role] > 0)
				say(o, "kamailio_cube_tls_handshakes_running{tenant=\"%d\",role=\"%s\"} %u\n", o->s->tenants[i].tag,
						role_name(role), o->s->tenants[i].running[role]);
		}
	}
}

/* ---- listeners, certificates, configuration */

static void refused_line(const struct out *o, const char *what, const struct cube_state_listener *l, unsigned n)
{
	char addr[CUBE_ADDR_TEXT_MAX];

	if(n > 0)
		say(o, "kamailio_cube_%s_requests_total{tenant=\"%d\",listener=\"%s\",kind=\"%s\"} %u\n", what, l->tenant,
				cube_addr_text(&l->addr, addr), l->secure ? "secure" : "non-secure", n);
}

static void listeners(const struct out *o)
{
	char addr[CUBE_ADDR_TEXT_MAX];

	head(o, "listener_up", "gauge", "Is the listener open? 0: it is down, or waits for a restart.");
	for(unsigned i = 0; i < o->s->n_listeners; i++) {
		const struct cube_state_listener *l = &o->s->listeners[i];

		say(o, "kamailio_cube_listener_up{tenant=\"%d\",listener=\"%s\",kind=\"%s\"} %d\n", l->tenant,
				cube_addr_text(&l->addr, addr), l->secure ? "secure" : "non-secure", l->open == CUBE_STATE_OPEN);
	}
	head(o, "untrusted_requests_total", "counter", "SIP requests that the trusted-list refused.");
	for(unsigned i = 0; i < o->s->n_listeners; i++)
		refused_line(o, "untrusted", &o->s->listeners[i], o->s->listeners[i].refused);
	head(o, "sips_refused_requests_total", "counter",
			"Requests that are sips and came, or would leave, without TLS, or had to be sips.");
	for(unsigned i = 0; i < o->s->n_listeners; i++)
		refused_line(o, "sips_refused", &o->s->listeners[i], o->s->listeners[i].sips_refused);
}

static void trunk_line(const struct out *o, const char *name, const struct cube_state_trunk *t, double value)
{
	char target[LABEL_BYTES];

	say(o, "kamailio_cube_trunk_%s{tenant=\"%d\",target=\"%s\",transport=\"%s\",options_keepalive=\"%d\"} %.15g\n",
			name, t->tenant, label(cube_str_of(t->target), target), cube_transport_name(t->transport), t->profile,
			value);
}

static void trunks(const struct out *o)
{
	const struct cube_state_trunk *t, *end = o->s->trunks + o->s->n_trunks;

	head(o, "trunk_up", "gauge", "Is the target up, as its answers to OPTIONS say? 0: its dial-peers are busied out.");
	for(t = o->s->trunks; t < end; t++)
		trunk_line(o, "up", t, t->up);
	head(o, "trunk_since_seconds", "gauge", "Since when the target is up, or down, as Unix time.");
	for(t = o->s->trunks; t < end; t++)
		trunk_line(o, "since_seconds", t, (double)t->since);
	head(o, "trunk_last_response", "gauge", "Status of the target's answer to the last OPTIONS; 0: there was none.");
	for(t = o->s->trunks; t < end; t++) {
		if(t->known)
			trunk_line(o, "last_response", t, t->response);
	}
	head(o, "trunk_round_trip_seconds", "gauge", "How long that answer took.");
	for(t = o->s->trunks; t < end; t++) {
		if(t->ms >= 0)
			trunk_line(o, "round_trip_seconds", t, t->ms / 1000.0);
	}
}

static void certificates(const struct out *o)
{
	char name[LABEL_BYTES];

	head(o, "cert_not_after_seconds", "gauge",
			"When the trustpoint's first certificate ends, as Unix time; use: own (our certificate and those behind "
			"it) or ca.");
	for(unsigned i = 0; i < o->s->n_trustpoints; i++) {
		const struct cube_state_trustpoint *tp = &o->s->trustpoints[i];

		label(tp->name, name);
		if(tp->own_end != 0)
			say(o, "kamailio_cube_cert_not_after_seconds{trustpoint=\"%s\",use=\"own\"} %" PRId64 "\n", name,
					tp->own_end);
		if(tp->ca_end != 0)
			say(o, "kamailio_cube_cert_not_after_seconds{trustpoint=\"%s\",use=\"ca\"} %" PRId64 "\n", name,
					tp->ca_end);
	}
	head(o, "crl_next_update_seconds", "gauge", "When the first of the trustpoint's CRLs ends to hold, as Unix time.");
	for(unsigned i = 0; i < o->s->n_trustpoints; i++) {
		if(o->s->trustpoints[i].crl_next != 0)
			say(o, "kamailio_cube_crl_next_update_seconds{trustpoint=\"%s\"} %" PRId64 "\n",
					label(o->s->trustpoints[i].name, name), o->s->trustpoints[i].crl_next);
	}
}

static void sources(const struct out *o)
{
	static const char *const kinds[2] = {"crl", "ocsp"};
	char name[LABEL_BYTES];

	head(o, "revocation_sources", "gauge",
			"CRLs of the trustpoint, and OCSP responses for its own certificate, that are in this state: waiting, "
			"failed, "
			"out of date, good, unknown, revoked.");
	for(unsigned i = 0; i < o->s->n_trustpoints; i++) {
		const struct cube_state_trustpoint *tp = &o->s->trustpoints[i];

		for(int kind = 0; kind < 2; kind++) {
			for(int state = 0; state < CUBE_SOURCE_STATES; state++) {
				if(tp->sources[kind][state] > 0)
					say(o, "kamailio_cube_revocation_sources{trustpoint=\"%s\",kind=\"%s\",state=\"%s\"} %u\n",
							label(tp->name, name), kinds[kind], cube_source_state_name((enum cube_source_state)state),
							tp->sources[kind][state]);
			}
		}
	}
}

static void configuration(const struct out *o)
{
	char text[LABEL_BYTES];

	head(o, "config_generation", "gauge", "The running configuration's number: 1 at start, one more with each reload.");
	say(o, "kamailio_cube_config_generation %u\n", o->s->generation);
	head(o, "config_loaded_seconds", "gauge", "When the running configuration began to run, as Unix time.");
	say(o, "kamailio_cube_config_loaded_seconds %" PRId64 "\n", o->s->since);
	head(o, "config_reload_ok", "gauge",
			"0: the last reload was refused, an older configuration than the file's goes on.");
	say(o, "kamailio_cube_config_reload_ok %d\n", !o->s->refused);
	head(o, "tenant_info", "gauge", "Always 1; the tenant's description.");
	for(unsigned i = 0; i < o->s->n_tenants; i++) {
		if(o->s->tenants[i].description.len > 0)
			say(o, "kamailio_cube_tenant_info{tenant=\"%d\",description=\"%s\"} 1\n", o->s->tenants[i].tag,
					label(o->s->tenants[i].description, text));
	}
}

void cube_metrics(const struct cube_state *state, cube_put_f put, void *ctx)
{
	const struct out out = {state, put, ctx};

	handshakes(&out);
	failures(&out);
	connections_ended(&out);
	connections(&out);
	listeners(&out);
	trunks(&out);
	certificates(&out);
	sources(&out);
	configuration(&out);
}
