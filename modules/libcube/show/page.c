/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame: style, what needs attention, the numbers at a glance. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "../tls/certinfo.h"
#include "../tls/signed.h"
#include "page_private.h"

#define REFRESH 15 /* seconds */
#define TROUBLE_MAX 30

static const char style[] =
		":root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--fg:#1c2024;--dim:#667080;--line:#e3e6ea;--ok:#197a3e;"
		"--warn:#9a5b00;--bad:#c0222f;--warnbg:#fff4dd;--badbg:#fde8e9;--okbg:#e6f5eb}"
		"@media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1d2125;--fg:#e4e7ea;--dim:#97a1ac;--line:#30363c;"
		"--ok:#5fc889;--warn:#e8b04f;--bad:#ff7b82;--warnbg:#3a2e14;--badbg:#43191d;--okbg:#15321f}}"
		"*{box-sizing:border-box}"
		"body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,"
		"'DejaVu Sans',sans-serif}"
		"main{max-width:1180px;margin:0 auto;padding:20px 16px 48px}"
		"header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px;margin-bottom:14px}"
		"h1{font-size:21px;margin:0}h2{font-size:16px;margin:0 0 8px}"
		"p{margin:0}.dim,small{color:var(--dim)}small{font-size:13px;display:block;overflow-wrap:anywhere}"
		"section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px "
		"16px;margin-top:14px}"
		".glance{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;background:none;border:"
		"0;"
		"padding:0}"
		".glance div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px}"
		".glance b{display:block;font-size:24px;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}"
		".glance span{color:var(--dim);font-size:13px}"
		"ul{margin:0;padding:0;list-style:none}li{padding:5px "
		"10px;border-radius:6px;margin-top:6px;overflow-wrap:anywhere}"
		"li.bad{background:var(--badbg)}li.warn{background:var(--warnbg)}.fine{background:var(--okbg);color:var(--ok);"
		"border-color:transparent;padding:10px 16px}"
		".ok{color:var(--ok)}.warn{color:var(--warn)}.bad{color:var(--bad)}li.bad,li.warn{color:inherit}"
		"table{border-collapse:collapse;width:100%}th{text-align:left;font-size:12.5px;font-weight:600;color:var(--dim)"
		";"
		"padding:4px 10px 4px 0;vertical-align:bottom}"
		"td{padding:6px 10px 6px 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}"
		"th:last-child,td:last-child{padding-right:0}.n{text-align:right;font-variant-numeric:tabular-nums;"
		"white-space:nowrap;overflow-wrap:normal;padding-right:28px}.z{color:var(--dim)}"
		".more{color:var(--dim);padding-top:8px;font-size:14px}"
		"@media(max-width:700px){main{padding:14px 10px 32px}thead{display:none}table,tbody,tr,td{display:block}"
		"tr{border-top:1px solid var(--line);padding:8px 0}tbody tr:first-child{border-top:0}"
		"td,td.n{border:0;padding:1px 0;text-align:right;display:flex;justify-content:space-between;gap:14px;"
		"white-space:normal}"
		"td:first-child{font-weight:600}td:empty,td.z,td:has(>div:empty){display:none}"
		"td::before{content:attr(data-l);color:var(--dim);font-weight:400;text-align:left;white-space:nowrap}"
		"td>div{min-width:0}.glance{grid-template-columns:1fr 1fr}}";

const char *cube_page_policy(char buf[CUBE_PAGE_POLICY_MAX])
{
	unsigned char digest[32], text[48];

	if(EVP_Digest(style, sizeof(style) - 1, digest, NULL, EVP_sha256(), NULL) != 1)
		text[0] = '\0'; /* then the browser shows it without a style */
	else
		EVP_EncodeBlock(text, digest, sizeof(digest));
	snprintf(buf, CUBE_PAGE_POLICY_MAX,
			"default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			text);
	return buf;
}

const char *page_end_class(int64_t end, int64_t now)
{
	int days = cube_days_left(end, now);

	return days < PAGE_BAD_DAYS ? "bad" : days < PAGE_WARN_DAYS ? "warn" : "";
}

/* ---- what needs attention */

struct trouble
{
	const struct cube_html *html; /* NULL: they are only counted */
	const char *only;			  /* "bad" or "warn" */
	unsigned n;
};

/* Begins an item; true: its text is to be written, and closed. */
static bool item(struct trouble *t, const char *how)
{
	if(strcmp(how, t->only) != 0 || t->n++ >= TROUBLE_MAX || t->html == NULL)
		return false;
	cube_html_say(t->html, "<li class=\"%s\">", how);
	return true;
}

static void trouble_listeners(struct trouble *t, const struct cube_state *s)
{
	char text[CUBE_ADDR_TEXT_MAX];

	for(unsigned i = 0; i < s->n_listeners; i++) {
		const struct cube_state_listener *l = &s->listeners[i];

		if(l->open == CUBE_STATE_OPEN || !item(t, l->open == CUBE_STATE_DOWN ? "bad" : "warn"))
			continue;
		if(l->tenant != 0)
			cube_html_say(t->html, "Tenant %d: ", l->tenant);
		cube_html_say(t->html, "listener %s %s</li>", cube_addr_text(&l->addr, text),
				l->open == CUBE_STATE_DOWN ? "is down: it could not be opened at start" : "waits for a restart");
	}
}

static void trouble_targets(struct trouble *t, const struct cube_state *s)
{
	for(unsigned i = 0; i < s->n_trunks; i++) {
		const struct cube_state_trunk *trunk = &s->trunks[i];

		if(trunk->up || !item(t, "bad"))
			continue;
		if(trunk->tenant != 0)
			cube_html_say(t->html, "Tenant %d: ", trunk->tenant);
		cube_html_say(t->html, "target ");
		cube_html_text(t->html, cube_str_of(trunk->target));
		cube_html_say(t->html, " is down for ");
		cube_html_age(t->html, s->now - trunk->since);
		cube_html_say(t->html, ": %s</li>", trunk->answer);
	}
}

static void trouble_end(
		struct trouble *t, const struct cube_state *s, struct cube_str trustpoint, const char *what, int64_t end)
{
	const char *how = end != 0 ? page_end_class(end, s->now) : "";
	int days;

	if(how[0] == '\0' || !item(t, how))
		return;
	days = cube_days_left(end, s->now);
	cube_html_say(t->html, "Trustpoint ");
	cube_html_text(t->html, trustpoint);
	if(days < 0)
		cube_html_say(t->html, ": %s has ended</li>", what);
	else
		cube_html_say(t->html, ": %s ends in %d day%s</li>", what, days, days == 1 ? "" : "s");
}

static void trouble_trustpoints(struct trouble *t, const struct cube_state *s)
{
	static const char *const kinds[2] = {"CRL", "OCSP response"};

	for(unsigned i = 0; i < s->n_trustpoints; i++) {
		const struct cube_state_trustpoint *tp = &s->trustpoints[i];

		trouble_end(t, s, tp->name, "a certificate of our own", tp->own_end);
		trouble_end(t, s, tp->name, "a CA certificate", tp->ca_end);
		for(int kind = 0; kind < 2; kind++) {
			unsigned old = tp->sources[kind][CUBE_SOURCE_OUT_OF_DATE], none = tp->sources[kind][CUBE_SOURCE_FAILED];

			if(old + none == 0 || !item(t, "bad"))
				continue;
			cube_html_say(t->html, "Trustpoint ");
			cube_html_text(t->html, tp->name);
			cube_html_say(t->html, ": %s %s</li>", kinds[kind], old > 0 ? "out of date" : "cannot be had");
		}
		if(tp->sources[1][CUBE_SOURCE_REVOKED] > 0 && item(t, "bad")) {
			cube_html_say(t->html, "Trustpoint ");
			cube_html_text(t->html, tp->name);
			cube_html_say(t->html, ": our own certificate is revoked</li>");
		}
	}
}

/* What is bad first. How many there are. */
static unsigned trouble(const struct cube_html *html, const struct cube_state *s)
{
	struct trouble t = {html, "bad", 0};

	trouble_listeners(&t, s);
	trouble_targets(&t, s);
	trouble_trustpoints(&t, s);
	t.only = "warn";
	if(s->refused && item(&t, "warn"))
		cube_html_say(html, "The last reload was refused: an older configuration than the file's goes on</li>");
	trouble_listeners(&t, s);
	trouble_trustpoints(&t, s);
	return t.n;
}

static void attention(const struct cube_html *html, const struct cube_state *s, unsigned n)
{
	if(n == 0) {
		cube_html_say(html,
				"<section class=\"fine\">Nothing needs attention: all listeners are open, no target is down, no "
				"certificate ends in "
				"the next %d days.</section>\n",
				PAGE_WARN_DAYS);
		return;
	}
	cube_html_say(html, "<section><h2>Needs attention</h2>\n<ul>");
	trouble(html, s);
	cube_html_say(html, "</ul>\n");
	if(n > TROUBLE_MAX)
		cube_html_say(html, "<p class=\"more\">And %u more.</p>\n", n - TROUBLE_MAX);
	cube_html_say(html, "</section>\n");
}

/* ---- at a glance */

static void glance(const struct cube_html *html, const struct cube_state *s)
{
	uint64_t ok = 0, failed = 0;
	unsigned up = 0, connected = 0, tenants = 0;

	for(unsigned i = 0; i < s->n_tenants; i++) {
		const struct cube_state_tenant *t = &s->tenants[i];

		for(int role = 0; role < 2; role++) {
			ok += t->of[role].n[CUBE_COUNT_DONE];
			failed += cube_state_failed(t, (enum cube_role)role);
			up += cube_state_up(t, (enum cube_role)role);
		}
		tenants += t->tag != 0;
		connected += t->tag != 0 && cube_state_up(t, CUBE_ROLE_SERVER) + cube_state_up(t, CUBE_ROLE_CLIENT) > 0;
	}
	cube_html_say(html, "<section class=\"glance\"><div><b>");
	cube_html_number(html, up);
	cube_html_say(html,
			"</b><span>TLS connections</span></div><div><b>%u</b><span>of %u tenants connected</span></div><div><b>",
			connected, tenants);
	cube_html_number(html, ok);
	cube_html_say(html, "</b><span>handshakes done</span></div><div><b class=\"%s\">", failed > 0 ? "warn" : "ok");
	cube_html_number(html, failed);
	cube_html_say(html, "</b><span>handshakes failed</span></div></section>\n");
}

void cube_page(struct cube_state *s, cube_put_f put, void *ctx)
{
	const struct cube_html html = {put, ctx};
	unsigned n = trouble(NULL, s);
	char now[32];

	cube_html_say(&html,
			"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
			"content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" content=\"%d\"><title>",
			REFRESH);
	if(n > 0)
		cube_html_say(&html, "(%u) ", n);
	cube_html_say(&html, "kamailio-cube</title><style>");
	put(ctx, style, sizeof(style) - 1);
	cube_html_say(&html,
			"</style></head>\n<body><main><header><h1>kamailio-cube</h1><p class=\"dim\">%s, configuration %u, "
			"loaded ",
			cube_time_text(s->now, now), s->generation);
	cube_html_age(&html, s->now - s->since);
	cube_html_say(&html, " ago</p></header>\n");
	attention(&html, s, n);
	glance(&html, s);
	page_tenants(&html, s);
	page_targets(&html, s);
	page_connections(&html, s);
	page_certificates(&html, s);
	page_handshakes(&html, s);
	page_dial_peers(&html, s);
	cube_html_say(&html, "</main></body></html>\n");
}
