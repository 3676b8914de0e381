/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cube_tenant: tables and init of the module that owns cube.conf, its snapshot and its listeners. */
#include "core/dprint.h"
#include "core/daemonize.h"
#include "core/globals.h"
#include "core/kemi.h"
#include "core/sr_module.h"

#include "listen.h"
#include "quiet.h"
#include "request.h"
#include "snapshot.h"
#include "tenant_pv.h"
#include "tenant_rpc.h"

MODULE_VERSION

static bool configured;
static const struct cube_dialpeer_ops *dialpeer_ops; /* set before the first fork */

static int param_config(modparam_t type, void *val);
static int mod_init(void);
static int child_init(int rank);
static void mod_destroy(void);
static int w_tenant_in(sip_msg_t *msg, char *p1, char *p2);
static int bind_cube_tenant(struct cube_tenant_api *api);

/* clang-format off */
static cmd_export_t cmds[] = {
	{"cube_tenant_in", (cmd_function)w_tenant_in, 0, 0, 0, ANY_ROUTE},
	{"bind_cube_tenant", (cmd_function)bind_cube_tenant, 1, 0, 0, 0},
	{0, 0, 0, 0, 0, 0}
};

static param_export_t params[] = {
	{"config", PARAM_STRING | PARAM_USE_FUNC, (void *)param_config},
	{0, 0, 0}
};

static pv_export_t pvs[] = {
	{{"cube", sizeof("cube") - 1}, PVT_OTHER, tenant_pv_get, 0, tenant_pv_parse, 0, 0, 0},
	{{0, 0}, 0, 0, 0, 0, 0, 0, 0}
};

struct module_exports exports = {
	"cube_tenant", DEFAULT_DLFLAGS, cmds, params, tenant_rpc, pvs, 0, mod_init, child_init, mod_destroy
};

static sr_kemi_t kemi_exports[] = {
	{str_init("cube_tenant"), str_init("cube_tenant_in"), SR_KEMIP_INT, ki_tenant_in,
		{SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}},
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
/* clang-format on */

int mod_register(char *path, int *dlflags, void *p1, void *p2)
{
	/* Certificates are read while kamailio.cfg is, that is before the process becomes a daemon. The processes that it
	 * leaves behind on the way would, by OpenSSL's exit handler, tear down what the daemon shares with them. */
	ksr_atexit_mode = 0;
	sr_kemi_modules_add(kemi_exports);
	return 0;
}

/* While kamailio.cfg is parsed, since only then does the core take listen addresses. */
static int param_config(modparam_t type, void *val)
{
	struct cube_snapshot *s;
	struct cube_err err;
	int rc;

	cube_err_reset(&err);
	if(configured) {
		LM_ERR("modparam(\"cube_tenant\", \"config\", ...) is given twice\n");
		return -1;
	}
	if(snapshot_start((const char *)val, &err) < 0) {
		ksr_log_err("cube.conf", &err);
		return -1;
	}
	s = snapshot_acquire();
	rc = listen_add(s->conf, &err);
	snapshot_release(s);
	if(rc < 0)
		ksr_log_err("cube.conf", &err);
	configured = rc == 0;
	return rc;
}

static int mod_init(void)
{
	if(!configured) {
		LM_ERR("modparam(\"cube_tenant\", \"config\", \"/path/cube.conf\") is missing\n");
		return -1;
	}
	ksr_log_whole_lines();
	return listen_probe() < 0 ? -1 : quiet_init();
}

static int child_init(int rank)
{
	struct cube_socket *sockets;
	unsigned i, n;

	quiet_child(rank);
	if(rank != PROC_INIT)
		return 0;
	sockets = listen_all(&n);
	for(i = 0; i < n && !snapshot_tls_ops(); i++) {
		if(sockets[i].secure) {
			LM_ERR("cube.conf has TLS listeners, but cube_tls.so is not loaded: put loadmodule \"cube_tls.so\" "
				   "behind \"cube_tenant.so\"\n");
			return -1;
		}
	}
	return listen_opened();
}

static void mod_destroy(void)
{
	snapshot_end();
}

static int w_tenant_in(sip_msg_t *msg, char *p1, char *p2)
{
	return ki_tenant_in(msg);
}

/* cube_tls, which asks, is loaded before cube_dialpeer, which tells: they meet here. */
static void register_dialpeer(const struct cube_dialpeer_ops *ops)
{
	dialpeer_ops = ops;
}

static const struct cube_dialpeer_ops *dialpeer(void)
{
	return dialpeer_ops;
}

static int bind_cube_tenant(struct cube_tenant_api *api)
{
	api->acquire = snapshot_acquire;
	api->hold = snapshot_hold;
	api->release = snapshot_release;
	api->refused = snapshot_refused;
	api->register_tls = snapshot_register_tls;
	api->register_dialpeer = register_dialpeer;
	api->dialpeer = dialpeer;
	api->tls = snapshot_tls_ops;
	api->attach_tls = snapshot_attach_tls;
	api->socket = listen_find;
	api->socket_of = listen_of;
	api->sockets = listen_all;
	api->socket_failed = listen_failed;
	api->send_socket = listen_send_socket;
	return 0;
}
