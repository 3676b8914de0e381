/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_dialpeer: tables and init of the module that leads calls to the routing blocks of their dial-peers. */
#include "core/kemi.h"
#include "core/rpc_lookup.h"
#include "core/sr_module.h"

#include "binds.h"
#include "branch.h"
#include "dialog.h"
#include "dialpeer_rpc.h"
#include "hunt.h"
#include "keepalive.h"
#include "keepalive_rpc.h"
#include "naptr.h"
#include "legs.h"

MODULE_VERSION

static struct cube_tenant_api tenant;

static int mod_init(void);
static int child_init(int rank);
static int w_dialpeer_in(sip_msg_t *msg, char *p1, char *p2);
static int w_dialpeer_out(sip_msg_t *msg, char *p1, char *p2);
static int w_dialpeer_next(sip_msg_t *msg, char *p1, char *p2);
static int w_dialpeer_record_route(sip_msg_t *msg, char *p1, char *p2);
static int w_dialpeer_dialog(sip_msg_t *msg, char *p1, char *p2);
static int w_dialpeer_branch(sip_msg_t *msg, char *p1, char *p2);
static int w_dialpeer_reply(sip_msg_t *msg, char *p1, char *p2);

/* clang-format off */
static cmd_export_t cmds[] = {
	{"cube_dialpeer_in",   (cmd_function)w_dialpeer_in,   0, 0, 0, REQUEST_ROUTE},
	{"cube_dialpeer_out",  (cmd_function)w_dialpeer_out,  0, 0, 0, REQUEST_ROUTE},
	{"cube_dialpeer_next", (cmd_function)w_dialpeer_next, 0, 0, 0, REQUEST_ROUTE | FAILURE_ROUTE},
	{"cube_dialpeer_record_route", (cmd_function)w_dialpeer_record_route, 0, 0, 0, REQUEST_ROUTE},
	{"cube_dialpeer_dialog", (cmd_function)w_dialpeer_dialog, 0, 0, 0, REQUEST_ROUTE},
	{"cube_dialpeer_branch", (cmd_function)w_dialpeer_branch, 0, 0, 0, BRANCH_ROUTE},
	{"cube_dialpeer_reply", (cmd_function)w_dialpeer_reply, 0, 0, 0, ONREPLY_ROUTE},
	{0, 0, 0, 0, 0, 0}
};

struct module_exports exports = {
	"cube_dialpeer", DEFAULT_DLFLAGS, cmds, 0, dialpeer_rpc, 0, 0, mod_init, child_init, 0
};

#define NO_PARAMS {SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}

static sr_kemi_t kemi_exports[] = {
	{str_init("cube_dialpeer"), str_init("cube_dialpeer_in"),   SR_KEMIP_INT, ki_dialpeer_in,   NO_PARAMS},
	{str_init("cube_dialpeer"), str_init("cube_dialpeer_out"),  SR_KEMIP_INT, ki_dialpeer_out,  NO_PARAMS},
	{str_init("cube_dialpeer"), str_init("cube_dialpeer_next"), SR_KEMIP_INT, ki_dialpeer_next, NO_PARAMS},
	{str_init("cube_dialpeer"), str_init("cube_dialpeer_record_route"), SR_KEMIP_INT, ki_dialpeer_record_route, NO_PARAMS},
	{str_init("cube_dialpeer"), str_init("cube_dialpeer_dialog"), SR_KEMIP_INT, ki_dialpeer_dialog, NO_PARAMS},
	{str_init("cube_dialpeer"), str_init("cube_dialpeer_branch"), SR_KEMIP_INT, ki_dialpeer_branch, NO_PARAMS},
	{str_init("cube_dialpeer"), str_init("cube_dialpeer_reply"), SR_KEMIP_INT, ki_dialpeer_reply, NO_PARAMS},
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
/* clang-format on */

int mod_register(char *path, int *dlflags, void *p1, void *p2)
{
	sr_kemi_modules_add(kemi_exports);
	return 0;
}

static int mod_init(void)
{
	static const char *const order[] = {"cube_tenant", "cube_dialpeer", NULL};

	if(ksr_load_order(order) < 0 || cube_tenant_load_api(&tenant) < 0 || binds_init() < 0 || dialpeer_rpc_init() < 0
			|| hunt_init() < 0 || dialog_init() < 0 || branch_init() < 0 || naptr_init() < 0
			|| keepalive_init(&tenant) < 0)
		return -1;
	keepalive_rpc_init(&tenant);
	return rpc_register_array(keepalive_rpc) == 0 ? 0 : -1;
}

static int child_init(int rank)
{
	if(rank == PROC_MAIN)
		return keepalive_start();
	return rank > 0 || rank == PROC_TIMER ? dialog_child_init() : 0; /* those that work on calls */
}

static int w_dialpeer_in(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_dialpeer_in(msg);
}

static int w_dialpeer_out(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_dialpeer_out(msg);
}

static int w_dialpeer_next(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_dialpeer_next(msg);
}

static int w_dialpeer_branch(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_dialpeer_branch(msg);
}

static int w_dialpeer_reply(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_dialpeer_reply(msg);
}

static int w_dialpeer_record_route(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_dialpeer_record_route(msg);
}

static int w_dialpeer_dialog(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_dialpeer_dialog(msg);
}
