/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By OpenSSL's printers, behind a filter: names in certificates are a stranger's own choice. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "certinfo.h"
#include "identity.h"
#include "signed.h"

#define DAY 86400

static void name_text(const X509_NAME *name, char text[CUBE_CERT_TEXT_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0, i;

	if(bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(bio, text, CUBE_CERT_TEXT_MAX - 1);
	text[len > 0 ? len : 0] = '\0';
	for(i = 0; i < len; i++) {
		if(text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
	BIO_free(bio);
}

static void key_text(X509 *cert, char text[32])
{
	static const struct
	{
		const char *openssl, *field;
	} curves[] = {{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
	char group[24];

	if(key != NULL && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1
			&& EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
		for(size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
			if(strcmp(group, curves[i].openssl) == 0)
				snprintf(group, sizeof(group), "%s", curves[i].field);
		}
		snprintf(text, 32, "EC %s", group);
	} else if(key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		snprintf(text, 32, "RSA %d", EVP_PKEY_get_bits(key));
	} else {
		snprintf(text, 32, "%s", type != NULL ? type : "unknown");
	}
}

const char *cube_serial_text(const struct cube_serial *serial, char text[2 * CUBE_SERIAL_LEN + 1])
{
	int first = 0;

	while(first < CUBE_SERIAL_LEN - 1 && serial->bytes[first] == 0)
		first++;
	for(int i = first; i < CUBE_SERIAL_LEN; i++)
		snprintf(text + 2 * (i - first), 3, "%02X", serial->bytes[i]);
	return text;
}

void cube_cert_info(X509 *cert, struct cube_cert_info *info)
{
	struct cube_serial serial;

	memset(info, 0, sizeof(*info));
	name_text(X509_get_subject_name(cert), info->subject);
	name_text(X509_get_issuer_name(cert), info->issuer);
	cube_identity_text(cert, info->names, sizeof(info->names));
	if(cube_serial_of(X509_get0_serialNumber(cert), &serial))
		cube_serial_text(&serial, info->serial);
	key_text(cert, info->key);
	if(!cube_time_of(X509_get0_notBefore(cert), &info->not_before)
			|| !cube_time_of(X509_get0_notAfter(cert), &info->not_after))
		info->not_before = info->not_after = 0;
	ERR_clear_error();
}

int cube_days_left(int64_t end, int64_t now)
{
	int64_t left = end - now, days = left >= 0 ? left / DAY : -((-left + DAY - 1) / DAY);

	return days > 1000000 ? 1000000 : days < -1000000 ? -1000000 : (int)days;
}

int cube_expiry_stage(int64_t end, int64_t now)
{
	static const int stages[] = {1, 3, 7, 14, 30};

	if(end <= now)
		return 0;
	for(size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if(end - now <= (int64_t)stages[i] * DAY)
			return stages[i];
	}
	return CUBE_EXPIRY_NONE;
}
