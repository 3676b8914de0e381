/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs cube-fetch: some of them at a time, none longer than it may, and takes what they say. */
#ifndef CUBE_TLS_FETCHER_H
#define CUBE_TLS_FETCHER_H

#include <poll.h>

#include "sources.h"

#define FETCHERS 32		 /* at the same time */
#define FETCHERS_PLACE 4 /* of them for one server */

/* A fetch that has ended. */
struct fetched
{
	struct cube_source_key key;
	bool cached;						  /* it was only a look at the disk */
	int64_t ms;							  /* that it took */
	const struct cube_fetch_reply *reply; /* NULL: cube-fetch broke off, text says how */
	const char *text;
	const unsigned char *data;
};

/* Finds cube-fetch beside this module. 0, or -1, logged. */
int fetcher_init(void);
/* cache: file in which the CRL is kept, "" for none. False, logged: it could not be started. */
bool fetcher_start(const struct sources_job *job, const char *cache);
/* How many run, and may another one for this url? */
unsigned fetcher_running(void);
bool fetcher_place_full(const char *url);
/* Waits at most ms, for the bell too, and hands over each fetch that has ended. */
void fetcher_wait(int bell, int ms, void (*ended)(const struct fetched *fetched));

#endif
