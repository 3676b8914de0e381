/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenSSL's own client (OSSL_HTTP_get) is not used but for taking URLs apart: it tries a refused connection again until the
 * time is over, 3.5 gives the page of a 404 for the answer without saying that it is one, and relative redirects fail. */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../libcube/tls/fetch.h"
#include "http.h"

#define HEAD_MAX 16384 /* bytes of status line and headers */
#define REQUEST_MAX 4096
#define FIRST_BYTES 65536

struct place
{
	char *host, *port, *path;
};

/* Where an answer's parts are. */
struct head
{
	int status;
	size_t len;					   /* of all of it, the empty line included */
	const char *length, *location; /* values of headers, NUL-terminated; NULL: it has none */
	bool chunked;
};

static void system_error(struct cube_err *err, const char *what, int error)
{
	char text[128];

	/* as the C library writes them: "Connection refused" */
	snprintf(text, sizeof(text), "%s", strerror(error));
	text[0] = (char)tolower((unsigned char)text[0]);
	cube_err_add(err, "%s%s", what, text);
}

static bool place_of(const char *url, struct place *place, struct cube_err *err)
{
	if(OSSL_HTTP_parse_url(url, NULL, NULL, &place->host, &place->port, NULL, &place->path, NULL, NULL) == 1
			&& place->host[0] != '\0')
		return true;
	cube_err_add(err, "its address does not parse (http://HOST[:PORT][/PATH] is expected)");
	ERR_clear_error();
	return false;
}

static void place_free(struct place *place)
{
	OPENSSL_free(place->host);
	OPENSSL_free(place->port);
	OPENSSL_free(place->path);
	*place = (struct place){NULL, NULL, NULL};
}

/* The errno of a connection that was not made, or 0 and fd. */
static int connect_to(const struct addrinfo *address, unsigned seconds, int *fd)
{
	struct timeval limit = {.tv_sec = seconds};
	int error = 0;

	*fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
	if(*fd < 0)
		return errno;
	/* on Linux for connect(2), too: so that an address that is dead leaves time for the next one */
	(void)setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if(connect(*fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(*fd);
	return error;
}

static int dial(const struct place *place, unsigned seconds, struct cube_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *all = NULL;
	char host[CUBE_FETCH_URL_MAX];
	size_t len = strlen(place->host);
	int error = 0, fd = -1;

	/* an IPv6 address keeps its brackets in some releases of OpenSSL */
	if(place->host[0] == '[' && len > 2 && place->host[len - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)len - 2, place->host + 1);
	else
		snprintf(host, sizeof(host), "%s", place->host);
	error = getaddrinfo(host, place->port, &hints, &all);
	if(error != 0) {
		cube_err_add(err, "the name %s is not found (%s)", host, gai_strerror(error));
		return -1;
	}
	for(const struct addrinfo *one = all; one != NULL; one = one->ai_next) {
		error = connect_to(one, seconds, &fd);
		if(error == 0)
			break;
	}
	freeaddrinfo(all);
	if(error == 0)
		return fd;
	system_error(err, "", error);
	return -1;
}

static bool send_all(int fd, const void *data, size_t len, struct cube_err *err)
{
	const char *at = data;
	ssize_t n;

	for(; len > 0; at += n, len -= (size_t)n) {
		n = send(fd, at, len, MSG_NOSIGNAL);
		if(n <= 0) {
			system_error(err, "the request cannot be sent: ", errno);
			return false;
		}
	}
	return true;
}

static bool ask(int fd, const struct place *place, struct http_body question, struct cube_err *err)
{
	bool brackets = strchr(place->host, ':') != NULL && place->host[0] != '[';
	bool standard = strcmp(place->port, "80") == 0;
	char text[REQUEST_MAX], post[128] = "";
	int len;

	if(question.data != NULL)
		snprintf(post, sizeof(post), "Content-Type: application/ocsp-request\r\nContent-Length: %zu\r\n", question.len);
	len = snprintf(text, sizeof(text),
			"%s %s%s HTTP/1.0\r\nHost: %s%s%s%s%s\r\n%sUser-Agent: kamailio-cube\r\nConnection: close\r\n\r\n",
			question.data != NULL ? "POST" : "GET", place->path[0] == '/' ? "" : "/", place->path, brackets ? "[" : "",
			place->host, brackets ? "]" : "", standard ? "" : ":", standard ? "" : place->port, post);
	if(len < 0 || len >= (int)sizeof(text)) {
		cube_err_add(err, "its address is too long");
		return false;
	}
	return send_all(fd, text, (size_t)len, err) && send_all(fd, question.data, question.len, err);
}

/* Reads the head and some of what follows: bytes, or -1 + err. */
static ssize_t read_head(int fd, char *buf, struct head *head, struct cube_err *err)
{
	size_t used = 0;
	ssize_t n;

	while((n = read(fd, buf + used, HEAD_MAX - used)) > 0) {
		used += (size_t)n;
		for(size_t i = 0; i < used; i++) {
			size_t rest = used - i;

			if(rest >= 4 && memcmp(buf + i, "\r\n\r\n", 4) == 0)
				head->len = i + 4;
			else if(rest >= 2 && memcmp(buf + i, "\n\n", 2) == 0)
				head->len = i + 2;
			if(head->len > 0)
				return (ssize_t)used;
		}
	}
	if(n < 0)
		system_error(err, "", errno);
	else if(used == 0)
		cube_err_add(err, "the connection was closed without an answer");
	else
		cube_err_add(err, "the answer is not HTTP");
	return -1;
}

static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if(strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	return line + strspn(line, " \t");
}

/* Cuts the head into lines. */
static bool parse_head(char *buf, struct head *head, struct cube_err *err)
{
	char *line = buf, *next;

	/* the last byte is the empty line's end */
	buf[head->len - 1] = '\0';
	if(memchr(buf, '\0', head->len - 1) != NULL || strncmp(buf, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)buf[7])
			|| buf[8] != ' ' || strspn(buf + 9, "0123456789") != 3) {
		cube_err_add(err, "the answer is not HTTP");
		return false;
	}
	head->status = (int)strtol(buf + 9, NULL, 10);
	while((next = strchr(line, '\n')) != NULL) {
		const char *value;

		*next = '\0';
		if(next > line && next[-1] == '\r')
			next[-1] = '\0';
		if((value = value_of(line, "Content-Length")) != NULL)
			head->length = value;
		else if((value = value_of(line, "Location")) != NULL)
			head->location = value;
		else if(value_of(line, "Transfer-Encoding") != NULL)
			head->chunked = true;
		line = next + 1;
	}
	return true;
}

static void too_long(size_t max, struct cube_err *err)
{
	if(max >= 1u << 20)
		cube_err_add(err, "more than %zu MB", max >> 20);
	else
		cube_err_add(err, "more than %zu kB", max >> 10);
}

/* Room for at least one byte more. */
static bool grow(struct http_body *body, size_t *room, size_t max, struct cube_err *err)
{
	size_t more = *room > 0 ? 2 * *room : FIRST_BYTES;
	unsigned char *data;

	if(more > max + 1) /* the one byte shows that there are too many */
		more = max + 1;
	data = realloc(body->data, more);
	if(data == NULL) {
		cube_err_add(err, "out of memory");
		return false;
	}
	body->data = data;
	*room = more;
	return true;
}

/* begun: what came with the head. */
static bool read_body(int fd, const char *begun, size_t begun_len, const struct head *head, size_t max,
		struct http_body *body, struct cube_err *err)
{
	bool known = head->length != NULL && isdigit((unsigned char)head->length[0]);
	size_t room = 0, wanted = known ? strtoul(head->length, NULL, 10) : SIZE_MAX;
	ssize_t n = 1;

	if(head->chunked) {
		cube_err_add(err, "the answer is in chunks, which HTTP/1.0 does not have");
		return false;
	}
	if(known && wanted > max) {
		too_long(max, err);
		return false;
	}
	while(n > 0 && body->len < wanted) {
		if(body->len == room && !grow(body, &room, max, err))
			return false;
		n = (ssize_t)(begun_len < room - body->len ? begun_len : room - body->len);
		if(n > 0) {
			memcpy(body->data + body->len, begun, (size_t)n);
			begun += n;
			begun_len -= (size_t)n;
		} else {
			n = read(fd, body->data + body->len, room - body->len);
		}
		body->len += n > 0 ? (size_t)n : 0;
		if(body->len > wanted)
			body->len = wanted;
		if(body->len > max) {
			too_long(max, err);
			return false;
		}
	}
	if(n < 0)
		system_error(err, "the answer is cut off: ", errno);
	else if(known && body->len < wanted)
		cube_err_add(err, "the answer is cut off");
	else
		return true;
	return false;
}

/* The address that place is redirected to, for free(3); NULL + err. */
static char *redirected(const struct place *place, const struct head *head, struct cube_err *err)
{
	bool brackets = strchr(place->host, ':') != NULL && place->host[0] != '[';
	const char *to = head->location;
	char *url = NULL;

	if(to[0] == '/' && to[1] != '/') {
		if(asprintf(&url, "http://%s%s%s:%s%s", brackets ? "[" : "", place->host, brackets ? "]" : "", place->port, to)
				< 0)
			url = NULL;
	} else {
		url = strdup(to);
	}
	if(url == NULL) {
		cube_err_add(err, "out of memory");
	} else if(!cube_fetch_url_ok(cube_str_of(url))) {
		cube_err_add(err, strncasecmp(url, "https:", 6) == 0 ? "redirected to https://, which is not followed"
															 : "redirected to what is no address of http://");
		free(url);
		url = NULL;
	}
	return url;
}

/* One request. 0: answered; 1: redirected to *next, for free(3); -1: err. */
static int exchange(const char *url, struct http_body question, size_t max, unsigned seconds, struct http_body *answer,
		char **next, struct cube_err *err)
{
	static char buf[HEAD_MAX];
	struct place place = {NULL, NULL, NULL};
	struct head head = {0};
	ssize_t n;
	int fd = -1, rc = -1;

	if(!place_of(url, &place, err) || (fd = dial(&place, seconds, err)) < 0 || !ask(fd, &place, question, err))
		goto out;
	n = read_head(fd, buf, &head, err);
	if(n < 0 || !parse_head(buf, &head, err))
		goto out;
	if(head.status == 200) {
		rc = read_body(fd, buf + head.len, (size_t)n - head.len, &head, max, answer, err) ? 0 : -1;
	} else if(head.status / 100 == 3 && head.location != NULL && question.data == NULL) {
		*next = redirected(&place, &head, err);
		rc = *next != NULL ? 1 : -1;
	} else {
		cube_err_add(err, "HTTP %d", head.status);
	}
out:
	if(fd >= 0)
		close(fd);
	place_free(&place);
	return rc;
}

int http_fetch(const char *url, struct http_body question, size_t max, unsigned seconds, struct http_body *answer,
		struct cube_err *err)
{
	char *now = strdup(url), *next = NULL;
	int rc = -1;

	*answer = (struct http_body){NULL, 0};
	if(now == NULL)
		cube_err_add(err, "out of memory");
	for(int n = 0; now != NULL; n++) {
		if(n > HTTP_REDIRECTS_MAX) {
			cube_err_add(err, "redirected more than %d times", HTTP_REDIRECTS_MAX);
			rc = -1;
			break;
		}
		next = NULL;
		memcpy(now, "http://", 7); /* OpenSSL knows no scheme in capitals */
		rc = exchange(now, question, max, seconds, answer, &next, err);
		free(now);
		now = next;
	}
	free(now);
	if(rc == 0)
		return 0;
	free(answer->data);
	answer->data = NULL;
	return -1;
}
