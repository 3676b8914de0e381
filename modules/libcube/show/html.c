/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SAY_MAX 1024
#define UNKNOWN "\xef\xbf\xbd" /* U+FFFD */

void cube_html_say(const struct cube_html *html, const char *fmt, ...)
{
	char text[SAY_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if(n > 0 && (size_t)n < sizeof(text)) /* half of a tag would be worse than none */
		html->put(html->ctx, text, (size_t)n);
}

static const char *reference(char c)
{
	switch(c) {
		case '&':
			return "&amp;";
		case '<':
			return "&lt;";
		case '>':
			return "&gt;";
		case '"':
			return "&quot;";
		case '\'':
			return "&#39;";
		default:
			return NULL;
	}
}

/* Of n bytes: C1 controls, and the marks and overrides of Unicode's bidirectional algorithm, by which a text could show
 * another one than it is. */
static bool misleads(const char *c, size_t n)
{
	const unsigned char *p = (const unsigned char *)c;

	if(n == 2)
		return (p[0] == 0xC2 && p[1] < 0xA0) || (p[0] == 0xD8 && p[1] == 0x9C);
	if(n != 3 || p[0] != 0xE2)
		return false;
	return (p[1] == 0x80 && (p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE)))
		   || (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9);
}

void cube_html_text(const struct cube_html *html, struct cube_str text)
{
	size_t i = 0, from = 0, end = text.len < CUBE_HTML_TEXT_MAX ? text.len : CUBE_HTML_TEXT_MAX;

	while(i < end) {
		size_t n = cube_utf8_next(text.s + i, text.len - i);
		bool control = n == 1 && ((unsigned char)text.s[i] < ' ' || text.s[i] == 127);
		const char *instead = n == 0 || control || misleads(text.s + i, n) ? UNKNOWN
							  : n == 1									   ? reference(text.s[i])
																		   : NULL;

		n = n > 0 ? n : 1;
		if(instead != NULL) {
			if(i > from)
				html->put(html->ctx, text.s + from, i - from);
			html->put(html->ctx, instead, strlen(instead));
			from = i + n;
		}
		i += n;
	}
	if(i > from)
		html->put(html->ctx, text.s + from, i - from);
	if(i < text.len)
		cube_html_say(html, "&hellip;");
}

void cube_html_number(const struct cube_html *html, uint64_t number)
{
	if(number >= 1000) {
		cube_html_number(html, number / 1000);
		cube_html_say(html, "&#8239;%03u", (unsigned)(number % 1000));
	} else {
		cube_html_say(html, "%u", (unsigned)number);
	}
}

void cube_html_age(const struct cube_html *html, int64_t s)
{
	if(s < 0)
		s = 0;
	if(s >= 86400)
		cube_html_say(html, "%" PRId64 "&nbsp;d %d&nbsp;h", s / 86400, (int)(s / 3600 % 24));
	else if(s >= 3600)
		cube_html_say(html, "%d&nbsp;h %d&nbsp;min", (int)(s / 3600), (int)(s / 60 % 60));
	else if(s >= 60)
		cube_html_say(html, "%d&nbsp;min", (int)(s / 60));
	else
		cube_html_say(html, "%d&nbsp;s", (int)s);
}
