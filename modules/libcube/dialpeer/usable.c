/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usable.h"

#include "plan_private.h"
#include "scheme.h"

enum cube_sips_in cube_sips_in(const struct cube_conf *conf, int tenant, bool sips, bool tls)
{
	bool required = tenant == CUBE_NONE ? conf->sip_ua.sips_required : conf->tenants[tenant].sips_required;

	if(sips)
		return tls ? CUBE_SIPS_IN_OK : CUBE_SIPS_IN_CLEAR;
	return required ? CUBE_SIPS_IN_REQUIRED : CUBE_SIPS_IN_OK;
}

bool cube_call_is_sips(const struct cube_call *call)
{
	const struct cube_uri_parts *uri = call->uri[CUBE_URI_REQUEST];

	return uri && cube_scheme_of(uri) == CUBE_URL_SIPS;
}

enum cube_usable cube_usable(const struct cube_conf *conf, const struct cube_dial_peer *peer,
		const struct cube_target *target, const struct cube_present *present)
{
	struct cube_watch watch;

	if(!target || !cube_dial_takes_out(conf, peer))
		return CUBE_USABLE_NO;
	if(present->sips && peer->url != CUBE_URL_SIPS && !peer->sips_downgrade)
		return CUBE_USABLE_SIPS;
	if(present->sips && present->keys && peer->session_transport != CUBE_TRANSPORT_TLS)
		return CUBE_USABLE_KEYS;
	if(!present->numbers(present->ctx, peer))
		return CUBE_USABLE_REJECTED;
	if(present->down && cube_watch_of(conf, peer, target, &watch) && present->down(present->ctx, &watch))
		return CUBE_USABLE_DOWN;
	if(present->hold && !present->hold(present->ctx, peer))
		return CUBE_USABLE_FULL;
	return CUBE_USABLE;
}

bool cube_usable_up(const struct cube_conf *conf, const struct cube_dial_peer *peer, const struct cube_watch *but,
		bool (*down)(void *ctx, const struct cube_watch *watch), void *ctx)
{
	const struct cube_target *target;
	struct cube_watch watch;
	unsigned i;

	for(i = 0; (target = cube_dial_peer_target(conf, peer, i)); i++) {
		if(!cube_watch_of(conf, peer, target, &watch))
			return true;
		if((!but || cube_watch_cmp(&watch, but) != 0) && !down(ctx, &watch))
			return true;
	}
	return false;
}

bool cube_usable_room(int max_conn, unsigned long calls)
{
	return max_conn == 0 || calls < (unsigned long)max_conn;
}
