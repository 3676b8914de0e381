/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the page. */
#ifndef CUBE_SHOW_PAGE_PRIVATE_H
#define CUBE_SHOW_PAGE_PRIVATE_H

#include "html.h"
#include "page.h"

#define PAGE_ROWS_MAX 200 /* of each table */
#define PAGE_BAD_DAYS 3	  /* a certificate that ends so soon is bad; */
#define PAGE_WARN_DAYS 30 /* so soon: a warning */

/* "bad", "warn" or, when it is long until then, "" */
const char *page_end_class(int64_t end, int64_t now);

/* Each writes one section, or nothing where there is nothing to show. */
void page_tenants(const struct cube_html *html, const struct cube_state *state);
void page_connections(const struct cube_html *html, struct cube_state *state);
void page_certificates(const struct cube_html *html, const struct cube_state *state);
void page_handshakes(const struct cube_html *html, const struct cube_state *state);
void page_targets(const struct cube_html *html, const struct cube_state *state);
void page_dial_peers(const struct cube_html *html, const struct cube_state *state);

#endif
