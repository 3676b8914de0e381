# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents' cipher and version names, what OpenSSL calls them, and which of them can meet: a table of the tests'
own, so that a slip in the product's is seen."""

import collections

RSA, EC, ANY = "RSA", "EC", "any"
UP_TO_1_2 = ("1.0", "1.1", "1.2")

# ios: as in cube.conf. openssl: as both OpenSSL and cube_tls.connections call it. key: of the server's certificate.
Suite = collections.namedtuple("Suite", "ios openssl versions key")

SUITES = [
    Suite("AES128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", ("1.3",), ANY),
    Suite("AES256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", ("1.3",), ANY),
    Suite("CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", ("1.3",), ANY),
    Suite("DHE_RSA_AES128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", ("1.2",), RSA),
    Suite("DHE_RSA_AES256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384", ("1.2",), RSA),
    Suite("ECDHE_RSA_AES128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", ("1.2",), RSA),
    Suite("ECDHE_RSA_AES256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", ("1.2",), RSA),
    Suite("ECDHE_ECDSA_AES128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", ("1.2",), EC),
    Suite("ECDHE_ECDSA_AES256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", ("1.2",), EC),
    Suite("DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA", UP_TO_1_2, RSA),
    Suite("DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA", UP_TO_1_2, RSA),
    Suite("RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", UP_TO_1_2, RSA),
    Suite("RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", UP_TO_1_2, RSA),
]
BY_IOS = {suite.ios: suite for suite in SUITES}

VERSIONS = ("1.0", "1.1", "1.2", "1.3")
SETTINGS = {"1.0": ("1.0",), "1.1": ("1.1",), "1.2": ("1.2",), "1.3": ("1.3",), "1.1+": ("1.1", "1.2", "1.3"),
            "1.2+": ("1.2", "1.3")}

# A certificate of test/pki for each kind of key: ours, and the far end's.
KEYS = {"rsa2048": (RSA, "tenant200", "ogw"), "rsa3072": (RSA, "rsa3072", "rsa3072"),
        "P-256": (EC, "tenant100", "tgw"), "P-384": (EC, "ec384", "ec384"), "P-521": (EC, "ec521", "ec521")}


def fits(suite, kind):
    """Whether a server with a key of this kind (RSA, EC) can serve the suite."""
    return suite.key in (ANY, kind)


def usable(setting, kind):
    """The suites of a tls-version setting that a key of this kind can serve."""
    return [s for s in SUITES if fits(s, kind) and set(s.versions) & set(SETTINGS[setting])]


def pairs(suites, versions):
    """What can be negotiated with these: (version, suite)."""
    return [(v, s) for v in versions for s in suites if v in s.versions]


def names(suites):
    """As a list of cube.conf."""
    return ", ".join(f'"{s.ios}"' for s in suites)
