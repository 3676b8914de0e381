/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of a call's variables are one value in Kamailio's list of them, so that a message costs one piece of shared memory and a
 * look-up costs no search by name. The list goes with the transaction from process to process, and so does the value. */
#include <string.h>

#include "core/dprint.h"
#include "core/xavp.h"

#include "vars.h"

#define ROOM_FIRST 160 /* bytes of text; most calls need no more */
#define ROOM_MAX 8192

/* The texts stand behind each other, each with the room that its first value took or that is left behind the last one. */
struct vars
{
	unsigned magic;
	unsigned numbers_set;
	int number[KSR_N_NUMBERS];
	struct
	{
		uint16_t at, len, room; /* of text[]; room 0: not set. An empty one has a room, too */
	} where[KSR_N_TEXTS];
	uint16_t used, room;
	char text[];
};

#define MAGIC 0x43554245

/* With its zero it takes 8 bytes, so that what stands behind it is aligned. */
static str list_name = str_init("cubevar");

static struct vars *vars_of(const sr_xavp_t *x)
{
	struct vars *v = x && x->val.type == SR_XTYPE_STR ? (void *)x->val.v.s.s : NULL;

	/* a script can put anything under that name */
	if(!v || x->val.v.s.len < (int)sizeof(*v) || (uintptr_t)v % _Alignof(struct vars) || v->magic != MAGIC
			|| x->val.v.s.len < (int)(sizeof(*v) + v->room))
		return NULL;
	return v;
}

/* As xavp_get() does it, but that makes a hash of the name each time. */
static struct vars *find(void)
{
	const sr_xavp_t *x = *xavp_get_crt_list();
	uint64_t wanted, name; /* with the zero, which each of them has */

	memcpy(&wanted, list_name.s, sizeof(wanted));
	for(; x; x = x->next) {
		if(x->name.len != list_name.len)
			continue;
		memcpy(&name, x->name.s, sizeof(name));
		if(name == wanted)
			break;
	}
	return vars_of(x);
}

/* v, or a new one, with room for more; v is gone then. NULL: it cannot be, logged. */
static struct vars *make(const struct vars *v, size_t more)
{
	char block[sizeof(struct vars) + ROOM_MAX] __attribute__((aligned(_Alignof(struct vars))));
	struct vars *next = (struct vars *)block;
	size_t room = ROOM_FIRST;
	sr_xavp_t *x = NULL;
	sr_xval_t val;

	memset(next, 0, sizeof(*next));
	next->magic = MAGIC;
	if(v) {
		next->numbers_set = v->numbers_set;
		memcpy(next->number, v->number, sizeof(v->number));
		for(int i = 0; i < KSR_N_TEXTS; i++) { /* without the gaps */
			if(!v->where[i].room)
				continue;
			next->where[i].at = next->used;
			next->where[i].len = v->where[i].len;
			next->where[i].room = (uint16_t)(v->where[i].len + 1);
			memcpy(next->text + next->used, v->text + v->where[i].at, v->where[i].len);
			next->used = (uint16_t)(next->used + next->where[i].room);
		}
	}
	while(room < next->used + more)
		room *= 2;
	if(room <= ROOM_MAX) {
		next->room = (uint16_t)room;
		memset(&val, 0, sizeof(val));
		val.type = SR_XTYPE_STR;
		val.v.s = (str){block, (int)(sizeof(*next) + room)};
		memset(next->text + next->used, 0, room - next->used);
		x = xavp_add_value(&list_name, &val, NULL);
		if(x && v)
			xavp_rm_by_index(&list_name, 1, NULL); /* the new one stands before it */
	}
	next = vars_of(x);
	if(!next)
		LM_ERR("out of memory for what is to be noted of a call\n");
	return next;
}

int ksr_set_number(enum ksr_number which, int value)
{
	struct vars *v = find();

	if(!v && !(v = make(NULL, 0)))
		return -1;
	v->number[which] = value;
	v->numbers_set |= 1u << which;
	return 0;
}

int ksr_set_flag(enum ksr_number which, int value)
{
	return ksr_number(which, 0) == value ? 0 : ksr_set_number(which, value);
}

/* Gives a text room for len bytes, and keeps what it is. NULL: it cannot be, logged. */
static struct vars *reserve(enum ksr_text which, size_t len)
{
	struct vars *v = find();

	if(v && len < v->where[which].room)
		return v;
	if((!v || len >= (size_t)(v->room - v->used)) && !(v = make(v, len + 1)))
		return NULL;
	memcpy(v->text + v->used, v->text + v->where[which].at, v->where[which].len);
	v->where[which].at = v->used;
	v->where[which].room = (uint16_t)(len + 1);
	v->used = (uint16_t)(v->used + len + 1);
	return v;
}

int ksr_reserve_text(enum ksr_text which, size_t len)
{
	return reserve(which, len) ? 0 : -1;
}

int ksr_set_text(enum ksr_text which, struct cube_str value)
{
	struct vars *v = reserve(which, value.len);

	if(!v)
		return -1;
	if(value.len)
		memcpy(v->text + v->where[which].at, value.s, value.len);
	v->where[which].len = (uint16_t)value.len;
	return 0;
}

int ksr_number(enum ksr_number which, int unset)
{
	const struct vars *v = find();

	return v && v->numbers_set & (1u << which) ? v->number[which] : unset;
}

struct cube_str ksr_text(enum ksr_text which)
{
	const struct vars *v = find();

	if(!v || !v->where[which].room)
		return (struct cube_str){NULL, 0};
	return (struct cube_str){v->text + v->where[which].at, v->where[which].len};
}
