/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TLS connection of a tenant, from its first byte to its last. */
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/tcp_server.h"
#include "core/timer.h"

#include "conn.h"
#include "contexts.h"
#include "counters.h"
#include "failed.h"
#include "held.h"
#include "isolate.h"
#include "../libcube/tenant/sni.h"
#include "../libcube/tls/ctx.h"
#include "../libcube/tls/facts.h"
#include "../libcube/tls/identity.h"
#include "close.h"
#include "keys.h"
#include "outbound.h"
#include "resume.h"
#include "sources.h"
#include "stock_tls.h"

static int ex_index = -1;
static const struct cube_tenant_api *tenant;

/* Its end was no failure that anybody saw: a far end that never answered, or one that was never heard of again. */
static void count_end(const struct cube_conn *conn)
{
	unsigned what = CUBE_TLS_FAILURE_CLOSED;

	if(conn->done)
		what = CUBE_COUNT_DONE;
	else if(conn->peer.role == CUBE_ROLE_CLIENT)
		what = CUBE_COUNT_CONN_FAILED;
	counters_add(conn->tenant_tag, conn->peer.role, what);
}

static void conn_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	struct cube_conn *conn = ptr;

	if(!conn)
		return;
	if(!conn->settled && !conn->failure_noted)
		count_end(conn);
	if(conn->peer.role == CUBE_ROLE_CLIENT)
		outbound_remove(conn);
	tenant->release(conn->snapshot);
	held_free(conn);
	shm_free(conn);
}

int conn_init(const struct cube_tenant_api *api)
{
	tenant = api;
	ex_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, conn_free);
	if(ex_index < 0)
		LM_ERR("OpenSSL gives no ex_data index\n");
	return ex_index < 0 ? -1 : 0;
}

int conn_index(void)
{
	return ex_index;
}

struct cube_conn *conn_get(const struct tcp_connection *c)
{
	SSL *ssl = c->type == PROTO_TLS || c->type == PROTO_WSS ? stock_tls_ssl(c) : NULL;

	return ssl ? SSL_get_ex_data(ssl, ex_index) : NULL;
}

static struct cube_addr conn_local(const struct tcp_connection *c)
{
	return (struct cube_addr){ksr_cube_ip(&c->rcv.dst_ip), c->rcv.dst_port};
}

static struct cube_addr conn_remote(const struct tcp_connection *c)
{
	return (struct cube_addr){ksr_cube_ip(&c->rcv.src_ip), c->rcv.src_port};
}

static enum cube_role conn_role(const struct tcp_connection *c)
{
	return c->flags & F_CONN_PASSIVE ? CUBE_ROLE_SERVER : CUBE_ROLE_CLIENT;
}

static int conn_refuse(const struct tcp_connection *c, int tag, const char *why)
{
	struct cube_addr l = conn_local(c), r = conn_remote(c);
	char local[CUBE_ADDR_TEXT_MAX], remote[CUBE_ADDR_TEXT_MAX];

	counters_add(tag, conn_role(c), CUBE_COUNT_UNSERVED);
	LM_ERR("tenant %d: TLS connection between %s and %s refused: %s\n", tag, cube_addr_text(&l, local),
			cube_addr_text(&r, remote), why);
	return -1;
}

/* Whom the far end must prove to be: the session target by its name before DNS, else by its address. */
static void conn_expect(struct cube_conn *conn, const struct tcp_connection *c)
{
	struct cube_str host;
	struct cube_ip ip;
	bool known = isolate_target(c, &host, &ip);

	if(known && host.len)
		targets_learn(conn->tenant_tag, &conn->remote, host);
	if(!known || host.len) /* for no target: a request within a dialog, to the far end's Contact */
		targets_name(conn->tenant_tag, &conn->remote, conn->host);
	conn->peer.target_host = cube_str_of(conn->host);
	if(!conn->host[0])
		conn->peer.target_ip = conn->remote.ip;
}

static SSL *conn_ssl(struct cube_conn *conn)
{
	const struct cube_conf *conf = conn->snapshot->conf;
	SSL *ssl = contexts_ssl(
			conn->snapshot->tls, (unsigned)(conn->profile - conf->tls_profiles), conn->peer.role, &conn->policy);

	if(!ssl)
		return NULL;
	conn->peer.conf = conf;
	conn->peer.profile = conn->profile;
	conn->peer.ask = sources_ask;
	conn->peer.ask_ctx = &conn->waiter;
	conn->waiter = (struct sources_waiter){.ms = SOURCES_WAIT_MS, .process = -1, .lock = &conn->c->write_lock};
	if(!SSL_set_ex_data(ssl, ex_index, conn)) {
		SSL_free(ssl);
		return NULL;
	}
	if(conn->profile->sni_send && conn->host[0] && !SSL_set_tlsext_host_name(ssl, conn->host)) {
		SSL_set_ex_data(ssl, ex_index, NULL); /* conn stays the caller's */
		SSL_free(ssl);
		return NULL;
	}
	if(conn->peer.role == CUBE_ROLE_CLIENT)
		resume_offer(ssl, conn);
	return ssl;
}

/* The core gives a connection that it opened the first TLS socket on that address, which may be another tenant's;
 * the far end may send requests on it. */
static void conn_correct_socket(struct tcp_connection *c, const struct cube_socket *sock)
{
	if(sock && sock->tls)
		c->rcv.bind_address = sock->tls;
}

/* Another tenant's than it was counted for. */
static void count_move(struct cube_conn *conn, int tag)
{
	counters_add_n(conn->tenant_tag, conn->peer.role, CUBE_COUNT_BEGUN, -1);
	counters_add(tag, conn->peer.role, CUBE_COUNT_BEGUN);
	conn->tenant_tag = tag;
}

/* tag: whose it was counted as. */
static int conn_begin(struct tcp_connection *c, int tag, struct cube_snapshot *s, struct cube_conn *conn)
{
	struct cube_addr local = conn_local(c);
	const struct cube_listener *l = cube_conf_listener(s->conf, &local.ip, local.port, true);
	SSL *ssl;

	if(!l)
		return conn_refuse(c, tag, "cube.conf no longer names this listener");
	conn->peer.role = conn_role(c);
	conn->tenant_tag = tag;
	if((tag = l->tenant == CUBE_NONE ? 0 : s->conf->tenants[l->tenant].tag) != conn->tenant_tag)
		count_move(conn, tag);
	conn->remote = conn_remote(c);
	conn->profile = cube_conf_tls_profile(s->conf, l->tenant, &conn->remote.ip);
	conn->shared = l->tenant == CUBE_NONE && s->conf->n_sni > 0 && (c->flags & F_CONN_PASSIVE);
	if(!conn->profile && conn->shared) {
		conn->profile = &s->conf->tls_profiles[s->conf->sni[0].profile]; /* to begin with */
		conn->needs_name = true;
	}
	if(!conn->profile)
		return conn_refuse(c, conn->tenant_tag, "no tls-profile and no crypto-signaling entry covers this peer");
	conn->id = c->id;
	conn->c = c;
	conn->since = time(NULL);
	conn->active = get_ticks_raw();
	if(conn->peer.role == CUBE_ROLE_CLIENT)
		conn_expect(conn, c);
	ERR_clear_error();
	ssl = conn_ssl(conn);
	if(!ssl)
		return conn_refuse(c, conn->tenant_tag, "out of shared memory for an SSL (start Kamailio with a larger -m)");
	if(stock_tls_supply(c, ssl) < 0) {
		SSL_set_ex_data(ssl, ex_index, NULL); /* conn stays the caller's */
		SSL_free(ssl);
		return conn_refuse(c, conn->tenant_tag, "out of shared memory (start Kamailio with a larger -m)");
	}
	if(conn->peer.role == CUBE_ROLE_CLIENT) {
		conn_correct_socket(c, tenant->socket(&local.ip, local.port, true));
		outbound_add(conn);
	}
	return 0;
}

/* A source that fails too often does not get as far as a handshake. */
static bool conn_is_limited(const struct tcp_connection *c, int tag, const struct cube_snapshot *s)
{
	struct cube_addr remote = conn_remote(c);

	if(conn_role(c) != CUBE_ROLE_SERVER || !failed_too_often(&remote, s->conf->sip_ua.handshake_failure_limit))
		return false;
	counters_add(tag, CUBE_ROLE_SERVER, CUBE_COUNT_LIMITED);
	return true;
}

int conn_supply(struct tcp_connection *c, int tag)
{
	struct cube_conn *conn;
	struct cube_snapshot *s;

	counters_add(tag, conn_role(c), CUBE_COUNT_BEGUN);
	if(shm_available_safe() < stock_tls_low_memory())
		return conn_refuse(c, tag, "shared memory is nearly used up (start Kamailio with a larger -m)");
	conn = shm_malloc(sizeof(*conn));
	s = tenant->acquire();
	if(conn && s) {
		memset(conn, 0, sizeof(*conn));
		conn->snapshot = s;
		if(!conn_is_limited(c, tag, s) && conn_begin(c, tag, s, conn) == 0)
			return 0;
	} else {
		conn_refuse(c, tag, "out of shared memory (start Kamailio with a larger -m)");
	}
	if(s)
		tenant->release(s);
	if(conn)
		shm_free(conn);
	return -1;
}

/* Called by OpenSSL at each step, under write_lock, in the process that runs the step. The read hook would be too
 * early: another process may encode in between and leave its own key behind. */
static void conn_use_key(SSL *ssl, struct cube_conn *conn)
{
	EVP_PKEY *key;
	int tp = conn->profile->trustpoint[conn->peer.role];

	if(tp == CUBE_NONE)
		return;
	key = keys_get(conn->snapshot, tp);
	/* without a key the handshake fails, as it must */
	if(key && key != SSL_get_privatekey(ssl) && SSL_use_PrivateKey(ssl, key) != 1)
		LM_ERR("tenant %d: OpenSSL does not take the key of trustpoint %.*s\n", conn->tenant_tag,
				CUBE_FMT(conn->snapshot->conf->trustpoints[tp].name));
}

/* A name that nobody has is refused, never answered with somebody's certificate. Without SNI it is sip-ua's. */
static int hello_refuse(struct cube_conn *conn, int *alert, const char *what, struct cube_str name)
{
	char printable[64];
	size_t i;

	for(i = 0; i < name.len && i < sizeof(printable) - 1; i++)
		printable[i] = (char)(name.s[i] > ' ' && name.s[i] <= '~' ? name.s[i] : '?');
	printable[i] = '\0';
	snprintf(conn->peer.reason, sizeof(conn->peer.reason), "%s%s%s", what, i ? " " : "", printable);
	conn->unknown_name = true;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return SSL_CLIENT_HELLO_ERROR;
}

static int hello_adopt(SSL *ssl, struct cube_conn *conn, const struct cube_sni *sni)
{
	const struct cube_conf *conf = conn->snapshot->conf;
	const struct cube_tenant *t = sni->tenant == CUBE_NONE ? NULL : &conf->tenants[sni->tenant];

	conn->needs_name = false;
	if(&conf->tls_profiles[sni->profile] != conn->profile
			&& contexts_adopt(conn->snapshot->tls, conf, (unsigned)sni->profile, ssl, &conn->policy) < 0)
		return SSL_CLIENT_HELLO_ERROR;
	conn->profile = conn->peer.profile = &conf->tls_profiles[sni->profile];
	conn_use_key(ssl, conn); /* version and suite are chosen next, among those that a key is there for */
	if(!t)
		return SSL_CLIENT_HELLO_SUCCESS;
	if(conn->tenant_tag != t->tag)
		count_move(conn, t->tag);
	/* what is sent on behalf of the call leaves from the tenant's own address */
	conn_correct_socket(conn->c, tenant->socket(&t->listen_secure.ip, t->listen_secure.port, true));
	return SSL_CLIENT_HELLO_SUCCESS;
}

int conn_client_hello(SSL *ssl, int *alert, void *arg)
{
	struct cube_conn *conn = SSL_get_ex_data(ssl, ex_index);
	const unsigned char *data;
	const struct cube_sni *sni;
	struct cube_str name = {NULL, 0};
	size_t len;

	if(!conn || !conn->shared)
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = SSL_AD_INTERNAL_ERROR;
	if(SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &len) != 1) {
		if(conn->needs_name)
			return hello_refuse(conn, alert, "no SNI, and no crypto-signaling entry of sip-ua covers this peer", name);
		return SSL_CLIENT_HELLO_SUCCESS;
	}
	if(!cube_sni_parse(data, len, &name))
		return hello_refuse(conn, alert, "malformed SNI", name);
	sni = cube_sni_find(conn->snapshot->conf, name);
	if(!sni)
		return hello_refuse(conn, alert, "no tls-profile has the sni", name);
	return hello_adopt(ssl, conn, sni);
}

/* Of the peer's certificates only its own is looked at behind the handshake; the others take memory as long as the
 * connection lives. Both stacks are OpenSSL's own, lent; under write_lock they are nobody else's. A client's first
 * certificate in what was sent is the peer's own, which its session holds, too. */
static void conn_forget_chain(const SSL *ssl)
{
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl), *verified = SSL_get0_verified_chain(ssl);

	while(sk_X509_num(sent) > (SSL_is_server(ssl) ? 0 : 1))
		X509_free(sk_X509_pop(sent));
	while(sk_X509_num(verified) > 0)
		X509_free(sk_X509_pop(verified));
	if(SSL_is_server(ssl))
		SSL_set_client_CA_list((SSL *)ssl, NULL); /* the names that its CertificateRequest had */
}

static void conn_note_done(const SSL *ssl, struct cube_conn *conn)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);

	conn->resumed = SSL_session_reused(ssl);
	if(conn->resumed)
		resume_done(ssl, conn);
	conn->version = SSL_get_version(ssl);
	conn->cipher = SSL_get_cipher_name(ssl);
	conn->curve = cube_tls_group_name(ssl);
	conn->key = cube_tls_server_key(ssl);
	if(cert)
		cube_identity_name(cert, conn->peer_name, sizeof(conn->peer_name));
	conn_forget_chain(ssl);
	conn->done = true;
}

void conn_info_callback(const SSL *ssl, int where, int ret)
{
	struct cube_conn *conn = SSL_get_ex_data(ssl, ex_index);

	if(!conn)
		return;
	if(where & SSL_CB_HANDSHAKE_START)
		stock_tls_note_start(ssl);
	if(!conn->done && (where & (SSL_CB_HANDSHAKE_START | SSL_CB_LOOP)))
		conn_use_key((SSL *)ssl, conn);
	if((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && ret >> 8 == SSL3_AL_FATAL && !conn->settled)
		conn->error = ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + (ret & 0xff));
	if((where & SSL_CB_EXIT) && ret <= 0 && !conn->done && ERR_peek_error())
		conn->error = ERR_peek_error(); /* the stock module empties the queue */
	if(where & SSL_CB_HANDSHAKE_DONE) {
		stock_tls_note_done(ssl);
		if(!conn->done)
			conn_note_done(ssl, conn);
	}
}

/* What the handshake was made for it has verified, or is about to. */
static bool covers_anyway(const struct cube_conn *conn, struct cube_str host)
{
	return !conn || !(conn->profile->cn_san_validate & CUBE_CN_SAN_SERVER)
		   || cube_str_caseeq(cube_str_of(conn->host), host);
}

enum conn_covers conn_covers_unsafe(const struct tcp_connection *c, struct cube_str host, const struct cube_ip *ip)
{
	const struct cube_conn *conn = conn_get(c);
	X509 *cert;

	if(covers_anyway(conn, host))
		return CONN_COVERS;
	if(conn->peer.role != CUBE_ROLE_CLIENT)
		return CONN_COVERS_NOT;
	if(!conn->done)
		return CONN_COVERS_UNKNOWN;
	cert = SSL_get0_peer_certificate(stock_tls_ssl(c));
	return cert && cube_identity_match(cert, &conn->profile->cn_san, host, ip, NULL) ? CONN_COVERS : CONN_COVERS_NOT;
}

enum conn_covers conn_covers(struct tcp_connection *c, struct cube_str host, const struct cube_ip *ip)
{
	enum conn_covers covers;

	if(covers_anyway(conn_get(c), host)) /* so it is nearly always, without the lock */
		return CONN_COVERS;
	lock_get(&c->write_lock);
	covers = conn_covers_unsafe(c, host, ip);
	lock_release(&c->write_lock);
	return covers;
}

int conn_prove_local(const struct tcp_connection *c, struct cube_conn *conn)
{
	struct cube_addr want = conn_local(c);
	union sockaddr_union su;
	socklen_t len = sizeof(su);
	ip_addr_t ip;
	struct cube_ip have;

	if(conn->local_proved)
		return 0;
	if(getsockname(c->fd, &su.s, &len) != 0) {
		conn->failure_noted = true; /* it is counted here */
		return conn_refuse(c, conn->tenant_tag, strerror(errno));
	}
	su2ip_addr(&ip, &su);
	have = ksr_cube_ip(&ip);
	if(su_getport(&su) != want.port || (!cube_ip_any(&want.ip) && !cube_ip_eq(&have, &want.ip))) {
		conn->failure_noted = true;
		return conn_refuse(c, conn->tenant_tag,
				"the connection could not leave from the tenant's address (the bind failed; does Kamailio run as "
				"the user that opened the listeners?)");
	}
	conn->local_proved = true;
	return 0;
}

void conn_note_sent(const struct tcp_connection *c, struct cube_conn *conn)
{
	ticks_t now = get_ticks_raw();

	if(!conn->busy && conn->encoded == now) {
		SSL_clear_mode(stock_tls_ssl(c), SSL_MODE_RELEASE_BUFFERS);
		conn->busy = true;
	}
	conn->encoded = conn->active = now;
}

void conn_calm(struct tcp_connection *c)
{
	struct cube_conn *conn = conn_get(c);
	SSL *ssl = stock_tls_ssl(c);

	if(!conn || !conn->busy || get_ticks_raw() - conn->encoded < S_TO_TICKS(1) || lock_try(&c->write_lock) != 0)
		return;
	if(!conn->waiter.waits && SSL_free_buffers(ssl) == 1) { /* not while there is something in them */
		SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
		conn->busy = false;
	}
	lock_release(&c->write_lock);
}

void conn_note_closed(struct cube_conn *conn, unsigned what)
{
	if(conn->settled && !conn->ended)
		counters_add(conn->tenant_tag, conn->peer.role, what);
	conn->ended = true;
}

bool conn_failed(const struct tcp_connection *c, struct cube_conn *conn, struct cube_tls_failed *failed)
{
	*failed = (struct cube_tls_failed){.peer = &conn->peer,
			.error = conn->error,
			.server_name = conn->unknown_name,
			.id = conn->id,
			.tenant = conn->tenant_tag,
			.role = conn->peer.role,
			.local = conn_local(c),
			.remote = conn_remote(c)};
	if(conn->failure_noted)
		return false;
	conn->failure_noted = true;
	failed_note(failed);
	return true;
}

bool conn_peer(int connection, struct cube_peer *peer)
{
	struct tcp_connection *c = tcpconn_get(connection, 0, 0, 0, 0);
	struct cube_conn *conn;
	bool found = false;

	if(!c)
		return false;
	conn = conn_get(c);
	if(conn && conn->done) {
		peer->tenant_tag = conn->tenant_tag;
		peer->cn_san_verified = conn->peer.cn_san_verified;
		memcpy(peer->name, conn->peer_name, sizeof(peer->name));
		found = true;
	}
	put_connection(c);
	return found;
}
