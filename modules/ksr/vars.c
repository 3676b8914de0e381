/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of a call's variables are one value in Kamailio's list of them, so that a message costs one piece of shared memory and a
 * look-up costs no search by name. The list goes with the transaction from process to process, and so does the value. */
#include <string.h>

#include "core/dprint.h"
#include "core/hashes.h"
#include "core/mem/shm_mem.h"
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

/* As xavp_add_value() does it, zero behind the value and all, but that copies one that has been made somewhere else. */
static struct vars *add(size_t room)
{
	size_t size = sizeof(struct vars) + room;
	sr_xavp_t *x = shm_malloc(sizeof(*x) + list_name.len + 1 + size + 1);
	struct vars *v;

	if(!x)
		return NULL;
	memset(x, 0, sizeof(*x));
	x->name = (str){(char *)(x + 1), list_name.len};
	memcpy(x->name.s, list_name.s, list_name.len + 1);
	x->id = get_hash1_raw(list_name.s, list_name.len);
	v = (struct vars *)(x->name.s + list_name.len + 1);
	memset(v, 0, size + 1);
	v->magic = MAGIC;
	v->room = (uint16_t)room;
	x->val.type = SR_XTYPE_STR;
	x->val.v.s = (str){(char *)v, (int)size};
	xavp_add(x, NULL);
	return v;
}

/* Without the gaps. */
static size_t used_of(const struct vars *v)
{
	size_t used = 0;

	for(int i = 0; v && i < KSR_N_TEXTS; i++)
		used += v->where[i].room ? v->where[i].len + 1u : 0;
	return used;
}

/* v, or a new one, with room for more; v is gone then. NULL: it cannot be, logged. */
static struct vars *make(const struct vars *v, size_t more)
{
	size_t room = ROOM_FIRST, needed = used_of(v) + more;
	struct vars *next;

	while(room < needed)
		room *= 2;
	next = room <= ROOM_MAX ? add(room) : NULL;
	if(!next) {
		LM_ERR("out of memory for what is to be noted of a call\n");
		return NULL;
	}
	if(!v)
		return next;
	next->numbers_set = v->numbers_set;
	memcpy(next->number, v->number, sizeof(v->number));
	for(int i = 0; i < KSR_N_TEXTS; i++) {
		if(!v->where[i].room)
			continue;
		next->where[i].at = next->used;
		next->where[i].len = v->where[i].len;
		next->where[i].room = (uint16_t)(v->where[i].len + 1);
		memcpy(next->text + next->used, v->text + v->where[i].at, v->where[i].len);
		next->used = (uint16_t)(next->used + next->where[i].room);
	}
	xavp_rm_by_index(&list_name, 1, NULL); /* the new one stands before it */
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
