/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "write.h"

#include <string.h>

#define DIGITS_MAX 20 /* of 2^64 */

void cube_write(struct cube_writing *w, struct cube_str piece)
{
	if(w->full || piece.len > w->size - w->len) {
		w->full = true;
		return;
	}
	if(piece.len)
		memcpy(w->s + w->len, piece.s, piece.len);
	w->len += piece.len;
}

void cube_write_number(struct cube_writing *w, unsigned long number)
{
	char digits[DIGITS_MAX];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while(number);
	cube_write(w, (struct cube_str){digits + at, sizeof(digits) - at});
}

bool cube_write_end(struct cube_writing *w)
{
	cube_write(w, (struct cube_str){"", 1});
	if(!w->full)
		w->len--;
	return !w->full;
}
