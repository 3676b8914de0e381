/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of value.c that stores lists, and what both halves share. For value.c and value_list.c only. */
#ifndef CUBE_CONF_VALUE_LIST_H
#define CUBE_CONF_VALUE_LIST_H

#include "value.h"

#define CUBE_ADDR_WRONG "not an address with a port (like 192.0.2.1:5061 or [2001:db8::1]:5061)"

int cube_value_store_list(const struct cube_value *value) __attribute__((warn_unused_result));
void cube_value_bad(const struct cube_value *value, struct cube_str seen, const char *reason);
int cube_value_nomem(const struct cube_value *value); /* -1 */
int cube_value_copy(const struct cube_value *value, struct cube_str text, struct cube_str *copy);
/* The copy that was made of the same text before, if one was. */
int cube_value_share(const struct cube_value *value, struct cube_str text, struct cube_str *copy);

#endif
