/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/crl.c: times that are none. */
#include <check.h>
#include <stdlib.h>

#include "../../modules/libcube/tls/crl.h"
#include "revocation.h"

Suite *suite_crl_times(void);

static void break_time(const ASN1_TIME *time)
{
	ck_assert_int_eq(ASN1_STRING_set((ASN1_STRING *)(uintptr_t)time, "261340000000Z", -1), 1);
}

static void break_this(X509_CRL *crl)
{
	break_time(X509_CRL_get0_lastUpdate(crl));
}

static void break_next(X509_CRL *crl)
{
	break_time(X509_CRL_get0_nextUpdate(crl));
}

START_TEST(test_no_time)
{
	static const struct
	{
		void (*odd)(X509_CRL *crl);
		const char *err;
	} rows[] = {{break_this, "its thisUpdate is no time"}, {break_next, "its nextUpdate is no time"}};
	struct pki ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "ca", .ca = true});
	time_t now = time(NULL);

	for(unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct revocation_der der =
				revocation_crl(&(struct revocation_crl){.issuer = &ca, .now = now, .odd = rows[i].odd});
		struct cube_err err;

		cube_err_reset(&err);
		ck_assert_ptr_null(cube_crl_read(der.data, der.len, ca.cert, "", now, &err));
		ck_assert_str_eq(err.text, rows[i].err);
		free(der.data);
	}
	pki_free(&ca);
}
END_TEST

Suite *suite_crl_times(void)
{
	Suite *s = suite_create("crl_times");
	TCase *tc = tcase_create("crl_times");

	tcase_add_test(tc, test_no_time);
	suite_add_tcase(s, tc);
	return s;
}
