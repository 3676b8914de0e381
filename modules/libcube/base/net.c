/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to addresses and back, and comparing them. Strict: what is not plainly one address is refused. Knows no
 * sockets and no names. */
#include "net.h"

#include <arpa/inet.h>
#include <string.h>

#include "write.h"

/* Four decimal parts without leading zeros. */
static bool ip4_parse(struct cube_str text, struct cube_ip *ip)
{
	const char *s = text.s, *end = text.s + text.len;
	struct cube_ip out = {.len = 4};

	for(unsigned part = 0; part < 4; part++) {
		unsigned value = 0, digit;
		const char *first;

		if(part > 0 && (s == end || *s++ != '.'))
			return false;
		for(first = s; s < end && value <= 255 && (digit = (unsigned)(unsigned char)*s - '0') <= 9; s++)
			value = value * 10 + digit;
		if(s == first || value > 255 || (*first == '0' && s - first > 1))
			return false;
		out.bytes[part] = (uint8_t)value;
	}
	if(s != end)
		return false;
	*ip = out;
	return true;
}

/* inet_pton is strict already: no zone id. It only needs the NUL. */
static bool ip6_parse(struct cube_str text, struct cube_ip *ip)
{
	char buf[INET6_ADDRSTRLEN];
	struct cube_ip out = {.len = 16};

	if(text.len < 2 || text.len >= sizeof(buf) || !memchr(text.s, ':', text.len) || memchr(text.s, '\0', text.len))
		return false;
	memcpy(buf, text.s, text.len);
	buf[text.len] = '\0';
	if(inet_pton(AF_INET6, buf, out.bytes) != 1)
		return false;
	*ip = out;
	return true;
}

bool cube_ip_parse(struct cube_str text, struct cube_ip *ip)
{
	if(text.len >= 2 && text.s[0] == '[')
		return text.s[text.len - 1] == ']' && ip6_parse((struct cube_str){text.s + 1, text.len - 2}, ip);
	return ip4_parse(text, ip) || ip6_parse(text, ip);
}

/* Decimal without sign, space or leading zero, up to max. */
static bool number_parse(struct cube_str text, unsigned max, unsigned *number)
{
	unsigned value = 0;
	size_t i;

	if(text.len == 0 || text.len > 5 || (text.len > 1 && text.s[0] == '0'))
		return false;
	for(i = 0; i < text.len; i++) {
		if(text.s[i] < '0' || text.s[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text.s[i] - '0');
	}
	if(value > max)
		return false;
	*number = value;
	return true;
}

bool cube_port_parse(struct cube_str text, uint16_t *port)
{
	unsigned value;

	if(!number_parse(text, 65535, &value) || value == 0)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* The length of the address part: up to the ']' or the only ':'. */
static size_t addr_host_len(struct cube_str text)
{
	const char *end, *colon;

	if(text.len && text.s[0] == '[') {
		end = memchr(text.s, ']', text.len);
		return end ? (size_t)(end - text.s) + 1 : text.len;
	}
	colon = text.len ? memchr(text.s, ':', text.len) : NULL;
	if(!colon || memchr(colon + 1, ':', text.len - (size_t)(colon + 1 - text.s)))
		return text.len; /* IPv6 without brackets has several */
	return (size_t)(colon - text.s);
}

bool cube_addr_parse(struct cube_str text, bool need_port, struct cube_addr *addr)
{
	size_t host = addr_host_len(text);
	struct cube_addr out = {0};

	if(!cube_ip_parse((struct cube_str){text.s, host}, &out.ip))
		return false;
	if(host == text.len) {
		if(need_port)
			return false;
	} else {
		if(text.s[host] != ':'
				|| !cube_port_parse((struct cube_str){text.s + host + 1, text.len - host - 1}, &out.port))
			return false;
	}
	*addr = out;
	return true;
}

/* The bits of ip from `bits` on are 0. */
static bool host_bits_clear(const struct cube_ip *ip, unsigned bits)
{
	unsigned i;

	for(i = bits; i < ip->len * 8u; i++) {
		if(ip->bytes[i / 8] & (0x80u >> (i % 8)))
			return false;
	}
	return true;
}

bool cube_prefix_parse(struct cube_str text, struct cube_prefix *prefix)
{
	const char *slash = text.len ? memchr(text.s, '/', text.len) : NULL;
	size_t host = slash ? (size_t)(slash - text.s) : text.len;
	struct cube_prefix out = {0};
	unsigned bits;

	if(!cube_ip_parse((struct cube_str){text.s, host}, &out.ip))
		return false;
	bits = out.ip.len * 8u;
	if(slash && !number_parse((struct cube_str){slash + 1, text.len - host - 1}, bits, &bits))
		return false;
	if(!host_bits_clear(&out.ip, bits))
		return false;
	out.bits = (uint8_t)bits;
	*prefix = out;
	return true;
}

bool cube_ip_any(const struct cube_ip *ip)
{
	return ip->len != 0 && host_bits_clear(ip, 0);
}

bool cube_prefix_has(const struct cube_prefix *prefix, const struct cube_ip *ip)
{
	unsigned whole = prefix->bits / 8u, rest = prefix->bits % 8u;

	if(prefix->ip.len != ip->len || ip->len == 0)
		return false;
	if(memcmp(prefix->ip.bytes, ip->bytes, whole) != 0)
		return false;
	return rest == 0 || ((prefix->ip.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest)) == 0;
}

bool cube_ip_local(const struct cube_ip *ip)
{
	static const char *const places[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10"};
	static const struct cube_prefix mapped = {{16, {[10] = 0xff, [11] = 0xff}}, 96};
	struct cube_ip plain = *ip;
	struct cube_prefix place;
	bool local = false;

	if(cube_prefix_has(&mapped, ip)) {
		plain = (struct cube_ip){.len = 4};
		memcpy(plain.bytes, ip->bytes + 12, 4);
	}
	for(size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		local = local || (cube_prefix_parse(cube_str_of(places[i]), &place) && cube_prefix_has(&place, &plain));
	return local;
}

/* A dot, and a number in decimal. */
static char *put_byte(char *at, unsigned byte)
{
	*at++ = '.';
	if(byte >= 100)
		*at++ = (char)('0' + byte / 100);
	if(byte >= 10)
		*at++ = (char)('0' + byte / 10 % 10);
	*at++ = (char)('0' + byte % 10);
	return at;
}

const char *cube_ip_text(const struct cube_ip *ip, bool brackets, char buf[CUBE_ADDR_TEXT_MAX])
{
	struct cube_writing text = {.s = buf, .size = CUBE_ADDR_TEXT_MAX};
	char plain[INET6_ADDRSTRLEN] = "", *at = plain;

	for(unsigned i = 0; ip->len == 4 && i < 4; i++)
		at = put_byte(at, ip->bytes[i]);
	if(ip->len == 4)
		cube_write(&text, (struct cube_str){plain + 1, (size_t)(at - plain) - 1});
	if(ip->len == 16) {
		inet_ntop(AF_INET6, ip->bytes, plain, sizeof(plain));
		cube_write(&text, brackets ? CUBE_STR("[") : CUBE_STR(""));
		cube_write(&text, cube_str_of(plain));
		cube_write(&text, brackets ? CUBE_STR("]") : CUBE_STR(""));
	}
	cube_write_end(&text);
	return buf;
}

const char *cube_addr_text(const struct cube_addr *addr, char buf[CUBE_ADDR_TEXT_MAX])
{
	struct cube_writing text = {.s = buf, .size = CUBE_ADDR_TEXT_MAX};
	char ip[CUBE_ADDR_TEXT_MAX];

	cube_write(&text, cube_str_of(cube_ip_text(&addr->ip, true, ip)));
	if(addr->port) {
		cube_write(&text, CUBE_STR(":"));
		cube_write_number(&text, addr->port);
	}
	cube_write_end(&text);
	return buf;
}
