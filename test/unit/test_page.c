/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status page: strangers' words stay words, long lists end, what is wrong is said first. */
#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/show/html.h"
#include "../../modules/libcube/show/page.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))
#define NOW 1700000000
#define DAY 86400

Suite *suite_page(void);

static char text[4 << 20];
static size_t used;

static void take(void *ctx, const char *piece, size_t len)
{
	ck_assert_ptr_eq(ctx, text);
	ck_assert_uint_lt(used + len, sizeof(text));
	memcpy(text + used, piece, len);
	used += len;
	text[used] = '\0';
}

static const struct cube_html html = {take, text};

static const struct
{
	struct cube_str text;
	const char *want;
} hostile[] = {
		{CUBE_STR("sip.acme.co"), "sip.acme.co"},
		{CUBE_STR(""), ""},
		{CUBE_STR("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{CUBE_STR("\"><img src=x onerror='a&b'>"), "&quot;&gt;&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;"},
		{CUBE_STR("&lt;b&gt;"), "&amp;lt;b&amp;gt;"},
		{CUBE_STR("</td></table>%n%s%d"), "&lt;/td&gt;&lt;/table&gt;%n%s%d"},
		{CUBE_STR("Z\xc3\xbcrich \xf0\x9f\x93\x9e"), "Z\xc3\xbcrich \xf0\x9f\x93\x9e"},
		/* no UTF-8: one byte of it must not swallow the tag behind it */
		{CUBE_STR("a\xc3<b>"), "a\xef\xbf\xbd&lt;b&gt;"},
		{CUBE_STR("\xe2\x80"), "\xef\xbf\xbd\xef\xbf\xbd"},
		{CUBE_STR("\xc0\xbcscript\xc0\xbe"), "\xef\xbf\xbd\xef\xbf\xbdscript\xef\xbf\xbd\xef\xbf\xbd"},
		{CUBE_STR("\xff\xfe"), "\xef\xbf\xbd\xef\xbf\xbd"},
		{CUBE_STR("a\0b\r\n\t\x1b[31m\x7f"), "a\xef\xbf\xbd"
											 "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd"},
		/* right-to-left override, isolates, marks; NEL; line separator */
		{CUBE_STR("moc.\xe2\x80\xae"
				  "evil"),
				"moc.\xef\xbf\xbd"
				"evil"},
		{CUBE_STR("\xe2\x81\xa6x\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c"),
				"\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{CUBE_STR("\xc2\x85\xe2\x80\xa8"), "\xef\xbf\xbd\xef\xbf\xbd"},
		{CUBE_STR("\xe2\x82\xac \xc2\xa0"), "\xe2\x82\xac \xc2\xa0"},
};

START_TEST(test_escape)
{
	used = 0;
	text[0] = '\0';
	cube_html_text(&html, hostile[_i].text);
	ck_assert_str_eq(text, hostile[_i].want);
}
END_TEST

/* However long: cut between characters, and said so. */
START_TEST(test_cut)
{
	char name[CUBE_HTML_TEXT_MAX + 8];

	for(size_t shift = 0; shift < 4; shift++) {
		memset(name, 'x', shift);
		for(size_t i = shift; i + 4 <= sizeof(name); i += 4)
			memcpy(name + i, "\xf0\x9f\x93\x9e", 4);
		used = 0;
		cube_html_text(&html, (struct cube_str){name, CUBE_HTML_TEXT_MAX + 4});
		ck_assert_str_eq(text + used - 8, "&hellip;");
		ck_assert_uint_le(used, CUBE_HTML_TEXT_MAX + 3 + 8);
		text[used - 8] = '\0';
		for(const char *at = text; *at != '\0';) {
			size_t n = cube_utf8_next(at, strlen(at));

			ck_assert_uint_gt(n, 0);
			at += n;
		}
	}
}
END_TEST

START_TEST(test_numbers)
{
	static const struct
	{
		uint64_t n;
		const char *number, *age;
	} rows[] = {
			{0, "0", "0&nbsp;s"},
			{59, "59", "59&nbsp;s"},
			{999, "999", "16&nbsp;min"},
			{7260, "7&#8239;260", "2&nbsp;h 1&nbsp;min"},
			{1000005, "1&#8239;000&#8239;005", "11&nbsp;d 13&nbsp;h"},
	};

	used = 0;
	cube_html_number(&html, rows[_i].n);
	ck_assert_str_eq(text, rows[_i].number);
	used = 0;
	cube_html_age(&html, (int64_t)rows[_i].n);
	ck_assert_str_eq(text, rows[_i].age);
}
END_TEST

static unsigned count(const char *what)
{
	unsigned n = 0;

	for(const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static void write_page(struct cube_state *s)
{
	used = 0;
	s->now = NOW;
	cube_state_count(s);
	cube_page(s, take, text);
	ck_assert_uint_eq(count("<section"), count("</section>"));
	ck_assert_uint_eq(count("<table>"), count("</table>"));
	ck_assert_uint_eq(count("<tr>"), count("</tr>"));
	ck_assert_uint_eq(count("<td"), count("</td>"));
	ck_assert_uint_eq(count("<div"), count("</div>"));
	ck_assert_uint_eq(count("<span"), count("</span>"));
	ck_assert_uint_eq(count("<small"), count("</small>"));
	ck_assert_uint_eq(count("<li"), count("</li>"));
	ck_assert_ptr_null(strstr(text, "<script"));
	ck_assert_ptr_null(strstr(text, "://"));
	ck_assert_str_eq(text + used - 22, "</main></body></html>\n");
}

static void has(const char *what)
{
	ck_assert_msg(strstr(text, what) != NULL, "%s is not in\n%s", what, text);
}

static struct cube_addr addr(const char *from)
{
	struct cube_addr a;

	ck_assert(cube_addr_parse(cube_str_of(from), true, &a));
	return a;
}

/* An empty server. */
START_TEST(test_nothing)
{
	struct cube_state_tenant tenants[] = {{.tag = 0}};
	struct cube_state s = {.tenants = tenants, .n_tenants = 1, .generation = 3, .since = NOW - 7260};

	write_page(&s);
	has("2023-11-14 22:13:20 UTC, configuration 3, loaded 2&nbsp;h 1&nbsp;min ago");
	has("Nothing needs attention");
	has("<title>kamailio-cube</title>");
	ck_assert_uint_eq(count("<table>"), 1);
}
END_TEST

#define EVIL "\"><script>alert('1')</script>"
#define TAME "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"

/* In each place where a stranger's or the operator's word can stand. */
START_TEST(test_hostile)
{
	struct cube_dial_in in = {.incoming_called_number = CUBE_STR(EVIL)};
	struct cube_dial_more more = {.description = CUBE_STR(EVIL)};
	struct cube_session_target target = {.text = CUBE_STR(EVIL)};
	struct cube_dial_peer dial_peers[] = {
			{.tag = 1, .destination_pattern = CUBE_STR(EVIL), .session_target = &target, .in = &in, .more = &more}};
	struct cube_conf conf = {.dial_peers = dial_peers, .n_dial_peers = 1};
	struct cube_state_tenant tenants[] = {{.tag = 0}, {.tag = 100, .description = CUBE_STR(EVIL)}};
	struct cube_state_trunk trunk = {.tenant = 100};
	struct cube_state_trustpoint tps[] = {{.name = CUBE_STR(EVIL),
			.own_name = EVIL,
			.ca_name = EVIL,
			.own_end = NOW - DAY,
			.ca_end = NOW + DAY,
			.sources = {{[CUBE_SOURCE_FAILED] = 1}, {[CUBE_SOURCE_REVOKED] = 1}}}};
	struct cube_state_conn conns[] = {{.tenant = 100,
			.done = true,
			.remote = addr("192.0.2.1:5061"),
			.version = "TLSv1.3",
			.cipher = "TLS_AES_256_GCM_SHA384",
			.peer_name = EVIL,
			.name = EVIL}};
	struct cube_state s = {.conf = &conf,
			.tenants = tenants,
			.n_tenants = N(tenants),
			.trustpoints = tps,
			.n_trustpoints = 1,
			.conns = conns,
			.n_conns = 1,
			.trunks = &trunk,
			.n_trunks = 1};

	snprintf(trunk.target, sizeof(trunk.target), "%s", EVIL);
	write_page(&s);
	/* tenant, connection, certificates, what needs attention, dial-peer, target */
	ck_assert_uint_eq(count(TAME), 1 + 2 + 3 + 5 + 4 + 1);
	ck_assert_uint_eq(count("alert("), count(TAME));
}
END_TEST

START_TEST(test_attention)
{
	struct cube_state_tenant tenants[] = {{.tag = 0}, {.tag = 100}};
	const struct cube_state_listener listeners[] = {
			{addr("192.0.2.1:5061"), true, 100, CUBE_STATE_DOWN, 0, 0},
			{addr("192.0.2.1:5062"), true, 0, CUBE_STATE_WAITS, 7, 0},
			{addr("192.0.2.1:5063"), false, 100, CUBE_STATE_OPEN, 0, 0},
	};
	struct cube_state_trustpoint tps[] = {
			{.name = CUBE_STR("far"), .own_end = NOW + 30 * DAY, .ca_end = NOW + 300 * DAY},
			{.name = CUBE_STR("soon"), .own_end = NOW + 30 * DAY - 1, .ca_end = NOW + 3 * DAY - 1},
			{.name = CUBE_STR("over"), .own_end = NOW - 1, .sources = {{[CUBE_SOURCE_OUT_OF_DATE] = 1}}},
	};
	struct cube_state s = {.tenants = tenants,
			.n_tenants = N(tenants),
			.listeners = listeners,
			.n_listeners = N(listeners),
			.trustpoints = tps,
			.n_trustpoints = N(tps),
			.refused = true};

	write_page(&s);
	has("<title>(7) kamailio-cube</title>");
	has("<ul><li class=\"bad\">Tenant 100: listener 192.0.2.1:5061 is down: it could not be opened at start</li>"
		"<li class=\"bad\">Trustpoint soon: a CA certificate ends in 2 days</li>"
		"<li class=\"bad\">Trustpoint over: a certificate of our own has ended</li>"
		"<li class=\"bad\">Trustpoint over: CRL out of date</li>"
		"<li class=\"warn\">The last reload was refused: an older configuration than the file's goes on</li>"
		"<li class=\"warn\">listener 192.0.2.1:5062 waits for a restart</li>"
		"<li class=\"warn\">Trustpoint soon: a certificate of our own ends in 29 days</li></ul>");
	ck_assert_uint_eq(count("<li "), 7);
	ck_assert_ptr_null(strstr(text, "Trustpoint far"));
	/* the first to end stands first */
	ck_assert(strstr(text, "data-l=\"Trustpoint\"><div>over<") < strstr(text, "data-l=\"Trustpoint\"><div>soon<"));
	ck_assert(strstr(text, "data-l=\"Trustpoint\"><div>soon<") < strstr(text, "data-l=\"Trustpoint\"><div>far<"));
}
END_TEST

/* Connections that differ in port and age alone are one row. */
START_TEST(test_groups)
{
	struct cube_state_tenant tenants[] = {{.tag = 0}, {.tag = 100}};
	struct cube_state_conn like = {.tenant = 100,
			.done = true,
			.remote = addr("192.0.2.1:5061"),
			.version = "TLSv1.3",
			.cipher = "C",
			.peer_name = "acme",
			.name = "",
			.since = NOW - 60,
			.not_after = NOW + 50 * DAY};
	struct cube_state_conn conns[] = {like, like, like, like};
	struct cube_state s = {.tenants = tenants, .n_tenants = N(tenants), .conns = conns, .n_conns = N(conns)};

	conns[1].remote = addr("192.0.2.1:5062");
	conns[1].since = NOW - 7200;
	conns[1].not_after = NOW + 2 * DAY;
	conns[2].version = "TLSv1.2";
	conns[3].done = false;
	conns[3].version = conns[3].cipher = conns[3].peer_name = "";
	write_page(&s);
	ck_assert_uint_eq(count("from 192.0.2.1"), 3);
	has("<span class=\"\">2</span></td><td data-l=\"Its certificate\"><div>acme</div></td>"
		"<td data-l=\"TLS\"><div>TLSv1.3<small>C</small></div></td>"
		"<td class=\"n\" data-l=\"Age\"><span>2&nbsp;h 0&nbsp;min</span></td>"
		"<td class=\"n\" data-l=\"Ends in\"><span class=\"bad\">2 d</span></td></tr>");
	has("handshake under way");
	has("<b>3</b><span>TLS connections</span>");
}
END_TEST

#define MANY 5000

/* A server of the largest kind: no table grows beyond its rows, each says what it left out, the busy are shown. */
START_TEST(test_many)
{
	struct cube_state_tenant *tenants = calloc(MANY, sizeof(*tenants));
	struct cube_state_listener *listeners = calloc(MANY, sizeof(*listeners));
	struct cube_state_trustpoint *tps = calloc(MANY, sizeof(*tps));
	struct cube_state_conn *conns = calloc(MANY, sizeof(*conns));
	struct cube_dial_peer *dial_peers = calloc(MANY, sizeof(*dial_peers));
	struct cube_state_trunk *trunks = calloc(MANY, sizeof(*trunks));
	struct cube_conf conf = {.dial_peers = dial_peers, .n_dial_peers = MANY};
	struct cube_state s = {.conf = &conf,
			.tenants = tenants,
			.n_tenants = MANY,
			.listeners = listeners,
			.n_listeners = MANY,
			.trustpoints = tps,
			.n_trustpoints = MANY,
			.conns = conns,
			.n_conns = MANY,
			.trunks = trunks,
			.n_trunks = MANY};

	for(int i = 0; i < MANY; i++) {
		tenants[i].tag = i;
		trunks[i] = (struct cube_state_trunk){.tenant = i, .target = "sip.acme.co", .up = i != 4999};
		listeners[i] = (struct cube_state_listener){addr("192.0.2.1:5061"), true, i, CUBE_STATE_DOWN, 0, 0};
		tps[i] = (struct cube_state_trustpoint){.name = CUBE_STR("t"), .own_end = NOW + 365 * DAY};
		conns[i] = (struct cube_state_conn){
				.tenant = i, .remote = addr("192.0.2.1:1"), .version = "", .cipher = "", .peer_name = "", .name = ""};
	}
	tenants[4000].of[CUBE_ROLE_SERVER].n[CUBE_COUNT_BEGUN] = 1;
	write_page(&s);
	ck_assert_uint_lt(used, 400000);
	has("<td data-l=\"Tenant\">4000</td>");
	ck_assert_uint_eq(count("<li "), 30);
	has("And 4971 more.");
	has("And 4&#8239;800 more tenants: kamcmd cube_tenant.list has them all.");
	has("And 4&#8239;800 more targets: kamcmd cube_dialpeer.keepalive has them all.");
	has("<td data-l=\"Tenant\">4999</td>"); /* the target that is down */
	has("And 4&#8239;800 more connections");
	has("And 4&#8239;800 more trustpoints, which end later");
	has("And 4&#8239;800 more dial-peers");
	free(tenants);
	free(listeners);
	free(tps);
	free(conns);
	free(trunks);
	free(dial_peers);
}
END_TEST

/* The policy permits the page's own style, and nothing else. */
START_TEST(test_policy)
{
	struct cube_state_tenant tenants[] = {{.tag = 0}};
	struct cube_state s = {.tenants = tenants, .n_tenants = 1};
	unsigned char digest[32], base64[48];
	char policy[CUBE_PAGE_POLICY_MAX], want[CUBE_PAGE_POLICY_MAX];
	const char *from;

	write_page(&s);
	ck_assert_uint_eq(count("<style>"), 1);
	ck_assert_uint_eq(count("style="), 0);
	from = strstr(text, "<style>") + 7;
	ck_assert_int_eq(EVP_Digest(from, (size_t)(strstr(from, "</style>") - from), digest, NULL, EVP_sha256(), NULL), 1);
	EVP_EncodeBlock(base64, digest, sizeof(digest));
	snprintf(want, sizeof(want),
			"default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			base64);
	ck_assert_str_eq(cube_page_policy(policy), want);
}
END_TEST

Suite *suite_page(void)
{
	Suite *s = suite_create("page");
	TCase *tc = tcase_create("page");

	tcase_add_loop_test(tc, test_escape, 0, N(hostile));
	tcase_add_test(tc, test_cut);
	tcase_add_loop_test(tc, test_numbers, 0, 5);
	tcase_add_test(tc, test_nothing);
	tcase_add_test(tc, test_hostile);
	tcase_add_test(tc, test_attention);
	tcase_add_test(tc, test_groups);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_policy);
	suite_add_tcase(s, tc);
	return s;
}
