# SPDX-License-Identifier: GPL-2.0-or-later
"""The tenants of the matrix: one for each kind of key and each tls-version setting with every cipher that they permit,
in an order that is nobody's default (all), one with some of them in another order (some), those of the built-in lists
(lists), and those of curves. Knows what each of them must negotiate."""

import itertools

import suites
from openssl_cli import has_hybrid
from suites import EC, KEYS, SETTINGS, fits, usable

TENANT = """tls-profile {tag} {{
    trustpoint  = "{trustpoint}"
    tls-version = "{setting}"
    {cipher}{more}
}}
tenant {tag} {{
    tls-profile       = {tag}
    listen-secure     = "{at}:{port}"
    session-transport = "tcp tls"
}}
"""
CIPHER = "tls-cipher {tag} {{ cipher = {{ {names} }} }}\n"

# The built-in lists have what the documents say, and the suites of TLS 1.3, in this order: forward secrecy first,
# elliptic curves before DHE, AEAD before CBC, the stronger before the weaker.
DEFAULT = ["AES256_GCM_SHA384", "CHACHA20_POLY1305_SHA256", "AES128_GCM_SHA256", "ECDHE_ECDSA_AES256_GCM_SHA384",
           "ECDHE_RSA_AES256_GCM_SHA384", "ECDHE_ECDSA_AES128_GCM_SHA256", "ECDHE_RSA_AES128_GCM_SHA256",
           "DHE_RSA_AES256_GCM_SHA384", "DHE_RSA_AES128_GCM_SHA256", "DHE_RSA_WITH_AES_256_CBC_SHA",
           "DHE_RSA_WITH_AES_128_CBC_SHA", "RSA_WITH_AES_256_CBC_SHA", "RSA_WITH_AES_128_CBC_SHA"]
STRICT = ["ECDHE_RSA_AES256_GCM_SHA384", "ECDHE_RSA_AES128_GCM_SHA256", "DHE_RSA_WITH_AES_128_CBC_SHA",
          "RSA_WITH_AES_128_CBC_SHA"]
ECDSA = ["ECDHE_ECDSA_AES256_GCM_SHA384", "ECDHE_ECDSA_AES128_GCM_SHA256"]
LISTS = {"": DEFAULT, "strict": DEFAULT[:3] + STRICT, "ecdsa": DEFAULT[:3] + ECDSA}

CURVES = [["X25519"], ["P-256"], ["P-384"], ["P-521"], ["P-521", "X25519", "P-256"], ["P-256", "X25519", "P-521"]]
HYBRID = "X25519MLKEM768"
CURVE_SUITES = ["AES128_GCM_SHA256", "ECDHE_RSA_AES128_GCM_SHA256"]


class Tenant:
    """key: one of KEYS. suites: in order of preference. built_in: their list's name instead of a tls-cipher; "" is the
    default list. curves: in order; OpenSSL's without."""

    def __init__(self, at, tag, key, setting, chosen, built_in=None, curves=()):
        self.tag, self.key, self.setting, self.suites, self.curves = tag, key, setting, chosen, curves
        self.kind, self.own, self.far = KEYS[key]
        self.built_in, self.at = built_in, (at, 10000 + tag)
        self.versions = [v for v in SETTINGS[setting] if any(v in s.versions and fits(s, self.kind) for s in chosen)]
        self.served = [s for s in chosen if fits(s, self.kind)]
        about = ", ".join(curves) if curves else f"{len(chosen)} ciphers"
        self.name = f"tenant {tag} ({key}, tls-version {setting}, {about})"

    def text(self):
        cipher = f"cipher = {self.built_in or self.tag}" if self.built_in != "" else ""
        curves = "\n    curves = { " + ", ".join(f'"{c}"' for c in self.curves) + " }" if self.curves else ""
        made = CIPHER.format(tag=self.tag, names=suites.names(self.suites)) if self.built_in is None else ""
        return made + TENANT.format(tag=self.tag, trustpoint=self.own, setting=self.setting, cipher=cipher, more=curves,
                                    at=self.at[0], port=self.at[1])

    def offered(self):
        """What the tenant offers as client: the server's key decides, not its own."""
        ours = [s for s in self.suites if set(s.versions) & set(SETTINGS[self.setting])]
        return [s for s in ours if "1.3" in s.versions] + [s for s in ours if "1.3" not in s.versions]

    def has(self, version, suite):
        return version in self.versions and version in suite.versions and suite in self.served

    def first(self, version):
        """What a server that goes by its own order takes from a client that offers everything."""
        return next(s for s in self.served if version in s.versions)


def tenants(at):
    """Those of the matrix (all, some), of the built-in lists, of the curves."""
    tag = itertools.count(1)
    of_all, of_some, of_lists, of_curves = [], [], [], []
    for key, (kind, _, _) in KEYS.items():
        for setting in SETTINGS:
            every = usable(setting, kind)[::-1]
            whole = {v for s in every for v in s.versions} >= set(SETTINGS[setting])
            if not every:
                continue  # refused; test_check
            if not whole:  # the default list leaves out what has no cipher, a list of its own must not
                of_lists.append(Tenant(at, next(tag), key, setting, built_in(""), ""))
                continue
            of_all.append(Tenant(at, next(tag), key, setting, every))
            turned = every[len(every) // 2:] + every[:len(every) // 2]
            some = [s for n, s in enumerate(turned) if n % 2 == len(of_some) % 2]
            if {v for s in some for v in s.versions} >= set(SETTINGS[setting]):
                of_some.append(Tenant(at, next(tag), key, setting, some))
    for name, key, setting in (("strict", "rsa2048", "1.1+"), ("ecdsa", "P-256", "1.2+"), ("", "rsa2048", "1.1+")):
        of_lists.append(Tenant(at, next(tag), key, setting, built_in(name), name))
    for curves in CURVES:
        of_curves.append(Tenant(at, next(tag), "rsa2048", "1.2+", [suites.BY_IOS[n] for n in CURVE_SUITES],
                                curves=curves))
    if has_hybrid():
        of_curves.append(Tenant(at, next(tag), "P-256", "1.3", usable("1.3", EC), curves=[HYBRID]))
    return of_all, of_some, of_lists, of_curves


def built_in(name):
    return [suites.BY_IOS[n] for n in LISTS[name]]
