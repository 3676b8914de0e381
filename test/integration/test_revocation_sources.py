# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a handshake when its CRL or OCSP response is good, says bad things, is no good, comes late or never; and
what the operator is told of it."""

import contextlib
import time

import netns
from ca import SIGNER, Ca
from cases import check, equal
from responder import Responder
from run import wait_until
from trunks import Trunks
from webserver import LARGE, WebServer, after, silent

GARBAGE = bytes(range(256)) * 8
TRY_LATER = b"\x30\x03\x0a\x01\x03"
AT_ONCE, WAIT = 0.7, (0.8, 1.7)  # seconds: a handshake that does not wait, and one that waits in vain


class Made:
    def __init__(self, run, stack):
        with contextlib.suppress(PermissionError):
            stack.enter_context(netns.namespace())
        self.ca, self.other, self.twin = Ca(run.dir, "ca"), Ca(run.dir, "other"), Ca(run.dir, "twin", cn="ca")
        self.web, self.large = WebServer(run, stack), WebServer(run, stack)
        # a reader that has waited in vain does not wait for a while: enough of them for one each time
        self.trunks, self.file = Trunks(run, change=[("tcp_children=4", "tcp_children=32")]), run.dir / "file.crl"
        for kind in ("crl", "ocsp"):
            self.trunks.tenant(kind, self.ca, f'revocation-check = "{kind}"')
        self.trunks.tenant("file", self.ca, f'revocation-check = "crl"  crl = "{self.file}"')
        self.certs, self.urls, self.words = {}, {}, {}
        self._bad()
        self._slow(run, stack)
        self._responders(run)
        self.replay, self.short = self.cert("replay"), self.cert("short")
        # what is configured is taken, whatever place it names
        self.file.write_bytes(self.ca.crl(place=self.web.url("crl/whole")))
        self.trunks.start()
        self.read = self.trunks.wait_source("file", self.file, state="good")["tried"]

    def cert(self, name, crl=None, ocsp=None):
        """A peer's certificate. crl, ocsp: the servers of the pages crl/name and ocsp/name; ocsp may be an address."""
        crl, ocsp = crl or self.web, ocsp or crl or self.web
        urls = crl.url(f"crl/{name}"), ocsp if isinstance(ocsp, str) else ocsp.url(f"ocsp/{name}")
        self.urls["crl", name], self.urls["ocsp", name] = urls
        self.certs[name] = self.ca.issue(name, *urls)
        return self.certs[name]

    def _bad(self):
        ca = self.ca
        crls = {
            "expired": (ca.crl(first=-3600, last=-60), "it is out of date: the next one was due"),
            "future": (ca.crl(first=3600, last=7200), "it is of the future"),
            "other": (self.other.crl(), "it is the CRL of /CN=other, not of /CN=ca"),
            "twin": (self.twin.crl(), "it is signed by another key of the same name"),
            "garbage": (GARBAGE, "not a CRL"),
            "loop": (self.web.url("crl/loop"), "redirected more than 10 times"),
            "missing": (404, "HTTP 404"),
            "large": (LARGE, "more than 64 MB"),
        }
        leaf = ca.issue("leaf")
        responses = {
            "expired": (lambda c: ca.moved(ca.response(c), -3600, -600), "it is out of date: it held until"),
            "future": (lambda c: ca.moved(ca.response(c), 3600, 7200), "it is of the future"),
            "other": (self.other.response, "its signer"),
            "twin": (lambda c: ca.moved(ca.response(c), 0, 3600, self.twin.key), "its signature is not by its signer's key"),
            "garbage": (lambda _: GARBAGE, "not an OCSP response"),
            "loop": (lambda _: self.web.url("ocsp/loop"), "HTTP 302"),
            "missing": (lambda _: 404, "HTTP 404"),
            "large": (lambda _: LARGE, "more than 64 kB"),
            "no-signer": (lambda c: ca.response(c, leaf), "its signer's certificate is not for that"),
            "wrong-cert": (lambda _: ca.response(leaf), "it does not speak of this certificate"),
            "old-nonce": (lambda c: ca.response(c, nonce=True), "its nonce is not the request's"),
            "later": (lambda _: TRY_LATER, "the responder says tryLater"),
        }
        self.cert("part")
        self.web.pages["crl/part"] = ca.crl(place=self.web.url("crl/whole"))
        self.words["crl", "part"] = "it is the one of another distribution point"
        for name, (make, words) in responses.items():
            web = self.large if name == "large" else self.web
            cert = self.cert(name, web)
            web.pages[f"ocsp/{name}"] = make(cert)
            self.words["ocsp", name] = words
            if name in crls:
                web.pages[f"crl/{name}"], self.words["crl", name] = crls[name]

    def _slow(self, run, stack):
        """Each on a server of its own, which it may keep busy. Two have the same addresses."""
        for name, late in (("mute", None), ("prompt", 0.3), ("late", 3)):
            webs = [WebServer(run, stack) for _ in range(2)]
            self.cert(name, *webs)
            webs[0].pages[f"crl/{name}"] = after(late, self.ca.crl()) if late else silent
            webs[1].pages[f"ocsp/{name}"] = after(late, lambda _, body: self.ca.ocsp(body)) if late else silent
        for name in ("mute", "late"):
            self.certs[f"{name}-too"] = self.ca.issue(f"{name}-too", self.urls["crl", name], self.urls["ocsp", name])

    def _responders(self, run):
        own = Responder(run, self.ca, self.web.host)
        delegated = Responder(run, self.ca, self.web.host, self.ca.issue("signer", more=SIGNER))
        for name in ("good", "revoked", "unknown", "delegated"):
            cert = self.cert(name, ocsp=(delegated if name == "delegated" else own).url)
            if name == "revoked":
                self.ca.revoke(cert)
            if name == "unknown":
                self.ca.forget(cert)
        own.renew()
        delegated.renew()
        for name in ("good", "revoked"):
            self.web.pages[f"crl/{name}"] = self.ca.crl()
        self.cert("own-part")
        self.web.pages["crl/own-part"] = self.ca.crl(place=self.urls["crl", "own-part"])

    def enter(self, kind, name):
        return self.trunks.enter(self.certs[name], kind)

    def wait(self, kind, name, **wanted):
        return self.trunks.wait_source(kind, self.urls[kind, name], self.certs[name], **wanted)

    def again(self, *paths):
        """All is fetched again; waits until these pages have been."""
        before = [self.web.seen[path] for path in paths]
        self.trunks.fetch()
        wait_until(lambda: all(self.web.seen[p] > n for p, n in zip(paths, before)), 10, f"{paths} are fetched again", 0.01)


setup = Made


def test_good(t):
    """A CRL, and real OCSP responders: the CA's own and one that it has certified for that."""
    made = t.made
    for kind, name, must, state in (
            ("crl", "good", "good", "good"), ("crl", "own-part", "good", "good"), ("crl", "revoked", "revoked", "good"), ("ocsp", "good", "good", "good"),
            ("ocsp", "delegated", "good", "good"), ("ocsp", "revoked", "revoked", "revoked"),
            ("ocsp", "unknown", "revocation", "unknown")):
        entry = made.enter(kind, name)
        equal(f"{kind}, {name}", entry.what, must)
        row = made.wait(kind, name, state=state)
        equal("its error", row["error"], "")
    check("it does not know the certificate" in entry.words, f"the log says {entry.words}")
    equal("entries", made.trunks.source("crl", made.urls["crl", "revoked"])["entries"], 1)


def test_bad(t):
    """What is no good is as no answer, whatever is wrong with it: refused at once, and told in words."""
    made, slowest = t.made, 0
    for (kind, name), words in made.words.items():
        entry = made.enter(kind, name)
        equal(f"{kind}, {name}: {entry.words}", entry.what, "revocation")
        check(entry.took < WAIT[1], f"{kind}, {name}: it took {entry.took:.2f} s")
        made.wait(kind, name, state="failed", error=words)
        entry = made.enter(kind, name)
        check(words in entry.words and made.urls[kind, name] in entry.words, f"{kind}, {name}: the log says {entry.words}")
        slowest = max(slowest, entry.took)
    check(slowest < AT_ONCE, f"once it is known that it is no good, a handshake took {slowest:.2f} s")
    made.trunks.cube.prove_alive()


def test_slow(t):
    """An answer after 0.3 s is waited for, one after 3 s is not, and is there for the next handshake; where nobody answers at
    all, or late, only the first one waits, also of those with other certificates."""
    made = t.made

    def at_once(kind, name, what):
        entry = made.enter(kind, name)
        check(entry.what == what and entry.took < AT_ONCE, f"{kind}, {name}: {entry.what} after {entry.took:.2f} s")

    for kind in ("crl", "ocsp"):
        for name in ("late", "mute"):
            entry = made.enter(kind, name)
            equal(f"{kind}, {name}", entry.what, "revocation")
            check(WAIT[0] < entry.took < WAIT[1], f"{kind}, {name}: it took {entry.took:.2f} s")
            check("not here yet, it takes longer than 900 ms" in entry.words, f"the log says {entry.words}")
            made.wait(kind, name, state="waiting")
            for again in (name, *["mute-too"] * (name == "mute")):
                at_once(kind, again, "revocation")
        entry = made.enter(kind, "prompt")
        equal(f"{kind}, after 0.3 s: {entry.words}", entry.what, "good")
        check(0.3 < entry.took, f"{kind}: it took {entry.took:.2f} s")
    for kind in ("crl", "ocsp"):
        made.wait(kind, "late", state="good")
        at_once(kind, "late", "good")
    at_once("crl", "late-too", "good")
    at_once("ocsp", "late-too", "revocation")


def test_replay(t):
    """A CRL, of a server or a file, and a response that are older than what is here are not taken, though they have not run
    out and would revoke nobody; and the operator is told of it. A file that stays as it is is not read again."""
    made, ca, cert = t.made, t.made.ca, t.made.certs["replay"]
    pages = {"/crl/replay": ca.crl, "/ocsp/replay": lambda: ca.response(cert)}
    kinds = ("crl", "file", "ocsp")
    urls = {"crl": made.urls["crl", "replay"], "ocsp": made.urls["ocsp", "replay"], "file": made.file}

    def publish(new):
        for path, data in new.items():
            made.web.pages[path.strip("/")] = data
        made.file.write_bytes(new["/crl/replay"])

    equal("when a file that does not change was read", made.trunks.source("file", made.file)["tried"], made.read)
    old = {path: make() for path, make in pages.items()}
    publish(old)
    equal("at first", [made.enter(k, "replay").what for k in kinds], ["good"] * 3)
    time.sleep(1.1)  # their times are in seconds
    ca.revoke(cert)
    publish({path: make() for path, make in pages.items()})
    made.again(*pages)
    for kind in kinds:  # before anybody enters: who is let in by the old one would be closed by the new one
        wanted = {"state": "revoked"} if kind == "ocsp" else {"entries": 2}
        made.trunks.wait_source(kind, urls[kind], None if kind == "file" else cert, **wanted)
    equal("once it is revoked", [made.enter(k, "replay").what for k in kinds], ["revoked"] * 3)
    publish(old)
    made.again(*pages)
    for kind in kinds:
        made.trunks.wait_source(kind, urls[kind], error="it is older than the ")
    equal("behind the replay", [made.enter(k, "replay").what for k in kinds], ["revoked"] * 3)


def test_run_out(t):
    """What has run out, and is not to be had anew, is no answer any more."""
    made = t.made
    made.web.pages["crl/short"] = made.ca.crl(last=3)
    made.web.pages["ocsp/short"] = made.ca.moved(made.ca.response(made.certs["short"]), 0, 3)
    for kind in ("crl", "ocsp"):
        equal(f"{kind}, at first", made.enter(kind, "short").what, "good")
        made.web.pages[f"{kind}/short"] = 503
    for kind in ("crl", "ocsp"):
        made.wait(kind, "short", state="out of date", error="HTTP 503")
        entry = made.enter(kind, "short")
        equal(f"{kind}, out of date", entry.what, "revocation")
        check("out of date since" in entry.words and "HTTP 503" in entry.words, f"the log says {entry.words}")


def test_request(t):
    """cube_tls.crl_request has all fetched again, and at once; what is being fetched at that moment, once more, since the
    answer may be from before."""
    made = t.made
    made.enter("crl", "good")
    began = time.monotonic()
    made.again("/crl/good")
    check(time.monotonic() - began < 5, f"it took {time.monotonic() - began:.1f} s")
    page = made.web.pages["crl/good"]
    made.web.pages["crl/good"] = after(0.5, page)
    made.again("/crl/good")
    made.again("/crl/good")
    made.web.pages["crl/good"] = page
    known = {(r["from"], r.get("serial")) for k in ("crl", "ocsp", "file") for r in made.trunks.sources(k)}
    equal("what crl_request counts", made.trunks.fetch(), len(known))
    made.trunks.cube.prove_alive()
