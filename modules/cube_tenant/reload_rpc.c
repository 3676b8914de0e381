/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration is judged, or taken over, and the operator told what that changes: in the answer, and in one line. */
#include <stdio.h>
#include <stdlib.h>

#include "core/dprint.h"

#include "../libcube/conf/changes.h"
#include "listen.h"
#include "reload_rpc.h"
#include "snapshot.h"

#define LINE_MAX_BYTES 2000
#define WAITING_MAX 20 /* listeners that are named */

/* Not open yet, or not since the start. */
static bool waits(const struct cube_listener *l)
{
	const struct cube_socket *s = listen_of(l);

	return !s || s->down;
}

static unsigned count_waiting(const struct cube_conf *conf)
{
	unsigned i, n = 0;

	for(i = 0; i < conf->n_listeners; i++)
		n += waits(&conf->listeners[i]);
	return n;
}

/* Calls put with the first ones. */
static void each_waiting(const struct cube_conf *conf, void (*put)(void *ctx, const char *addr), void *ctx)
{
	char text[CUBE_ADDR_TEXT_MAX];
	unsigned i, n = 0;

	for(i = 0; i < conf->n_listeners && n < WAITING_MAX; i++) {
		if(!waits(&conf->listeners[i]))
			continue;
		put(ctx, cube_addr_text(&conf->listeners[i].addr, text));
		n++;
	}
}

/* ---- the answer */

struct list
{
	rpc_t *rpc;
	void *list;
};

static void list_put(void *ctx, const char *text)
{
	struct list *l = ctx;

	l->rpc->array_add(l->list, "s", text);
}

static void answer_list(rpc_t *rpc, void *row, const char *name, const struct cube_change_list *changes)
{
	struct list l = {.rpc = rpc};
	unsigned i, kept = cube_change_titles(changes);
	char more[16];

	if(changes->n == 0 || rpc->struct_add(row, "[", name, &l.list) < 0)
		return;
	for(i = 0; i < kept; i++)
		list_put(&l, changes->titles[i]);
	snprintf(more, sizeof(more), "%s-more", name);
	if(changes->n > kept)
		rpc->struct_add(row, "d", more, (int)(changes->n - kept));
}

static void answer_section(rpc_t *rpc, void *row, const struct cube_changes *changes, unsigned section)
{
	const struct cube_change_list *of = changes->of[section];
	const char *name = cube_sections[section].name;
	unsigned change;
	void *inner;

	if(of[CUBE_CHANGE_ADDED].n + of[CUBE_CHANGE_REMOVED].n + of[CUBE_CHANGE_CHANGED].n == 0)
		return;
	if(section == CUBE_SECTION_SIP_UA) {
		rpc->struct_add(row, "s", name, cube_change_name(CUBE_CHANGE_CHANGED));
		return;
	}
	if(rpc->struct_add(row, "{", name, &inner) < 0)
		return;
	for(change = 0; change < CUBE_CHANGES; change++)
		answer_list(rpc, inner, cube_change_name((enum cube_change)change), &of[change]);
}

/* changes: NULL when memory was out for them. */
static void answer_changes(rpc_t *rpc, void *row, const struct cube_changes *changes)
{
	unsigned section;

	if(!changes) {
		rpc->struct_add(row, "s", "changes", "out of memory for the comparison");
		return;
	}
	rpc->struct_add(row, "d", "changes", (int)changes->n);
	for(section = 0; section < CUBE_N_SECTIONS; section++)
		answer_section(rpc, row, changes, section);
}

static void answer_waiting(rpc_t *rpc, void *row, const struct cube_conf *conf)
{
	struct list l = {.rpc = rpc};
	unsigned n = count_waiting(conf);

	if(!n || rpc->struct_add(row, "[", "wait for a restart", &l.list) < 0)
		return;
	each_waiting(conf, list_put, &l);
	if(n > WAITING_MAX)
		rpc->struct_add(row, "d", "wait-more", (int)(n - WAITING_MAX));
}

/* Of connections that conf has no place for; -1: memory is out. */
static int removed(const struct cube_conf *conf, bool end)
{
	return snapshot_tls_ops() ? snapshot_tls_ops()->removed(conf, end) : 0;
}

/* ---- cube_tenant.check */

const char *reload_rpc_check_doc[] = {
		"Reads a cube.conf (path; default: the running one's file) and proves that it works, without using it; what it "
		"would change, how many connections it would close, and which listeners wait for a restart",
		NULL};

void reload_rpc_check(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *running, *next;
	struct cube_changes *changes;
	struct cube_err err;
	char *path = NULL;
	void *row;

	cube_err_reset(&err);
	if(rpc->scan(ctx, "*s", &path) < 1)
		path = NULL;
	next = snapshot_check(path, &err);
	if(!next) {
		ksr_rpc_fault(rpc, ctx, &err);
		return;
	}
	running = snapshot_acquire();
	changes = cube_changes_of(running->conf, next->conf);
	if(rpc->add(ctx, "{", &row) == 0 && rpc->struct_add(row, "s", "check", "ok") == 0) {
		answer_changes(rpc, row, changes);
		rpc->struct_add(row, "d", "would-close-connections", removed(next->conf, false));
		answer_waiting(rpc, row, next->conf);
	}
	free(changes);
	snapshot_release(running);
	snapshot_release(next);
}

/* ---- cube_tenant.reload */

const char *reload_rpc_reload_doc[] = {
		"Reads cube.conf and all files that it names again and runs it; on any fault nothing changes. What has "
		"changed, "
		"how many connections were closed because they have no place in it and how many keep an older one, and which "
		"listeners wait for a restart",
		NULL};

struct line
{
	char text[LINE_MAX_BYTES];
	size_t used;
};

static void line_put(void *ctx, const char *text)
{
	struct line *l = ctx;
	size_t room = sizeof(l->text) - l->used;
	int n = snprintf(l->text + l->used, room, "%s%s", l->used ? ", " : "", text);

	if(n > 0 && (size_t)n < room)
		l->used += (size_t)n;
}

static void reload_log(const struct cube_snapshot *s, const struct cube_changes *changes, int closed, int older)
{
	struct line waiting = {.text = ""};
	char text[LINE_MAX_BYTES];
	unsigned n = count_waiting(s->conf);

	each_waiting(s->conf, line_put, &waiting);
	LM_NOTICE("configuration %u runs: %u tenants, %u dial-peers; %s; %d connections closed, %d keep an older "
			  "configuration%s%s%s\n",
			s->generation, s->conf->n_tenants, s->conf->n_dial_peers,
			changes ? cube_changes_text(changes, text, sizeof(text)) : "out of memory for what has changed", closed,
			older, n ? "; wait for a restart: " : "", waiting.text, n > WAITING_MAX ? " and others" : "");
}

static void reload_answer(
		rpc_t *rpc, void *ctx, const struct cube_snapshot *s, const struct cube_changes *changes, int closed, int older)
{
	void *row;

	if(rpc->add(ctx, "{", &row) < 0
			|| rpc->struct_add(row, "sddd", "reload", "ok", "generation", (int)s->generation, "tenants",
					   (int)s->conf->n_tenants, "dial-peers", (int)s->conf->n_dial_peers)
					   < 0)
		return;
	answer_changes(rpc, row, changes);
	rpc->struct_add(row, "dd", "closed-connections", closed, "older-connections", older);
	answer_waiting(rpc, row, s->conf);
}

void reload_rpc_reload(rpc_t *rpc, void *ctx)
{
	struct cube_snapshot *before, *after;
	struct cube_changes *changes;
	struct cube_err err;
	int closed, older;

	cube_err_reset(&err);
	if(snapshot_reload(&before, &after, &err) < 0) {
		ksr_log_err("reload refused, the running configuration stays", &err);
		ksr_rpc_fault(rpc, ctx, &err);
		return;
	}
	changes = cube_changes_of(before->conf, after->conf);
	snapshot_release(before);
	closed = removed(after->conf, true);
	older = snapshot_tls_ops() ? snapshot_tls_ops()->older(after->generation) : 0;
	reload_log(after, changes, closed, older);
	reload_answer(rpc, ctx, after, changes, closed, older);
	free(changes);
	snapshot_release(after);
}
