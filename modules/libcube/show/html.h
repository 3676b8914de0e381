/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTML, piece by piece. Whatever is not our own word goes through cube_html_text(). */
#ifndef CUBE_SHOW_HTML_H
#define CUBE_SHOW_HTML_H

#include "state.h"

#define CUBE_HTML_TEXT_MAX 256 /* bytes of one stranger's text that are shown */

struct cube_html
{
	cube_put_f put;
	void *ctx;
};

/* Markup of ours: constants, numbers and addresses only, 1 KB at most. */
void cube_html_say(const struct cube_html *html, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Anybody's text, as text between tags or in a quoted attribute: & < > " ' become references; what is no UTF-8, a control
 * character or one that turns the direction of writing around becomes U+FFFD; cut, with an ellipsis. */
void cube_html_text(const struct cube_html *html, struct cube_str text);
/* "12 345", with thin spaces that do not break */
void cube_html_number(const struct cube_html *html, uint64_t number);
/* "3 d 4 h", "5 min", "12 s" */
void cube_html_age(const struct cube_html *html, int64_t seconds);

#endif
