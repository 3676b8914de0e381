/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/dprint.h"
#include "core/sr_module.h"

#include "binds.h"

struct tm_binds binds_tm;
struct rr_binds binds_rr;

int binds_init(void)
{
	load_tm_f load_tm = (load_tm_f)find_export("load_tm", NO_SCRIPT, 0);

	if(!load_tm || load_tm(&binds_tm) < 0) {
		LM_ERR("tm.so is not loaded; put loadmodule \"tm.so\" before cube_dialpeer.so\n");
		return -1;
	}
	if(!find_export("load_rr", 0, 0) || load_rr_api(&binds_rr) < 0) {
		LM_ERR("rr.so is not loaded; put loadmodule \"rr.so\" before cube_dialpeer.so\n");
		return -1;
	}
	return 0;
}

sip_msg_t *binds_request(void)
{
	const struct cell *t = binds_tm.t_gett();

	return t && t != T_UNDEFINED ? t->uas.request : NULL;
}
