/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table behind sources.h. */
#ifndef CUBE_TLS_SOURCES_PRIVATE_H
#define CUBE_TLS_SOURCES_PRIVATE_H

#include "core/locking.h"

#include "sources.h"

#define SOURCES_BUCKETS 4096
#define SOURCES_MAX 10000 /* entries; beyond that the OCSP answer that was longest of no use makes room */
#define SOURCES_SLOW 256

struct entry
{
	struct entry *next;
	struct cube_source_key key;
	struct cube_serial serial;
	struct cube_source source;
	int64_t used;			 /* when somebody last asked, or a connection last relied on it */
	bool fetching;			 /* the process that fetches is at it */
	bool again;				 /* it was asked for meanwhile: what is under way may be from before */
	bool wanted;			 /* by somebody who waits */
	bool configured;		 /* in cube.conf, as crl or ocsp-url */
	unsigned own;			 /* generation of the configuration that asks for it, as ocsp-url or crl; 0: none */
	bool cached;			 /* what was kept on disk has been looked at */
	int64_t stamp;			 /* of a file as it was read last: what changes when it does */
	unsigned char *response; /* own, OCSP: what is stapled */
	size_t response_len;
	unsigned char anchor[32]; /* digest of the trusted certificate behind it; by it a trustpoint knows its sources */
	char trustpoint[CUBE_NAME_MAX + 1]; /* that asked first */
	char issuer_name[64];
	size_t url_len, issuer_len;
	char data[]; /* url with a NUL, issuer in DER */
};

/* An address that did not answer in time: nobody waits for it until then. */
struct slow
{
	uint32_t hash;
	int64_t until;
};

struct sources
{
	gen_lock_t lock; /* all of it; held for a search in a CRL at the most */
	unsigned n, waiting;
	struct entry *bucket[SOURCES_BUCKETS];
	struct slow slow[SOURCES_SLOW];
};

extern struct sources *sources;

/* Wakes the process that fetches. */
void sources_ring(void);

/* With the lock held. */
struct entry *sources_find(const struct cube_source_key *key);
struct entry *sources_make(const struct cube_question *question, int64_t now);
void sources_drop(struct entry **at);
bool sources_url_slow(const char *url, int64_t now);
void sources_url_note(const char *url, int64_t until);

#endif
