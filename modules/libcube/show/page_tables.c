/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables. On a narrow screen each row is a card, whose cells are named by their data-l. */
#include <inttypes.h>
#include <string.h>

#include "../base/sort.h"
#include "../tls/certinfo.h"
#include "page_private.h"

static void table_begin(const struct cube_html *html, const char *title, const char *const heads[])
{
	cube_html_say(html, "<section><h2>%s</h2>\n<table><thead><tr>", title);
	for(; *heads != NULL; heads++)
		cube_html_say(
				html, "<th%s>%s</th>", **heads == '#' ? " class=\"n\"" : "", **heads == '#' ? *heads + 1 : *heads);
	cube_html_say(html, "</tr></thead><tbody>\n");
}

/* more: rows that are not shown; where they are to be had. */
static void table_end(const struct cube_html *html, unsigned more, const char *what, const char *where)
{
	cube_html_say(html, "</tbody></table>\n");
	if(more > 0) {
		cube_html_say(html, "<p class=\"more\">And ");
		cube_html_number(html, more);
		cube_html_say(html, " more %s: %s</p>\n", what, where);
	}
	cube_html_say(html, "</section>\n");
}

static void cell(const struct cube_html *html, const char *label)
{
	cube_html_say(html, "<td data-l=\"%s\"><div>", label);
}

static void empty_cell(const struct cube_html *html, const char *label)
{
	cube_html_say(html, "<td data-l=\"%s\"></td>", label); /* on a narrow screen it is left out */
}

static void cell_end(const struct cube_html *html)
{
	cube_html_say(html, "</div></td>");
}

static void text_cell(const struct cube_html *html, const char *label, struct cube_str text)
{
	if(text.len == 0) {
		empty_cell(html, label);
		return;
	}
	cell(html, label);
	cube_html_text(html, text);
	cell_end(html);
}

/* how: of what is not 0. A 0 is dim, and left out on a narrow screen. */
static void number_cell(const struct cube_html *html, const char *label, uint64_t n, const char *how)
{
	cube_html_say(
			html, "<td class=\"n%s\" data-l=\"%s\"><span class=\"%s\">", n == 0 ? " z" : "", label, n == 0 ? "" : how);
	cube_html_number(html, n);
	cube_html_say(html, "</span></td>");
}

static void tenant_cell(const struct cube_html *html, int tag)
{
	if(tag == 0)
		cube_html_say(html, "<td data-l=\"Tenant\">sip-ua</td>");
	else
		cube_html_say(html, "<td data-l=\"Tenant\">%d</td>", tag);
}

/* ---- tenants */

static bool tenant_busy(const struct cube_state_tenant *t)
{
	return cube_state_busy(t, CUBE_ROLE_SERVER) || cube_state_busy(t, CUBE_ROLE_CLIENT);
}

static bool tenant_failed(const struct cube_state_tenant *t)
{
	return cube_state_failed(t, CUBE_ROLE_SERVER) + cube_state_failed(t, CUBE_ROLE_CLIENT) > 0;
}

static void listener_lines(const struct cube_html *html, const struct cube_state *s, int tag, unsigned *refused)
{
	static const char *const how[] = {"bad", "warn", "ok"}, *const word[] = {"down", "waits for a restart", "open"};
	char addr[CUBE_ADDR_TEXT_MAX];

	cell(html, "Listeners");
	for(unsigned i = 0; i < s->n_listeners; i++) {
		const struct cube_state_listener *l = &s->listeners[i];

		if(l->tenant != tag)
			continue;
		*refused += l->refused;
		cube_html_say(html, "%s %s <span class=\"%s\">%s</span><br>", cube_addr_text(&l->addr, addr),
				l->secure ? "TLS" : "UDP, TCP", how[l->open], word[l->open]);
	}
	cell_end(html);
}

static void tenant_row(const struct cube_html *html, const struct cube_state *s, const struct cube_state_tenant *t)
{
	unsigned refused = 0;

	cube_html_say(html, "<tr>");
	tenant_cell(html, t->tag);
	text_cell(html, "Description", t->description);
	listener_lines(html, s, t->tag, &refused);
	number_cell(html, "Connections in", cube_state_up(t, CUBE_ROLE_SERVER), "");
	number_cell(html, "Connections out", cube_state_up(t, CUBE_ROLE_CLIENT), "");
	number_cell(html, "Untrusted requests", refused, "warn");
	cube_html_say(html, "</tr>\n");
}

/* By tag, or, where they are not all shown, first those with traffic, which are what somebody looks for. */
void page_tenants(const struct cube_html *html, const struct cube_state *s)
{
	static const char *const heads[] = {"Tenant", "Description", "Listeners", "#In", "#Out", "#Untrusted", NULL};
	bool all = s->n_tenants <= PAGE_ROWS_MAX;
	unsigned shown = 0;

	table_begin(html, "Tenants", heads);
	for(int busy = 1; busy >= 0; busy--) {
		for(unsigned i = 0; i < s->n_tenants && shown < PAGE_ROWS_MAX; i++) {
			if((all || tenant_busy(&s->tenants[i])) != (busy == 1))
				continue;
			tenant_row(html, s, &s->tenants[i]);
			shown++;
		}
	}
	table_end(html, s->n_tenants - shown, "tenants", "kamcmd cube_tenant.list has them all.");
}

/* ---- connections: one row for those that differ only in their port and age */

static int conn_cmp(const void *a, const void *b)
{
	const struct cube_state_conn *x = a, *y = b;
	int cmp = (x->tenant > y->tenant) - (x->tenant < y->tenant);

	if(cmp == 0)
		cmp = (x->role > y->role) - (x->role < y->role);
	if(cmp == 0)
		cmp = cube_ip_cmp(&x->remote.ip, &y->remote.ip);
	if(cmp == 0)
		cmp = x->done - y->done;
	if(cmp == 0)
		cmp = strcmp(x->peer_name, y->peer_name);
	if(cmp == 0)
		cmp = strcmp(x->name, y->name);
	if(cmp == 0)
		cmp = strcmp(x->version, y->version);
	return cmp ? cmp : strcmp(x->cipher, y->cipher);
}

static void conn_end_cell(const struct cube_html *html, const struct cube_state_conn *c, int64_t end, int64_t now)
{
	if(!c->done || end == 0) {
		cube_html_say(html, "<td class=\"n\" data-l=\"Ends in\"></td>");
		return;
	}
	cube_html_say(html, "<td class=\"n\" data-l=\"Ends in\"><span class=\"%s\">%d d</span></td>",
			page_end_class(end, now), cube_days_left(end, now));
}

static void conn_row(const struct cube_html *html, const struct cube_state_conn *c, unsigned n, int64_t now)
{
	int64_t oldest = c->since, end = c->not_after;
	char text[CUBE_ADDR_TEXT_MAX];

	for(unsigned i = 1; i < n; i++) {
		oldest = c[i].since < oldest ? c[i].since : oldest;
		end = c[i].not_after != 0 && (end == 0 || c[i].not_after < end) ? c[i].not_after : end;
	}
	cube_html_say(html, "<tr>");
	tenant_cell(html, c->tenant);
	cube_html_say(html, "<td data-l=\"Far end\"><div>%s %s", c->role == CUBE_ROLE_SERVER ? "from" : "to",
			cube_ip_text(&c->remote.ip, false, text));
	if(c->name[0] != '\0') {
		cube_html_say(html, "<small>%s ", c->role == CUBE_ROLE_SERVER ? "asked for" : "as");
		cube_html_text(html, cube_str_of(c->name));
		cube_html_say(html, "</small>");
	}
	cell_end(html);
	number_cell(html, "Connections", n, "");
	text_cell(html, "Its certificate", c->done ? cube_str_of(c->peer_name) : CUBE_STR("handshake under way"));
	cube_html_say(html, "<td data-l=\"TLS\"><div>%s<small>%s</small></div></td><td class=\"n\" data-l=\"Age\"><span>",
			c->version, c->cipher);
	cube_html_age(html, now - oldest);
	cube_html_say(html, "</span></td>");
	conn_end_cell(html, c, end, now);
	cube_html_say(html, "</tr>\n");
}

void page_connections(const struct cube_html *html, struct cube_state *s)
{
	static const char *const heads[] = {
			"Tenant", "Far end", "#Connections", "Its certificate", "TLS", "#Age", "#Ends in", NULL};
	unsigned i = 0, next, rows = 0;

	if(s->n_conns == 0)
		return;
	cube_sort(s->conns, s->n_conns, sizeof(s->conns[0]), conn_cmp);
	table_begin(html, "Connections", heads);
	for(; i < s->n_conns && rows < PAGE_ROWS_MAX; i = next, rows++) {
		for(next = i + 1; next < s->n_conns && conn_cmp(&s->conns[i], &s->conns[next]) == 0;)
			next++;
		conn_row(html, &s->conns[i], next - i, s->now);
	}
	table_end(html, s->n_conns - i, "connections", "kamcmd cube_tls.connections tenant N has those of one tenant.");
}

/* ---- certificates, the first to end first */

static int64_t first_end(const struct cube_state_trustpoint *tp)
{
	int64_t own = tp->own_end != 0 ? tp->own_end : INT64_MAX, ca = tp->ca_end != 0 ? tp->ca_end : INT64_MAX;

	return own < ca ? own : ca;
}

/* The one behind last in this order; NULL: there is none. */
static const struct cube_state_trustpoint *trustpoint_next(
		const struct cube_state *s, const struct cube_state_trustpoint *last)
{
	const struct cube_state_trustpoint *best = NULL;

	for(unsigned i = 0; i < s->n_trustpoints; i++) {
		const struct cube_state_trustpoint *tp = &s->trustpoints[i];
		bool behind =
				last == NULL || first_end(tp) > first_end(last) || (first_end(tp) == first_end(last) && tp > last);

		if(behind && (best == NULL || first_end(tp) < first_end(best)))
			best = tp;
	}
	return best;
}

static void end_cell(const struct cube_html *html, const char *label, const char *name, int64_t end, int64_t now)
{
	int days = cube_days_left(end, now);

	if(end == 0) {
		empty_cell(html, label);
		return;
	}
	cell(html, label);
	if(days < 0)
		cube_html_say(html, "<span class=\"bad\">has ended</span>");
	else
		cube_html_say(html, "<span class=\"%s\">%d days left</span>", page_end_class(end, now), days);
	if(name[0] != '\0') {
		cube_html_say(html, "<small>");
		cube_html_text(html, cube_str_of(name));
		cube_html_say(html, "</small>");
	}
	cell_end(html);
}

static void sources_cell(const struct cube_html *html, const struct cube_state_trustpoint *tp)
{
	static const char *const kinds[2] = {"CRL", "OCSP"};
	static const char *const how[CUBE_SOURCE_STATES] = {"warn", "bad", "bad", "ok", "warn", "bad"};

	cell(html, "Revocation");
	for(int kind = 0; kind < 2; kind++) {
		for(int state = 0; state < CUBE_SOURCE_STATES; state++) {
			if(tp->sources[kind][state] == 0)
				continue;
			if(tp->sources[kind][state] > 1)
				cube_html_say(html, "%u ", tp->sources[kind][state]);
			cube_html_say(html, "%s <span class=\"%s\">%s</span><br>", kinds[kind], how[state],
					cube_source_state_name((enum cube_source_state)state));
		}
	}
	cell_end(html);
}

void page_certificates(const struct cube_html *html, const struct cube_state *s)
{
	static const char *const heads[] = {"Trustpoint", "Our certificate", "CAs", "Revocation", NULL};
	const struct cube_state_trustpoint *tp = trustpoint_next(s, NULL);
	unsigned shown = 0;

	if(tp == NULL)
		return;
	table_begin(html, "Certificates", heads);
	for(; tp != NULL && shown < PAGE_ROWS_MAX; tp = trustpoint_next(s, tp), shown++) {
		cube_html_say(html, "<tr>");
		text_cell(html, "Trustpoint", tp->name);
		end_cell(html, "Our certificate", tp->own_name, tp->own_end, s->now);
		end_cell(html, "CAs", tp->ca_name, tp->ca_end, s->now);
		sources_cell(html, tp);
		cube_html_say(html, "</tr>\n");
	}
	table_end(html, s->n_trustpoints - shown, "trustpoints, which end later",
			"kamcmd cube_tls.trustpoints has them all.");
}

/* ---- what became of connections */

static void handshake_row(const struct cube_html *html, const struct cube_state_tenant *t, int role)
{
	static const unsigned without[] = {CUBE_COUNT_CONN_FAILED, CUBE_COUNT_UNSERVED, CUBE_COUNT_LIMITED};
	static const char *const words[] = {"not reached", "not served", "over the limit"};
	const uint64_t *n = t->of[role].n;

	cube_html_say(html, "<tr>");
	tenant_cell(html, t->tag);
	text_cell(html, "We are", role == CUBE_ROLE_SERVER ? CUBE_STR("server") : CUBE_STR("client"));
	number_cell(html, "Done", n[CUBE_COUNT_DONE], "");
	number_cell(html, "Failed", cube_state_failed(t, (enum cube_role)role), "warn");
	cell(html, "Why");
	for(int i = 0; i < CUBE_TLS_FAILURES; i++) {
		if(n[i] > 0)
			cube_html_say(html, "%s&nbsp;%" PRIu64 "<br>", cube_tls_failure_name((enum cube_tls_failure)i), n[i]);
	}
	for(int i = 0; i < 3; i++) {
		if(n[without[i]] > 0)
			cube_html_say(html, "<span class=\"warn\">%s&nbsp;%" PRIu64 "</span><br>", words[i], n[without[i]]);
	}
	cell_end(html);
	number_cell(html, "Closed by the peer", n[CUBE_COUNT_REMOTE_CLOSED], "");
	number_cell(html, "Messages in", n[CUBE_COUNT_RECEIVED], "");
	number_cell(html, "Messages out", n[CUBE_COUNT_SENT], "");
	number_cell(html, "Not sent", n[CUBE_COUNT_SEND_FAILED], "warn");
	cube_html_say(html, "</tr>\n");
}

/* Those with failures first. */
void page_handshakes(const struct cube_html *html, const struct cube_state *s)
{
	static const char *const heads[] = {"Tenant", "We are", "#Done", "#Failed", "Why", "#Closed by peer",
			"#Messages in", "#Messages out", "#Not sent", NULL};
	unsigned rows = 0, shown = 0;

	for(unsigned i = 0; i < s->n_tenants; i++)
		rows += cube_state_busy(&s->tenants[i], CUBE_ROLE_SERVER) + cube_state_busy(&s->tenants[i], CUBE_ROLE_CLIENT);
	if(rows == 0)
		return;
	table_begin(html, "Handshakes since the start", heads);
	for(int failed = 1; failed >= 0; failed--) {
		for(unsigned i = 0; i < s->n_tenants; i++) {
			const struct cube_state_tenant *t = &s->tenants[i];

			for(int role = 0; role < 2 && tenant_failed(t) == (failed == 1); role++) {
				if(!cube_state_busy(t, (enum cube_role)role) || shown == PAGE_ROWS_MAX)
					continue;
				handshake_row(html, t, role);
				shown++;
			}
		}
	}
	table_end(html, rows - shown, "rows, without failures", "kamcmd cube_tls.counters has them all.");
}

/* ---- targets that are asked by OPTIONS */

static const char *transport_word(enum cube_transport t)
{
	return t == CUBE_TRANSPORT_TLS	 ? " (TLS)"
		   : t == CUBE_TRANSPORT_TCP ? " (TCP)"
		   : t == CUBE_TRANSPORT_UDP ? " (UDP)"
									 : "";
}

static void target_row(const struct cube_html *html, const struct cube_state_trunk *t, int64_t now)
{
	cube_html_say(html, "<tr>");
	tenant_cell(html, t->tenant);
	cell(html, "Target");
	cube_html_text(html, cube_str_of(t->target));
	cube_html_say(html, "%s<small>", transport_word(t->transport));
	cube_html_text(html, cube_str_of(t->peers));
	cube_html_say(html, "</small>");
	cell_end(html);
	cube_html_say(html, "<td data-l=\"State\"><span class=\"%s\">%s</span></td><td class=\"n\" data-l=\"For\"><span>",
			!t->up	   ? "bad"
			: t->known ? "ok"
					   : "",
			!t->up	   ? "down"
			: t->known ? "up"
					   : "not known yet");
	cube_html_age(html, now - t->since);
	cube_html_say(html, "</span></td>");
	text_cell(html, "Last answer", cube_str_of(t->answer));
	if(t->ms >= 0)
		cube_html_say(html, "<td class=\"n\" data-l=\"Round trip\"><span>%d ms</span></td>", t->ms);
	else
		cube_html_say(html, "<td class=\"n\" data-l=\"Round trip\"></td>");
	number_cell(html, "Calls sent", t->sent, "");
	number_cell(html, "Answered", t->answered, "");
	number_cell(html, "Hunted past", t->failed, "warn");
	cube_html_say(html, "</tr>\n");
}

/* Those that are down first. */
void page_targets(const struct cube_html *html, const struct cube_state *s)
{
	static const char *const heads[] = {"Tenant", "Target and dial-peers", "State", "#For", "Last answer",
			"#Round trip", "#Calls sent", "#Answered", "#Hunted past", NULL};
	unsigned shown = 0;

	if(s->n_trunks == 0)
		return;
	table_begin(html, "Targets", heads);
	for(int up = 0; up <= 1; up++) {
		for(unsigned i = 0; i < s->n_trunks && shown < PAGE_ROWS_MAX; i++) {
			if(s->trunks[i].up != (up == 1))
				continue;
			target_row(html, &s->trunks[i], s->now);
			shown++;
		}
	}
	table_end(html, s->n_trunks - shown, "targets", "kamcmd cube_dialpeer.keepalive has them all.");
}

/* ---- dial-peers */

static void dial_peer_row(const struct cube_html *html, const struct cube_dial_peer *d)
{
	cube_html_say(html, "<tr><td data-l=\"Dial-peer\">%d</td>", d->tag);
	tenant_cell(html, d->tenant_tag);
	cell(html, "Description");
	if(d->shutdown)
		cube_html_say(html, "<span class=\"warn\">shut down</span> ");
	cube_html_text(html, cube_dial_more(d)->description);
	cell_end(html);
	text_cell(html, "In", cube_dial_in(d)->incoming_called_number);
	text_cell(html, "Out", d->destination_pattern);
	cell(html, "Target");
	if(d->session_target) {
		cube_html_text(html, d->session_target->text);
		cube_html_say(html, "%s", transport_word(d->session_transport));
	}
	cell_end(html);
	number_cell(html, "Preference", (uint64_t)d->preference, "");
	cube_html_say(html, "</tr>\n");
}

void page_dial_peers(const struct cube_html *html, const struct cube_state *s)
{
	static const char *const heads[] = {
			"Dial-peer", "Tenant", "Description", "In", "Out", "Target", "#Preference", NULL};
	unsigned i;

	if(s->conf == NULL || s->conf->n_dial_peers == 0)
		return;
	table_begin(html, "Dial-peers", heads);
	for(i = 0; i < s->conf->n_dial_peers && i < PAGE_ROWS_MAX; i++)
		dial_peer_row(html, &s->conf->dial_peers[i]);
	table_end(html, s->conf->n_dial_peers - i, "dial-peers", "kamcmd cube_tenant.dump has them all.");
}
