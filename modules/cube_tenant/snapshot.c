/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of configurations. A reload builds beside the running one and swaps a pointer; see
 * docs/design/processes.md for who may do what under which lock. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "snapshot.h"

/* Shared by all processes; made before the first fork. */
struct shared
{
	gen_lock_t snapshot_lock; /* running, every snapshot's references */
	gen_lock_t reload_lock;	  /* one reload at a time */
	unsigned generation;
	bool refused; /* the last reload; read without a lock */
	struct cube_snapshot *running;
};

static struct shared *shared;
static char *conf_path;					   /* absolute: a daemon changes its folder; the same in all processes */
static const struct cube_tls_ops *tls_ops; /* set in mod_init, before the first fork */

static void snapshot_free(struct cube_snapshot *s)
{
	struct cube_conf *conf = (struct cube_conf *)s->conf;

	if(s->tls)
		tls_ops->discard(s->tls);
	cube_conf_free(&conf);
	shm_free(s);
}

static struct cube_snapshot *snapshot_load(const char *path, bool with_tls, struct cube_err *err)
{
	struct cube_snapshot *s = shm_malloc(sizeof(*s));
	struct cube_conf *conf = NULL;

	if(!s) {
		cube_err_nomem(err, path);
		return NULL;
	}
	memset(s, 0, sizeof(*s));
	s->references = 1;
	if(cube_conf_load(path, &cube_files_disk, &ksr_shm_alloc, &conf, err) < 0) {
		shm_free(s);
		return NULL;
	}
	s->conf = conf;
	if(with_tls && tls_ops && tls_ops->prepare(conf, &s->tls, err) < 0) {
		snapshot_free(s);
		return NULL;
	}
	return s;
}

int snapshot_start(const char *path, struct cube_err *err)
{
	shared = shm_malloc(sizeof(*shared));
	if(!shared) {
		cube_err_nomem(err, path);
		return -1;
	}
	memset(shared, 0, sizeof(*shared));
	if(!lock_init(&shared->snapshot_lock) || !lock_init(&shared->reload_lock)) {
		cube_err_add(err, "%s: cannot make a lock", path);
		return -1;
	}
	conf_path = realpath(path, NULL);
	if(!conf_path && !(conf_path = strdup(path))) {
		cube_err_nomem(err, path);
		return -1;
	}
	shared->running = snapshot_load(conf_path, false, err);
	if(!shared->running)
		return -1;
	shared->running->generation = shared->generation = 1;
	shared->running->since = time(NULL);
	return 0;
}

/* Shared memory goes as a whole. A child may have been killed with the lock in its hand, so none is taken. */
void snapshot_end(void)
{
	shared = NULL;
}

struct cube_snapshot *snapshot_acquire(void)
{
	struct cube_snapshot *s;

	if(!shared)
		return NULL;
	lock_get(&shared->snapshot_lock);
	s = shared->running;
	if(s)
		s->references++;
	lock_release(&shared->snapshot_lock);
	return s;
}

void snapshot_hold(struct cube_snapshot *s)
{
	lock_get(&shared->snapshot_lock);
	s->references++;
	lock_release(&shared->snapshot_lock);
}

void snapshot_release(struct cube_snapshot *s)
{
	bool last;

	if(!s || !shared)
		return;
	lock_get(&shared->snapshot_lock);
	last = --s->references == 0;
	lock_release(&shared->snapshot_lock);
	if(last)
		snapshot_free(s);
}

void snapshot_register_tls(const struct cube_tls_ops *ops)
{
	tls_ops = ops;
}

int snapshot_attach_tls(struct cube_err *err)
{
	return tls_ops->prepare(shared->running->conf, &shared->running->tls, err);
}

const struct cube_tls_ops *snapshot_tls_ops(void)
{
	return tls_ops;
}

bool snapshot_refused(void)
{
	return __atomic_load_n(&shared->refused, __ATOMIC_RELAXED);
}

struct cube_snapshot *snapshot_check(const char *path, struct cube_err *err)
{
	return snapshot_load(path ? path : conf_path, true, err);
}

int snapshot_reload(struct cube_snapshot **before, struct cube_snapshot **after, struct cube_err *err)
{
	struct cube_snapshot *next;

	if(lock_try(&shared->reload_lock) != 0) {
		cube_err_add(err, "another reload is running; try again when it has ended");
		return -1;
	}
	next = snapshot_load(conf_path, true, err);
	if(next) {
		next->references++;
		lock_get(&shared->snapshot_lock);
		*before = shared->running; /* with the reference that made it the running one */
		next->generation = ++shared->generation;
		next->since = time(NULL);
		shared->running = *after = next;
		lock_release(&shared->snapshot_lock);
	}
	__atomic_store_n(&shared->refused, next == NULL, __ATOMIC_RELAXED);
	lock_release(&shared->reload_lock);
	return next ? 0 : -1;
}
