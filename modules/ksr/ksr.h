/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The border between Kamailio and libcube: conversions, shared memory, log lines, RPC faults. What differs between
 * Kamailio 5.6 and 6.0 is settled here and nowhere else. */
#ifndef CUBE_KSR_H
#define CUBE_KSR_H

#include "core/ip_addr.h"
#include "core/parser/msg_parser.h"
#include "core/rpc.h"
#include "core/str.h"
#include "core/tcp_conn.h"

#include "../libcube/base/arena.h"
#include "../libcube/base/err.h"
#include "../libcube/base/limit.h"
#include "../libcube/base/net.h"

#ifndef RPC_RET_ARRAY /* 5.6 has it under its old name */
#define RPC_RET_ARRAY RET_ARRAY
#endif

/* The reason phrase of the 503 that requests get which waited for a handshake with their target, when that fails. */
#define KSR_HANDSHAKE_FAILED "TLS Handshake Failed"

/* Shared memory for arenas; safe in every process. */
extern const struct cube_alloc ksr_shm_alloc;

/* Milliseconds of a clock that nobody sets, one for all processes. */
int64_t ksr_clock_ms(void);

/* Zeroed shared memory for a table that lives as long as the server; NULL, logged, when there is none. */
void *ksr_shm_table(size_t size);

struct cube_str ksr_cube_str(str text);
str ksr_str(struct cube_str text); /* not const-correct: Kamailio's str never is; do not write through it */
struct cube_ip ksr_cube_ip(const ip_addr_t *ip);
ip_addr_t ksr_ip(const struct cube_ip *ip);

/* One log line at error level for each line of err, behind what. */
void ksr_log_err(const char *what, const struct cube_err *err);
/* May this process write one more line of this kind? Ten in ten seconds; how many it has kept back, of what, it then says itself. For
 * what strangers can bring about as often as they like. */
bool ksr_may_log(struct cube_limit *limit, const char *what);
/* Between them this process logs nothing below CRITICAL, unless debugging is on: for stretches of core and stock code that
 * write strangers' messages, or many lines of no use, and where ours says what there is to say. */
void ksr_quiet_begin(void);
void ksr_quiet_end(void);
/* Where the core logs to stderr, from now on each line, up to 8 KB, is one write. Before the processes are forked. */
void ksr_log_whole_lines(void);
/* RPC fault 500 with as much of err as a fault can carry (250 bytes): whole lines, then how many did not fit. */
void ksr_rpc_fault(rpc_t *rpc, void *ctx, const struct cube_err *err);

/* Bytes that an answer to an RPC may have in this process: ctl writes it all at once to a socket whose buffer holds some
 * 200 KB, and loses the rest; other transports have no such limit. */
size_t ksr_rpc_room(void);

/* Are the modules loaded, in this order? names: up to 4, NULL-terminated. 0, or -1 with an error line that says which
 * loadmodule line to move. */
int ksr_load_order(const char *const names[]);

/* The request, and what takes its place when DNS has another address for it, leaves from this socket or not at all: where the
 * families of socket and destination differ the core would go on with any other socket, be it a tenant's. name: it goes to a
 * name, which may have addresses of both families. */
void ksr_send_from(sip_msg_t *msg, socket_info_t *si, bool name);
/* What takes the place of something that was sent leaves from the same socket, as behind ksr_send_from() to a name. */
void ksr_keep_socket(dest_info_t *dst);
/* The family of the socket of a request that goes to a name, 0 for others. */
int ksr_name_family(const sip_msg_t *msg);
/* False: the core is about to send something from another socket than that. What takes its place leaves from the right one, where
 * that was given for a name; else it is not sent either, as the core does not know the right socket any more. */
bool ksr_sends_from(dest_info_t *dst);

/* The core's socket for an address, NULL if it has none there. */
socket_info_t *ksr_socket_find(const struct cube_addr *addr, enum sip_protos proto);

#endif
