/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "modules/dialog/dlg_load.h"

#include "../ksr/vars.h"
#include "hold.h"
#include "peers.h"

/* Of one call; lives as long as its dialog. Changed by whoever works on its INVITE, and then by whoever ends it. */
struct hold
{
	int in, out; /* tags, 0: none */
};

static struct dlg_binds dialog; /* register_dlgcb NULL without the module */
static cmd_function manage;

void hold_init(void)
{
	manage = find_export("dlg_manage", 0, REQUEST_ROUTE);
	if(!manage || load_dlg_api(&dialog) < 0)
		dialog.register_dlgcb = NULL;
}

bool hold_ready(void)
{
	return dialog.register_dlgcb != NULL;
}

static void let_go(int *tag)
{
	if(*tag)
		peers_let_go(*tag);
	*tag = 0;
}

static void on_end(struct dlg_cell *dlg, int type, struct dlg_cb_params *params)
{
	struct hold *hold = *params->param;

	let_go(&hold->in);
	let_go(&hold->out);
}

/* The dialog module frees its callbacks with the dialog, whether it has ended or never begun. */
static void on_free(void *param)
{
	struct hold *hold = param;

	let_go(&hold->in);
	let_go(&hold->out);
	shm_free(hold);
}

static struct hold *follow(sip_msg_t *msg)
{
	struct hold *hold = shm_malloc(sizeof(*hold));
	struct dlg_cell *dlg;
	bool registered;

	if(!hold)
		return NULL;
	*hold = (struct hold){0, 0};
	dlg = manage(msg, NULL, NULL) > 0 ? dialog.get_dlg(msg) : NULL;
	registered =
			dlg
			&& dialog.register_dlgcb(dlg, DLGCB_FAILED | DLGCB_TERMINATED | DLGCB_EXPIRED, on_end, hold, on_free) == 0;
	if(dlg)
		dialog.release_dlg(dlg);
	if(registered)
		return hold;
	shm_free(hold);
	return NULL;
}

bool hold_begin(sip_msg_t *msg, bool needed)
{
	struct hold *hold;
	char text[32];

	if(!needed)
		return true;
	if(!hold_ready()) {
		LM_ERR("max-conn needs the dialog module: load dialog.so before cube_dialpeer.so; dial-peers that have "
			   "max-conn "
			   "are not used\n");
		return false;
	}
	hold = follow(msg);
	if(!hold) {
		LM_ERR("the dialog of this call cannot be followed; dial-peers that have max-conn are not used for it\n");
		return false;
	}
	snprintf(text, sizeof(text), "%" PRIxPTR, (uintptr_t)hold);
	return ksr_set_text(KSR_HOLD, cube_str_of(text)) == 0;
}

/* The dialog lives at least as long as the transaction, whose variable this is. */
static struct hold *current(void)
{
	struct cube_str text = ksr_text(KSR_HOLD);
	char copy[32];

	if(text.len == 0 || text.len >= sizeof(copy))
		return NULL;
	snprintf(copy, sizeof(copy), "%.*s", CUBE_FMT(text));
	return (struct hold *)(uintptr_t)strtoull(copy, NULL, 16);
}

static bool change(const struct cube_dial_peer *peer, struct hold *hold, int *tag)
{
	if(hold)
		let_go(tag);
	if(!peer || !peer->max_conn)
		return true;
	if(!hold || !peers_hold(peer->tag, peer->max_conn))
		return false;
	*tag = peer->tag;
	return true;
}

bool hold_in(const struct cube_dial_peer *peer)
{
	struct hold *hold = current();

	return change(peer, hold, hold ? &hold->in : NULL);
}

bool hold_out(const struct cube_dial_peer *peer)
{
	struct hold *hold = current();

	return change(peer, hold, hold ? &hold->out : NULL);
}
