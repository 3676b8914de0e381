/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server is like at a moment: what metrics.c and page.c write out. Filled by whoever knows where the facts are; all
 * that points somewhere is borrowed. */
#ifndef CUBE_SHOW_STATE_H
#define CUBE_SHOW_STATE_H

#include "../conf/target.h"
#include "../tls/counts.h"
#include "../tls/source.h"

#define CUBE_STATE_VERSIONS 4 /* TLSv1, TLSv1.1, TLSv1.2, TLSv1.3 */
#define CUBE_STATE_NAME_MAX 256

struct cube_state_tenant
{
	int tag; /* 0: sip-ua */
	struct cube_str description;
	struct cube_tls_counters of[2]; /* by role */
	/* by cube_state_count() */
	unsigned conns[2][CUBE_STATE_VERSIONS];
	unsigned running[2]; /* handshakes */
};

enum cube_state_open
{
	CUBE_STATE_DOWN = 0,
	CUBE_STATE_WAITS, /* for a restart: it came with a reload */
	CUBE_STATE_OPEN,
};

struct cube_state_listener
{
	struct cube_addr addr;
	bool secure;
	int tenant; /* tag; 0: sip-ua */
	enum cube_state_open open;
	unsigned refused; /* requests whose source was not trusted */
	unsigned sips_refused;
};

/* Times are seconds since the epoch, 0: there is none. */
struct cube_state_trustpoint
{
	struct cube_str name;
	char own_name[CUBE_STATE_NAME_MAX];		 /* in our own certificate */
	char ca_name[CUBE_STATE_NAME_MAX];		 /* in the CA certificate that ends first */
	int64_t own_end;						 /* of the first to end of our own certificate and those behind it */
	int64_t ca_end;							 /* of the first CA certificate to end */
	int64_t crl_next;						 /* when the first of its CRLs ends to hold */
	unsigned sources[2][CUBE_SOURCE_STATES]; /* CRLs, and OCSP responses for our own certificate; by kind and state */
};

struct cube_state_conn
{
	int tenant;
	enum cube_role role;
	bool done; /* the handshake is */
	struct cube_addr remote;
	const char *version, *cipher; /* "" before done */
	const char *peer_name;		  /* in the peer's certificate; "": not known */
	const char *name;			  /* role server: the SNI that was sent; client: the session target's; "": none */
	int64_t since, not_after;	  /* not_after: of the peer's chain; 0: not known */
};

#define CUBE_STATE_PEERS_MAX 256

/* A target that is asked by OPTIONS. */
struct cube_state_trunk
{
	int tenant;	 /* tag; 0: sip-ua */
	int profile; /* tag of its options-keepalive */
	enum cube_transport transport;
	char target[CUBE_TARGET_TEXT_MAX];
	bool up, known;	 /* known: an answer, or word that there is none, has come; before, it counts as up */
	int64_t since;	 /* up or down */
	int response;	 /* status of the last answer; 0: there was none */
	char answer[40]; /* the same in words */
	int ms;			 /* that it took; -1: there was none */
	char peers[CUBE_STATE_PEERS_MAX]; /* its dial-peers, the first ones by tag */
	uint64_t sent, answered, failed;  /* calls by these dial-peers */
};

struct cube_state
{
	int64_t now;
	const struct cube_conf *conf;
	unsigned generation;			   /* of the configuration */
	int64_t since;					   /* when it began to run */
	bool refused;					   /* a reload was refused since, so the file may hold something else */
	struct cube_state_tenant *tenants; /* by tag, sip-ua first */
	unsigned n_tenants;
	const struct cube_state_listener *listeners;
	unsigned n_listeners;
	struct cube_state_trustpoint *trustpoints;
	unsigned n_trustpoints;
	const struct cube_state_trunk *trunks;
	unsigned n_trunks;
	struct cube_state_conn *conns;
	unsigned n_conns;
};

/* Takes the next piece of a text. */
typedef void (*cube_put_f)(void *ctx, const char *text, size_t len);

/* Counts the connections of each tenant. */
void cube_state_count(struct cube_state *state);
/* "TLSv1.2" and so on, as OpenSSL has it */
const char *cube_state_version(unsigned which);
/* Has anything happened there since the start? */
bool cube_state_busy(const struct cube_state_tenant *t, enum cube_role role);
/* Of a tenant in a role: handshakes that failed, whatever the reason; connections that are up. */
uint64_t cube_state_failed(const struct cube_state_tenant *t, enum cube_role role);
unsigned cube_state_up(const struct cube_state_tenant *t, enum cube_role role);

#endif
