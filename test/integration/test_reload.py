# SPDX-License-Identifier: GPL-2.0-or-later
"""cube_tenant.reload: all of a new configuration or nothing of it, and no call notices."""

import re
import threading
import time

import cube
import pki
from binrpc import Fault
from caller import TlsLeg, UdpLeg, place
from cases import check, equal, limit
from farend import FarEnd
from run import TREE, Failed, wait_until
from sipp import Sipp
from tlsclient import TlsClient, client_context, try_options

RELOADS, RELOADS_FULL, WARM_UP = 1000, 5000, 100
# Without calls. The allocator's rounding moves the number up and down by some KB; if each reload leaked one smallest
# block (32 bytes), it would be more.
QUIET, QUIET_TOLERANCE = 500, 500 * 24
# With calls: each of the dozen processes that do handshakes keeps the private keys (1 to 2 KB) of the last one to three
# configurations that it has seen; a leaked configuration is 100 KB.
TOLERANCE = 12 * 2 * 2 * 2048

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:{udp}" }}
    trusted-list      = {{ "{block}.0/24" }}
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
tls-profile 200 {{ trustpoint = "tenant200" }}
tenant 100 {{
    tls-profile       = 100
    listen-secure     = "{cube}:{tls100}"
    listen-non-secure = "{cube}:{udp100}"
}}
tenant 200 {{
    tls-profile       = 200
    listen-secure     = "{cube}:{tls200}"
    session-transport = "tcp tls"
    sip-server        = "ipv4:{far}:5061"
}}
dial-peer 200 {{
    tenant                 = 200
    destination-pattern    = "2..."
    session-target         = "sip-server"
}}
"""


class Made:
    def __init__(self, run, stack):
        at = {name: run.addresses.host() for name in ("cube", "friend", "far", "sipp")}
        port = {"udp": 5060, "udp100": 5070, "tls100": 5100, "tls200": 5200}
        self.run, self.at = run, at
        self.tls, self.udp = (at["cube"], port["tls100"]), (at["cube"], port["udp100"])
        self.cert, self.key = run.dir / "tenant100.pem", run.dir / "tenant100.key"
        self.text = CONF.format(block=run.addresses.block, **at, **port) + cube.trustpoint("tenant200")
        self.text += cube.trustpoint("tenant100", self.cert, self.key)
        self.restore()
        self.far = FarEnd(at["far"], 5061)
        stack.callback(self.far.close)
        self.cube = cube.Cube(run, self.text).start()

    def restore(self):
        """The files as they were at the start."""
        self.cert.write_text(pki.cert("tenant100").read_text())
        self.key.write_text(pki.key("tenant100").read_text())
        self.key.chmod(0o600)

    def call(self):
        """A call from TLS to TLS on a new connection."""
        client = TlsClient(client_context("ogw"), self.at["friend"], self.tls)
        with client:
            equal("the tenant's certificate", client.peer, "tenant100.cube.example")
            place(TlsLeg(client, self.tls), "2000")


setup = Made


class Calls(threading.Thread):
    """TLS calls one after the other, each on a connection of its own, until told to stop."""

    def __init__(self, made):
        super().__init__(daemon=True)
        self._made, self.ended, self.calls, self.faults = made, threading.Event(), 0, []

    def run(self):
        while not self.ended.is_set():
            try:
                self._made.call()
                self.calls += 1
            except (Failed, OSError, EOFError) as error:
                self.faults.append(str(error))
            time.sleep(0.05)


def _idle_memory(made):
    """Shared memory in use when no call, transaction or connection is left."""
    made.far.close_all()
    made.cube.wait_no_connection(20)
    wait_until(lambda: made.cube.rpc("tm.stats").get("current") == "0", 40, "tm has freed all transactions", 0.5)
    return made.cube.memory()


def _reload_under_calls(t, name, reloads):
    """So many reloads, 100 in a second, while calls run. Returns (seconds, calls from UDP, calls from TLS)."""
    tls = [Calls(t.made), Calls(t.made)]
    sipp = Sipp(t.run, name, TREE / "test" / "demo" / "uac.xml", t.made.at["sipp"], 5060, rate=20,
                target="%s:%d" % t.made.udp, service="2000", calls=max(reloads // 5, 20), timeout=60 + reloads // 50)
    for caller in tls:
        caller.start()
    began = time.monotonic()
    with t.made.cube.binrpc() as rpc:
        first = last = rpc.call("cube_tenant.reload")["generation"]
        for number in range(1, reloads):
            last = rpc.call("cube_tenant.reload")["generation"]
            time.sleep(max(0, number / 100 - (time.monotonic() - began)))
    took = time.monotonic() - began
    sipp.wait()
    for caller in tls:
        caller.ended.set()
    for caller in tls:
        caller.join(30)
    equal("generation", last - first + 1, reloads)
    calls, faults = sum(c.calls for c in tls), [f for c in tls for f in c.faults]
    check(not faults, f"{len(faults)} calls from TLS failed: {faults[:3]}")
    return took, sipp.calls, calls


@limit(120)
def test_thousand(t):
    """1,000 reloads while calls from UDP and from TLS run through to TLS: no call fails and shared memory is flat."""
    reloads = RELOADS_FULL if t.full else RELOADS
    _reload_under_calls(t, "sipp-warm-up", WARM_UP)
    with t.made.cube.binrpc() as rpc:
        for _ in range(50):
            rpc.call("cube_tenant.reload")
        before = _idle_memory(t.made)
        for _ in range(QUIET):
            rpc.call("cube_tenant.reload")
    quiet = _idle_memory(t.made)
    t.say(f"          shared memory in use: {before} before, {quiet} after {QUIET} reloads without calls")
    check(abs(quiet - before) <= QUIET_TOLERANCE, f"it was {before}, is {quiet} ({quiet - before:+.0f})")
    took, udp, tls = _reload_under_calls(t, "sipp", reloads)
    t.say(f"          {reloads} reloads in {took:.1f} s; calls: {udp} from UDP, {tls} from TLS")
    check(tls > 10, f"only {tls} calls from TLS")
    after = _idle_memory(t.made)
    t.say(f"          shared memory in use: {quiet} before, {after} after")
    check(abs(after - quiet) <= TOLERANCE, f"shared memory in use was {quiet}, is {after} ({after - quiet:+.0f})")
    t.made.cube.prove_alive()


def _other_key(made):
    made.key.write_text(pki.key("mismatch").read_text())


def _bad_key(made):
    made.key.write_text(pki.key("broken").read_text())


def _bad_certificate(made):
    made.cert.write_text(pki.cert("broken").read_text())


def _no_file(made):
    made.cert.unlink()


def _readable_key(made):
    made.key.chmod(0o644)


def _change(old, new):
    def change(made):
        text = made.text.replace(old, new, 1)
        check(text != made.text, f"cube.conf has no '{old}'")
        made.cube.conf.write_text(text)
    return change


# What is done to the files; what the answer must say (a pattern).
BAD = [
    ("a key that does not fit the certificate", _other_key, r"^trustpoint \"?tenant100\"?: .*private-key"),
    ("a file without a key", _bad_key, r"^trustpoint \"?tenant100\"?: private-key .*tenant100\.key"),
    ("a file without a certificate", _bad_certificate, r"^trustpoint \"?tenant100\"?: certificate .*tenant100\.pem"),
    ("a missing file", _no_file, r"^trustpoint \"?tenant100\"?: certificate: .*tenant100\.pem: No such file"),
    ("a key that everybody can read", _readable_key, r"^trustpoint \"?tenant100\"?: .*tenant100\.key.*0?644.*chmod"),
    ("a syntax error", _change("tenant 100 {", "tenant 100 "), r"cube\.conf|reload\.conf"),
    ("a file that ends too early", _change("}\n" + "trustpoint", "\ntrustpoint"), r"\S"),
    ("a key that does not exist", _change("tls-profile       = 100", "tls-profil = 100"), r"tls-profil"),
    ("a reference to nothing", _change("tls-profile       = 100", "tls-profile = 7"),
     r"^tenant 100: tls-profile 7: .*100, 200"),
    ("a wrong version", _change('trustpoint = "tenant100"', 'trustpoint = "tenant100"  tls-version = "1.4"'),
     r"^tls-profile 100: tls-version.*1\.4.*1\.2"),
    ("two tenants on one port", _change(":5200", ":5100"), r"tenant [12]00: listen-secure .*:5100.*tenant [12]00"),
]


def test_refused(t):
    """A reload with a fault in a file is refused with the object's path, and the running configuration stays: calls
    go on with the old certificate; a reload with the files as they were is accepted."""
    generation = t.made.cube.rpc("cube_tenant.reload")["generation"]
    with t.made.cube.binrpc() as rpc:
        for what, damage, words in BAD:
            damage(t.made)
            for command in ("cube_tenant.check", "cube_tenant.reload"):
                try:
                    seen = rpc.call(command)
                except Fault as fault:
                    check(re.search(words, fault.text, re.M), f"{what}: {command}: '{fault.text}', must be '{words}'")
                    text = fault.text
                else:
                    raise Failed(f"{what}: {command} was accepted: {seen}")
            t.say(f"          {what}: {text.splitlines()[0]}")
            t.made.call()
            equal("OPTIONS", try_options(client_context("ogw"), t.made.at["friend"], t.made.tls)[0], "200")
            t.made.restore()
            t.made.cube.conf.write_text(t.made.text)
        equal("generation", rpc.call("cube_tenant.reload")["generation"], int(generation) + 1)
    lines = t.made.cube.logged("reload refused")
    check(len(lines) >= len(BAD), f"{len(lines)} lines in the log say 'reload refused', must be {len(BAD)} or more")
    t.made.call()
    t.made.cube.prove_alive()


def test_new_certificate(t):
    """After a reload new connections get the new certificate; one that was open before goes on with its own."""
    old = TlsClient(client_context("ogw"), t.made.at["friend"], t.made.tls)
    with old:
        place(TlsLeg(old, t.made.tls), "2000")
        t.made.cert.write_text(pki.cert("ec521").read_text())
        t.made.key.write_text(pki.key("ec521").read_text())
        t.made.cube.rpc("cube_tenant.reload")
        with TlsClient(client_context("ogw"), t.made.at["friend"], t.made.tls) as new:
            equal("certificate of a new connection", new.peer, "ec521.cube.example")
            place(TlsLeg(new, t.made.tls), "2000")
        place(TlsLeg(old, t.made.tls), "2000")
    t.made.restore()
    t.made.cube.rpc("cube_tenant.reload")
    t.made.call()
    leg = UdpLeg(t.made.at["friend"], t.made.udp)
    place(leg, "2000")
    leg.close()
