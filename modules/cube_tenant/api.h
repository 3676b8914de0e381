/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cube_tenant gives the other two modules: the running snapshot and the listeners that were opened for it. */
#ifndef CUBE_TENANT_API_H
#define CUBE_TENANT_API_H

#include "core/atomic_ops.h"
#include "core/sr_module.h"

#include "../ksr/ksr.h"
#include "../libcube/conf/load.h"

/* One configuration in use. Immutable but for its count; freed by whoever lets go of it last. */
struct cube_snapshot
{
	int references;		 /* under the snapshot lock */
	unsigned generation; /* 1 at start, one more with each reload */
	int64_t since;		 /* when it began to run; seconds since the epoch */
	const struct cube_conf *conf;
	void *tls; /* what cube_tls made of conf; NULL without it */
};

/* An address that cube.conf had at start, and what became of it. The table is made before the first fork and its
 * addresses never change; the core cannot open more of them later. */
struct cube_socket
{
	struct cube_addr addr;
	bool secure;
	bool down;				  /* could not be opened */
	int tenant_tag;			  /* at start; 0 for sip-ua */
	atomic_t *refused;		  /* requests whose source was not trusted; shared memory */
	atomic_t *sips_refused;	  /* requests that are sips and came, or would leave, without TLS, or had to be sips */
	socket_info_t *tls;		  /* secure; NULL when down */
	socket_info_t *udp, *tcp; /* not secure */
};

/* What the connection of a request tells about its sender. */
struct cube_peer
{
	int tenant_tag;		  /* of the connection, as its listener or its SNI decided; 0 for sip-ua */
	bool cn_san_verified; /* its certificate passed cn-san-validate */
	char name[128];		  /* SAN or CN of its certificate, empty without one */
};

/* The TLS connection on which a call would leave. */
struct cube_reach
{
	struct cube_addr remote;
	bool done;			 /* the handshake is, so that the rest is known */
	bool name_asked;	 /* cn-san-validate has the server's name checked */
	bool covers;		 /* its certificate, or that check, fits the target */
	char peer_name[128]; /* SAN or CN of its certificate, empty without one */
};

/* cube_tls's part of a snapshot's life. */
struct cube_tls_ops
{
	/* Makes every context of conf. 0 and *tls, or -1 with lines in err. */
	int (*prepare)(const struct cube_conf *conf, void **tls, struct cube_err *err);
	void (*discard)(void *tls);
	/* What is known of the peer behind connection id; false when there is no such connection of ours. */
	bool (*peer)(int connection, struct cube_peer *peer);
	/* The connection of tenant (tag; 0: sip-ua) that a request for the target would be sent on now. A name is not
	 * resolved: it is a connection that was made for it. False: there is none. */
	bool (*reach)(int tenant, const struct cube_target *target, struct cube_reach *reach);
	/* Connections that began with another generation of the configuration than this one; -1 when memory is out. */
	int (*older)(unsigned generation);
	/* Connections that conf has no place for: their tenant, or the listener whose address they have, is not there or
	 * somebody else's. end: closes them. How many; -1 when memory is out. */
	int (*removed)(const struct cube_conf *conf, bool end);
};

struct cube_state_trunk; /* libcube/show/state.h */

/* What cube_dialpeer tells of. */
struct cube_dialpeer_ops
{
	/* The targets that conf has watched by OPTIONS: how many, -1 when memory is out. *trunks is for free(). */
	int (*trunks)(const struct cube_conf *conf, struct cube_state_trunk **trunks);
};

struct cube_tenant_api
{
	/* The running snapshot, held until it is released; NULL only before the configuration is complete. */
	struct cube_snapshot *(*acquire)(void);
	void (*hold)(struct cube_snapshot *snapshot); /* one more reference to one that is held */
	void (*release)(struct cube_snapshot *snapshot);
	/* Was the last reload refused, so that what runs may not be what is in the file? */
	bool (*refused)(void);
	void (*register_tls)(const struct cube_tls_ops *ops);			/* from mod_init */
	void (*register_dialpeer)(const struct cube_dialpeer_ops *ops); /* from mod_init */
	/* NULL: the module is not loaded. */
	const struct cube_dialpeer_ops *(*dialpeer)(void);
	const struct cube_tls_ops *(*tls)(void); /* NULL without cube_tls */
	/* Makes the TLS part of the first snapshot; from child_init(PROC_INIT). */
	int (*attach_tls)(struct cube_err *err);
	/* The entry that owns a local address (exact, else wildcard), NULL if cube.conf did not name it. */
	struct cube_socket *(*socket)(const struct cube_ip *ip, uint16_t port, bool secure);
	/* The one of just this address; NULL: it was not opened at the start. */
	const struct cube_socket *(*socket_of)(const struct cube_listener *listener);
	/* All of them; *n gets how many. */
	struct cube_socket *(*sockets)(unsigned *n);
	/* A core's socket that could not be opened; error: errno. */
	void (*socket_failed)(struct cube_socket *sock, int error);
	/* From where a call to an address of this length leaves; see listen.h. */
	socket_info_t *(*send_socket)(
			const struct cube_conf *conf, int tenant, enum cube_transport transport, uint8_t ip_len);
};

typedef int (*cube_tenant_bind_f)(struct cube_tenant_api *api);

static inline int cube_tenant_load_api(struct cube_tenant_api *api)
{
	/* flags 0: no script route can call it */
	cube_tenant_bind_f bind = (cube_tenant_bind_f)find_export("bind_cube_tenant", 1, 0);

	if(!bind) {
		LM_ERR("cube_tenant.so is not loaded; put loadmodule \"cube_tenant.so\" before this module\n");
		return -1;
	}
	return bind(api);
}

#endif
