/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stock tls module, as far as cube_tls leans on it. */
#include <dlfcn.h>
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/sr_module.h"
#include "modules/tls/tls_bio.h"
#include "modules/tls/tls_cfg.h"
#include "modules/tls/tls_server.h"

#include "stock_tls.h"

static tls_domains_cfg_t ***domains_cfg;
static gen_lock_t **domains_cfg_lock;
static void **settings; /* of the running process */
static BIO *(*new_mbuf)(struct tls_mbuf *rd, struct tls_mbuf *wr);

static void *stock_symbol(sr_module_t *tls, const char *name)
{
	void *symbol = dlsym(tls->handle, name);

	if(!symbol)
		LM_ERR("%s has no symbol %s: it is not the tls module that Kamailio ships with this version; install "
			   "kamailio-tls-modules of the same version as kamailio\n",
				tls->path, name);
	return symbol;
}

int stock_tls_bind(void)
{
	sr_module_t *tls = find_module_by_name("tls");

	if(!tls) {
		LM_ERR("tls.so is not loaded; put loadmodule \"tls.so\" before cube_tenant.so\n");
		return -1;
	}
	domains_cfg = stock_symbol(tls, "tls_domains_cfg");
	domains_cfg_lock = stock_symbol(tls, "tls_domains_cfg_lock");
	*(void **)&new_mbuf = stock_symbol(tls, "tls_BIO_new_mbuf");
	settings = stock_symbol(tls, "tls_cfg");
	return domains_cfg && domains_cfg_lock && new_mbuf && settings ? 0 : -1;
}

unsigned long stock_tls_low_memory(void)
{
	int threshold = cfg_get(tls, *settings, low_mem_threshold1);

	return threshold > 0 ? (unsigned long)threshold : 0;
}

int stock_tls_supply(struct tcp_connection *c, SSL *ssl)
{
	struct tls_extra_data *data = shm_malloc(sizeof(*data));
	BIO *bio = new_mbuf(NULL, NULL);

	if(!data || !bio) {
		if(data)
			shm_free(data);
		BIO_free(bio);
		return -1;
	}
	memset(data, 0, sizeof(*data));
	/* The stock module drops this reference when it frees the connection. */
	lock_get(*domains_cfg_lock);
	data->cfg = **domains_cfg;
	atomic_inc(&data->cfg->ref_count);
	lock_release(*domains_cfg_lock);
	data->ssl = ssl;
	data->rwbio = bio;
	data->state = c->flags & F_CONN_PASSIVE ? S_TLS_ACCEPTING : S_TLS_CONNECTING;
	SSL_set_bio(ssl, bio, bio);
	SSL_set_app_data(ssl, data);
	c->extra_data = data;
	return 0;
}

SSL *stock_tls_ssl(const struct tcp_connection *c)
{
	const struct tls_extra_data *data = c->extra_data;

	return data ? data->ssl : NULL;
}

bool stock_tls_established(const struct tcp_connection *c)
{
	const struct tls_extra_data *data = c->extra_data;

	return data && data->state == S_TLS_ESTABLISHED;
}

size_t stock_tls_queued(const struct tcp_connection *c, char *buf, size_t size)
{
	const struct tls_extra_data *data = c->extra_data;
	const tls_ct_q *q = data ? data->ct_wq : NULL;
	const struct sbuf_elem *b;
	size_t used = 0;

	for(b = q ? q->first : NULL; b; b = b->next) {
		size_t from = b == q->first ? q->offset : 0, to = b == q->last ? q->last_used : b->b_size;

		if(to < from || to - from > size - used)
			break;
		memcpy(buf + used, b->buf + from, to - from);
		used += to - from;
	}
	return used;
}

void stock_tls_note_start(const SSL *ssl)
{
	struct tls_extra_data *data = SSL_get_app_data(ssl);

	if(data->flags & F_TLS_CON_HANDSHAKED)
		data->flags |= F_TLS_CON_RENEGOTIATION;
}

void stock_tls_note_done(const SSL *ssl)
{
	struct tls_extra_data *data = SSL_get_app_data(ssl);

	data->flags |= F_TLS_CON_HANDSHAKED;
}
