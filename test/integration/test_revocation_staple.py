# SPDX-License-Identifier: GPL-2.0-or-later
"""Stapled OCSP responses, by TLS 1.2 and 1.3: a peer as server may bring its own, which is worth as much as the
responder's; and our server brings one for its certificate, a fresh one."""

import contextlib
import re
import subprocess
import time

import cube
import netns
from ca import Ca
from caller import knock
from cases import check, equal
from kamailio import program
from openssl_cli import FLAGS, SServer, identity
from responder import Responder
from run import Failed, wait_until
from trunks import Trunks
from webserver import WebServer

VERSIONS = ("1.2", "1.3")
TRY_LATER = b"\x30\x03\x0a\x01\x03"
LIFE = 3  # seconds, of a response for our own certificate


def revoked(made, cert):
    made.ca.revoke(cert)
    return made.ca.response(cert)


def unknown(made, cert):
    made.ca.forget(cert)
    return made.ca.response(cert)


# what is stapled, whether the certificate's responder answers, what must come of it
ROWS = {
    "none": (lambda made, cert: None, True, "good"),
    "none, dead": (lambda made, cert: None, False, "revocation"),
    "good, dead": (lambda made, cert: made.ca.response(cert), False, "good"),
    "revoked, dead": (revoked, False, "revoked"),
    "unknown, dead": (unknown, False, "revocation"),
    "expired": (lambda made, cert: made.ca.moved(made.ca.response(cert), -3600, -600), True, "good"),
    "expired, dead": (lambda made, cert: made.ca.moved(made.ca.response(cert), -3600, -600), False, "revocation"),
    "another CA's": (lambda made, cert: made.other.response(cert), True, "good"),
    "another CA's, dead": (lambda made, cert: made.other.response(cert), False, "revocation"),
    "another certificate's, dead": (lambda made, cert: made.ca.response(made.any), False, "revocation"),
    "no answer, dead": (lambda made, cert: TRY_LATER, False, "revocation"),
}


class Made:
    def __init__(self, run, stack):
        with contextlib.suppress(PermissionError):
            stack.enter_context(netns.namespace())
        self.run, self.ca, self.other = run, Ca(run.dir, "ca"), Ca(run.dir, "other")
        self.any = self.ca.issue("any")
        self.web = WebServer(run, stack)
        self.responder = Responder(run, self.ca, self.web.host)
        self.urls = {True: self.responder.url, False: f"http://{self.web.host}:{run.addresses.port(self.web.host, 9000)}/"}
        self.trunks = Trunks(run)
        self.trunks.tenant("ocsp", self.ca, 'revocation-check = "ocsp"')
        self.peers = {}
        for number, (name, (_, lives, _)) in enumerate((*ROWS.items(), ("old", (None, True, None)))):
            for version in VERSIONS:
                self._peer(name, version, self.ca.issue(f"peer-{number}-{version}", ocsp=self.urls[lives]))
        self.responder.renew()
        self._own()
        self.trunks.start()

    def _peer(self, name, version, cert):
        at = self.trunks.at["far"], self.run.addresses.port(self.trunks.at["far"], 6000)
        self.peers[name, version] = cert, at, self.trunks.target("ocsp", at)

    def _own(self):
        """Tenants with certificates of ours: one names its responder, for the second the trustpoint does, one has none; the
        issuer is in ca, or in the file of the certificate."""
        inner = self.ca.intermediate("inner")
        self.own = {"named": self.ca.issue("own-named", ocsp=self.web.url("own")), "url": inner.issue("own-url"),
                    "none": self.ca.issue("own-none")}
        self.inner = Responder(self.run, inner, self.web.host)
        for name, cert in self.own.items():
            text = cube.trustpoint(f"own-{name}", cert.pem, cert.key, self.ca.pem.with_suffix(""))
            if name == "url":
                text = text.replace("{\n", f'{{\n    ocsp-url = "{self.inner.url}"\n', 1)
            self.trunks.text += text
            self.trunks.tenant(name, self.ca, 'revocation-check = "none"', f"own-{name}")
        self.web.pages["own"] = lambda _, body: self.ca.moved(self.ca.ocsp(body), 0, LIFE)

    def call(self, name, version, staple):
        """One call to a peer that brings this staple. Returns (what became of the handshake, words)."""
        cert, at, number = self.peers[name, version]
        options = [*identity(cert.pem, cert.key), FLAGS[version]]
        if staple:
            path = self.run.dir / f"staple-{at[1]}"
            path.write_bytes(staple)
            options += ["-status_file", path]
        mark = self.trunks.mark()
        with SServer(at, options):
            knock(self.trunks.at["peer"], (self.trunks.at["cube"], 5060), number)
            return wait_until(lambda: self._became("%s:%d" % at, mark), 10, f"the handshake with {name} comes to an end", 0.01)

    def _became(self, at, mark):
        if at in self.trunks.connections("ocsp"):
            return "good", ""
        return next(iter(self.trunks.failures(at, mark)), None)

    def stapled(self, tenant, version):
        """What our server staples: {what: value}, without them {}."""
        argv = [program("openssl"), "s_client", "-connect", "%s:%d" % self.trunks.port(tenant), "-status", FLAGS[version],
                "-CAfile", self.ca.pem, "-cert", self.any.pem, "-key", self.any.key]
        result = subprocess.run(list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=10,
                                stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        if "OCSP response: no response sent" in result.stdout:
            return {}
        text = result.stdout.partition("Certificate:\n")[0]  # its signer's comes behind it
        found = dict(re.findall(r"^\s*(Cert Status|This Update|Next Update|Serial Number): (.*?)\s*$", text, re.M))
        if "OCSP Response Status: successful" not in result.stdout or len(found) != 4:
            raise Failed(f"openssl s_client says: {result.stdout[:1000]}")
        return found


setup = Made


def test_peers(t):
    """A staple that is good by all rules counts, good or revoked; for any other one the responder is asked."""
    made, wrong = t.made, []
    for name, (staple, _, must) in ROWS.items():
        for version in VERSIONS:
            what, words = made.call(name, version, staple(made, made.peers[name, version][0]))
            if what != must:
                wrong.append(f"{name}, TLS {version}: {what} ({words}), must be {must}")
    check(not wrong, "; ".join(wrong))
    made.trunks.cube.prove_alive()


def test_old(t):
    """A staple from before the revocation, still in its time, makes nobody forget what the responder has said since."""
    made = t.made
    peers = {version: made.peers["old", version][0] for version in VERSIONS}
    old = {version: made.ca.response(cert) for version, cert in peers.items()}
    time.sleep(1.1)  # its times are in seconds
    for cert in peers.values():
        made.ca.revoke(cert)
    made.responder.renew()
    for version in VERSIONS:
        equal(f"the responder's word, TLS {version}", made.call("old", version, None)[0], "revoked")
        equal(f"with the old staple, TLS {version}", made.call("old", version, old[version])[0], "revoked")


def seconds(text):
    return time.mktime(time.strptime(text, "%b %d %H:%M:%S %Y GMT")) - time.timezone


def test_own(t):
    """Our server staples a response that is good for its own certificate, gets a new one before it runs out, and staples
    none rather than one that has run out."""
    made, seen = t.made, set()
    made.trunks.wait_source("own-named", made.web.url("own"), stapled="yes")
    for number in range(2 * LIFE):
        found = made.stapled("named", VERSIONS[number % 2])
        check(found, "no response is stapled")
        equal("of", (found["Cert Status"], int(found["Serial Number"], 16)), ("good", made.own["named"].serial))
        check(seconds(found["Next Update"]) > time.time() - 0.5, f"it ran out at {found['Next Update']}")
        seen.add(found["This Update"])
        time.sleep(0.5)
    check(len(seen) > 1, "the response is always the same")
    made.web.down = 503
    wait_until(lambda: not made.stapled("named", "1.3"), LIFE + 3, "what has run out is stapled no more", 0.2)
    equal("by TLS 1.2", made.stapled("named", "1.2"), {})
    made.web.down = None
    made.trunks.fetch()
    wait_until(lambda: made.stapled("named", "1.3"), 5, "a new one is stapled")


def test_own_responder(t):
    """The same with ocsp-url and an intermediate CA, from a real responder; who has no responder staples nothing."""
    made = t.made
    made.trunks.wait_source("own-url", made.inner.url, made.own["url"], state="good", stapled="yes")
    for version in VERSIONS:
        found = made.stapled("url", version)
        equal("of", (found.get("Cert Status"), int(found.get("Serial Number", "0"), 16)), ("good", made.own["url"].serial))
        equal("without a responder", made.stapled("none", version), {})
    made.trunks.cube.prove_alive()
