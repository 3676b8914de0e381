/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dialpeers.h"

#include <stdio.h>
#include <string.h>

#include "../conf/dump.h"
#include "../conf/names.h"
#include "../dialpeer/plan.h"

/* As it was written; for sip-server what the tenant has. */
static struct cube_str target_of(const struct cube_conf *conf, const struct cube_dial_peer *peer)
{
	const struct cube_session_target *target = peer->session_target;

	if(target && target->target.kind == CUBE_TARGET_NONE && peer->tenant != CUBE_NONE)
		target = conf->tenants[peer->tenant].sip_server;
	return target ? target->text : (struct cube_str){NULL, 0};
}

static const char *pattern_text(const struct cube_dial_peer *peer, char text[CUBE_SHOW_LINE_MAX])
{
	if(peer->destination_pattern.len == 0 && cube_dial_out(peer)->destination_map.tag)
		snprintf(text, CUBE_SHOW_LINE_MAX, "map:%d", cube_dial_out(peer)->destination_map.tag);
	else
		snprintf(text, CUBE_SHOW_LINE_MAX, "%.*s", CUBE_FMT(peer->destination_pattern));
	return text;
}

static const char *target_text(
		const struct cube_conf *conf, const struct cube_dial_peer *peer, char text[CUBE_SHOW_LINE_MAX])
{
	struct cube_str target = target_of(conf, peer);

	if(peer->server_group.tag)
		snprintf(text, CUBE_SHOW_LINE_MAX, "server-group %d", peer->server_group.tag);
	else
		snprintf(text, CUBE_SHOW_LINE_MAX, "%.*s", CUBE_FMT(target));
	return text;
}

/* Adds text at the column, or a blank behind what reaches beyond it; columns are CUBE's. */
static void put_at(char line[CUBE_SHOW_LINE_MAX], size_t column, const char *text)
{
	size_t used = strlen(line);

	if(*text && used < CUBE_SHOW_LINE_MAX)
		snprintf(line + used, CUBE_SHOW_LINE_MAX - used, "%*s%s", used < column ? (int)(column - used) : used > 0, "",
				text);
}

static void show_one(const struct cube_conf *conf, const struct cube_dial_peer *peer, const char *keepalive,
		cube_show_line_f line, void *ctx)
{
	char row[CUBE_SHOW_LINE_MAX] = "", text[CUBE_SHOW_LINE_MAX];

	snprintf(row, sizeof(row), "%d", peer->tag);
	put_at(row, 7, "voip");
	put_at(row, 13, peer->shutdown ? "down" : "up");
	put_at(row, 18, cube_dial_peer_up(conf, peer) ? "up" : "down");
	put_at(row, 33, pattern_text(peer, text));
	snprintf(text, sizeof(text), "%2d", peer->preference);
	put_at(row, 51, text);
	put_at(row, 55, "syst");
	put_at(row, 60, target_text(conf, peer, text));
	put_at(row, 88, keepalive);
	if(peer->tenant_tag) {
		snprintf(text, sizeof(text), "%d", peer->tenant_tag);
		put_at(row, 101, text);
	}
	line(ctx, row);
}

void cube_show_dial_peers(const struct cube_conf *conf,
		bool (*busied)(const struct cube_conf *conf, const struct cube_dial_peer *peer), cube_show_line_f line,
		void *ctx)
{
	line(ctx, "dial-peer hunt 0");
	line(ctx, "             AD                                    PRE PASS                OUT");
	line(ctx, "TAG    TYPE  MIN  OPER PREFIX    DEST-PATTERN      FER THRU SESS-TARGET    STAT PORT    KEEPALIVE    "
			  "TENANT");
	for(unsigned i = 0; i < conf->n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &conf->dial_peers[i];
		bool asked = busied && peer->keepalive.tag;

		show_one(conf, peer, !asked ? "" : busied(conf, peer) ? "busyout" : "active", line, ctx);
	}
}

/* Makes names and values of a dump, whose form is known: a value is a word, a string, or a list of them. */
struct keys
{
	const struct cube_rows *rows;
	char line[CUBE_ROWS_TEXT_MAX];
	size_t used;
};

/* Takes quotes, braces and escapes off, in place. */
static void unquote(char *value)
{
	char *to = value, quote = 0;

	for(const char *c = value; *c; c++) {
		if(quote && *c == '\\' && c[1])
			*to++ = *++c;
		else if(!quote && (*c == '"' || *c == '\''))
			quote = *c;
		else if(quote && *c == quote)
			quote = 0;
		else if(quote || (*c != '{' && *c != '}'))
			*to++ = *c;
	}
	*to = '\0';
}

/* "    preference               = 1" */
static void take_line(struct keys *k)
{
	char *name = k->line + strspn(k->line, " "), *end = name + strcspn(name, " "), *value = strstr(end, "= ");
	size_t len;
	int number;

	if(!value || strcmp(end, "{") == 0)
		return;
	*end = '\0';
	value += 2;
	if(cube_number_parse(cube_str_of(value), INT32_MAX, &number)) { /* strings have quotes */
		k->rows->number(k->rows->ctx, name, number);
		return;
	}
	unquote(value);
	value += strspn(value, " ");
	for(len = strlen(value); len > 0 && value[len - 1] == ' ';)
		value[--len] = '\0';
	k->rows->text(k->rows->ctx, name, value);
}

static void take_piece(void *ctx, const char *text, size_t len)
{
	struct keys *k = ctx;

	for(size_t i = 0; i < len; i++) {
		if(text[i] != '\n') {
			if(k->used < sizeof(k->line) - 1)
				k->line[k->used++] = text[i];
			continue;
		}
		k->line[k->used] = '\0';
		take_line(k);
		k->used = 0;
	}
}

void cube_show_dial_peer(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct cube_rows *rows)
{
	struct keys keys = {.rows = rows};

	rows->row(rows->ctx, "dial-peer");
	rows->number(rows->ctx, "dial-peer", peer->tag);
	rows->text(rows->ctx, "admin", peer->shutdown ? "down" : "up");
	rows->text(rows->ctx, "oper", cube_dial_peer_up(conf, peer) ? "up" : "down");
	cube_conf_dump_one(conf, CUBE_SECTION_DIAL_PEER, (unsigned)(peer - conf->dial_peers), take_piece, &keys);
}
