/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of an X509 certificate, and whether they are permitted. dNSName, CN and iPAddress are compared by OpenSSL;
 * by hand is what it lacks: SIP URIs, and the text for logs. Knows no connection. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "identity.h"
#include "name.h"

#define TEXT_NAMES_MAX 8 /* of a certificate's names, in a log line */

static struct cube_str asn1_view(const ASN1_STRING *text)
{
	int len = text != NULL ? ASN1_STRING_length(text) : 0;

	return len > 0 ? (struct cube_str){(const char *)ASN1_STRING_get0_data(text), (size_t)len}
				   : (struct cube_str){NULL, 0};
}

static bool match_host(X509 *cert, struct cube_str permit, unsigned flags)
{
	bool wildcard = cube_str_starts(permit, CUBE_STR("*."));
	char *presented = NULL;
	bool ok;

	/* X509_check_host takes ".acme.co" for any host of that domain, one label below it by our flags */
	ok = X509_check_host(cert, permit.s + wildcard, permit.len - wildcard, flags, &presented) == 1;
	/* and would let a presented ".acme.co" pass for one */
	ok = ok && presented != NULL && presented[0] != '.';
	OPENSSL_free(presented);
	return ok;
}

static bool match_sip_uri(const GENERAL_NAMES *sans, struct cube_str permit)
{
	for(int i = 0; i < sk_GENERAL_NAME_num(sans); i++) {
		const GENERAL_NAME *san = sk_GENERAL_NAME_value(sans, i);
		struct cube_str domain;

		if(san->type == GEN_URI && cube_name_sip_domain(asn1_view(san->d.uniformResourceIdentifier), &domain)
				&& cube_name_match(permit, domain))
			return true;
	}
	return false;
}

static bool has_san_name(const GENERAL_NAMES *sans)
{
	for(int i = 0; i < sk_GENERAL_NAME_num(sans); i++) {
		const GENERAL_NAME *san = sk_GENERAL_NAME_value(sans, i);
		struct cube_str domain;

		if(san->type == GEN_DNS)
			return true;
		if(san->type == GEN_URI && cube_name_sip_domain(asn1_view(san->d.uniformResourceIdentifier), &domain))
			return true;
	}
	return false;
}

static unsigned target_flags(const GENERAL_NAMES *sans)
{
	unsigned flags = CUBE_IDENTITY_HOST_FLAGS & ~(unsigned)X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT;

	return has_san_name(sans) ? flags | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : flags;
}

static bool match_name(
		X509 *cert, const GENERAL_NAMES *sans, struct cube_str permit, unsigned flags, char matched[CUBE_PEER_NAME_MAX])
{
	if(!match_host(cert, permit, flags) && !match_sip_uri(sans, permit))
		return false;
	if(matched != NULL)
		snprintf(matched, CUBE_PEER_NAME_MAX, "%.*s", CUBE_FMT(permit));
	return true;
}

bool cube_identity_match(X509 *cert, const struct cube_list *names, struct cube_str host, const struct cube_ip *ip,
		char matched[CUBE_PEER_NAME_MAX])
{
	GENERAL_NAMES *sans = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool ok = false;

	if(host.len > 1 && host.s[host.len - 1] == '.')
		host.len--;
	/* a target's host is one name: a '*' in it permits nothing */
	if(cube_name_is_host(host))
		ok = match_name(cert, sans, host, target_flags(sans), matched);
	for(unsigned i = 0; !ok && i < names->n; i++)
		ok = cube_name_is_permit(names->v[i]) && match_name(cert, sans, names->v[i], CUBE_IDENTITY_HOST_FLAGS, matched);
	if(!ok && ip->len > 0 && X509_check_ip(cert, ip->bytes, ip->len, 0) == 1) {
		char text[CUBE_ADDR_TEXT_MAX];

		ok = true;
		if(matched != NULL)
			snprintf(matched, CUBE_PEER_NAME_MAX, "%s", cube_ip_text(ip, false, text));
	}
	GENERAL_NAMES_free(sans);
	ERR_clear_error();
	return ok;
}

/* The domains of the SIP URIs as dNSName; NULL when there is none, or no memory (*failed). */
static GENERAL_NAMES *sip_domains(const GENERAL_NAMES *sans, bool *failed)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	*failed = names == NULL;
	for(int i = 0; !*failed && i < sk_GENERAL_NAME_num(sans); i++) {
		const GENERAL_NAME *san = sk_GENERAL_NAME_value(sans, i);
		GENERAL_NAME *name;
		ASN1_IA5STRING *text;
		struct cube_str domain;

		if(san->type != GEN_URI || !cube_name_sip_domain(asn1_view(san->d.uniformResourceIdentifier), &domain))
			continue;
		name = GENERAL_NAME_new();
		text = ASN1_IA5STRING_new();
		*failed = name == NULL || text == NULL || !ASN1_STRING_set(text, domain.s, (int)domain.len);
		if(!*failed) {
			GENERAL_NAME_set0_value(name, GEN_DNS, text);
			text = NULL;
			*failed = !sk_GENERAL_NAME_push(names, name);
			name = *failed ? name : NULL;
		}
		ASN1_IA5STRING_free(text);
		GENERAL_NAME_free(name);
	}
	if(*failed || sk_GENERAL_NAME_num(names) == 0) {
		GENERAL_NAMES_free(names);
		names = NULL;
	}
	return names;
}

static bool ca_permits(X509 *ca, X509 *cert)
{
	int critical = 0;
	NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(ca, NID_name_constraints, &critical, NULL);
	bool ok = constraints != NULL ? NAME_CONSTRAINTS_check(cert, constraints) == X509_V_OK : critical == -1;

	NAME_CONSTRAINTS_free(constraints);
	return ok;
}

bool cube_identity_permitted(STACK_OF(X509) * chain)
{
	X509 *cert = sk_X509_value(chain, 0), *stand_in = NULL;
	GENERAL_NAMES *sans = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool failed = false;
	GENERAL_NAMES *domains = sip_domains(sans, &failed);

	if(domains != NULL) {
		/* the same certificate, with the domains as dNSName: those OpenSSL can judge */
		stand_in = X509_dup(cert);
		failed = stand_in == NULL
				 || X509_add1_ext_i2d(stand_in, NID_subject_alt_name, domains, 0, X509V3_ADD_REPLACE) != 1
				 || X509_check_purpose(stand_in, -1, 0) != 1;
		for(int i = 1; !failed && i < sk_X509_num(chain); i++)
			failed = !ca_permits(sk_X509_value(chain, i), stand_in);
	}
	X509_free(stand_in);
	GENERAL_NAMES_free(domains);
	GENERAL_NAMES_free(sans);
	ERR_clear_error();
	return !failed;
}

struct text
{
	char *buf;
	size_t size, used;
	unsigned names;
};

/* Strangers choose these bytes and they end in a log. */
static void text_add(struct text *t, const char *prefix, struct cube_str name)
{
	if(t->names >= TEXT_NAMES_MAX)
		return;
	t->used += (size_t)snprintf(t->buf + t->used, t->size - t->used, "%s%s", t->names > 0 ? ", " : "", prefix);
	if(t->used >= t->size)
		t->used = t->size - 1;
	for(size_t i = 0; i < name.len && i < CUBE_PEER_NAME_MAX && t->used + 1 < t->size; i++) {
		char c = name.s[i];

		t->buf[t->used++] = c >= ' ' && c <= '~' && c != ',' && c != '"' && c != '%' ? c : '?';
	}
	t->buf[t->used] = '\0';
	t->names++;
}

static void text_sans(struct text *t, X509 *cert)
{
	GENERAL_NAMES *sans = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for(int i = 0; i < sk_GENERAL_NAME_num(sans); i++) {
		const GENERAL_NAME *san = sk_GENERAL_NAME_value(sans, i);

		if(san->type == GEN_DNS) {
			text_add(t, "", asn1_view(san->d.dNSName));
		} else if(san->type == GEN_URI) {
			text_add(t, "", asn1_view(san->d.uniformResourceIdentifier));
		} else if(san->type == GEN_IPADD) {
			struct cube_str bytes = asn1_view(san->d.iPAddress);
			struct cube_ip ip = {.len = (uint8_t)bytes.len};
			char ip_text[CUBE_ADDR_TEXT_MAX];

			if(bytes.len != 4 && bytes.len != 16)
				continue;
			memcpy(ip.bytes, bytes.s, bytes.len);
			text_add(t, "", cube_str_of(cube_ip_text(&ip, false, ip_text)));
		}
	}
	GENERAL_NAMES_free(sans);
}

const char *cube_identity_text(X509 *cert, char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = -1;

	if(size == 0)
		return buf;
	buf[0] = '\0';
	text_sans(&t, cert);
	while((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		text_add(&t, "CN ", asn1_view(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
	if(t.names == 0) {
		char line[CUBE_PEER_NAME_MAX];

		X509_NAME_oneline(subject, line, sizeof(line));
		text_add(&t, "subject ", cube_str_of(line));
	}
	ERR_clear_error();
	return buf;
}

static struct cube_str first_san(const GENERAL_NAMES *sans, int type)
{
	struct cube_str name = {NULL, 0};

	for(int i = 0; i < sk_GENERAL_NAME_num(sans); i++) {
		const GENERAL_NAME *san = sk_GENERAL_NAME_value(sans, i);

		if(san->type != type)
			continue;
		if(type == GEN_DNS)
			return asn1_view(san->d.dNSName);
		if(cube_name_sip_domain(asn1_view(san->d.uniformResourceIdentifier), &name))
			return name;
	}
	return name;
}

const char *cube_identity_name(X509 *cert, char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};
	GENERAL_NAMES *sans = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	struct cube_str name = first_san(sans, GEN_DNS);

	if(name.len == 0)
		name = first_san(sans, GEN_URI);
	if(name.len == 0 && at >= 0)
		name = asn1_view(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if(size > 0) {
		buf[0] = '\0';
		text_add(&t, "", name);
	}
	GENERAL_NAMES_free(sans);
	ERR_clear_error();
	return buf;
}
