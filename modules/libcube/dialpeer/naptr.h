/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAPTR records of a name that calls go to. RFC 3263 4.1 asks for them where the transport is not known. Here it is, by the
 * dial-peer's session-transport; what they still tell is whose SRV records are the name's for this transport. */
#ifndef CUBE_DIALPEER_NAPTR_H
#define CUBE_DIALPEER_NAPTR_H

#include "../conf/model.h"

/* RFC 3403 4.1; texts as they came from DNS. */
struct cube_naptr
{
	unsigned order, preference;
	struct cube_str flags, services, regexp, replacement;
};

/* Where a record leads to. */
struct cube_naptr_lead
{
	struct cube_str domain; /* borrowed from the record */
	unsigned record;		/* its index */
};

/* The domains of the SRV records that the records lead to for this transport: replacement without "_sip._udp.", "_sip._tcp." or
 * "_sips._tcp."; the lowest order first, then the lowest preference, then as they came; the first `max` of them. Returns how many there
 * are in leads. Only records that RFC 3263 4.1 knows count (flag "s", no regexp), with that beginning of their replacement. */
unsigned cube_naptr_leads(const struct cube_naptr *records, unsigned n, enum cube_transport transport,
		struct cube_naptr_lead *leads, unsigned max);

#endif
