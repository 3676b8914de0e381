/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages for a connection whose handshake is under way, and which cannot go to the stock module's queue. It waits for word of
 * revocation: the process that waits is within an SSL function, but without the connection's write_lock, so that nobody stands
 * behind it. Or they are for another session target at that address than the one that the handshake is for, and its certificate,
 * which must be good for both, is not there yet. Whatever is sent behind one of these comes here, too. */
#ifndef CUBE_TLS_HELD_H
#define CUBE_TLS_HELD_H

#include "conn.h"

/* All of these with the connection's write_lock held, but for held_full and held_free. */

/* Must a message be added, since SSL is not to be touched or others came before? */
bool held_wanted(const struct cube_conn *conn);
struct held_message
{
	struct held_message *next;
	struct cube_str text;
	struct cube_str
			host; /* whose certificate it must be, by name or address; both empty: that of whom the handshake is for */
	struct cube_ip ip;
	char room[];
};

/* host, ip: of another target, or empty. 0; -1: there is no memory, or far too much is here already. */
int held_add(struct cube_conn *conn, struct cube_str text, struct cube_str host, const struct cube_ip *ip);
bool held_is_for_another(const struct held_message *m);
/* Takes out the first one; NULL: there is none, or it is for another target and the handshake is not done. The caller's to free, by
 * shm_free(). */
struct held_message *held_next(struct cube_conn *conn);
/* Moves the first ones into buf, as many as fit; returns how many bytes that is. */
size_t held_take(struct cube_conn *conn, char *buf, size_t size);
/* Is so much here that nothing more should be sent? */
bool held_full(const struct cube_conn *conn);
void held_free(struct cube_conn *conn);

#endif
