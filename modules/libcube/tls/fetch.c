/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URLs out of certificates, by OpenSSL's parser of their extensions, and the form of a reply. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "fetch.h"

#define TIME_MIN (-62167219200) /* 0000-01-01 00:00:00 UTC */
#define TIME_MAX 253402300799	/* 9999-12-31 23:59:59 UTC */

static bool take(const GENERAL_NAME *name, char url[CUBE_FETCH_URL_MAX])
{
	struct cube_str text;

	if(name->type != GEN_URI)
		return false;
	text.s = (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
	text.len = (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier);
	if(!cube_fetch_url_ok(text))
		return false;
	memcpy(url, text.s, text.len);
	memcpy(url, CUBE_FETCH_SCHEME, sizeof(CUBE_FETCH_SCHEME) - 1);
	url[text.len] = '\0';
	return true;
}

static bool take_point(const DIST_POINT *point, char url[CUBE_FETCH_URL_MAX])
{
	/* for all reasons, by the certificate's own issuer, and not by a name relative to it */
	if(point->reasons != NULL || point->CRLissuer != NULL || point->distpoint == NULL || point->distpoint->type != 0)
		return false;
	for(int i = 0; i < sk_GENERAL_NAME_num(point->distpoint->name.fullname); i++) {
		if(take(sk_GENERAL_NAME_value(point->distpoint->name.fullname, i), url))
			return true;
	}
	return false;
}

static bool crl_url(X509 *cert, char url[CUBE_FETCH_URL_MAX])
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	bool found = false;

	for(int i = 0; i < sk_DIST_POINT_num(points) && !found; i++)
		found = take_point(sk_DIST_POINT_value(points, i), url);
	CRL_DIST_POINTS_free(points);
	return found;
}

static bool ocsp_url(X509 *cert, char url[CUBE_FETCH_URL_MAX])
{
	AUTHORITY_INFO_ACCESS *all = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	bool found = false;

	for(int i = 0; i < sk_ACCESS_DESCRIPTION_num(all) && !found; i++) {
		const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(all, i);

		found = OBJ_obj2nid(one->method) == NID_ad_OCSP && take(one->location, url);
	}
	AUTHORITY_INFO_ACCESS_free(all);
	return found;
}

bool cube_fetch_url_of(X509 *cert, enum cube_fetch_kind kind, char url[CUBE_FETCH_URL_MAX])
{
	bool found;

	url[0] = '\0';
	found = kind == CUBE_FETCH_CRL ? crl_url(cert, url) : ocsp_url(cert, url);
	ERR_clear_error();
	return found;
}

static bool printable(const char *text, size_t len)
{
	for(size_t i = 0; i < len; i++) {
		if(text[i] < ' ' || text[i] > '~')
			return false;
	}
	return true;
}

/* What is reckoned with them then stays far from the ends of int64_t. */
static bool time_ok(int64_t seconds)
{
	return seconds >= TIME_MIN && seconds <= TIME_MAX;
}

static bool crl_ok(const char *data, size_t len)
{
	struct cube_crl crl; /* a copy of its head: data is aligned to nothing */

	if(len < sizeof(crl))
		return false;
	memcpy(&crl, data, sizeof(crl));
	return crl.n <= CUBE_CRL_ENTRIES_MAX && cube_crl_bytes(crl.n) == len && crl.covers != 0
		   && crl.covers <= (CUBE_CRL_USERS | CUBE_CRL_CAS) && time_ok(crl.this_update) && time_ok(crl.next_update);
}

static bool ocsp_ok(const struct cube_ocsp *ocsp)
{
	return (int)ocsp->status >= CUBE_OCSP_GOOD && (int)ocsp->status <= CUBE_OCSP_UNKNOWN && time_ok(ocsp->this_update)
		   && time_ok(ocsp->next_update);
}

bool cube_fetch_reply_ok(const struct cube_fetch_reply *reply, size_t len, enum cube_fetch_kind kind)
{
	const char *text = (const char *)(reply + 1);
	size_t data_len;

	if(len < sizeof(*reply) || reply->magic != CUBE_FETCH_MAGIC || reply->ok > 1 || reply->kind != kind)
		return false;
	data_len = reply->data_len;
	if(reply->text_len > CUBE_FETCH_TEXT_MAX || len != sizeof(*reply) + reply->text_len + data_len)
		return false;
	/* it goes to a log */
	if(!printable(text, reply->text_len))
		return false;
	if(!reply->ok)
		return data_len == 0;
	if(reply->kind == CUBE_FETCH_CRL)
		return crl_ok(text + reply->text_len, data_len);
	return data_len > 0 && data_len <= CUBE_FETCH_OCSP_MAX && ocsp_ok(&reply->ocsp);
}
