/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_tls: tables and init of the module that gives tenants' connections their TLS policy. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

#include "core/dprint.h"
#include "core/globals.h"
#include "core/kemi.h"
#include "core/rpc_lookup.h"
#include "core/sr_module.h"

#include "../cube_tenant/api.h"
#include "conn.h"
#include "conn_reload.h"
#include "conn_rpc.h"
#include "contexts.h"
#include "counters.h"
#include "counters_rpc.h"
#include "failed.h"
#include "hooks.h"
#include "isolate.h"
#include "janitor.h"
#include "keys.h"
#include "outbound.h"
#include "random.h"
#include "reach.h"
#include "refresh.h"
#include "resume.h"
#include "sessions.h"
#include "sources.h"
#include "state.h"
#include "stock_tls.h"
#include "targets.h"
#include "trustpoints_rpc.h"
#include "warn.h"
#include "web.h"

MODULE_VERSION

extern char *sr_memmng_shm; /* what -x named */

static struct cube_tenant_api tenant;

static const struct cube_tls_ops ops = {.prepare = contexts_prepare,
		.discard = contexts_discard,
		.peer = conn_peer,
		.reach = reach_find,
		.older = conn_older,
		.removed = conn_removed};

static int mod_init(void);
static int child_init(int rank);
static void mod_destroy(void);
static int w_metrics(sip_msg_t *msg, char *p1, char *p2);
static int w_status(sip_msg_t *msg, char *p1, char *p2);

/* clang-format off */
static cmd_export_t cmds[] = {
	{"cube_tls_metrics", (cmd_function)w_metrics, 0, 0, 0, EVENT_ROUTE},
	{"cube_tls_status",  (cmd_function)w_status,  0, 0, 0, EVENT_ROUTE},
	{0, 0, 0, 0, 0, 0}
};

struct module_exports exports = {
	"cube_tls", DEFAULT_DLFLAGS, cmds, 0, conn_rpc, 0, 0, mod_init, child_init, mod_destroy
};

#define NO_PARAMS {SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}

static sr_kemi_t kemi_exports[] = {
	{str_init("cube_tls"), str_init("cube_tls_metrics"), SR_KEMIP_INT, ki_metrics, NO_PARAMS},
	{str_init("cube_tls"), str_init("cube_tls_status"),  SR_KEMIP_INT, ki_status,  NO_PARAMS},
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
	static const char *const order[] = {"tls", "cube_tenant", "cube_tls", NULL};

	if(ksr_load_order(order) < 0 || cube_tenant_load_api(&tenant) < 0)
		return -1;
	if(tls_disable) {
		LM_ERR("TLS is off: put enable_tls=yes into kamailio.cfg\n");
		return -1;
	}
	if(random_init() < 0 || stock_tls_bind() < 0 || conn_init(&tenant) < 0 || isolate_init(&tenant) < 0
			|| hooks_install(&tenant) < 0 || janitor_init(&tenant) < 0 || targets_init() < 0 || outbound_init() < 0
			|| failed_init() < 0 || counters_init() < 0 || resume_init() < 0 || sessions_init() < 0
			|| sources_init() < 0 || refresh_init(&tenant) < 0)
		return -1;
	conn_rpc_init(&tenant);
	counters_rpc_init(&tenant);
	trustpoints_rpc_init(&tenant);
	warn_init();
	state_init(&tenant);
	web_init();
	if(rpc_register_array(counters_rpc) != 0 || rpc_register_array(trustpoints_rpc) != 0
			|| rpc_register_array(web_rpc) != 0) {
		LM_ERR("the commands of cube_tls cannot be registered\n");
		return -1;
	}
	tenant.register_tls(&ops);
	if(sr_memmng_shm && strcmp(sr_memmng_shm, "tlsf") != 0)
		LM_NOTICE("shared memory is managed by \"%s\"; TLS is two to three times faster with tlsf: start Kamailio "
				  "with -x tlsf\n",
				sr_memmng_shm);
	return 0;
}

static int child_init(int rank)
{
	struct cube_err err;

	if(rank == PROC_MAIN)
		return janitor_start() < 0 ? -1 : refresh_start();
	if(rank != PROC_INIT)
		return 0;
	if(outbound_init_processes() < 0)
		return -1;
	cube_err_reset(&err);
	if(tenant.attach_tls(&err) < 0) {
		ksr_log_err("cube.conf", &err);
		return -1;
	}
	/* The children would inherit, and share, what OpenSSL keeps for this process's thread in shared memory: stop it,
	 * now that nothing more of OpenSSL runs here before the first fork (kamailio #3791). */
	ERR_clear_error();
	OPENSSL_thread_stop();
	return 0;
}

static void mod_destroy(void)
{
	keys_end();
}

static int w_metrics(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_metrics(msg);
}

static int w_status(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_status(msg);
}
