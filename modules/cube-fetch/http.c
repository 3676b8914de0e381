/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcurl does the talking. Here is what it may do, and what its errors are called. */
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "../libcube/base/net.h"
#include "../libcube/tls/url.h"
#include "http.h"

#define FIRST_BYTES 65536

struct transfer
{
	CURL *curl;
	struct http_body *body;
	size_t room; /* for body */
	size_t seen; /* bytes of this answer, those that are not kept included */
	size_t max;
	int connect_ms;
	bool strange;  /* who is not on this machine or its link has led here */
	bool kept_out; /* and so it was not asked */
	struct cube_err *err;
	char words[CURL_ERROR_SIZE]; /* libcurl's own about an error */
};

/* what is as libraries write it: "Connection refused" */
static void add_small(struct cube_err *err, const char *prefix, const char *what)
{
	cube_err_add(err, "%s%c%s", prefix, tolower((unsigned char)what[0]), what[0] != '\0' ? what + 1 : "");
}

static void too_long(size_t max, struct cube_err *err)
{
	if(max >= 1u << 20)
		cube_err_add(err, "more than %zu MB", max >> 20);
	else
		cube_err_add(err, "more than %zu kB", max >> 10);
}

/* Room for len bytes in all, of max at most. */
static bool grow(struct transfer *t, size_t len)
{
	size_t room = t->room > 0 ? t->room : FIRST_BYTES;
	unsigned char *data;

	while(room < len)
		room *= 2;
	if(room > t->max)
		room = t->max;
	if(room == t->room)
		return true;
	data = realloc(t->body->data, room);
	if(data == NULL) {
		cube_err_add(t->err, "out of memory");
		return false;
	}
	t->body->data = data;
	t->room = room;
	return true;
}

static long status_of(const struct transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* Where a redirect leads to is told when its page has come to its end; the page of an error is not waited for. */
static bool awaited(long status)
{
	return status == 200 || status / 100 == 3;
}

/* libcurl's write callback: less than n ends the transfer. */
static size_t take(char *data, size_t one, size_t n, void *to)
{
	struct transfer *t = to;
	long status = status_of(t);

	(void)one; /* it is 1 */
	if(n > t->max - t->seen) {
		too_long(t->max, t->err);
		return 0;
	}
	t->seen += n;
	if(status != 200)
		return awaited(status) ? n : 0;
	if(!grow(t, t->seen))
		return 0;
	memcpy(t->body->data + t->body->len, data, n);
	t->body->len += n;
	return n;
}

/* libcurl's limit for connecting counts the name's resolving and is for all addresses; this one of Linux is for each, so
 * that an address that is dead leaves time for the next one. */
static int limit_connect(void *to, curl_socket_t fd, curlsocktype purpose)
{
	const struct transfer *t = to;

	(void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &t->connect_ms, sizeof(t->connect_ms));
	return CURL_SOCKOPT_OK;
}

static struct cube_ip ip_of(const void *addr)
{
	const struct sockaddr_in6 *six = addr;
	const struct sockaddr_in *four = addr;
	struct cube_ip ip = {0};

	ip.len = four->sin_family == AF_INET ? 4 : 16;
	if(ip.len == 4)
		memcpy(ip.bytes, &four->sin_addr, 4);
	else
		memcpy(ip.bytes, &six->sin6_addr, 16);
	return ip;
}

/* libcurl's callback for a new socket; the name has been resolved. On loopback and on the link are services that trust
 * whoever reaches them: no stranger may send us there. */
static curl_socket_t open_socket(void *to, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct cube_ip ip = ip_of(&addr->addr);
	struct transfer *t = to;

	(void)purpose;
	if(t->strange && cube_ip_local(&ip)) {
		t->kept_out = true;
		return CURL_SOCKET_BAD;
	}
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

/* Has the last answer come from elsewhere? */
static bool from_stranger(const struct transfer *t)
{
	char *text = NULL;
	struct cube_ip ip;

	curl_easy_getinfo(t->curl, CURLINFO_PRIMARY_IP, &text);
	return text == NULL || !cube_ip_parse(cube_str_of(text), &ip) || !cube_ip_local(&ip);
}

static bool set_up(struct transfer *t)
{
	CURL *curl = t->curl;

	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK
		   /* the environment may name one */
		   && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK
		   /* a redirect must not log in to where its sender cannot */
		   && curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK
		   /* SIGALRM is the program's */
		   && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_USERAGENT, "kamailio-cube") == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_WRITEDATA, t) == CURLE_OK
		   /* each request has a socket of its own that is judged */
		   && curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, limit_connect) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_SOCKOPTDATA, t) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->words) == CURLE_OK;
}

/* headers: for curl_slist_free_all(3), also where it fails. */
static bool set_question(CURL *curl, struct http_body question, struct curl_slist **headers)
{
	struct curl_slist *both;

	*headers = curl_slist_append(NULL, "Content-Type: application/ocsp-request");
	both = *headers != NULL ? curl_slist_append(*headers, "Accept: application/ocsp-response") : NULL;
	return both != NULL && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, both) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_POSTFIELDS, question.data) == CURLE_OK
		   && curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)question.len) == CURLE_OK;
}

/* What libcurl could not receive, and why. */
static void cut_off(const struct transfer *t, long error)
{
	const char *prefix = t->body->len > 0 ? "the answer is cut off: " : "";

	/* for other errors than the system's there is the number of an older one, of another address */
	add_small(t->err, prefix, error == ECONNRESET ? strerror(ECONNRESET) : t->words);
}

/* Why there is no answer to a request. What has no case here keeps libcurl's words. */
static void explain(const struct transfer *t, CURLcode code)
{
	const char *words = t->words[0] != '\0' ? t->words : curl_easy_strerror(code);
	long status = status_of(t), error = 0;

	if(code == CURLE_COULDNT_CONNECT && t->kept_out) {
		cube_err_add(t->err, "redirected to an address of this machine or its link, which is not followed");
		return;
	}
	curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &error);
	switch((int)code) {
		case CURLE_OK:
		case CURLE_WRITE_ERROR:
		case CURLE_FILESIZE_EXCEEDED:
		case CURLE_PARTIAL_FILE:
			if(code == CURLE_OK || !awaited(status))
				cube_err_add(t->err, "HTTP %ld", status);
			else if(code == CURLE_FILESIZE_EXCEEDED)
				too_long(t->max, t->err);
			else
				cube_err_add(t->err, "the answer is cut off");
			break;
		case CURLE_URL_MALFORMAT:
			cube_err_add(t->err, "its address does not parse (http://HOST[:PORT][/PATH] is expected)");
			break;
		case CURLE_LOGIN_DENIED:
			cube_err_add(t->err, "an address with a user name is not asked");
			break;
		case CURLE_COULDNT_CONNECT:
		case CURLE_OPERATION_TIMEDOUT:
		case CURLE_SEND_ERROR:
			add_small(t->err, code == CURLE_SEND_ERROR ? "the request cannot be sent: " : "",
					error != 0 ? strerror((int)error) : words);
			break;
		case CURLE_RECV_ERROR:
			cut_off(t, error);
			break;
		case CURLE_GOT_NOTHING:
			cube_err_add(t->err, "the connection was closed without an answer");
			break;
		case CURLE_OUT_OF_MEMORY: /* 7.88 means either by it */
			cube_err_add(t->err, "out of memory, or a header is too long");
			break;
		case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without a status line is called HTTP/0.9 */
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_BAD_FUNCTION_ARGUMENT: /* of its own, for a header that has no name */
			cube_err_add(t->err, "the answer is not HTTP");
			break;
		default:
			add_small(t->err, "", words);
	}
}

/* Takes the address that the last answer leads to. libcurl follows none by itself, so that each is judged as the first
 * one was. */
static bool follow(struct transfer *t, const char *to, int n)
{
	if(n > HTTP_REDIRECTS_MAX)
		cube_err_add(t->err, "redirected more than %d times", HTTP_REDIRECTS_MAX);
	else if(strncasecmp(to, "https:", 6) == 0)
		cube_err_add(t->err, "redirected to https://, which is not followed");
	else if(!cube_fetch_url_ok(cube_str_of(to)))
		cube_err_add(t->err, "redirected to what is no address of http://");
	else if(curl_easy_setopt(t->curl, CURLOPT_URL, to) != CURLE_OK)
		cube_err_add(t->err, "out of memory");
	t->strange = from_stranger(t);
	return !cube_err_any(t->err);
}

/* Asks, and asks where that leads to. */
static void exchange(struct transfer *t, bool follows)
{
	const char *next;
	CURLcode code;
	int n = 0;

	do {
		t->seen = 0;
		t->words[0] = '\0';
		t->kept_out = false;
		next = NULL;
		code = curl_easy_perform(t->curl);
		if(code == CURLE_OK && follows)
			curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &next);
	} while(next != NULL && follow(t, next, ++n));
	if(!cube_err_any(t->err) && (code != CURLE_OK || status_of(t) != 200))
		explain(t, code);
}

int http_fetch(const char *url, struct http_body question, size_t max, unsigned seconds, struct http_body *answer,
		struct cube_err *err)
{
	struct transfer t = {.body = answer, .max = max, .err = err};
	struct curl_slist *headers = NULL;

	*answer = (struct http_body){NULL, 0};
	t.connect_ms = seconds < INT_MAX / 1000 ? (int)seconds * 1000 : INT_MAX;
	t.curl = curl_easy_init();
	if(t.curl != NULL && set_up(&t) && curl_easy_setopt(t.curl, CURLOPT_URL, url) == CURLE_OK
			&& (question.data == NULL || set_question(t.curl, question, &headers)))
		exchange(&t, question.data == NULL);
	else
		cube_err_add(err, "out of memory");
	curl_easy_cleanup(t.curl);
	curl_slist_free_all(headers);
	if(!cube_err_any(err))
		return 0;
	free(answer->data);
	*answer = (struct http_body){NULL, 0};
	return -1;
}
