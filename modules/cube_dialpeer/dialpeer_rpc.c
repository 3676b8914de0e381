/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's commands on dial-peers: cube_dialpeer.list, .summary, .match. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"

#include "../libcube/conf/names.h"
#include "../libcube/dialpeer/explain.h"
#include "../libcube/show/dialpeers.h"
#include "dialpeer_rpc.h"
#include "hold.h"
#include "keepalive.h"
#include "peers.h"

#define ROW_BYTES_MAX 8192 /* of a row; there are six texts that may have 1 KB each */
#define VALUE_BYTES 12	   /* of a name and its value, besides their text */
#define WORDS_BYTES 4096   /* of what is typed */
#define DIGITS_SAFE 6	   /* a longer one that was cut hardly ever leaves so few */
#define DIGITS_INT32 10
#define DIGITS_UINT64 20
#define REMEDY "kamcmd's socket carries no more: ask for fewer, or over JSON-RPC"

static struct cube_tenant_api tenant;

int dialpeer_rpc_init(void)
{
	return cube_tenant_load_api(&tenant);
}

static struct cube_snapshot *running(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *s = tenant.acquire();

	if(!s)
		rpc->fault(ctx, 500, "no configuration is running");
	return s;
}

/* ---- rows as structures */

struct answer
{
	rpc_t *rpc;
	void *ctx, *row; /* row: NULL while there is no room */
	size_t room;
	int more;
	bool headings; /* are they shown? */
};

static void take_text(void *arg, const char *name, const char *value)
{
	struct answer *a = arg;
	size_t len = strlen(name) + strlen(value) + VALUE_BYTES;

	if(a->row && a->rpc->struct_add(a->row, "s", name, value) == 0)
		a->room -= len < a->room ? len : a->room;
}

static void take_number(void *arg, const char *name, int value)
{
	struct answer *a = arg;
	size_t len = strlen(name) + VALUE_BYTES;

	if(a->row && a->rpc->struct_add(a->row, "d", name, value) == 0)
		a->room -= len < a->room ? len : a->room;
}

static void take_row(void *arg, const char *heading)
{
	struct answer *a = arg;

	a->row = NULL;
	if(a->room < ROW_BYTES_MAX || a->rpc->add(a->ctx, "{", &a->row) < 0)
		a->more++;
	else if(a->headings)
		take_text(a, "part", heading);
}

static struct cube_rows answer_begin(rpc_t *rpc, void *ctx, bool headings, struct answer *a)
{
	*a = (struct answer){.rpc = rpc, .ctx = ctx, .room = ksr_rpc_room(), .headings = headings};
	return (struct cube_rows){take_row, take_text, take_number, a};
}

static void answer_end(struct answer *a)
{
	if(a->more > 0 && a->rpc->add(a->ctx, "{", &a->row) == 0)
		a->rpc->struct_add(a->row, "ds", "more", a->more, "remedy", REMEDY);
}

/* ---- cube_dialpeer.list */

static const char *list_doc[] = {
		"The dial-peers of the running configuration, all or one by its tag: state, every key that "
		"it has or inherits, and what was counted",
		NULL};

static void list_one(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct cube_rows *rows)
{
	static const char *const names[N_PEER_COUNTS] = {[PEER_IN] = "calls-in",
			[PEER_OUT] = "calls-out",
			[PEER_ANSWERED] = "answered",
			[PEER_FAILED] = "hunted-past",
			[PEER_BUSIED] = "passed-busied-out",
			[PEER_FULL] = "passed-max-conn",
			[PEER_SIPS] = "passed-sips",
			[PEER_NOW] = "calls-now"};
	unsigned long counts[N_PEER_COUNTS];

	cube_show_dial_peer(conf, peer, rows);
	if(peer->keepalive.tag)
		rows->text(rows->ctx, "keepalive", keepalive_is_up(conf, peer) ? "active" : "busyout");
	(void)peers_get(peer->tag, counts);
	for(unsigned i = 0; i < N_PEER_COUNTS; i++) {
		if(i != PEER_NOW || peer->max_conn)
			rows->number(rows->ctx, names[i], counts[i] > INT_MAX ? INT_MAX : (int)counts[i]);
	}
}

static void rpc_list(rpc_t *rpc, void *ctx)
{
	str text = {NULL, 0};
	struct cube_snapshot *s;
	struct answer answer;
	struct cube_rows rows = answer_begin(rpc, ctx, false, &answer);
	const struct cube_dial_peer *peer;
	int tag = 0;

	if(rpc->scan(ctx, "*.S", &text) < 1)
		text.len = 0;
	if(text.len > 0 && !cube_number_parse(ksr_cube_str(text), CUBE_DIAL_PEER_MAX, &tag)) {
		rpc->fault(ctx, 400, "cube_dialpeer.list [tag]");
		return;
	}
	if(!(s = running(rpc, ctx)))
		return;
	peer = tag ? cube_conf_dial_peer(s->conf, tag) : NULL;
	if(peer)
		list_one(s->conf, peer, &rows);
	else if(tag)
		rpc->fault(ctx, 404, "there is no dial-peer %d", tag);
	for(unsigned i = 0; i < s->conf->n_dial_peers && !tag; i++)
		list_one(s->conf, &s->conf->dial_peers[i], &rows);
	answer_end(&answer);
	tenant.release(s);
}

/* ---- cube_dialpeer.summary */

static const char *summary_doc[] = {
		"show dial-peer voice summary, as CUBE prints it, with the tenant in the place of the VRF", NULL};

static void take_line(void *arg, const char *line)
{
	struct answer *a = arg;
	size_t len = strlen(line) + VALUE_BYTES;

	if(a->room < len + ROW_BYTES_MAX || a->more > 0 || a->rpc->add(a->ctx, "s", line) < 0)
		a->more++;
	else
		a->room -= len;
}

static bool busied(const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	return !keepalive_is_up(conf, peer);
}

static void rpc_summary(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *s = running(rpc, ctx);
	char text[sizeof(REMEDY) + 40];
	struct answer answer;

	if(!s)
		return;
	(void)answer_begin(rpc, ctx, false, &answer);
	cube_show_dial_peers(s->conf, busied, take_line, &answer);
	tenant.release(s);
	if(answer.more == 0)
		return;
	snprintf(text, sizeof(text), "(%d more lines; %s)", answer.more, REMEDY);
	rpc->add(ctx, "s", text);
}

/* ---- cube_dialpeer.match */

/* What was typed. A transport may give all numbers from the same buffer. */
struct words
{
	char text[WORDS_BYTES];
	size_t used;
};

/* The next word; empty: there is none left. False: faulted. */
static bool word_next(rpc_t *rpc, void *ctx, struct words *words, struct cube_str *word)
{
	str s = {NULL, 0};

	*word = (struct cube_str){NULL, 0};
	if(rpc->scan(ctx, "*.S", &s) < 1 || s.len <= 0)
		return true;
	if((size_t)s.len > sizeof(words->text) - words->used) {
		rpc->fault(ctx, 400, "more than %d bytes", WORDS_BYTES);
		return false;
	}
	*word = (struct cube_str){words->text + words->used, (size_t)s.len};
	memcpy(words->text + words->used, s.s, word->len);
	words->used += word->len;
	return true;
}

/* kamcmd sends a bare number as an integer of 32 bits, and the core makes one below 0 a text of 64 unsigned ones. What may
 * be left of a longer number is none to answer for. */
static bool may_be_cut(struct cube_str word)
{
	size_t i;

	for(i = 0; i < word.len && word.s[i] >= '0' && word.s[i] <= '9'; i++)
		;
	return i == word.len && ((i > DIGITS_SAFE && i <= DIGITS_INT32) || i == DIGITS_UINT64);
}

/* False: faulted. */
static bool ask_word(rpc_t *rpc, void *ctx, struct words *words, struct cube_explain_ask *ask, struct cube_str word)
{
	struct cube_err err;
	struct cube_str value;

	cube_err_reset(&err);
	if(may_be_cut(word)) {
		rpc->fault(ctx, 400, "%.*s may be a number that kamcmd has cut: write it as called=NUMBER", CUBE_FMT(word));
		return false;
	}
	if(cube_explain_word(ask, word, &err) == 0)
		return true;
	if(memchr(word.s, '=', word.len) == NULL && cube_explain_has(word)) {
		cube_err_reset(&err);
		if(!word_next(rpc, ctx, words, &value))
			return false;
		if(cube_explain_set(ask, word, value, &err) == 0)
			return true;
	}
	rpc->fault(ctx, 400, "%s", err.text);
	return false;
}

static bool ask_scan(rpc_t *rpc, void *ctx, struct words *words, struct cube_explain_ask *ask)
{
	struct cube_str word;
	bool first = true;

	cube_explain_begin(ask);
	words->used = 0;
	for(;; first = false) {
		if(!word_next(rpc, ctx, words, &word))
			return false;
		if(word.len == 0)
			break;
		if(first && (cube_str_eq(word, CUBE_STR("in")) || cube_str_eq(word, CUBE_STR("out"))))
			ask->in_only = cube_str_eq(word, CUBE_STR("in"));
		else if(!ask_word(rpc, ctx, words, ask, word))
			return false;
	}
	if(first || (ask->in_only && ask->tenant_tag == CUBE_NONE && ask->socket.port == 0)) {
		rpc->fault(ctx, 400,
				first ? "cube_dialpeer.match [in | out] [number] [name=value ...]"
					  : "in: tell whose it is, by tenant=N or socket=address:port");
		return false;
	}
	return true;
}

static void say_connection(void *ctx, int tag, const struct cube_target *target, const struct cube_rows *rows)
{
	const struct cube_tls_ops *tls = tenant.tls();
	char text[CUBE_ADDR_TEXT_MAX];
	struct cube_reach reach;

	if(!tls || !tls->reach(tag, target, &reach)) {
		rows->text(rows->ctx, "connection", "none");
		return;
	}
	cube_rows_say(rows, "connection", "%s %s", reach.done ? "established with" : "handshake with",
			cube_addr_text(&reach.remote, text));
	if(!reach.done)
		return;
	rows->text(rows->ctx, "peer-name", reach.peer_name);
	rows->text(rows->ctx, "covers-target",
			!reach.name_asked ? "cn-san-validate does not ask for it"
			: reach.covers	  ? "yes"
							  : "no: requests are not sent on it");
}

static bool is_down(void *ctx, const struct cube_watch *watch, int64_t *since)
{
	struct trunk_state state;

	if(!trunks_get(watch, &state) || !state.keepalive.down)
		return false;
	*since = state.since;
	return true;
}

static bool calls_now(void *ctx, int tag, unsigned long *calls)
{
	unsigned long counts[N_PEER_COUNTS];

	(void)peers_get(tag, counts);
	*calls = counts[PEER_NOW];
	return hold_ready();
}

static const char *match_doc[] = {"A dry run: [in | out] number, and name=value or name value: " CUBE_EXPLAIN_NAMES
								  ". By which dial-peer the call comes in, what translation rules make of its numbers, "
								  "which dial-peers it goes out by, "
								  "in order, where to, and which match but do not get it; the reasons for all that. "
								  "in: no further than how it comes in",
		NULL};

static void rpc_match(rpc_t *rpc, void *ctx)
{
	struct cube_explain_ask ask;
	struct words words;
	struct cube_snapshot *s;
	struct answer answer;
	struct cube_rows rows;

	if(!ask_scan(rpc, ctx, &words, &ask) || !(s = running(rpc, ctx)))
		return;
	ask.connection = say_connection;
	ask.down = is_down;
	ask.calls = calls_now;
	rows = answer_begin(rpc, ctx, true, &answer);
	if(cube_explain(s->conf, &ask, &rows) < 0)
		rpc->fault(ctx, 500, "out of memory");
	else
		answer_end(&answer);
	tenant.release(s);
}

/* clang-format off */
rpc_export_t dialpeer_rpc[] = {
	{"cube_dialpeer.list",    rpc_list,    list_doc,    RPC_RET_ARRAY},
	{"cube_dialpeer.summary", rpc_summary, summary_doc, RPC_RET_ARRAY},
	{"cube_dialpeer.match",   rpc_match,   match_doc,   RPC_RET_ARRAY},
	{0, 0, 0, 0}
};
/* clang-format on */
