/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of revocation, in shared memory, by CRL and by OCSP responder: asked by whoever runs a handshake, who also puts
 * in what the peer stapled; fetched by one process (refresh.h). A TCP reader that needs what was never fetched yet waits for it a
 * moment, and not for an address that has let somebody down lately. Nobody else waits with it (docs/design/processes.md). */
#ifndef CUBE_TLS_SOURCES_H
#define CUBE_TLS_SOURCES_H

#include "core/locking.h"

#include "../libcube/conf/schema.h"
#include "../libcube/tls/revocation.h"

#define SOURCES_WAIT_MS 900 /* of one handshake, for all that it must ask */

/* From mod_init. */
int sources_init(void);

/* A handshake, as far as it waits for word of revocation. */
struct sources_waiter
{
	int ms;		 /* that it may still wait */
	int process; /* process_no of the only one that waits, which is the TCP reader within a read; -1: nobody does */
	gen_lock_t *lock; /* the connection's write_lock: held by who asks, but not while it waits */
	bool waits;		  /* under lock: it does, and the SSL is its alone until it has the lock again */
};

/* As struct cube_revocation_by has it. ctx: struct sources_waiter *. */
enum cube_verdict sources_ask(void *ctx, const struct cube_question *question, char text[CUBE_SOURCE_TEXT_MAX]);
/* Would the same questions now be answered as they were? Never waits. */
bool sources_hold(const struct cube_checks *checks);
/* Is one of the certificates that were asked about revoked by now? text: by what. Also keeps what is asked about in use. */
bool sources_revoked(const struct cube_checks *checks, char text[CUBE_SOURCE_TEXT_MAX]);
/* All of them are due at once. How many there are. */
int sources_request(void);
/* The response to be stapled for our own certificate, for OPENSSL_free; 0: there is none. */
size_t sources_staple(const struct cube_source_key *key, unsigned char **der);

/* ---- for the process that fetches ---- */

/* What it must do next. */
struct sources_job
{
	struct cube_source_key key;
	enum cube_fetch_kind kind;
	struct cube_serial serial;
	bool cached; /* look at what was kept on disk, before anybody is asked */
	char url[CUBE_FETCH_URL_MAX];
	char place[CUBE_FETCH_URL_MAX]; /* as cube_crl_read has it */
	size_t issuer_len;
	unsigned char issuer[CUBE_FETCH_CERT_MAX];
};

/* Takes the source that is due and not being fetched, the one that somebody waits for first; of an address that was
 * slow only where slow permits that. 0: took job; else milliseconds until something may be due. */
int sources_next(int64_t now, bool slow, bool (*busy)(const char *url), struct sources_job *job);
/* What a fetch brought: a CRL in shared memory, taken over, or what a response says, and itself. */
struct sources_brought
{
	struct cube_crl *crl; /* NULL: OCSP */
	const struct cube_ocsp *ocsp;
	const unsigned char *response;
	size_t len;
	const char *text; /* why it is not the newest one, or what else there is to say; "" */
	bool slow;		  /* it took longer than anybody waits, so nobody waits for this address next time */
};

/* Logs what changes. True: what is known is another thing than before. */
bool sources_took(const struct cube_source_key *key, const struct sources_brought *brought);
/* slow: it took longer than anybody waits, so nobody waits for this address until it has answered, or for five and a half
 * minutes, within which the next attempt is made. */
void sources_failed(const struct cube_source_key *key, const char *text, bool slow);
/* It is due at once: what was on disk has been looked at. */
void sources_again(const struct cube_source_key *key);
/* Makes the source known before anybody asks, and keeps it while this generation of the configuration runs; an OCSP response
 * is kept to be stapled. */
void sources_want(const struct cube_question *question, unsigned generation);
/* Sources that another generation wanted are now only as good as who asks for them. Behind all sources_want() of this one,
 * which parse certificates: so nothing that both want is missing for a moment. */
void sources_unwant(unsigned generation);
/* A CRL in a file. */
struct sources_file
{
	struct cube_source_key key;
	char path[CUBE_FETCH_URL_MAX];
};

/* All of them, for free(). How many; 0, too, when memory is out. */
int sources_files(struct sources_file **files);
/* It is about to be read. stamp: any number that changes when the file does, taken before it is opened. */
void sources_file_read(const struct cube_source_key *key, int64_t stamp);
/* Another stamp than when it was read makes the source due. */
void sources_file_is(const struct cube_source_key *key, int64_t stamp);
/* Drops what nobody has used for long. */
void sources_clean(int64_t now);
/* What holds no longer, or not for long (cube_source_stage). */
struct sources_end
{
	struct cube_source_key key;
	enum cube_fetch_kind kind;
	int stage;
	int64_t until;
	char trustpoint[CUBE_NAME_MAX + 1];
	char issuer_name[64];
	char error[CUBE_SOURCE_TEXT_MAX];
	char url[CUBE_FETCH_URL_MAX];
};

/* Those in use for which due says so, max at the most; due is called with the table's lock held. How many. */
int sources_ends(
		struct sources_end *list, int max, int64_t now, bool (*due)(const struct cube_source_key *, int64_t, int));
/* A descriptor that is readable when somebody waits. */
int sources_bell(void);

#endif
