/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Target: tls/name.c. Input: a permitted name, a line end, a presented name or URI. Beyond crashes: whatever matches is
 * well-formed, and differs from the permitted name in case or in one left-most label at most. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if(!holds)
		abort();
}

static void check_match(struct cube_str permit, struct cube_str host)
{
	const char *dot;
	size_t label;

	if(!cube_name_match(permit, host))
		return;
	must(cube_name_is_host(host) && memchr(host.s, '\0', host.len) == NULL && memchr(host.s, '*', host.len) == NULL);
	if(permit.s[0] != '*') {
		must(cube_str_caseeq(permit, host));
		return;
	}
	dot = memchr(host.s, '.', host.len);
	must(dot != NULL && dot > host.s);
	label = (size_t)(dot - host.s);
	must(cube_str_caseeq((struct cube_str){permit.s + 1, permit.len - 1}, (struct cube_str){dot, host.len - label}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t first = end != NULL ? (size_t)(end - data) : size;
	struct cube_str permit = {(const char *)data, first}, presented = {NULL, 0}, domain;

	if(end != NULL)
		presented = (struct cube_str){(const char *)end + 1, size - first - 1};
	(void)cube_name_is_permit(permit);
	check_match(permit, presented);
	if(cube_name_sip_domain(presented, &domain)) {
		must(cube_name_is_host(domain) && domain.s + domain.len == presented.s + presented.len);
		must(memchr(domain.s, '@', domain.len) == NULL);
		check_match(permit, domain);
	}
	return 0;
}
