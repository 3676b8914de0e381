/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server's sessions in shared memory. Whoever has the connection's write_lock runs these callbacks, in any process; the
 * table's lock is held for a copy. */
#include <openssl/crypto.h>
#include <string.h>
#include <time.h>

#include "core/locking.h"

#include "../ksr/ksr.h"
#include "../libcube/tls/identity.h"
#include "conn.h"
#include "sessions.h"
#include "sources.h"

#define SETS 1024
#define WAYS 4			/* of them the one that ends first makes room */
#define SESSION_MAX 512 /* bytes; one without certificate has some 200, and the name in its SNI */

struct kept
{
	unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH];
	struct cube_digest policy;
	struct cube_session_peer peer;
	char peer_name[sizeof(((struct cube_conn *)0)->peer_name)];
	bool once;	  /* TLS 1.3: a ticket is for one connection (RFC 8446 C.4) */
	unsigned len; /* 0: there is none */
	unsigned char session[SESSION_MAX];
};

struct table
{
	gen_lock_t lock;
	struct kept set[SETS][WAYS];
};

static struct table *table;

int sessions_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

/* Ids are random. */
static struct kept *set_of(const unsigned char *id)
{
	uint32_t n;

	memcpy(&n, id, sizeof(n));
	return table->set[n % SETS];
}

static void keep(const struct kept *k)
{
	struct kept *set = set_of(k->id), *at = set;
	int i;

	lock_get(&table->lock);
	for(i = 0; i < WAYS; i++) {
		if(!set[i].len) {
			at = &set[i];
			break;
		}
		if(set[i].peer.not_after < at->peer.not_after)
			at = &set[i];
	}
	*at = *k;
	lock_release(&table->lock);
}

/* The session of that id, if it was made by the same policy for the same tenant and its time has not come. */
static bool find(const struct cube_conn *conn, const unsigned char *id, struct kept *k, struct cube_checks *checks)
{
	struct kept *set = set_of(id);
	bool found = false;
	int i;

	lock_get(&table->lock);
	for(i = 0; i < WAYS && !found; i++) {
		found = set[i].len && CRYPTO_memcmp(set[i].id, id, sizeof(set[i].id)) == 0
				&& memcmp(&set[i].policy, conn->policy, sizeof(set[i].policy)) == 0
				&& cube_session_fits(&set[i].peer, sizeof(set[i].peer), conn->tenant_tag, time(NULL), checks);
		if(!found)
			continue;
		*k = set[i];
		if(k->once)
			OPENSSL_cleanse(&set[i], sizeof(set[i]));
	}
	lock_release(&table->lock);
	return found;
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	const struct cube_conn *conn = SSL_get_ex_data(ssl, conn_index());
	bool resumed = SSL_session_reused(ssl);
	const unsigned char *id;
	struct kept k;
	unsigned len;

	id = SSL_SESSION_get_id(session, &len);
	if(!conn || len != sizeof(k.id)
			|| (!resumed && (conn->peer.verify_error != X509_V_OK || conn->peer.not_after <= 0)))
		return 0;
	memset(&k, 0, sizeof(k));
	memcpy(k.id, id, len);
	k.policy = *conn->policy;
	k.once = SSL_version(ssl) >= TLS1_3_VERSION;
	k.len = (unsigned)cube_session_pack(session, k.session, sizeof(k.session));
	if(resumed) {
		k.peer = conn->offered;
		memcpy(k.peer_name, conn->peer_name, sizeof(k.peer_name));
	} else {
		k.peer = cube_session_peer_of(&conn->peer, conn->tenant_tag, time(NULL));
		cube_identity_name(SSL_get0_peer_certificate(ssl), k.peer_name, sizeof(k.peer_name));
	}
	if(k.len)
		keep(&k);
	OPENSSL_cleanse(&k, sizeof(k));
	return 0; /* OpenSSL keeps its reference */
}

static SSL_SESSION *on_get_session(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	struct cube_conn *conn = SSL_get_ex_data(ssl, conn_index());
	const unsigned char *p;
	struct cube_checks checks;
	SSL_SESSION *session;
	struct kept k;

	*copy = 0; /* the reference is OpenSSL's */
	if(!conn || len != (int)sizeof(k.id) || !find(conn, id, &k, &checks) || !sources_hold(&checks))
		return NULL;
	p = k.session;
	session = d2i_SSL_SESSION(NULL, &p, (long)k.len);
	if(session) {
		conn->offered = k.peer;
		memcpy(conn->peer_name, k.peer_name, sizeof(conn->peer_name));
	}
	OPENSSL_cleanse(&k, sizeof(k));
	return session;
}

void sessions_enable(SSL_CTX *ctx)
{
	SSL_CTX_sess_set_new_cb(ctx, on_new_session);
	SSL_CTX_sess_set_get_cb(ctx, on_get_session);
}
