/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/sip_frame.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/sip_frame.h"
#include "helper.h"

Suite *suite_sip_frame(void);

static const struct
{
	const char *stream;
	size_t want;
} rows[] = {
		{"A sip:b SIP/2.0\r\n\r\n", 19},
		{"A sip:b SIP/2.0\r\n\r\nB sip:c SIP/2.0\r\n\r\n", 19},
		{"A b C\r\nContent-Length: 3\r\n\r\nxyzB", 31},
		{"A b C\r\ncontent-length :\t3 \r\n\r\nxyz", 33},
		{"A b C\r\nl:3\r\n\r\nxyz", 17},
		{"A b C\r\nContent-Length: 0\r\n\r\n", 28},
		{"A b C\r\nContent-Length: 4\r\n\r\nxyz", 0},				  /* not whole */
		{"A b C\r\nContent-Length: x\r\n\r\n", 0},					  /* no number */
		{"A b C\r\nContent-Length: 3x\r\n\r\nxyz", 0},				  /* something behind it */
		{"A b C\r\nContent-Length:\r\n\r\n", 0},					  /* nothing */
		{"A b C\r\nContent-Length: 99999999999999999999\r\n\r\n", 0}, /* no overflow */
		{"A b C\r\nX-Content-Length: 3\r\n\r\n", 30},
		{"A b C\r\n", 0},
		{"A b C\r\n\r", 0},
		{"A b C\n\n", 0},
		{"\r\n\r\n", 0}, /* a keepalive is no message */
		{"", 0},
};

START_TEST(test_rows)
{
	size_t len = strlen(rows[_i].stream);
	char *stream = helper_exact(rows[_i].stream, len);

	ck_assert_msg(cube_sip_frame((struct cube_str){stream, len}) == rows[_i].want, "%s: %zu", rows[_i].stream,
			cube_sip_frame((struct cube_str){stream, len}));
	free(stream);
}
END_TEST

Suite *suite_sip_frame(void)
{
	Suite *s = suite_create("sip_frame");
	TCase *tc = tcase_create("sip_frame");

	tcase_add_loop_test(tc, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(s, tc);
	return s;
}
