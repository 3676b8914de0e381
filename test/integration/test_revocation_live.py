# SPDX-License-Identifier: GPL-2.0-or-later
"""Revocation of peers that are connected, or that come back: their connections are closed, their sessions end, and a
restart remembers what it knew."""

import contextlib
import time

import netns
from ca import Ca
from cases import check, equal, limit
from responder import Responder
from run import Failed, wait_until
from trunks import Trunks
from webserver import WebServer, silent

KINDS = ("crl", "ocsp", "file", "chain", "none")  # how a tenant learns of it
VERSIONS = ("1.2", "1.3")
WATCH = 5  # seconds, at the most, until a file is seen to have changed
LIFE = 4
AT_ONCE = 0.7  # seconds that a handshake takes which waits for nobody


class Made:
    def __init__(self, run, stack):
        with contextlib.suppress(PermissionError):
            stack.enter_context(netns.namespace())
        self.run, self.ca = run, Ca(run.dir, "ca")
        self.inner = self.ca.intermediate("inner")
        self.web, self.cached = WebServer(run, stack), WebServer(run, stack)
        self.responder = Responder(run, self.ca, self.web.host)
        self.trunks = Trunks(run)
        self.certs, self.far, self.numbers = {}, {}, {}
        lines = {"crl": '"crl"', "ocsp": '"ocsp"', "none": '{ "crl", "none" }',
                 **{k: f'"crl"  crl = "{run.dir / k}.crl"' for k in ("file", "chain")}}
        for kind in KINDS:
            self.trunks.tenant(kind, self.ca, "revocation-check = " + lines[kind])
            for name in ("fine", "bad"):
                self._peer(stack, kind, name)
        for name in ("short", "short-none"):
            self.trunks.tenant(name, self.ca, f"revocation-check = {lines['crl' if name == 'short' else 'none']}")
            self._peer(stack, name, "fine")
        self.publish(first=-60)
        self.web.pages["none"] = 503
        self.trunks.start()

    def _peer(self, stack, kind, name):
        issuer = self.inner if kind == "chain" else self.ca
        urls = {"ocsp": ("", self.responder.url), "file": ("", ""), "chain": ("", "")}.get(kind, (self.web.url(kind), ""))
        cert = self.certs[kind, name] = issuer.issue(f"{kind}-{name}", *urls)
        for version in VERSIONS:
            far = self.far[kind, name, version] = self.trunks.far_end(stack, cert, tickets=2, highest=version)
            self.numbers[kind, name, version] = self.trunks.target(kind, (far.host, far.port))

    def publish(self, **times):
        """What is true now, for all but those whose CRL runs out."""
        self.web.pages.update({kind: self.ca.crl(**times) for kind in ("crl", "none")})
        texts = {"file": self.ca.crl("PEM", **times)}
        texts["chain"] = texts["file"] + self.inner.crl("PEM", **times)
        for name, text in texts.items():
            new = self.run.dir / f"{name}.new"
            new.write_bytes(text)
            new.rename(self.run.dir / f"{name}.crl")
        self.responder.renew()

    def call(self, kind, name, version):
        return self.trunks.call(self.numbers[kind, name, version], self.far[kind, name, version])

    def call_anew(self, kind, name, version):
        """On a connection of its own."""
        far = self.far[kind, name, version]
        far.close_all()
        wait_until(lambda: far.at not in self.trunks.connections(kind), 5, f"the connection with {far.at} has ended", 0.01)
        return self.call(kind, name, version)


setup = Made


class Group:
    """Connections with the peers of one name, in all ways there are: {(tenant, way): client or far end's connection}."""

    def __init__(self, made, name):
        self.made, self.name, self.up, self.sessions = made, name, {}, {}
        for kind in KINDS:
            cert = made.certs[kind, name]
            for version in VERSIONS:
                entry = made.trunks.enter(cert, kind, version)
                equal(f"{kind}, {name}, TLS {version}: {entry.words}", entry.what, "good")
                self.up[kind, f"client {version}"] = made.trunks.connect(cert, kind, version)
                resumed = made.trunks.connect(cert, kind, version, entry.session)
                equal(f"{kind}, {name}, TLS {version}: resumed", resumed.ssl.session_reused, True)
                equal("OPTIONS", made.trunks.ask(resumed, kind), 200)
                self.sessions[kind, version] = resumed.ssl.session  # a TLS 1.3 session is for one connection
                self.up[kind, f"resumed {version}"] = resumed
                entry = made.call(kind, name, version)
                equal(f"call of {kind} to {name}, TLS {version}: {entry.words}", entry.what, "good")
                self.up[kind, f"server {version}"] = made.far[kind, name, version].open()[-1]

    def address(self, key):
        return self.made.far[key[0], self.name, key[1].split()[1]].at if key[1].startswith("server") else self.up[key].local

    def left(self, *kinds):
        """Those of these tenants that our server still has."""
        rows = {kind: self.made.trunks.connections(kind) for kind in kinds}
        return sorted(key for key in self.up if key[0] in kinds and self.address(key) in rows[key[0]])

    def wait_closed(self, seconds, *kinds):
        try:
            wait_until(lambda: not self.left(*kinds), seconds, "all are closed", 0.01)
        except Failed as error:
            raise Failed(f"{error}; left are {self.left(*kinds)}") from None

    def close(self):
        for connection in self.up.values():
            connection.close()


@limit(60)
def test_closed(t):
    """When the next CRL or response revokes a peer, its connections are closed, in both roles, resumed ones and those that
    none had let in; a file is noticed by itself; others' connections stay. Its sessions are not resumed, and it is refused."""
    made, trunks = t.made, t.made.trunks
    fine, bad = Group(made, "fine"), Group(made, "bad")
    files, fetched = ("file", "chain"), ("crl", "ocsp")
    for kind in KINDS:
        (made.inner if kind == "chain" else made.ca).revoke(made.certs[kind, "bad"])
    began = time.monotonic()
    made.publish()
    bad.wait_closed(WATCH + 3, *files)
    t.say(f"          a changed file is followed within {time.monotonic() - began:.1f} s")
    equal("of those that nobody has fetched yet", bad.left(*fetched), sorted(k for k in bad.up if k[0] in fetched))
    began = time.monotonic()
    trunks.fetch()
    bad.wait_closed(5, *KINDS)
    t.say(f"          a fetched one within {time.monotonic() - began:.2f} s")
    equal("connections of others", fine.left(*KINDS), sorted(fine.up))
    for (kind, way), connection in fine.up.items():
        if not way.startswith("server"):
            equal(f"OPTIONS of {kind}, {way}", trunks.ask(connection, kind), 200)
    for (kind, way), connection in bad.up.items():
        if way.startswith("server"):
            wait_until(lambda c=connection: c.closed, 5, f"the far end of {kind} notices")
        else:
            equal(f"{kind}, {way}, hears", connection.ssl.recv(1), b"")
    equal("lines in the log", len(trunks.cube.logged(", or a CA's in its chain, is revoked by ")), len(bad.up))
    bad.close()
    fine.close()
    _come_back(made, fine, bad)
    trunks.cube.prove_alive()


def _come_back(made, fine, bad):
    for kind in KINDS:
        for version in VERSIONS:
            entry = made.trunks.enter(made.certs[kind, "bad"], kind, version, bad.sessions[kind, version])
            equal(f"a revoked client with its session, {kind}, TLS {version}", entry.what, "revoked")
            equal(f"a revoked server, {kind}, TLS {version}", made.call(kind, "bad", version).what, "revoked")
            entry = made.trunks.enter(made.certs[kind, "fine"], kind, version, fine.sessions[kind, version])
            # who was let in by none has to be checked anew once there is an answer
            equal(f"a good client, {kind}, TLS {version}", (entry.what, entry.resumed), ("good", kind != "none"))
            entry = made.call_anew(kind, "fine", version)
            if entry.resumed is False and kind != "none":  # another target's session may have pushed out this one's
                entry = made.call_anew(kind, "fine", version)
            equal(f"a good server, {kind}, TLS {version}", (entry.what, entry.resumed), ("good", kind != "none"))


def test_run_out(t):
    """A session holds no longer than the CRL by which its peer passed: then there is another handshake, which the peer
    passes by none, or not at all."""
    made, sessions = t.made, {}
    tenants = ("short", "short-none")
    for name in tenants:
        made.web.pages[name] = made.ca.crl(last=LIFE)
        for version in VERSIONS:
            for session, resumed in ((None, False), ("its own", True)):
                entry = made.trunks.enter(made.certs[name, "fine"], name, version, session and sessions[name, version])
                equal(f"client, TLS {version}: {entry.words}", (entry.what, entry.resumed), ("good", resumed))
                sessions[name, version] = entry.session
                entry = made.call_anew(name, "fine", version)
                equal(f"server, TLS {version}: {entry.words}", (entry.what, entry.resumed), ("good", resumed))
        made.web.pages[name] = 503
    for name in tenants:
        made.trunks.wait_source(name, made.web.url(name), state="out of date")
        must = ("revocation", None) if name == "short" else ("good", False)
        for version in VERSIONS:
            entry = made.trunks.enter(made.certs[name, "fine"], name, version, sessions[name, version])
            equal(f"{name}, client, TLS {version}: {entry.words}", (entry.what, entry.resumed), must)
            entry = made.call_anew(name, "fine", version)
            equal(f"{name}, server, TLS {version}: {entry.words}", (entry.what, entry.resumed), must)
    made.trunks.cube.prove_alive()


def _pause(row):
    """Seconds from a try to the next one; None while it is tried."""
    tried, following = (time.strptime(row[k], "%Y-%m-%d %H:%M:%S UTC") if row[k] not in ("", "now") else None
                        for k in ("tried", "next-try"))
    return tried and following and time.mktime(following) - time.mktime(tried)


def test_restart(t):
    """After a restart peers are judged by the CRLs in crl-cache, as fast as ever, while the server that has them does not
    answer; one that has run out is none. That its server is down is said in the log, and it is asked ever more seldom."""
    made, web = t.made, t.made.cached
    trunks = Trunks(t.run, "again", "cache")
    trunks.tenant("crl", made.ca, 'revocation-check = "crl"')
    certs = {name: made.ca.issue(name, web.url("short" if name == "late" else "long")) for name in ("fine", "bad", "late")}
    made.ca.revoke(certs["bad"])
    web.pages["long"], web.pages["short"] = made.ca.crl(), made.ca.crl(last=LIFE)
    must = {"fine": "good", "bad": "revoked", "late": "good"}
    trunks.start()
    equal("at first", {name: trunks.enter(cert, "crl").what for name, cert in certs.items()}, must)
    end = time.monotonic() + LIFE
    web.down = 503
    for pause in (5, 10, 20):
        trunks.fetch()
        wait_until(lambda p=pause: _pause(trunks.source("crl", web.url("long"))) == p, 5, f"the next try is {pause} s later")
    trunks.wait_source("crl", web.url("long"), state="good", error="from the cache: HTTP 503")
    equal("warnings", len(trunks.cube.logged(f"{web.url('long')}: from the cache: HTTP 503")), 1)
    trunks.cube.stop()
    equal("files in the cache", len(list((t.run.dir / "cache").glob("*.crl"))), 2)
    web.down = silent
    trunks.start()
    for name in ("fine", "bad"):
        entry = trunks.enter(certs[name], "crl")
        equal(f"{name}, after the restart: {entry.words}", entry.what, must[name])
        check(entry.took < AT_ONCE, f"it took {entry.took:.2f} s")
    time.sleep(max(0, end - time.monotonic()))
    equal("one that has run out", trunks.enter(certs["late"], "crl").what, "revocation")
    trunks.cube.prove_alive()
