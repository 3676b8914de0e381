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
from tlsclient import TlsClient, client_context, options, served, try_options

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


def _ask(made, context, session=None):
    """One connection with one OPTIONS. Returns (the name in our certificate, resumed?, the session for the next one)."""
    with served(context, made.at["friend"], made.tls, session=session) as client:
        return client.peer, client.ssl.session_reused, client.ssl.session


def test_new_certificate(t):
    """After a reload new connections get the new certificate, also with a session of the old one, which is not resumed; a
    connection that was open before goes on with its own."""
    old = TlsClient(client_context("ogw"), t.made.at["friend"], t.made.tls)
    kept = []
    with old:
        place(TlsLeg(old, t.made.tls), "2000")
        for version in ("1.2", "1.3"):
            context = client_context("ogw", version, version)
            *_, session = _ask(t.made, context)
            *seen, session = _ask(t.made, context, session)
            equal("before", seen, ["tenant100.cube.example", True])
            kept.append((context, session))
        t.made.cert.write_text(pki.cert("ec521").read_text())
        t.made.key.write_text(pki.key("ec521").read_text())
        with t.made.cube.binrpc() as rpc:
            answer = rpc.call("cube_tenant.reload")
        equal("what has changed", (answer["changes"], answer["trustpoint"]), (1, {"changed": ["tenant100"]}))
        for context, session in kept:
            equal("with a session of before", _ask(t.made, context, session)[:2], ("ec521.cube.example", False))
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


def _told(made):
    """The line of the last reload, from what has changed on."""
    line = made.cube.logged("configuration ")[-1]
    return re.search(r"configuration \d+ runs: \d+ tenants, \d+ dial-peers; (.*)", line)[1]


def _own(answer):
    """An answer without the numbers that other cases move."""
    return {k: v for k, v in answer.items() if k not in ("generation", "older-connections")}


def test_changes(t):
    """A reload says what it changed, and check what a reload would, of any file; nothing is said to be nothing."""
    made, other = t.made, t.run.dir / "other.conf"
    made.far.close_all()
    made.cube.wait_no_connection()
    rest = {"tenants": 2, "dial-peers": 1, "closed-connections": 0}
    with made.cube.binrpc() as rpc:
        equal("nothing", _own(rpc.call("cube_tenant.reload")), {"reload": "ok", "changes": 0, **rest})
        equal("line", _told(made), "nothing has changed; 0 connections closed, 0 keep an older configuration")
        equal("check", rpc.call("cube_tenant.check"), {"check": "ok", "changes": 0, "would-close-connections": 0})
        text = made.text.replace("2...", "3...").replace("sip-ua {", 'sip-ua {\n    tls-version = "1.2+"')
        text += "".join(f"tls-cipher {n} {{ cipher = {{ AES128_GCM_SHA256 }} }}\n" for n in range(1, 26))
        text += f'tenant 300 {{ listen-non-secure = "{made.at["cube"]}:5999" }}\n'
        other.write_text(text)
        first = [str(n) for n in range(1, 21)]
        changes = {"changes": 30, "sip-ua": "changed", "tls-cipher": {"added": first, "added-more": 5},
                   "tls-profile": {"changed": ["100", "200"]}, "tenant": {"added": ["300"]}, "dial-peer": {"changed": ["200"]}}
        waits = {"wait for a restart": [f"{made.at['cube']}:5999"]}
        equal("check of another file", rpc.call("cube_tenant.check", str(other)),
              {"check": "ok", **changes, "would-close-connections": 0, **waits})
        generation = rpc.call("cube_tenant.reload")["generation"]
        equal("the running one was left alone", _told(made).split(";")[0], "nothing has changed")
        made.cube.conf.write_text(text)
        equal("reload", _own(rpc.call("cube_tenant.reload")), {"reload": "ok", **rest, "tenants": 3, **changes, **waits})
        equal("line", _told(made), f"added: tls-cipher {', '.join(first)} and 5 more, tenant 300; changed: sip-ua, tls-profile "
              f"100, 200, dial-peer 200; 0 connections closed, 0 keep an older configuration; wait for a restart: {made.at['cube']}:5999")
        made.cube.conf.write_text(made.text)
        back = rpc.call("cube_tenant.reload")
        equal("back", (back["generation"], back["tenant"], back["tls-cipher"]),
              (generation + 2, {"removed": ["300"]}, {"removed": first, "removed-more": 5}))
    made.call()


def test_removed(t):
    """Connections of a tenant that is no longer there, or whose listener is another's now, are closed by the reload; those of
    the others stay."""
    made, address = t.made, t.made.at["cube"]
    without = re.sub(r"(?s)tenant 100 \{.*?\n\}\n", "", made.text)
    check(without != made.text, "tenant 100 is taken out")
    moved = made.text.replace(":5200", ":5300").replace(":5100", ":5200")
    for text, gone in ((without, "tenant 100 is gone"), (moved, "its listener is another's")):
        kept_port = (address, 5200)
        made.far.close_all()
        made.cube.wait_no_connection()
        with served(client_context("ogw"), made.at["friend"], made.tls) as lost, \
                served(client_context("ogw"), made.at["friend"], kept_port) as kept:
            both = text is moved
            other = t.run.write("removed.conf", text)
            with made.cube.binrpc() as rpc:
                equal(f"{gone}: check", rpc.call("cube_tenant.check", str(other))["would-close-connections"], 1 + both)
                made.cube.conf.write_text(text)
                answer = rpc.call("cube_tenant.reload")
            equal(f"{gone}: closed, kept", (answer["closed-connections"], answer["older-connections"]), (1 + both, 1 - both))
            try:
                equal(f"{gone}: the connection", lost.receive(), "closed")
            except EOFError:
                pass
            if not both:
                kept.send(options(kept, kept_port))
                equal(f"{gone}: the other tenant's connection", kept.receive().status, 200)
            result, _ = try_options(client_context("ogw"), made.at["friend"], made.tls)
            check(not result.isdigit(), f"{gone}: a new connection must be refused, is {result}")
        made.cube.conf.write_text(made.text)
        made.cube.rpc("cube_tenant.reload")
        made.call()
    equal("counted as cleared", made.cube.counters("100")[100, "server"].get("cleared"), 2)
    made.cube.prove_alive()
