/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ASN.1 times as numbers, and the digests of signature algorithms, by OpenSSL's tables. */
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <time.h>

#include "signed.h"

#define DIGEST_BITS_MIN 112 /* of security: half of the digest's length */

bool cube_time_of(const ASN1_TIME *time, int64_t *seconds)
{
	struct tm tm;

	/* NULL would be the present time */
	if(time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*seconds = timegm(&tm);
	return true;
}

const char *cube_time_text(int64_t seconds, char buf[32])
{
	time_t at = seconds;
	struct tm tm;

	if(gmtime_r(&at, &tm) == NULL || strftime(buf, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(buf, 32, "%lld", (long long)seconds);
	return buf;
}

const char *cube_early_text(int64_t not_before, char buf[CUBE_EARLY_TEXT_MAX])
{
	char when[32];

	snprintf(buf, CUBE_EARLY_TEXT_MAX, "is not valid before %s; check this machine's clock",
			cube_time_text(not_before, when));
	return buf;
}

/* RFC 4055 3.1: the digest is a parameter, SHA-1 if it is not given. */
static int pss_digest(int type, const void *parameter)
{
	const unsigned char *der = type == V_ASN1_SEQUENCE ? ASN1_STRING_get0_data(parameter) : NULL;
	RSA_PSS_PARAMS *pss = der != NULL ? d2i_RSA_PSS_PARAMS(NULL, &der, ASN1_STRING_length(parameter)) : NULL;
	int digest = NID_sha1;

	if(pss != NULL && pss->hashAlgorithm != NULL)
		digest = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
	RSA_PSS_PARAMS_free(pss);
	return digest;
}

bool cube_signature_strong(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	const void *parameter = NULL;
	int type, digest, key;
	const EVP_MD *md;

	X509_ALGOR_get0(&object, &type, &parameter, algorithm);
	if(!OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, &key))
		return false;
	if(key == NID_rsassaPss)
		digest = pss_digest(type, parameter);
	else if(digest == NID_undef)
		return true; /* Ed25519 and the like have theirs built in */
	md = EVP_get_digestbynid(digest);
	return md != NULL && EVP_MD_get_size(md) * 8 / 2 >= DIGEST_BITS_MIN;
}

bool cube_openssl_nomem(void)
{
	unsigned long code;
	bool nomem = false;

	while((code = ERR_get_error()) != 0)
		nomem = nomem || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
	return nomem;
}
