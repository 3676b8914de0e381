/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* memfd_create, pipe2, addclosefrom_np */
/* One cube-fetch is one process, a memory file with its question and a pipe with its answer. Runs in one process only. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/sr_module.h"

#include "../ksr/ksr.h"
#include "fetcher.h"

#define OCSP_SECONDS 10
#define CRL_SECONDS 60
#define GRACE_SECONDS 2 /* beyond the time that cube-fetch gives itself */
#define REPLY_MAX (sizeof(struct cube_fetch_reply) + CUBE_FETCH_TEXT_MAX + (96u << 20)) /* a CRL of all entries */

struct fetcher
{
	pid_t pid; /* 0: free */
	int out;
	struct cube_source_key key;
	enum cube_fetch_kind kind;
	bool cached;
	char url[CUBE_FETCH_URL_MAX];
	struct cube_str place; /* in url */
	int64_t began, end;	   /* monotonic milliseconds */
	unsigned char *reply;
	size_t len, room;
};

static struct fetcher fetchers[FETCHERS];
static char program[PATH_MAX];

int fetcher_init(void)
{
	const sr_module_t *own = find_module_by_name("cube_tls");
	const char *slash = own ? strrchr(own->path, '/') : NULL;

	snprintf(program, sizeof(program), "%.*scube-fetch", slash ? (int)(slash + 1 - own->path) : 0,
			slash ? own->path : "");
	if(access(program, X_OK) == 0)
		return 0;
	LM_ERR("%s: %s; it belongs beside cube_tls.so (make install puts it there)\n", program, strerror(errno));
	return -1;
}

unsigned fetcher_running(void)
{
	unsigned i, n = 0;

	for(i = 0; i < FETCHERS; i++)
		n += fetchers[i].pid != 0;
	return n;
}

bool fetcher_place_full(const char *url)
{
	struct cube_str place;
	unsigned i, n = 0;

	if(fetcher_running() < FETCHERS_PLACE)
		return false;
	place = cube_fetch_place(url);
	for(i = 0; i < FETCHERS; i++)
		n += fetchers[i].pid != 0 && cube_str_eq(fetchers[i].place, place);
	return n >= FETCHERS_PLACE;
}

/* A file with the question, at its beginning; -1: none. */
static int question_file(const struct sources_job *job, const char *cache, unsigned seconds)
{
	struct cube_fetch_request head = {.magic = CUBE_FETCH_MAGIC,
			.kind = job->kind,
			.seconds = seconds,
			.url_len = (uint32_t)strlen(job->url),
			.issuer_len = (uint32_t)job->issuer_len,
			.cache_len = (uint32_t)strlen(cache),
			.place_len = (uint32_t)strlen(job->place),
			.serial = job->serial};
	int fd = memfd_create("cube-fetch", MFD_CLOEXEC);

	if(fd < 0)
		return -1;
	if(write(fd, &head, sizeof(head)) == (ssize_t)sizeof(head)
			&& write(fd, job->url, head.url_len) == (ssize_t)head.url_len
			&& write(fd, job->issuer, head.issuer_len) == (ssize_t)head.issuer_len
			&& write(fd, cache, head.cache_len) == (ssize_t)head.cache_len
			&& write(fd, job->place, head.place_len) == (ssize_t)head.place_len && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

/* With nothing of Kamailio's: no descriptor, no signal handler, no environment. */
static pid_t spawn(int in, int out)
{
	char *argv[] = {program, NULL}, *envp[] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	pid_t pid = -1;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	if(posix_spawn_file_actions_init(&files) != 0)
		return -1;
	if(posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return -1;
	}
	rc = posix_spawn_file_actions_adddup2(&files, in, 0) | posix_spawn_file_actions_adddup2(&files, out, 1)
		 | posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0)
		 | posix_spawn_file_actions_addclosefrom_np(&files, 3) | posix_spawnattr_setsigmask(&attr, &none)
		 | posix_spawnattr_setsigdefault(&attr, &all)
		 | posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if(rc == 0 && posix_spawn(&pid, program, &files, &attr, argv, envp) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return pid;
}

static struct fetcher *free_fetcher(void)
{
	unsigned i;

	for(i = 0; i < FETCHERS; i++) {
		if(fetchers[i].pid == 0)
			return &fetchers[i];
	}
	return NULL;
}

bool fetcher_start(const struct sources_job *job, const char *cache)
{
	unsigned seconds = job->kind == CUBE_FETCH_OCSP ? OCSP_SECONDS : CRL_SECONDS;
	struct fetcher *f = free_fetcher();
	int in, pipes[2];
	pid_t pid;

	if(!f || (in = question_file(job, cache, seconds)) < 0)
		return false;
	if(pipe2(pipes, O_CLOEXEC) < 0) {
		close(in);
		return false;
	}
	pid = spawn(in, pipes[1]);
	close(in);
	close(pipes[1]);
	if(pid < 0) {
		close(pipes[0]);
		LM_ERR("%s cannot be started\n", program);
		return false;
	}
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	*f = (struct fetcher){.pid = pid,
			.out = pipes[0],
			.key = job->key,
			.kind = job->kind,
			.cached = job->cached,
			.began = ksr_clock_ms(),
			.end = ksr_clock_ms() + (seconds + GRACE_SECONDS) * 1000};
	memcpy(f->url, job->url, sizeof(f->url));
	f->place = cube_fetch_place(f->url);
	return true;
}

static void end(struct fetcher *f, const char *broken, void (*ended)(const struct fetched *))
{
	/* malloc's memory, so aligned */
	const struct cube_fetch_reply *reply = (const void *)f->reply;
	struct fetched fetched = {.key = f->key, .cached = f->cached, .ms = ksr_clock_ms() - f->began, .text = broken};
	char text[CUBE_FETCH_TEXT_MAX + 1] = "";

	close(f->out);
	kill(f->pid, SIGKILL); /* it has said all that it had to say */
	while(waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if(!broken && f->len >= sizeof(*reply) && cube_fetch_reply_ok(reply, f->len, f->kind)) {
		memcpy(text, reply + 1, reply->text_len);
		fetched.reply = reply;
		fetched.text = text;
		fetched.data = (const unsigned char *)(reply + 1) + reply->text_len;
	} else if(!broken) {
		fetched.text = "cube-fetch ended without an answer";
	}
	f->pid = 0;
	ended(&fetched);
	free((void *)(uintptr_t)reply);
}

static bool grow(struct fetcher *f)
{
	size_t room = f->room ? 4 * f->room : 16384;
	unsigned char *more;

	if(f->room >= REPLY_MAX)
		return false;
	room = room < REPLY_MAX ? room : REPLY_MAX;
	more = realloc(f->reply, room);
	if(!more)
		return false;
	f->reply = more;
	f->room = room;
	return true;
}

static void take(struct fetcher *f, void (*ended)(const struct fetched *))
{
	ssize_t n = 1;

	while(n > 0) {
		if(f->len == f->room && !grow(f)) {
			end(f, "out of memory", ended);
			return;
		}
		n = read(f->out, f->reply + f->len, f->room - f->len);
		f->len += n > 0 ? (size_t)n : 0;
	}
	if(n == 0)
		end(f, NULL, ended);
	else if(errno != EAGAIN && errno != EINTR)
		end(f, "cube-fetch's pipe is broken", ended);
}

void fetcher_wait(int bell, int ms, void (*ended)(const struct fetched *fetched))
{
	struct pollfd fds[FETCHERS + 1] = {{.fd = bell, .events = POLLIN}};
	char buf[64];
	unsigned i;
	int n;

	for(i = 0; i < FETCHERS; i++)
		fds[i + 1] = (struct pollfd){.fd = fetchers[i].pid ? fetchers[i].out : -1, .events = POLLIN};
	n = poll(fds, FETCHERS + 1, ms);
	while(n > 0 && (fds[0].revents & POLLIN) && read(bell, buf, sizeof(buf)) == (ssize_t)sizeof(buf))
		;
	for(i = 0; i < FETCHERS; i++) {
		struct fetcher *f = &fetchers[i];

		if(!f->pid || fds[i + 1].fd < 0)
			continue;
		if(n > 0 && fds[i + 1].revents)
			take(f, ended);
		else if(ksr_clock_ms() > f->end)
			end(f, "cube-fetch does not end", ended);
	}
}
