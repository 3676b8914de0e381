# SPDX-License-Identifier: GPL-2.0-or-later
"""revocation-check: every list of methods against every answer of a CRL and of an OCSP responder, with the peer as client
and as server; what holds without a list; and who in a chain is checked."""

import collections
import contextlib

import netns
from ca import Ca, Cert, said
from cases import check, equal, together
from responder import Responder
from trunks import Trunks
from webserver import WebServer

LISTS = (["crl"], ["ocsp"], ["none"], ["crl", "ocsp"], ["ocsp", "crl"], ["crl", "none"], ["ocsp", "none"],
         ["crl", "ocsp", "none"], ["ocsp", "crl", "none"], [])
BY_CRL, BY_OCSP = ("good", "revoked", "missing"), ("good", "revoked", "unknown", "missing")


def outcome(methods, crl, ocsp):
    """As docs/config.md has it: methods in order, the next one where one has no answer; what a method calls revoked is
    refused; none lets pass, but not whom the responder does not know (revocation.h). Without a list: the CRL that the
    certificate names."""
    for method in methods or ["crl"]:
        if method == "none":
            return "revocation" if "ocsp" in methods and ocsp == "unknown" else "good"
        answer = crl if method == "crl" else ocsp
        if answer in ("good", "revoked"):
            return answer
    return "revocation"


class Made:
    def __init__(self, run, stack):
        with contextlib.suppress(PermissionError):
            stack.enter_context(netns.namespace())
        self.ca = Ca(run.dir, "ca")
        self.web = WebServer(run, stack)
        self.responder = Responder(run, self.ca, self.web.host)
        self.crl_url = {"good": self.web.url("crl"), "revoked": self.web.url("crl"), "missing": self.web.url("no-crl")}
        dead = f"http://{self.web.host}:{run.addresses.port(self.web.host, 9000)}/"
        self.ocsp_url = {answer: dead if answer == "missing" else self.responder.url for answer in BY_OCSP}
        self.trunks = Trunks(run)
        for methods in LISTS:
            self.trunks.tenant(self.name(methods), self.ca, self.lines(methods))
        self.trunks.tenant("only-crl", self.ca, self.lines(["crl"]))
        self.trunks.tenant("only-ocsp", self.ca, self.lines(["ocsp"]))
        self._peers(stack)
        self._others(run)
        self.web.pages["crl"] = self.ca.crl()
        self.responder.renew()
        self.trunks.start()
        for peer in self.peers.values():  # from then on nobody has to wait for what is said of them
            for name in ("only-crl", "only-ocsp"):
                self.trunks.enter(peer, name)

    def _peers(self, stack):
        """One for each pair of answers, with a far end that shows its certificate."""
        self.peers, self.far, self.numbers = {}, {}, {}
        for number, (crl, ocsp) in enumerate((c, o) for c in BY_CRL for o in BY_OCSP):
            cert = self.ca.issue(f"{crl}-{ocsp}", self.crl_url[crl], self.ocsp_url[ocsp])
            if "revoked" in (crl, ocsp):
                self.ca.revoke(cert, crl == "revoked", ocsp == "revoked")
            if ocsp == "unknown":
                self.ca.forget(cert)
            self.peers[crl, ocsp] = cert
            self.far[crl, ocsp] = self.trunks.far_end(stack, cert, highest=("1.2", "1.3")[number % 2])
            for methods in LISTS:
                name = self.name(methods)
                at = self.far[crl, ocsp].host, self.far[crl, ocsp].port
                self.numbers[name, crl, ocsp] = self.trunks.target(name, at)

    def _others(self, run):
        self.plain = self.ca.issue("plain")
        self.plain_bad = self.ca.issue("plain-bad")
        self.ldap = self.ca.issue("ldap", more=said("ldap://127.0.0.1/cn=ca"))
        self.ca.revoke(self.plain_bad)
        self.below = {}
        for name in ("fine", "withdrawn"):
            inner = self.ca.intermediate(name, self.web.url("crl"))
            self.below[name] = inner, inner.issue("leaf", self.web.url(f"crl-{name}"))
            self.web.pages[f"crl-{name}"] = inner.crl()
        self.ca.revoke(self.below["withdrawn"][0].cert)
        alone = Ca(run.dir, "alone", more=said(self.web.url("no-crl")))
        self.alone = Cert("alone", alone.pem, alone.key, 0)
        self.trunks.tenant("alone", alone, 'revocation-check = "crl"')
        self.trunks.tenant("crl-here", self.ca, f'crl = "{self.web.url("crl")}"')
        self.trunks.tenant("no-crl", self.ca, f'crl = "{self.web.url("no-crl")}"')
        for name, url in (("ocsp-here", self.responder.url), ("no-ocsp", self.ocsp_url["missing"])):
            self.trunks.tenant(name, self.ca, f'revocation-check = "ocsp"  ocsp-url = "{url}"')

    @staticmethod
    def name(methods):
        return "-".join(methods) or "default"

    @staticmethod
    def lines(methods):
        return f"revocation-check = {{ {', '.join(methods)} }}" if methods else ""

    def words(self, methods, crl, ocsp):
        """What the log must say of a peer that is refused, as far as there is room for it."""
        texts = []
        for method in methods or ["crl"]:
            answer, url = (crl, self.crl_url[crl]) if method == "crl" else (ocsp, self.ocsp_url.get(ocsp))
            if answer == "revoked":
                return f"the peer's certificate is revoked by {method.upper()} {url} ("
            if method != "none":
                why = {"unknown": "it does not know the certificate",
                       "missing": "HTTP 404" if method == "crl" else "connection refused"}[answer]
                texts.append(f"{method.upper()} {url}: {why}")
        return f"the peer's certificate cannot be checked for revocation: {'; '.join(texts)}"[:128]


setup = Made


def combinations():
    return [(m, c, o) for m in LISTS for c in BY_CRL for o in BY_OCSP]


def judge(made, role, seen):
    """seen: {(tenant's name, crl, ocsp): Entry}. Compares all with the rule, and the counters with both."""
    wrong, wanted = [], {}
    for methods, crl, ocsp in combinations():
        name, must = made.name(methods), outcome(methods, crl, ocsp)
        entry, words = seen[name, crl, ocsp], "" if must == "good" else made.words(methods, crl, ocsp)
        counts = wanted.setdefault((made.trunks.tags[name], role), collections.Counter())
        counts["done" if must == "good" else must] += 1
        if entry.what != must or not entry.words.startswith(words):
            wrong.append(f"{name}, CRL {crl}, OCSP {ocsp}: {entry.what} ({entry.words}), must be {must} ({words})")
    check(not wrong, f"{len(wrong)} of {len(seen)} are wrong: " + "; ".join(wrong[:4]))
    counted = made.trunks.cube.ends()
    equal("counters", {key: counted.get(key) for key in wanted}, {key: dict(counts) for key, counts in wanted.items()})
    made.trunks.cube.prove_alive()


def test_clients(t):
    """Peers that connect: 10 lists of methods against 3 answers of a CRL and 4 of a responder, by TLS 1.2 and 1.3, with
    their words in the log, and counted."""
    made, seen = t.made, {}

    def enter(methods):
        for number, (key, peer) in enumerate(made.peers.items()):
            seen[(made.name(methods), *key)] = made.trunks.enter(peer, made.name(methods), ("1.3", "1.2")[number % 2])

    together(enter, LISTS)
    judge(made, "server", seen)


def test_servers(t):
    """Peers that are called, by the same rules: a refused one costs its call, and gets nothing of it."""
    made, seen = t.made, {}

    def call(key):
        for methods in LISTS:
            number = made.numbers[(made.name(methods), *key)]
            seen[(made.name(methods), *key)] = made.trunks.call(number, made.far[key])

    together(call, made.peers)
    judge(made, "client", seen)
    for key, far in made.far.items():
        passed = sum(entry.what == "good" for (_, *k), entry in seen.items() if tuple(k) == key)
        equal(f"calls that {key} got", sum(m.method == "INVITE" for _, m in far.requests()), passed)


def test_default(t):
    """Without a list: who names no distribution point passes, unless the trustpoint has a crl; one that cannot be fetched is
    as none at all, and refused."""
    enter = t.made.trunks.enter
    equal("no distribution point", enter(t.made.plain, "default").what, "good")
    equal("no distribution point, but crl", enter(t.made.plain, "crl-here").what, "good")
    equal("the same, revoked", enter(t.made.plain_bad, "crl-here").what, "revoked")
    equal("revoked, but nobody says so", enter(t.made.plain_bad, "default").what, "good")
    equal("nobody says so, with crl in the list", enter(t.made.plain, "crl").what, "revocation")
    for name in ("default", "crl"):
        entry = enter(t.made.ldap, name)
        equal(f"ldap, {name}", entry.what, "revocation")
        check("CRL: the certificate's distribution points are none of http://" in entry.words, f"the log says {entry.words}")


def test_places(t):
    """crl and ocsp-url come before what a certificate says: instead of its responder, and beside its distribution point,
    which is looked at where crl has no answer."""
    made, enter = t.made, t.made.trunks.enter
    for answer in ("good", "revoked"):
        equal(f"{answer} by the certificate's CRL, crl is missing", enter(made.peers[answer, "missing"], "no-crl").what, answer)
        equal(f"{answer} by its responder, ocsp-url is dead", enter(made.peers["missing", answer], "no-ocsp").what, "revocation")
    equal("known at ocsp-url only", enter(made.plain, "ocsp-here").what, "good")
    equal("revoked at ocsp-url", enter(made.plain_bad, "ocsp-here").what, "revoked")


def test_chain(t):
    """Who is in ca itself is not checked; between it and the peer each certificate is, by its own issuer's CRL."""
    made = t.made
    equal("self-signed and in ca", made.trunks.enter(made.alone, "alone").what, "good")
    before = dict(made.web.seen)
    _, leaf = made.below["fine"]
    equal("below a good CA", made.trunks.enter(leaf, "default").what, "good")
    equal("its issuer's CRL is asked for", made.web.seen["/crl-fine"] - before.get("/crl-fine", 0), 1)
    _, leaf = made.below["withdrawn"]
    entry = made.trunks.enter(leaf, "default")
    equal("below a revoked CA", (entry.what, entry.words.split(" (")[0]), (
        "revoked", f"a CA certificate of the peer's chain is revoked by CRL {made.web.url('crl')}"))
