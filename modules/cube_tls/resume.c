/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client's sessions in shared memory. Whoever has the connection's write_lock runs these callbacks, in any process; the
 * table has a lock of its own, held for a copy. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "../ksr/ksr.h"
#include "resume.h"
#include "sessions.h"
#include "sources.h"

#define SLOTS 4096		  /* targets; one may push out another's session, which then costs a full handshake */
#define SESSION_MAX 16384 /* bytes; a far end's certificate and its ticket are the most of it */

/* The session of a target, as OpenSSL writes it. */
struct stored
{
	struct cube_digest key;
	struct cube_session_peer peer;
	unsigned len;
	unsigned char session[];
};

struct table
{
	gen_lock_t lock;
	struct stored *slot[SLOTS];
};

static struct table *table;

int resume_init(void)
{
	table = ksr_shm_table(sizeof(*table));
	return table && lock_init(&table->lock) ? 0 : -1;
}

static void stored_free(struct stored *s)
{
	if(!s)
		return;
	OPENSSL_cleanse(s->session, s->len);
	shm_free(s);
}

/* Whose session: the tenant's, by its policy, with the target by its name and address. */
static bool client_key(const struct cube_conn *conn, struct cube_digest *key)
{
	struct
	{
		struct cube_digest policy;
		int tenant;
		uint16_t port;
		uint8_t ip_len, ip[16];
		char host[TARGET_HOST_MAX];
	} id;

	memset(&id, 0, sizeof(id));
	id.policy = *conn->policy;
	id.tenant = conn->tenant_tag;
	id.port = conn->remote.port;
	id.ip_len = conn->remote.ip.len;
	memcpy(id.ip, conn->remote.ip.bytes, conn->remote.ip.len);
	memcpy(id.host, conn->host, strlen(conn->host));
	return EVP_Digest(&id, sizeof(id), key->bytes, NULL, EVP_sha256(), NULL) == 1;
}

static struct stored **slot_of(const struct cube_digest *key)
{
	uint32_t n;

	memcpy(&n, key->bytes, sizeof(n));
	return &table->slot[n % SLOTS];
}

static void client_store(const struct cube_conn *conn, SSL_SESSION *session)
{
	int len = SSL_SESSION_is_resumable(session) ? i2d_SSL_SESSION(session, NULL) : 0;
	struct stored *s = len > 0 && len <= SESSION_MAX ? shm_malloc(sizeof(*s) + (size_t)len) : NULL, *old, **slot;
	unsigned char *p;

	if(!s)
		return;
	p = s->session;
	s->len = (unsigned)len;
	s->peer = cube_session_peer_of(&conn->peer, conn->tenant_tag, time(NULL));
	if(i2d_SSL_SESSION(session, &p) != len || !client_key(conn, &s->key)) {
		stored_free(s);
		return;
	}
	slot = slot_of(&s->key);
	lock_get(&table->lock);
	old = *slot;
	*slot = s;
	lock_release(&table->lock);
	stored_free(old);
}

/* Takes it out: a TLS 1.3 ticket is for one connection (RFC 8446 C.4), and one that failed is not tried again. */
static struct stored *client_take(const struct cube_conn *conn)
{
	struct stored *s, **slot;
	struct cube_digest key;

	if(!client_key(conn, &key))
		return NULL;
	slot = slot_of(&key);
	lock_get(&table->lock);
	s = *slot;
	if(s && memcmp(&s->key, &key, sizeof(key)) == 0)
		*slot = NULL;
	else
		s = NULL;
	lock_release(&table->lock);
	return s;
}

/* A client's new session; TLS 1.3 has them after the handshake. */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	const struct cube_conn *conn = SSL_get_ex_data(ssl, conn_index());

	if(conn && conn->peer.verify_error == X509_V_OK && conn->peer.not_after > 0)
		client_store(conn, session);
	return 0; /* OpenSSL keeps its reference */
}

void resume_enable(SSL_CTX *ctx, enum cube_role role)
{
	if(role == CUBE_ROLE_CLIENT)
		SSL_CTX_sess_set_new_cb(ctx, on_new_session);
	else
		sessions_enable(ctx);
}

void resume_offer(SSL *ssl, struct cube_conn *conn)
{
	struct stored *s = client_take(conn);
	const unsigned char *p;
	struct cube_checks checks;
	SSL_SESSION *session;

	if(!s)
		return;
	p = s->session;
	session =
			cube_session_fits(&s->peer, sizeof(s->peer), conn->tenant_tag, time(NULL), &checks) && sources_hold(&checks)
					? d2i_SSL_SESSION(NULL, &p, (long)s->len)
					: NULL;
	if(session && SSL_set_session(ssl, session) == 1)
		conn->offered = s->peer;
	SSL_SESSION_free(session);
	stored_free(s);
	ERR_clear_error();
}

void resume_done(const SSL *ssl, struct cube_conn *conn)
{
	cube_session_restore(&conn->offered, &conn->peer);
	if(conn->peer.role == CUBE_ROLE_CLIENT && SSL_version(ssl) < TLS1_3_VERSION)
		client_store(conn, SSL_get_session(ssl)); /* OpenSSL tells of a session once; this one may be used again */
}
