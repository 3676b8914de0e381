/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking targets apart. What a host name is, tls/name.c says. */
#include "target.h"

#include <string.h>

#include "../base/write.h"
#include "../tls/name.h"

bool cube_cn_san_ok(struct cube_str name)
{
	size_t wildcard = cube_str_starts(name, CUBE_STR("*.")) ? 2 : 0;

	if(name.len < 3 || name.len > 128 || !cube_name_is_permit(name))
		return false;
	return memchr(name.s + wildcard, '.', name.len - wildcard) != NULL;
}

static const char *target_ip(struct cube_str text, uint8_t len, struct cube_target *target)
{
	if(!cube_addr_parse(text, false, &target->addr) || target->addr.ip.len != len)
		return len == 4 ? "not an IPv4 address" : "not an IPv6 address";
	if(cube_ip_any(&target->addr.ip))
		return "the address of nobody";
	target->kind = CUBE_TARGET_IP;
	return NULL;
}

static const char *target_dns(struct cube_str text, struct cube_target *target)
{
	const char *colon = text.len ? memchr(text.s, ':', text.len) : NULL;

	target->host = text;
	if(colon) {
		target->host.len = (size_t)(colon - text.s);
		if(!cube_port_parse((struct cube_str){colon + 1, text.len - target->host.len - 1}, &target->port))
			return "not a port from 1 to 65535";
	}
	if(!cube_name_is_host(target->host))
		return "not a host name";
	target->kind = CUBE_TARGET_DNS;
	return NULL;
}

static struct cube_str behind(struct cube_str text, size_t len)
{
	return (struct cube_str){text.s + len, text.len - len};
}

const char *cube_target_parse(struct cube_str text, struct cube_target *target)
{
	memset(target, 0, sizeof(*target));
	if(cube_str_starts(text, CUBE_STR("ipv4:")))
		return target_ip(behind(text, 5), 4, target);
	if(cube_str_starts(text, CUBE_STR("ipv6:")))
		return target_ip(behind(text, 5), 16, target);
	if(cube_str_starts(text, CUBE_STR("dns:")))
		return target_dns(behind(text, 4), target);
	return "no such form";
}

const char *cube_target_text(const struct cube_target *target, char buf[CUBE_TARGET_TEXT_MAX])
{
	bool is_ip = target->kind == CUBE_TARGET_IP;
	uint16_t port = is_ip ? target->addr.port : target->port;
	struct cube_writing text = {.s = buf, .size = CUBE_TARGET_TEXT_MAX};
	char ip[CUBE_ADDR_TEXT_MAX];

	cube_write(&text, is_ip ? cube_str_of(cube_ip_text(&target->addr.ip, true, ip)) : target->host);
	if(port) {
		cube_write(&text, CUBE_STR(":"));
		cube_write_number(&text, port);
	}
	if(!cube_write_end(&text)) /* a host that no reader has let through */
		buf[0] = '\0';
	return buf;
}

int cube_target_cmp(const struct cube_target *a, const struct cube_target *b)
{
	int cmp = (int)a->kind - (int)b->kind;

	if(cmp == 0 && a->kind == CUBE_TARGET_IP)
		cmp = cube_ip_cmp(&a->addr.ip, &b->addr.ip);
	else if(cmp == 0)
		cmp = cube_str_casecmp(a->host, b->host);
	if(cmp != 0)
		return cmp;
	return a->kind == CUBE_TARGET_IP ? (int)a->addr.port - (int)b->addr.port : (int)a->port - (int)b->port;
}
