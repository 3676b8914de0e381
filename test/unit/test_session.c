/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tls/session.c: which change of a configuration ends resumption, and which records of a peer are believed. */
#include <check.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/tls/session.h"
#include "helper.h"
#include "tlspair.h"

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
#define NOW 1000000

Suite *suite_session(void);

static struct helper_files files;

static void setup(void)
{
	unsigned i;

	helper_files_init(&files);
	helper_files_pki(&files);
	for(i = 0; strcmp(files.v[i].path, "/cfg/pki/ca.pem") != 0; i++)
		;
	helper_files_put(&files, "/cfg/pki/copy.pem", files.v[i].data, files.v[i].len, 0644);
}

static void teardown(void)
{
	helper_files_free(&files);
}

/* Where a change is put in. */
enum place
{
	SIP_UA = 0,
	OWN,	/* the trustpoint of the identity */
	VERIFY, /* the one that verifies peers */
	OTHER,	/* one of no profile */
	PROFILE,
	PLACES,
};

#define TRUSTPOINT "trustpoint = own verify-trustpoint = verify "

/* What each place has before it is changed. */
static const char *const plain[PLACES] = {"", "certificate = pki/cube.pem private-key = pki/cube.key",
		"ca = pki/ca.pem", "ca = pki/other-ca.pem", TRUSTPOINT};

static const struct
{
	enum place place;
	const char *text;
	bool server, client; /* does it decide in this role? */
} changes[] = {
		{SIP_UA, "connection-aging-tls = 60", false, false},
		{SIP_UA, "crl-cache = cache", false, false},
		{SIP_UA, "tls-version = \"1.2+\"", true, true},
		{OWN, "certificate = pki/ec.pem private-key = pki/ec.key", true, true},
		{OWN, "certificate = pki/cube.pem private-key = pki/cube.key ocsp-url = \"http://x\"", false, false},
		{OWN, "certificate = pki/cube.pem private-key = pki/cube.key revocation-check = none", false, false},
		{VERIFY, "ca = pki/copy.pem", false, false},
		{VERIFY, "ca = pki/other-ca.pem", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = crl", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = { crl, none }", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = { crl, ocsp }", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = { ocsp, crl }", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = ocsp", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = none", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = ocsp ocsp-url = \"http://x\"", true, true},
		{VERIFY, "ca = pki/ca.pem revocation-check = ocsp ocsp-url = \"http://y\"", true, true},
		{VERIFY, "ca = pki/ca.pem crl = pki/ca.crl", true, true},
		{VERIFY, "ca = pki/ca.pem crl = pki/copy.pem", true, true},
		{VERIFY, "ca = pki/ca.pem crl = \"http://x\"", true, true},
		{VERIFY, "ca = pki/ca.pem crl = \"http://x\" revocation-check = crl", true, true},
		{OTHER, "ca = pki/ca.pem revocation-check = none", false, false},
		{PROFILE, TRUSTPOINT "description = x", false, false},
		{PROFILE, TRUSTPOINT "client-trustpoint = ec", false, true},
		{PROFILE, "trustpoint = own verify-trustpoint = other", true, true},
		{PROFILE, "trustpoint = own verify-trustpoint = { verify, other }", true, true},
		{PROFILE, TRUSTPOINT "tls-version = \"1.3\"", true, true},
		{PROFILE, TRUSTPOINT "cipher = strict", true, true},
		{PROFILE, TRUSTPOINT "cipher = 13 tls-version = \"1.3\"", true, true},
		{PROFILE, TRUSTPOINT "curves = P-256", true, true},
		{PROFILE, TRUSTPOINT "peer-eku = any", true, true},
		{PROFILE, TRUSTPOINT "cn-san-validate = none cn-san = { a.example.com }", true, true},
		{PROFILE, TRUSTPOINT "cn-san-validate = bidirectional cn-san = { a.example.com }", true, true},
		{PROFILE, TRUSTPOINT "cn-san-validate = bidirectional cn-san = { b.example.com }", true, true},
		{PROFILE, TRUSTPOINT "cn-san-validate = bidirectional cn-san = { a.example.com, b.example.com }", true, true},
		{PROFILE, TRUSTPOINT "cn-san-validate = server", true, true},
		{PROFILE, TRUSTPOINT "sni-send = true", true, true},
};

/* Of profile 1 with this one change (NULL: none), or of profile 2, which says the same. */
static struct cube_digest digest(enum place place, const char *change, enum cube_role role, int tag)
{
	const char *text[PLACES];
	struct cube_digest made;
	struct cube_conf *conf;
	struct cube_err err;
	char config[1200];

	memcpy(text, plain, sizeof(text));
	if(change != NULL)
		text[place] = change;
	snprintf(config, sizeof(config),
			"sip-ua { %s } trustpoint own { %s } trustpoint verify { %s } trustpoint other { %s }\n"
			"trustpoint ec { certificate = pki/ec.pem private-key = pki/ec.key }\n"
			"tls-cipher 13 { cipher = AES128_GCM_SHA256 }\n"
			"tls-profile 1 { %s } tls-profile 2 { %s }",
			text[SIP_UA], text[OWN], text[VERIFY], text[OTHER], text[PROFILE], text[PROFILE]);
	conf = helper_load(&files, config, strlen(config), &err);
	ck_assert_msg(conf != NULL, "%s: %s", change != NULL ? change : "", err.text);
	ck_assert_int_eq(conf->tls_profiles[tag - 1].tag, tag);
	ck_assert_int_eq(cube_tls_policy_digest(conf, &conf->tls_profiles[tag - 1], role, &made), 0);
	cube_conf_free(&conf);
	return made;
}

static bool equal(const struct cube_digest *a, const struct cube_digest *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Each change that decides gives a digest of its own among those in its place, any other one none. In two places the same
 * may be said: which CA, which identity. */
START_TEST(test_digest)
{
	enum cube_role role = _i == 0 ? CUBE_ROLE_SERVER : CUBE_ROLE_CLIENT;
	struct cube_digest before = digest(SIP_UA, NULL, role, 1), made[N(changes)];

	for(int i = 0; i < N(changes); i++) {
		bool decides = role == CUBE_ROLE_SERVER ? changes[i].server : changes[i].client;

		made[i] = digest(changes[i].place, changes[i].text, role, 1);
		ck_assert_msg(equal(&made[i], &before) != decides, "%s", changes[i].text);
		for(int k = 0; k < i && decides; k++)
			ck_assert_msg(changes[i].place != changes[k].place || !equal(&made[i], &made[k]), "%s, and %s",
					changes[i].text, changes[k].text);
	}
}
END_TEST

START_TEST(test_digest_whose)
{
	struct cube_digest server = digest(SIP_UA, NULL, CUBE_ROLE_SERVER, 1);
	struct cube_digest again = digest(SIP_UA, NULL, CUBE_ROLE_SERVER, 1);
	struct cube_digest client = digest(SIP_UA, NULL, CUBE_ROLE_CLIENT, 1);
	struct cube_digest other = digest(SIP_UA, NULL, CUBE_ROLE_SERVER, 2);

	ck_assert(equal(&server, &again)); /* across a reload */
	ck_assert(!equal(&server, &client));
	ck_assert(!equal(&server, &other));
}
END_TEST

START_TEST(test_record)
{
	struct cube_tls_peer peer = {.not_after = NOW + 10, .cn_san_verified = _i != 0}, restored = {.verify_error = 1};
	struct cube_checks checks;
	struct cube_session_peer record = cube_session_peer_of(&peer, 7, NOW);

	ck_assert(cube_session_fits(&record, sizeof(record), 7, NOW, &checks));
	cube_session_restore(&record, &restored);
	ck_assert_int_eq(restored.not_after, NOW + 10);
	ck_assert_int_eq(restored.cn_san_verified, _i != 0);
	ck_assert_int_eq(restored.verify_error, X509_V_OK);
}
END_TEST

/* A record may be cut, from another release, another tenant's, or older than the certificate it tells of. */
START_TEST(test_record_unfit)
{
	struct cube_tls_peer peer = {.not_after = NOW + 10};
	struct cube_checks checks;
	struct cube_session_peer record = cube_session_peer_of(&peer, 7, NOW), odd;
	unsigned char longer[sizeof(record) + 1] = {0}, shifted[sizeof(record) + 1];

	ck_assert(cube_session_fits(&record, sizeof(record), 7, NOW + 9, &checks));
	ck_assert(!cube_session_fits(&record, sizeof(record), 7, NOW + 10, &checks));
	ck_assert(!cube_session_fits(&record, sizeof(record), 7, INT64_MAX, &checks));
	ck_assert(!cube_session_fits(&record, sizeof(record), 0, NOW, &checks));
	ck_assert(!cube_session_fits(&record, sizeof(record), -7, NOW, &checks));
	for(size_t len = 0; len < sizeof(record); len++)
		ck_assert(!cube_session_fits(&record, len, 7, NOW, &checks));
	memcpy(longer, &record, sizeof(record));
	ck_assert(!cube_session_fits(longer, sizeof(longer), 7, NOW, &checks));
	memcpy(shifted + 1, &record, sizeof(record));
	ck_assert(cube_session_fits(shifted + 1, sizeof(record), 7, NOW, &checks));
	odd = record;
	odd.checks.n = CUBE_CHECKS_MAX + 1;
	ck_assert(!cube_session_fits(&odd, sizeof(odd), 7, NOW, &checks));
	odd = record;
	odd.size++;
	ck_assert(!cube_session_fits(&odd, sizeof(odd), 7, NOW, &checks));
	peer.not_after = 0; /* nobody has looked at its chain */
	odd = cube_session_peer_of(&peer, 7, NOW);
	ck_assert(!cube_session_fits(&odd, sizeof(odd), 7, NOW, &checks));
}
END_TEST

/* What was asked about revocation goes with it; who passed by "none" alone is asked about again in a minute, and no
 * resumption puts that off. */
START_TEST(test_record_checks)
{
	struct cube_tls_peer peer = {.not_after = NOW + 1000, .checks = {.again = 60, .n = 1}}, restored = {.role = 0};
	struct cube_session_peer record;
	struct cube_checks checks;

	peer.checks.v[0].serial.bytes[0] = 7;
	record = cube_session_peer_of(&peer, 7, NOW);
	ck_assert(cube_session_fits(&record, sizeof(record), 7, NOW + 59, &checks));
	ck_assert_mem_eq(&checks, &peer.checks, sizeof(checks));
	ck_assert(!cube_session_fits(&record, sizeof(record), 7, NOW + 60, &checks));
	cube_session_restore(&record, &restored);
	record = cube_session_peer_of(&restored, 7, NOW + 59);
	ck_assert(!cube_session_fits(&record, sizeof(record), 7, NOW + 60, &checks));
	ck_assert_uint_eq(record.checks.n, 1);
}
END_TEST

/* It ends with the certificate, or two hours behind the full handshake. */
START_TEST(test_record_end)
{
	static const struct
	{
		int64_t not_after, end;
	} cases[] = {
			{NOW + 60, NOW + 60},
			{NOW + CUBE_SESSION_SECONDS, NOW + CUBE_SESSION_SECONDS},
			{NOW + CUBE_SESSION_SECONDS + 1, NOW + CUBE_SESSION_SECONDS},
			{INT64_MAX, NOW + CUBE_SESSION_SECONDS},
	};
	struct cube_tls_peer peer = {.not_after = cases[_i].not_after};
	struct cube_session_peer record = cube_session_peer_of(&peer, 100, NOW);
	struct cube_checks checks;

	ck_assert(cube_session_fits(&record, sizeof(record), 100, cases[_i].end - 1, &checks));
	ck_assert(!cube_session_fits(&record, sizeof(record), 100, cases[_i].end, &checks));
}
END_TEST

/* One that is renewed again and again ends when the first one would have. */
START_TEST(test_record_renewed)
{
	struct cube_tls_peer peer = {.not_after = NOW + 10 * CUBE_SESSION_SECONDS};
	struct cube_session_peer record;
	struct cube_checks checks;

	for(int64_t now = NOW; now < NOW + CUBE_SESSION_SECONDS; now += CUBE_SESSION_SECONDS / 8) {
		record = cube_session_peer_of(&peer, 100, now);
		cube_session_restore(&record, &peer);
		ck_assert_int_eq(record.not_after, NOW + CUBE_SESSION_SECONDS);
	}
	ck_assert(!cube_session_fits(&record, sizeof(record), 100, NOW + CUBE_SESSION_SECONDS, &checks));
}
END_TEST

/* What is kept of a session is all but the certificate, in a form that OpenSSL reads. */
START_TEST(test_pack)
{
	struct pki ca = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "ca", .ca = true});
	struct pki id = pki_make(&(struct pki_spec){.key = PKI_P256, .cn = "peer", .issuer = &ca});
	const struct pki *ids[] = {&id}, *cas[] = {&ca};
	unsigned char buf[512], again[512], key[2][SSL_MAX_MASTER_KEY_LENGTH];
	const unsigned char *p = buf;
	struct cube_err err;
	SSL_SESSION *session, *copy;
	SSL *server, *client;
	struct ours o;
	size_t len;

	cube_err_reset(&err);
	ours_make(&o, ids, 1, cas, 1);
	ours_ready(&o);
	server = ours_ssl(&o, CUBE_ROLE_SERVER, &err);
	client = plain_ssl(false, ids, 1, &ca);
	ck_assert(tls_meet(server, client));
	session = SSL_get_session(server);
	ck_assert_ptr_nonnull(SSL_SESSION_get0_peer(session));
	len = cube_session_pack(session, buf, sizeof(buf));
	ck_assert_uint_gt(len, 100);
	ck_assert_uint_eq(cube_session_pack(session, buf, len), len);
	ck_assert_uint_eq(cube_session_pack(session, buf, len - 1), 0);
	copy = d2i_SSL_SESSION(NULL, &p, (long)len);
	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_eq(p, buf + len);
	ck_assert_ptr_null(SSL_SESSION_get0_peer(copy));
	ck_assert_int_eq(SSL_SESSION_get_protocol_version(copy), SSL_SESSION_get_protocol_version(session));
	ck_assert_ptr_eq(SSL_SESSION_get0_cipher(copy), SSL_SESSION_get0_cipher(session));
	/* The time is in there too; OpenSSL 3.4 has another function for it than 3.0. */
	ck_assert_uint_eq(cube_session_pack(copy, again, sizeof(again)), len);
	ck_assert_mem_eq(again, buf, len);
	ck_assert_int_eq(SSL_SESSION_get_timeout(copy), CUBE_SESSION_SECONDS);
	len = SSL_SESSION_get_master_key(session, key[0], sizeof(key[0]));
	ck_assert_uint_eq(SSL_SESSION_get_master_key(copy, key[1], sizeof(key[1])), len);
	ck_assert_mem_eq(key[0], key[1], len);
	SSL_SESSION_free(copy);
	SSL_free(server);
	SSL_free(client);
	ours_free(&o);
	pki_free(&id);
	pki_free(&ca);
}
END_TEST

Suite *suite_session(void)
{
	Suite *s = suite_create("session");
	TCase *tc = tcase_create("digest");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_digest, 0, 2);
	tcase_add_test(tc, test_digest_whose);
	suite_add_tcase(s, tc);
	tc = tcase_create("records");
	tcase_add_loop_test(tc, test_record, 0, 2);
	tcase_add_test(tc, test_record_unfit);
	tcase_add_test(tc, test_record_checks);
	tcase_add_loop_test(tc, test_record_end, 0, 4);
	tcase_add_test(tc, test_record_renewed);
	tcase_add_test(tc, test_pack);
	suite_add_tcase(s, tc);
	return s;
}
