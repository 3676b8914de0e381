/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP addresses, ports and prefixes as values; no sockets, no resolving. */
#ifndef CUBE_BASE_NET_H
#define CUBE_BASE_NET_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "str.h"

struct cube_ip
{
	uint8_t len;	   /* 4, 16, or 0 for unset */
	uint8_t bytes[16]; /* network order; bytes beyond len are 0 */
};

struct cube_addr
{
	struct cube_ip ip;
	uint16_t port; /* host order; 0 for unset */
};

struct cube_prefix
{
	struct cube_ip ip; /* host bits are 0 */
	uint8_t bits;
};

#define CUBE_ADDR_TEXT_MAX 56 /* "[" 45 "]:65535" NUL */

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]". No names, no zone ids, no octal. */
bool cube_ip_parse(struct cube_str text, struct cube_ip *ip);
/* "192.0.2.1:5061", "[2001:db8::1]:5061". The port is required when need_port, else optional (0). */
bool cube_addr_parse(struct cube_str text, bool need_port, struct cube_addr *addr);
/* "192.0.2.0/24", "2001:db8::/32", or one address. Host bits that are set are refused (a typing error, RFC 4632). */
bool cube_prefix_parse(struct cube_str text, struct cube_prefix *prefix);
/* 1 to 65535, digits only, no leading zero. */
bool cube_port_parse(struct cube_str text, uint16_t *port);

/* Below 0, 0, above 0: by length, then by bytes. Each message asks several times, so it is here. */
static inline int cube_ip_cmp(const struct cube_ip *a, const struct cube_ip *b)
{
	uint64_t x[2], y[2];

	if(a->len != b->len)
		return a->len < b->len ? -1 : 1;
	memcpy(x, a->bytes, sizeof(x));
	memcpy(y, b->bytes, sizeof(y));
	if(x[0] != y[0])
		return be64toh(x[0]) < be64toh(y[0]) ? -1 : 1;
	return x[1] == y[1] ? 0 : be64toh(x[1]) < be64toh(y[1]) ? -1 : 1;
}

static inline bool cube_ip_eq(const struct cube_ip *a, const struct cube_ip *b)
{
	return cube_ip_cmp(a, b) == 0;
}

bool cube_ip_any(const struct cube_ip *ip); /* 0.0.0.0 or :: */
/* Does it lead to this machine whoever uses it, or no further than to its own link: loopback, link-local, or 0.0.0.0/8 and
 * ::, by which systems mean loopback, too? ::ffff:192.0.2.1 is as 192.0.2.1. */
bool cube_ip_local(const struct cube_ip *ip);
bool cube_prefix_has(const struct cube_prefix *prefix, const struct cube_ip *ip);
/* Both return buf. brackets: IPv6 as in a URI. */
const char *cube_ip_text(const struct cube_ip *ip, bool brackets, char buf[CUBE_ADDR_TEXT_MAX]);
const char *cube_addr_text(const struct cube_addr *addr, char buf[CUBE_ADDR_TEXT_MAX]);

#endif
