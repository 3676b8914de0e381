# SPDX-License-Identifier: GPL-2.0-or-later
"""What revocation checking costs: in memory, and in time of other tenants, with a long CRL and with dead servers."""

import collections
import contextlib
import pathlib
import re
import time

import cube
import netns
import sipmsg
from ca import Ca
from caller import Call, UdpLeg
from cases import check, equal, together
from pings import Pings
from run import wait_until
from trunks import Trunks
from webserver import WebServer, after, silent

RELOADS, TOLERANCE = 100, 4096  # bytes: less than 14 for each answer, where the smallest entry is above 100
ENTRIES, ENTRY = 100000, 20  # bytes of a serial number
PEERS = 12  # of a dead responder, at the same time
WAIT = 1.4  # seconds: what a handshake may wait, and room for a busy machine
SHORT = 0.5  # seconds: nobody has waited
LATE = 0.6  # seconds: less than a handshake waits
REFUSED = 500, 503  # what tm makes of a peer's 503 by RFC 3261 16.7, and the script of what cannot be sent
VERSIONS = "1.2", "1.3"
HELD, LARGE = 256 * 1024, 30000  # bytes: what is held for a handshake, and a large body


class Made:
    def __init__(self, run, stack):
        with contextlib.suppress(PermissionError):
            stack.enter_context(netns.namespace())
        self.run, self.ca, self.big = run, Ca(run.dir, "ca"), Ca(run.dir, "big")
        self.web, self.mute = WebServer(run, stack), WebServer(run, stack)
        self.trunks = Trunks(run)
        for name in ("crl", "ocsp"):
            self.trunks.tenant(name, self.ca, f'revocation-check = "{name}"')
        self.trunks.tenant("big", self.big, 'revocation-check = "crl"')
        own = self.own = self.ca.issue("own", ocsp=self.web.url("own"))
        self.trunks.text += cube.trustpoint("own", own.pem, own.key, self.ca.pem.with_suffix(""))
        self.trunks.tenant("stapling", self.ca, 'revocation-check = "none"', "own")
        self.good = self.ca.issue("good", self.web.url("crl"), self.web.url("ocsp"))
        self.listed = self.big.issue("listed", self.web.url("big"))
        self.web.pages.update({name: self.ca.moved(self.ca.response(cert), -60, 3600)
                               for name, cert in (("ocsp", self.good), ("own", own))}, crl=self.ca.crl(first=-60))
        self.mute.down = silent
        self.dead = {kind: [self.ca.issue(f"{kind}-{n}", ocsp=self.mute.url(kind if kind == "one" else f"dead-{n}"))
                            for n in range(PEERS)] for kind in ("one", "many")}
        self.far = self.trunks.far_end(stack, self.ca.issue("far", ocsp=self.mute.url("far")))
        self.number = self.trunks.target("ocsp", (self.far.host, self.far.port))
        # peers whose responder takes its time, but less than a handshake waits for it
        self.late = []
        for n, version in enumerate((*VERSIONS, "1.3")):
            cert = self.ca.issue(f"late-{n}", ocsp=self.web.url(f"late-{n}"))
            self.web.pages[f"late-{n}"] = after(LATE, self.ca.moved(self.ca.response(cert), -60, 3600))
            far = self.trunks.far_end(stack, cert, highest=version)
            self.late.append((far, self.trunks.target("ocsp", (far.host, far.port))))
        self.late_full = self.late.pop()
        self.trunks.start()

    def again(self, *paths):
        """All is fetched again; waits until these pages have been, and are known."""
        before = [self.web.seen[path] for path in paths]
        self.trunks.fetch()
        wait_until(lambda: all(self.web.seen[p] > n for p, n in zip(paths, before)), 10, f"{paths} are fetched again", 0.002)


    def calls(self, number, body=sipmsg.SDP):
        """PEERS calls: one, and the others while its handshake waits. What became of each: (status, seconds)."""
        def call(which):
            leg = UdpLeg(self.trunks.at["peer"], (self.trunks.at["cube"], 5060))
            time.sleep(0.15 if which else 0)
            began, call = time.monotonic(), Call(leg, number)
            try:
                status = call.invite(10, body)
                took = time.monotonic() - began
                if status == 200:
                    call.bye()
                return status, took
            finally:
                leg.close()
        return together(call, range(PEERS))


setup = Made


def test_memory(t):
    """100 CRLs, 100 responses for a peer and 100 for our own certificate leave shared memory as it was."""
    made, each = t.made, 10
    equal("a peer", [made.trunks.enter(made.good, k).what for k in ("crl", "ocsp")], ["good"] * 2)
    versions = RELOADS // each + 2

    def reload(number):
        """Some of them, of the same date. The number of entries is another one each time, but at last that of the first."""
        first = number - versions
        made.web.pages.update(crl=made.ca.long_crl(range(2**100, 2**100 + 100 * (number % (versions - 2))), first=first),
                              ocsp=made.ca.moved(made.ca.response(made.good), first, 3600),
                              own=made.ca.moved(made.ca.response(made.own), first, 3600))
        for _ in range(each):
            made.again("/crl", "/ocsp", "/own")

    reload(1)
    made.trunks.wait_source("crl", made.web.url("crl"), entries=100, error="")
    made.trunks.cube.wait_no_connection()
    before, began = made.trunks.cube.memory(), time.monotonic()
    for number in range(2, versions):
        reload(number)
    took = time.monotonic() - began
    made.trunks.wait_source("crl", made.web.url("crl"), entries=100, state="good", error="")
    grown = made.trunks.cube.memory() - before
    t.say(f"          {3 * RELOADS} answers in {took:.1f} s, shared memory {grown:+d} bytes")
    check(abs(grown) < TOLERANCE, f"shared memory grew by {grown} bytes")
    made.trunks.cube.prove_alive()


def own_memory(pid):
    """KB that a process has for itself."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+)", text, re.M).group(1))


def test_large(t):
    """A CRL with 100,000 entries lies once in shared memory, and nobody waits while it is loaded or replaced."""
    made, trunks = t.made, t.made.trunks
    numbers = range(2**158, 2**158 + ENTRIES)
    data = [made.big.long_crl(numbers, first=first) for first in (-60, -30, 0)]
    with Pings(trunks, made.good, "crl") as pings:
        time.sleep(1)
    t.say(f"          before: {pings.sentence()}")
    trunks.cube.wait_no_connection()
    processes = {pid: own_memory(pid) for pid in trunks.cube.processes()}
    before = trunks.cube.memory()
    made.web.pages["big"] = data[0]
    equal("a peer that is not on it", trunks.enter(made.listed, "big").what, "good")
    trunks.cube.wait_no_connection()
    grown = trunks.cube.memory() - before
    t.say(f"          {len(data[0]) / 1e6:.1f} MB of DER are {grown / ENTRIES:.1f} bytes of shared memory for each entry")
    check(ENTRY * ENTRIES < grown < ENTRY * ENTRIES * 1.1, f"shared memory grew by {grown} bytes")
    most = max(own_memory(pid) - kb for pid, kb in processes.items())
    t.say(f"          a process grew by at most {most} KB")
    check(most < 1500, f"a process grew by {most} KB")
    with Pings(trunks, made.good, "crl") as pings:
        for new in data[1:]:
            made.web.pages["big"] = new
            began = trunks.source("big", made.web.url("big"))["this-update"]
            made.again("/big")
            wait_until(lambda b=began: trunks.source("big", made.web.url("big"))["this-update"] != b, 10, "it is replaced")
    t.say(f"          during: {pings.sentence()}")
    for kind in ("up", "new", "udp"):
        check(pings.slowest(kind)[-1] < SHORT, f"{kind}: OPTIONS took {pings.slowest(kind)[-1]:.2f} s")
    equal("entries", trunks.source("big", made.web.url("big"))["entries"], ENTRIES)
    trunks.cube.wait_no_connection()
    more = trunks.cube.memory() - before - grown
    check(abs(more) < 4 * TOLERANCE, f"once it was replaced twice, {more} bytes more are in use")
    made.big.revoke(made.listed)
    made.web.pages["big"] = made.big.long_crl(numbers)
    made.again("/big")
    trunks.wait_source("big", made.web.url("big"), entries=ENTRIES + 1)
    equal("who is on the next one", trunks.enter(made.listed, "big").what, "revoked")
    trunks.cube.prove_alive()


def test_late(t):
    """Calls to a peer whose responder takes its time are held until it has answered, and all of them go out then."""
    made, trunks = t.made, t.made.trunks
    equal("another tenant's peer", trunks.enter(made.good, "crl").what, "good")
    for (far, number), version in zip(made.late, VERSIONS):
        with Pings(trunks, made.good, "crl") as pings:
            calls = made.calls(number)
        t.say(f"          TLS {version}: {pings.sentence()}")
        equal("calls", {status for status, _ in calls}, {200})
        equal("connections", [c.version for c in far.connections], [f"TLSv{version}"])
        took = [seconds for _, seconds in calls]
        check(LATE < took[0] < WAIT and max(took[1:]) > LATE - 0.2, f"the calls took {min(took):.2f} to {max(took):.2f} s")
        check(pings.slowest("udp")[-1] < SHORT, f"OPTIONS by UDP took {pings.slowest('udp')[-1]:.2f} s")


def test_full(t):
    """What is held while a handshake waits has a limit: calls beyond it fail at once, the others get through."""
    made, trunks = t.made, t.made.trunks
    far, number = made.late_full
    calls = made.calls(number, sipmsg.SDP + "a=padding:" + "x" * LARGE + "\r\n")
    count = collections.Counter(status for status, _ in calls)
    held = -(-HELD // (LARGE + 1000))
    check(set(count) == {200, 503} and abs(count[200] - 1 - held) <= 1, f"answers {dict(count)}, some {held} fit")
    check(all(took < SHORT for status, took in calls if status == 503), f"who was refused waited: {calls}")
    lines = trunks.cube.process.log.read_text().count("more than enough waits for the handshake with")
    equal("lines", lines, count[503])
    equal("connections", len(far.connections), 1)


def test_dead(t):
    """Peers whose responder never answers hold up nobody else for more than one wait of 0.9 s, in half of the readers at the
    most, whether they are called or call, all at once, and have one responder or each one of its own. Who sends to one that
    is called waits for nothing."""
    made, trunks = t.made, t.made.trunks

    def called(_):
        for status, took in made.calls(made.number):
            check(status in REFUSED and took < 2 * WAIT, f"a call to a peer that nobody knows of: {status} in {took:.2f} s")

    def call(certs):
        for entry in together(lambda cert: trunks.enter(cert, "ocsp"), certs):
            equal("a peer that nobody knows of", entry.what, "revocation")
            check(entry.took < 2 * WAIT, f"its handshake took {entry.took:.2f} s")

    with Pings(trunks, made.good, "crl") as pings:
        time.sleep(0.5)
    t.say(f"          before:      {pings.sentence()}")
    # in this order: a reader that has waited in vain rests, so that there are fewer of them each time
    for what, attack, certs in (("called", called, None), ("one address", call, made.dead["one"]),
                                ("many", call, made.dead["many"])):
        with Pings(trunks, made.good, "crl") as pings:
            for _ in range(2):
                attack(certs)
        late = pings.late(SHORT)
        t.say(f"          {what + ':':12} {pings.sentence()}; {sum(map(bool, late))} of {len(late)} connections waited")
        check(pings.slowest("up")[-1] < WAIT and pings.slowest("new")[-1] < WAIT, f"{what}: OPTIONS waited for too long")
        check(pings.slowest("udp")[-1] < SHORT, f"{what}: OPTIONS by UDP took {pings.slowest('udp')[-1]:.2f} s")
        check(max(late) <= 1, f"{what}: connections waited {late} times")
        check(late.count(0) >= 3, f"{what}: {len(late) - late.count(0)} of {len(late)} connections waited")
    trunks.cube.prove_alive()
