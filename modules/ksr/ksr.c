/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions and small services between Kamailio and libcube. */
#include <string.h>
#include <time.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"
#include "core/socket_info.h"
#include "core/sr_module.h"

#include "ksr.h"

#define LINES_MAX 10
#define LINES_PERIOD 10 /* seconds */

#define FAULT_MAX 250	/* ctl cuts a fault at 255 bytes */
#define CTL_ROOM 180000 /* of the 212,992 that Linux gives a Unix socket, which has overhead */

static void *shm_block_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return shm_malloc(size);
}

static void shm_block_free(void *ctx, void *block)
{
	(void)ctx;
	shm_free(block);
}

const struct cube_alloc ksr_shm_alloc = {shm_block_alloc, shm_block_free, NULL};

int64_t ksr_clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void *ksr_shm_table(size_t size)
{
	void *table = shm_malloc(size);

	if(table)
		memset(table, 0, size);
	else
		SHM_MEM_ERROR;
	return table;
}

struct cube_str ksr_cube_str(str text)
{
	return (struct cube_str){text.s, text.len > 0 ? (size_t)text.len : 0};
}

str ksr_str(struct cube_str text)
{
	str s;

	s.s = (char *)(text.s ? text.s : ""); /* an empty text, not "no text" */
	s.len = (int)text.len;
	return s;
}

struct cube_ip ksr_cube_ip(const ip_addr_t *ip)
{
	struct cube_ip out = {0};

	if(ip->len == 4 || ip->len == 16) {
		out.len = (uint8_t)ip->len;
		memcpy(out.bytes, ip->u.addr, ip->len);
	}
	return out;
}

ip_addr_t ksr_ip(const struct cube_ip *ip)
{
	ip_addr_t out;

	memset(&out, 0, sizeof(out));
	out.af = ip->len == 16 ? AF_INET6 : AF_INET;
	out.len = ip->len;
	memcpy(out.u.addr, ip->bytes, ip->len);
	return out;
}

void ksr_log_err(const char *what, const struct cube_err *err)
{
	const char *line = err->text;

	while(*line) {
		size_t len = strcspn(line, "\n");

		LM_ERR("%s: %.*s\n", what, (int)len, line);
		line += len + (line[len] == '\n');
	}
}

void ksr_quiet_begin(void)
{
	if(!is_printable(L_DBG))
		set_local_debug_level(L_CRIT);
}

void ksr_quiet_end(void)
{
	reset_local_debug_level();
}

void ksr_log_whole_lines(void)
{
	static char buffer[8192];

	/* From glibc 2.37 on a stream without a buffer is written in pieces of 128 bytes: the lines of several processes
	 * are torn apart and mixed, and nobody can count, alarm or ban by them. */
	if(log_stderr)
		setvbuf(stderr, buffer, _IOLBF, sizeof(buffer));
}

void ksr_rpc_fault(rpc_t *rpc, void *ctx, const struct cube_err *err)
{
	size_t len = err->used;
	unsigned shown = 0, i;

	if(len > FAULT_MAX - 20) {
		len = FAULT_MAX - 20;
		while(len > 0 && err->text[len] != '\n')
			len--;
		if(len == 0)
			len = FAULT_MAX - 20; /* one long line: better cut than absent */
	}
	for(i = 0; i < len; i++)
		shown += err->text[i] == '\n';
	shown++;
	if(shown < err->count)
		rpc->fault(ctx, 500, "%.*s\n(%u more)", (int)len, err->text, err->count - shown);
	else
		rpc->fault(ctx, 500, "%.*s", (int)len, err->text);
}

size_t ksr_rpc_room(void)
{
	return strcmp(pt[process_no].desc, "ctl handler") == 0 ? CTL_ROOM : SIZE_MAX;
}

bool ksr_may_log(struct cube_limit *limit, const char *what)
{
	unsigned suppressed;
	bool may = cube_limit_allow(limit, time(NULL), LINES_PERIOD, LINES_MAX, &suppressed);

	if(suppressed)
		LM_NOTICE("%u further %s were not logged\n", suppressed, what);
	return may;
}

/* The core puts each module that it loads at the head of its list. */
static int load_position(const char *name)
{
	sr_module_t *m;
	int behind = 0;

	for(m = modules; m; m = m->next) {
		if(strcmp(m->exports.name, name) == 0)
			break;
	}
	if(!m)
		return -1;
	for(m = m->next; m; m = m->next)
		behind++;
	return behind;
}

int ksr_load_order(const char *const names[])
{
	int i, last = -1;

	for(i = 0; names[i]; i++) {
		int at = load_position(names[i]);

		if(at < 0) {
			LM_ERR("%s.so is not loaded; the order is: loadmodule \"tls.so\", \"cube_tenant.so\", "
				   "\"cube_tls.so\", \"cube_dialpeer.so\"\n",
					names[i]);
			return -1;
		}
		if(at < last) {
			LM_ERR("loadmodule \"%s.so\" stands before \"%s.so\"; the order is: tls.so, cube_tenant.so, "
				   "cube_tls.so, cube_dialpeer.so\n",
					names[i], names[i - 1]);
			return -1;
		}
		last = at;
	}
	return 0;
}

/* Bits of the core's flags that it has no use for. It keeps them with the branch, and hands them to the one that takes its
 * place, in whatever process that happens. */
#define SOCKET_LOST 0x2000
#define ONLY_IPV4 0x4000
#define ONLY_IPV6 0x8000

/* Which one of its transport's sockets it is, from 1 on; 0: none that can be told. */
static unsigned short number_of(const socket_info_t *si)
{
	struct socket_info **list = get_sock_info_list(si->proto);
	unsigned n = 1;

	for(const socket_info_t *at = list ? *list : NULL; at && n <= USHRT_MAX; at = at->next, n++) {
		if(at == si)
			return (unsigned short)n;
	}
	return 0;
}

static socket_info_t *socket_of(unsigned short proto, unsigned number)
{
	struct socket_info **list = get_sock_info_list(proto);
	socket_info_t *at = list && number ? *list : NULL;

	while(at && --number)
		at = at->next;
	return at;
}

/* Its number goes with the flags. The core's list of dead destinations, which is off, would take it for a mask of what does
 * not put one on that list; nothing else reads it. */
static void keep_socket(snd_flags_t *flags, const socket_info_t *si, bool name)
{
	unsigned only = si->address.af == AF_INET ? ONLY_IPV4 : ONLY_IPV6;

	flags->f = (unsigned short)((flags->f & ~(SOCKET_LOST | ONLY_IPV4 | ONLY_IPV6)) | only);
	flags->blst_imask = name ? number_of(si) : 0;
}

void ksr_send_from(sip_msg_t *msg, socket_info_t *si, bool name)
{
	set_force_socket(msg, si);
	keep_socket(&msg->fwd_send_flags, si, name);
}

void ksr_keep_socket(dest_info_t *dst)
{
	if(dst->send_sock)
		keep_socket(&dst->send_flags, dst->send_sock, true);
}

int ksr_name_family(const sip_msg_t *msg)
{
	if(!msg->fwd_send_flags.blst_imask || !(msg->fwd_send_flags.f & (ONLY_IPV4 | ONLY_IPV6)))
		return 0;
	return msg->fwd_send_flags.f & ONLY_IPV4 ? AF_INET : AF_INET6;
}

static bool is_of(const socket_info_t *si, unsigned only)
{
	return only == (si->address.af == AF_INET ? ONLY_IPV4 : ONLY_IPV6);
}

bool ksr_sends_from(dest_info_t *dst)
{
	unsigned only = dst->send_flags.f & (ONLY_IPV4 | ONLY_IPV6);
	socket_info_t *si;

	if(dst->send_flags.f & SOCKET_LOST)
		return false;
	if(!only || !dst->send_sock || is_of(dst->send_sock, only))
		return true;
	/* what takes the place of a branch that could not be sent begins with the socket of that */
	si = socket_of(dst->proto, dst->send_flags.blst_imask);
	if(si && is_of(si, only))
		dst->send_sock = si;
	else
		dst->send_flags.f |= SOCKET_LOST;
	return false;
}

socket_info_t *ksr_socket_find(const struct cube_addr *addr, enum sip_protos proto)
{
	ip_addr_t ip = ksr_ip(&addr->ip);

	return find_si(&ip, addr->port, proto);
}
