/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube-fetch: fetches a CRL or asks an OCSP responder, for Kamailio. One request (libcube/tls/fetch.h) on its standard
 * input, one reply on its standard output. What strangers send is read and parsed here, in a process of its own that may
 * be killed at any time without harm. Needs nothing of Kamailio and logs nothing. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../libcube/tls/fetch.h"
#include "http.h"

#define MEMORY_MAX (1ul << 30)
#define CPU_SECONDS_MAX 60
#define FILES_MAX 32
/* Kept of the time that is given, for the loading of libcurl's many libraries, and for the reply that says that it was too
 * short. */
#define HAND_OVER_MS 500

struct job
{
	struct cube_fetch_request head;
	char url[CUBE_FETCH_URL_MAX], cache[CUBE_FETCH_URL_MAX], place[CUBE_FETCH_URL_MAX];
	X509 *issuer;
	int64_t now;
};

struct answer
{
	struct cube_fetch_reply head;
	char text[CUBE_FETCH_TEXT_MAX];
	const void *data;
};

/* What is said when the time is over. Changed by the program, read in its signal handler. */
static struct answer *_Atomic last_word;

static bool write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while(len > 0) {
		ssize_t n = write(fd, at, len);

		if(n < 0 && errno == EINTR)
			continue;
		if(n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool read_all(int fd, void *data, size_t len)
{
	char *at = data;

	while(len > 0) {
		ssize_t n = read(fd, at, len);

		if(n < 0 && errno == EINTR)
			continue;
		if(n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* Async-signal-safe. */
static bool answer_write(const struct answer *answer)
{
	return write_all(STDOUT_FILENO, &answer->head, sizeof(answer->head))
		   && write_all(STDOUT_FILENO, answer->text, answer->head.text_len)
		   && write_all(STDOUT_FILENO, answer->data, answer->head.data_len);
}

/* May run in the thread in which libcurl resolves a name; the program then waits for that thread, and writes nothing. */
static void late(int signal)
{
	(void)signal;
	_exit(answer_write(last_word) ? 0 : 1);
}

static void answer_text(struct answer *answer, const char *prefix, const char *text)
{
	int n = snprintf(answer->text, sizeof(answer->text), "%s%s", prefix, text);

	answer->head.text_len = n < (int)sizeof(answer->text) ? (uint32_t)n : (uint32_t)sizeof(answer->text) - 1;
	for(uint32_t i = 0; i < answer->head.text_len; i++) {
		if(answer->text[i] < ' ' || answer->text[i] > '~')
			answer->text[i] = '?';
	}
}

static void answer_crl(struct answer *answer, const struct cube_crl *crl)
{
	answer->head.ok = 1;
	answer->data = crl;
	answer->head.data_len = (uint32_t)cube_crl_bytes(crl->n);
}

static void limit(int resource, rlim_t value)
{
	struct rlimit limits = {value, value};

	/* fails where the limit is lower already, which is as good */
	(void)setrlimit(resource, &limits);
}

static void limits_set(void)
{
	limit(RLIMIT_AS, MEMORY_MAX);
	limit(RLIMIT_CPU, CPU_SECONDS_MAX);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, FILES_MAX);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would read the reply */
}

static void alarm_set(uint32_t seconds)
{
	struct sigaction action = {.sa_handler = late};
	struct itimerval timer = {
			.it_value = {.tv_sec = seconds - 1, .tv_usec = (1000 - HAND_OVER_MS) * 1000},
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void alarm_end(void)
{
	struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN);
}

static bool job_read(struct job *job)
{
	static unsigned char der[CUBE_FETCH_CERT_MAX];
	const struct cube_fetch_request *head = &job->head;
	const unsigned char *at = der;

	if(!read_all(STDIN_FILENO, &job->head, sizeof(job->head)) || head->magic != CUBE_FETCH_MAGIC
			|| (head->kind != CUBE_FETCH_CRL && head->kind != CUBE_FETCH_OCSP) || head->seconds == 0
			|| head->url_len >= CUBE_FETCH_URL_MAX || head->issuer_len > CUBE_FETCH_CERT_MAX
			|| head->cache_len >= CUBE_FETCH_URL_MAX || head->place_len >= CUBE_FETCH_URL_MAX)
		return false;
	if(!read_all(STDIN_FILENO, job->url, head->url_len) || !read_all(STDIN_FILENO, der, head->issuer_len)
			|| !read_all(STDIN_FILENO, job->cache, head->cache_len)
			|| !read_all(STDIN_FILENO, job->place, head->place_len))
		return false;
	job->issuer = d2i_X509(NULL, &at, (long)head->issuer_len);
	job->now = time(NULL);
	return job->issuer != NULL;
}

static int file_read(const char *path, size_t max, struct http_body *body, struct cube_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if(fd < 0 || fstat(fd, &st) < 0) {
		cube_err_add(err, "cannot be read (%s)", strerror(errno));
	} else if(!S_ISREG(st.st_mode)) {
		cube_err_add(err, "not a file");
	} else if((uint64_t)st.st_size > max) {
		cube_err_add(err, "more than %zu MB", max >> 20);
	} else {
		body->len = (size_t)st.st_size;
		body->data = malloc(body->len + 1);
		if(body->data == NULL)
			cube_err_add(err, "out of memory");
		else if(!read_all(fd, body->data, body->len))
			cube_err_add(err, "cannot be read (it is being changed)");
	}
	if(fd >= 0)
		close(fd);
	return cube_err_any(err) ? -1 : 0;
}

/* Written beside it and renamed, so that there is always a whole one. 0, or the errno. */
static int cache_write(const struct job *job, const struct http_body *body)
{
	char path[CUBE_FETCH_URL_MAX + 8];
	int fd, error;

	snprintf(path, sizeof(path), "%s.new", job->cache);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if(fd < 0)
		return errno;
	errno = EIO; /* of a write that writes nothing and names no error */
	error = fchmod(fd, 0644) == 0 && write_all(fd, body->data, body->len) ? 0 : errno;
	if(close(fd) != 0 && error == 0)
		error = errno;
	if(error == 0 && rename(path, job->cache) != 0)
		error = errno;
	if(error != 0)
		unlink(path);
	return error;
}

/* NULL: there is none, or it is good no more. */
static struct cube_crl *cache_read(const struct job *job)
{
	struct http_body body = {NULL, 0};
	struct cube_crl *crl = NULL;
	struct cube_err err;

	cube_err_reset(&err);
	if(job->head.cache_len > 0 && file_read(job->cache, CUBE_FETCH_CRL_MAX, &body, &err) == 0)
		crl = cube_crl_read(body.data, body.len, job->issuer, job->place, job->now, &err);
	free(body.data);
	return crl;
}

/* As answer, but with the cached CRL, and with why. */
static void answer_cached(struct answer *answer, const struct cube_crl *cached, const char *why)
{
	answer_text(answer, cached != NULL ? "from the cache: " : "", why);
	if(cached != NULL)
		answer_crl(answer, cached);
}

static void crl_by_http(const struct job *job, struct answer *answer, const char *too_late)
{
	static struct answer prepared;
	struct cube_crl *cached = cache_read(job), *crl = NULL;
	struct http_body body;
	struct cube_err err;
	int error;

	prepared = *answer;
	answer_cached(&prepared, cached, too_late);
	last_word = &prepared;
	cube_err_reset(&err);
	if(http_fetch(job->url, (struct http_body){NULL, 0}, CUBE_FETCH_CRL_MAX, (job->head.seconds + 1) / 2, &body, &err)
			== 0)
		crl = cube_crl_read(body.data, body.len, job->issuer, job->place, job->now, &err);
	if(crl == NULL) {
		answer_cached(answer, cached, err.text);
		return;
	}
	/* who answers without TLS may answer with what was true yesterday */
	if(cached != NULL && crl->this_update < cached->this_update) {
		answer_cached(answer, cached, "the one that was fetched is older");
		return;
	}
	answer_crl(answer, crl);
	last_word = answer; /* the cache may be on a disk that hangs */
	if(job->head.cache_len > 0 && (error = cache_write(job, &body)) != 0) {
		cube_err_add(&err, "the cache cannot be written: %s (%s)", job->cache, strerror(error));
		alarm_end(); /* the text and its length do not change at the same time */
		answer_text(answer, "", err.text);
	}
}

static void crl_by_file(const struct job *job, struct answer *answer)
{
	struct http_body body = {NULL, 0};
	struct cube_crl *crl = NULL;
	struct cube_err err;

	cube_err_reset(&err);
	if(file_read(job->url, CUBE_FETCH_CRL_MAX, &body, &err) == 0)
		crl = cube_crl_read(body.data, body.len, job->issuer, job->place, job->now, &err);
	if(crl != NULL)
		answer_crl(answer, crl);
	else
		answer_text(answer, "", err.text);
}

static void ocsp_by_http(const struct job *job, struct answer *answer)
{
	OCSP_REQUEST *request = cube_ocsp_request(job->issuer, &job->head.serial);
	struct http_body question = {NULL, 0}, body = {NULL, 0};
	struct cube_err err;
	int len;

	cube_err_reset(&err);
	len = request != NULL ? i2d_OCSP_REQUEST(request, &question.data) : -1;
	if(len <= 0) {
		answer_text(answer, "", "out of memory");
		return;
	}
	question.len = (size_t)len;
	if(http_fetch(job->url, question, CUBE_FETCH_OCSP_MAX, (job->head.seconds + 1) / 2, &body, &err) == 0
			&& cube_ocsp_read(
					   body.data, body.len, job->issuer, &job->head.serial, request, job->now, &answer->head.ocsp, &err)
					   == 0) {
		answer->head.ok = 1;
		answer->head.data_len = (uint32_t)body.len;
		answer->data = body.data;
	} else {
		answer_text(answer, "", err.text);
	}
}

int main(void)
{
	static struct job job;
	static struct answer answer, slow;
	char too_late[64];

	limits_set();
	if(!job_read(&job))
		return 1;
	answer.head.magic = CUBE_FETCH_MAGIC;
	answer.head.kind = job.head.kind;
	slow = answer;
	snprintf(too_late, sizeof(too_late), "no answer within %u s", job.head.seconds);
	answer_text(&slow, too_late, "");
	last_word = &slow;
	alarm_set(job.head.seconds);
	if(cube_fetch_url_ok(cube_str_of(job.url))) {
		if(job.head.kind == CUBE_FETCH_CRL)
			crl_by_http(&job, &answer, too_late);
		else
			ocsp_by_http(&job, &answer);
	} else if(job.head.kind == CUBE_FETCH_CRL && !cube_fetch_has_scheme(cube_str_of(job.url))) {
		crl_by_file(&job, &answer);
	} else {
		answer_text(&answer, "", "not an address of http:// that can be fetched");
	}
	alarm_end();
	return answer_write(&answer) ? 0 : 1;
}
