/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TLS connection of a tenant: whose it is, by which policy, and what its handshake came to. It hangs on the SSL
 * and is freed with it, in whichever process that is. */
#ifndef CUBE_TLS_CONN_H
#define CUBE_TLS_CONN_H

#include <openssl/ssl.h>
#include <time.h>

#include "core/tcp_conn.h"
#include "core/timer_ticks.h"

#include "../cube_tenant/api.h"
#include "../libcube/tls/failure.h"
#include "../libcube/tls/session.h"
#include "sources.h"
#include "targets.h"

/* Under the connection's write_lock; the facts of the handshake do not change once done is set. */
struct cube_conn
{
	struct cube_tls_peer peer; /* first: the ex_data that libcube's verify callback asks for */
	struct cube_snapshot *snapshot;
	const struct cube_tls_profile *profile;
	const struct cube_digest *policy; /* of the profile in this role; the snapshot's */
	int tenant_tag;					  /* 0 for sip-ua */
	struct cube_addr remote;
	struct cube_conn *next_out; /* client: outbound.c's, under its lock */
	int id;
	struct sources_waiter waiter;
	struct
	{
		struct held_message *first, *last;
		size_t bytes;
	} held;					  /* held.h */
	struct tcp_connection *c; /* whose SSL this hangs on */
	bool shared;			  /* server: on a listener of sip-ua, where SNI can name a tenant */
	bool needs_name;		  /* and only SNI can, since sip-ua has nothing for this peer */
	bool unknown_name;		  /* refused for its SNI */
	bool done;				  /* the handshake is, on our side */
	bool resumed;			  /* by a session from before; valid once done */
	bool settled;			  /* and on the peer's: set and read by the TCP reader that has the connection */
	bool local_proved;		  /* client: the socket really has the tenant's address */
	bool failure_noted;
	bool busy;			 /* keeps its buffers */
	ticks_t encoded;	 /* when something was last sent */
	ticks_t active;		 /* or was read, behind the handshake */
	bool leaving;		 /* an operator ends it in a moment: no further request begins on it */
	bool ended;			 /* by the far end, or an operator: counted as such */
	uint16_t queued;	 /* messages that wait for the handshake */
	unsigned long error; /* OpenSSL's first error of a handshake that failed */
	const char *version; /* constants of OpenSSL, valid once done */
	const char *cipher;
	const char *curve, *key; /* "P-256" of the key exchange; "RSA" of the server's certificate */
	time_t since;
	char peer_name[128];			  /* valid once done */
	struct cube_session_peer offered; /* what was found out when the session was made that is offered */
	char host[TARGET_HOST_MAX];		  /* client: the session target's name, "" for an address */
};

/* Reserves the ex_data index; in the main process, before any SSL_CTX is made. */
int conn_init(const struct cube_tenant_api *api);
int conn_index(void);

/* The connection's own record; NULL for one of the stock module, one without TLS or one that has no SSL yet. */
struct cube_conn *conn_get(const struct tcp_connection *c);
/* Makes the SSL of a connection on an address of tenant (tag, as at start), from the running snapshot. With c->write_lock held and no
 * extra_data. 0, or -1 (refused, logged): the caller closes the connection. */
int conn_supply(struct tcp_connection *c, int tag);
/* On a shared listener: makes the connection that of the tenant whom the client means by its SNI. For
 * SSL_CTX_set_client_hello_cb. */
int conn_client_hello(SSL *ssl, int *alert, void *arg);
/* Gives the SSL the key of the process that runs the handshake, and notes what comes of it. */
void conn_info_callback(const SSL *ssl, int where, int ret);
enum conn_covers
{
	CONN_COVERS_NOT = 0,
	CONN_COVERS,
	CONN_COVERS_UNKNOWN /* its handshake is for another target, and not done */
};

/* Does a client connection serve a request for the session target of that name, or (host empty) of that address? With c->write_lock
 * free, or (unsafe) held. */
enum conn_covers conn_covers(struct tcp_connection *c, struct cube_str host, const struct cube_ip *ip);
enum conn_covers conn_covers_unsafe(const struct tcp_connection *c, struct cube_str host, const struct cube_ip *ip);
/* Does the socket really have the address that the core believes it has? When the bind before a connect fails, the
 * core goes on from another address. Once per client connection, by the process that first reads. */
int conn_prove_local(const struct tcp_connection *c, struct cube_conn *conn);
/* OpenSSL frees a connection's buffers, 33 KB, behind each record: good for an idle one, dear for a busy one. One that sends twice
 * within a tick (1/16 s) keeps them, until the janitor finds that it has sent nothing for a second. conn_note_sent: with
 * c->write_lock held, before it sends. conn_calm: with tcpconn_lock held, c->write_lock free; waits for no lock. */
void conn_note_sent(const struct tcp_connection *c, struct cube_conn *conn);
void conn_calm(struct tcp_connection *c);
/* Describes a handshake that failed; the first time it is also noted (failed.h), and true returned. */
bool conn_failed(const struct tcp_connection *c, struct cube_conn *conn, struct cube_tls_failed *failed);
/* One that was established ends, as what (enum cube_tls_count); only the first call counts. */
void conn_note_closed(struct cube_conn *conn, unsigned what);
/* As struct cube_tls_ops has it. */
bool conn_peer(int connection, struct cube_peer *peer);

#endif
