# SPDX-License-Identifier: GPL-2.0-or-later
"""OPTIONS keepalive: who is busied out, when, and who is not; what calls, the log, events, RPC and metrics make of it. All
targets are watched side by side, since five seconds is the shortest interval."""

import itertools
import pathlib
import statistics
import subprocess
import time

import kamailio

from ca import Ca
from caller import Call, UdpLeg
from cases import check, equal
from kamailio import structures
from pings import Pings
from run import wait_until
from test_unreachable import Deaf, Mute
from trunks import PORT, Trunks
from udpend import UdpEnd

DIALPLAN = pathlib.Path(kamailio.MODULES).parent / "bin" / "cube-dialplan"
TARGETS = 50  # that cannot be reached
MANY = 25  # dial-peers of one target
DOWN, UP = 16, 8  # seconds: two questions with 5 s between them and 5 s of silence each; one
EVENTS = """event_route[cube:trunk-{0}] {{
	xlog("L_NOTICE", "event: trunk-{0} tenant $cube(tenant) target $cube(target) dialpeer $cube(dialpeer) reason $cube(reason)\\n");
}}
"""
CONF = """options-keepalive 1 { up-interval = 5  down-interval = 5  retry = 2 }
options-keepalive 2 { up-interval = 5  down-interval = 5  retry = 1 }
options-keepalive 3 { up-interval = 1200  down-interval = 5  retry = 1  session-transport = "tcp" }
"""
PEER = 'dial-peer {} {{ destination-pattern = "{}$"  {}  preference = {}  options-keepalive-profile = {} }}\n'
FIRST = {"steady": 200, "silent": None, "refuses": 503, "old": 505, "missing": 404, "other": 405, "many": 503,
         "one": 503, "two": 200}


def tls_peer(tag, tenant, at, profile=1):
    return (f'dial-peer {tag} {{ tenant = {tenant}  destination-pattern = "{tag}$"  session-target = "ipv4:{at}"  '
            f'options-keepalive-profile = {profile} }}\n')


class Made:
    def __init__(self, run, stack):
        self.run, self.says, self._lost = run, dict(FIRST), itertools.cycle((None, 200))
        ca = Ca(run.dir, "ca")
        last = "####### Replies #######\n"
        self.trunks = Trunks(run, change=[(last, "".join(map(EVENTS.format, ("down", "up"))) + last)])
        for name in ("red", "blue"):
            self.trunks.tenant(name, ca, 'revocation-check = "none"')
        self.cert = ca.issue("peer")
        self.at, self.ends = self.trunks.at, {}
        for n, name in enumerate((*FIRST, "lost")):
            self.ends[name] = UdpEnd(stack, self.at["far"], 7000 + n, lambda m, name=name: self._answer(name, m))
        self.far = self.trunks.far_end(stack, ca.issue("far"))
        self.far.behave = lambda m: 503 if f":{PORT + 2};" in m.get("Via") and m.method == "OPTIONS" else 200
        self.stranger = self.trunks.far_end(stack, Ca(run.dir, "other").issue("stranger"))
        self._conf()
        self.trunks.start()
        self.cube = self.trunks.cube

    def _conf(self):
        text = CONF
        # 11: busied out or not, and 12 behind it
        for tag, name in enumerate(("silent", "refuses", "old", "missing", "other", "lost")):
            text += PEER.format(11 + 10 * tag, f"{11 + 10 * tag}", self.target(name), 0, 1)
            text += PEER.format(12 + 10 * tag, f"{11 + 10 * tag}", self.target("steady"), 1, 1)
        text += "server-group 1 { server = { %s } }\n" % ", ".join(f'"ipv4:{self.ends[n].at}"' for n in ("one", "two"))
        text += PEER.format(80, "80", "session-server-group = 1", 0, 1)
        for n in range(MANY):
            text += PEER.format(100 + n, "9", self.target("many"), 0, 2)
        for tag, tenant, far in ((1, 1, self.far), (2, 2, self.far), (3, 1, self.stranger)):
            text += tls_peer(tag, tenant, far.at)
        text += PEER.format(70, "70", self.target("steady"), 0, 3)  # where nobody listens by TCP
        self.trunks.text += text

    def target(self, name):
        return f'session-target = "ipv4:{self.ends[name].at}"'

    def _answer(self, name, message):
        if message.method == "INVITE":
            return 200
        return next(self._lost) if name == "lost" else self.says[name]

    def rows(self):
        """{(tenant, target): row of cube_dialpeer.keepalive}; of sip-ua by the name of the far end."""
        names, found = {end.at: name for name, end in self.ends.items()}, {}
        for row in structures(self.cube.rpc("cube_dialpeer.keepalive")):
            key = names.get(row["target"], row["target"])
            found[int(row["tenant"]), key if row["transport"] != "tcp" else "tcp"] = row
        return found

    def state(self, name, tenant=0):
        return self.rows()[tenant, name]["state"]

    def wait(self, timeout, **states):
        wait_until(lambda: {n: self.state(n) for n in states} == states, timeout, f"they are {states}", 0.2)

    def settle(self):
        """All is known of all."""
        self.wait(DOWN, silent="down", refuses="down", old="down", many="down", tcp="down", one="down", steady="up",
                  missing="up", other="up", two="up", lost="up")

    def status(self, tag, what, name, reason, tenant=0, transport="udp"):
        """The line of a dial-peer in the log, and that of the event."""
        at = self.ends[name].at if name in self.ends else name
        return (f"%SIP-5-DIALPEER_STATUS: VoIP dial-Peer {tag} is {what} (tenant={tenant}, target={at}, transport={transport}, reason={reason})",
                f"event: trunk-{'down' if what == 'Busied out' else 'up'} tenant {tenant} target {at} dialpeer {tag} reason {reason}")

    def prove(self, *args, **more):
        for text in self.status(*args, **more):
            equal(f"lines with '{text}'", len(self.cube.wait_log(text)), 1)

    def call(self, number):
        """(status, the far end that got it, seconds)"""
        leg = UdpLeg(self.at["peer"], (self.at["cube"], 5060))
        began, call = time.monotonic(), Call(leg, number)
        status = call.invite()
        took = time.monotonic() - began
        if status == 200:
            equal("BYE", call.bye(), 200)
        leg.close()
        return status, "".join(name for name, end in self.ends.items() if end.of(call.call_id)), took

    def asked(self, name):
        return [m for m in self.ends[name].requests if m.method == "OPTIONS"]


setup = Made


def test_down(t):
    """Nobody is busied out before he was asked as often as retry has it; silence, 503 and 505 count, all other answers do not;
    a lost one now and then does no harm."""
    made = t.made
    check(all(row["state"] in ("unknown", "up") for row in made.rows().values()), made.rows())
    equal("a call to one who will be silent", made.call("11")[:2], (200, "silent"))
    made.settle()
    for name in ("silent", "refuses", "old"):
        equal(f"questions to {name}", len(made.asked(name)) // 2 * 2, 2)
    equal("a question", [sorted(n for n, _ in m.headers) for m in made.asked("refuses")[:1]],
          [["Accept", "CSeq", "Call-ID", "Contact", "From", "Max-Forwards", "To", "Via"]])
    question = made.asked("refuses")[0]
    own = f"sip:{made.at['cube']}:5060"
    equal("its first line", question.first, f"OPTIONS sip:{made.ends['refuses'].at} SIP/2.0")
    equal("its Contact", question.get("Contact"), f"<{own};transport=udp>")
    check(question.get("From").startswith(f"<{own}>;tag="), question.get("From"))
    equal("Max-Forwards", question.get("Max-Forwards"), "70")


def test_told(t):
    """The lines and the events: one for each dial-peer, at most ten for a target; none for those who are there."""
    made = t.made
    made.settle()
    for args in ((11, "Busied out", "silent", "no answer"), (21, "Busied out", "refuses", "503"),
                 (31, "Busied out", "old", "505")):
        made.prove(*args)
    many = made.cube.logged(made.ends["many"].at)
    equal("lines of the one with many dial-peers", [line.split("STATUS: ")[1].split(" (")[0] for line in many if "STATUS" in line],
          [f"VoIP dial-Peer {100 + n} is Busied out" for n in range(10)] + [f"and {MANY - 10} others are Busied out"])
    event = [line for line in many if "event: " in line]
    check(len(event) == 1 and f"dialpeer {','.join(str(100 + n) for n in range(MANY))} reason 503" in event[0], event)
    one = made.ends["one"].at
    made.cube.wait_log(f"a server is down, its 1 dial-peers have others (tenant=0, target={one}, transport=udp, reason=503)")
    made.cube.wait_log(f"event: trunk-down tenant 0 target {one} dialpeer  reason 503")
    for name in ("steady", "missing", "other", "lost", "two"):
        equal(f"lines of {name}", [x for x in made.cube.logged(made.ends[name].at) if "transport=udp" in x], [])
    row = made.rows()[0, "silent"]
    equal("a row", {k: row[k] for k in ("transport", "options-keepalive", "last-answer", "failures", "dial-peers")},
          {"transport": "udp", "options-keepalive": "1", "last-answer": "no answer", "failures": "2", "dial-peers": "11"})
    equal("many dial-peers in a row", made.rows()[0, "many"]["dial-peers"],
          ",".join(str(100 + n) for n in range(20)) + " and 5 others")


def test_calls(t):
    """Calls pass over a dial-peer that is busied out, and a server that is; to nobody else they get 503 at once."""
    made = t.made
    made.settle()
    for number, where in (("11", "steady"), ("21", "steady"), ("31", "steady"), ("41", "missing"), ("51", "other"),
                          ("61", "lost"), ("80", "two")):
        status, to, took = made.call(number)
        equal(f"a call to {number}", (status, to), (200, where))
        check(took < 1, f"it took {took:.1f} s")
    status, to, took = made.call("9")
    equal("a call to one that is busied out", (status, to), (503, ""))
    check(took < 1, f"it took {took:.1f} s")


def test_explained(t):
    """The dry run passes over what calls pass over, and tells since when; offline nothing is known of it."""
    made = t.made
    made.settle()

    def rows(number, part):
        return [row for row in structures(made.cube.rpc("cube_dialpeer.match", "out", number)) if row["part"] == part]
    equal("tried for 11", [(row["dial-peer"], row["keepalive"]) for row in rows("11", "outbound")], [("12", "up")])
    since = made.rows()[0, "silent"]["since"]
    equal("left out", [(row["dial-peer"], row["left-out"]) for row in rows("11", "outbound-left-out")],
          [("11", f"busyout: its target has not answered OPTIONS since {since}")])
    one = made.rows()[0, "one"]["since"]
    equal("servers of a group", [row["keepalive"] for row in rows("80", "target")],
          [f"no answer to OPTIONS since {one}: it is passed over", "up"])
    equal("nobody is left", [row["by"] for row in rows("9", "outbound")], ["none of those that match can be used: the call gets 503"])
    check(all(row["left-out"].startswith("busyout: ") for row in rows("9", "outbound-left-out") if "left-out" in row), rows("9", "outbound-left-out"))
    offline = subprocess.run([DIALPLAN, "-c", made.cube.conf, "11"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             timeout=20, check=True).stdout
    check("dial-peer: 11\n" in offline and "keepalive" not in offline and "busyout" not in offline, offline)


def test_tenants(t):
    """Two tenants towards one address: what it says to the one does not concern the other. Questions are TLS as calls are:
    not to one whose certificate nobody knows."""
    made = t.made
    wait_until(lambda: made.state(made.stranger.at, 1) == "down", DOWN, "the stranger is down")
    made.prove(3, "Busied out", made.stranger.at, "TLS handshake failed", 1, "tcp tls")
    equal("what the stranger got", made.stranger.requests(), [])
    wait_until(lambda: made.state(made.far.at, 2) == "down", DOWN, "the second tenant's is down")
    equal("the first tenant's", made.state(made.far.at, 1), "up")
    made.prove(2, "Busied out", made.far.at, "503", 2, "tcp tls")
    equal("lines of the first tenant", made.cube.logged("VoIP dial-Peer 1 is"), [])
    ports = {c.remote for c, m in made.far.requests() if m.method == "OPTIONS"}
    equal("where they came from", ports, {f"{made.at['cube']}:{PORT + n}" for n in (1, 2)})
    for number, status in (("1", 200), ("2", 503)):
        equal(f"a call to {number}", made.call(number)[0], status)
    text = made.cube.kamcmd("cube_tls.metrics")
    for tenant, up in ((1, 1), (2, 0)):
        line = f'kamailio_cube_trunk_up{{tenant="{tenant}",target="{made.far.at}",transport="tcp tls",options_keepalive="1"}} {up}'
        check(line in text, f"{line} is not in the metrics")


def test_reload(t):
    """A reload changes no state, and asks nobody again before his time; who is no more in the file is forgotten."""
    made = t.made
    made.settle()
    before = made.rows()
    kept = ("state", "since", "last-answer", "failures")
    made.cube.conf.write_text(made.trunks.text.replace("dial-peer 31 ", "dial-peer 33 "))
    made.cube.kamcmd("cube_tenant.reload")
    time.sleep(1.2)
    after = made.rows()
    for key, row in before.items():
        if row["failures"] not in ("0", "1"):
            equal(f"{key} behind a reload", {k: after[key][k] for k in kept}, {k: row[k] for k in kept})
    equal("its dial-peer", after[0, "old"]["dial-peers"], "33")
    equal("a call", made.call("31")[:2], (200, "steady"))
    made.cube.conf.write_text(made.trunks.text.replace(made.target("old"), made.target("other")))
    made.cube.kamcmd("cube_tenant.reload")
    check((0, "old") not in made.rows(), "the old one is still there")
    time.sleep(1.2)
    asked = len(made.asked("old"))
    made.cube.conf.write_text(made.trunks.text)
    made.cube.kamcmd("cube_tenant.reload")
    equal("who comes anew", made.state("old"), "unknown")
    equal("questions meanwhile", len(made.asked("old")) - asked, 0)


def test_restored(t):
    """The first good answer brings a target back, and calls with it. A server group is busied out with its last server
    alone."""
    made = t.made
    made.settle()
    made.says.update(refuses=486, silent=200, two=503)
    made.wait(UP, refuses="up")
    made.wait(UP + 5, silent="up")
    made.prove(21, "Up", "refuses", "486")
    made.prove(11, "Up", "silent", "200")
    for number, where in (("11", "silent"), ("21", "refuses")):
        equal(f"a call to {number}", made.call(number)[:2], (200, where))
    made.wait(DOWN, two="down")
    made.prove(80, "Busied out", "two", "503")
    equal("a call to the group", made.call("80")[:2], (503, ""))
    made.says.update(one=200)
    made.wait(UP, one="up")
    made.prove(80, "Up", "one", "200")
    equal("a call to the group", made.call("80")[:2], (200, "one"))
    equal("lines of one who lost every other question", made.cube.logged("VoIP dial-Peer 61 is"), [])


class Closed:
    """Nobody listens there."""

    def __init__(self, at):
        pass

    def close(self):
        pass


def test_unreachable(t):
    """50 TLS targets that do not listen, or accept and say nothing, and their questions: nobody else waits."""
    made, text = t.made, t.made.trunks.text
    ends = []
    with Pings(made.trunks, made.cert, "red") as before:
        time.sleep(1.5)
    for n in range(TARGETS):
        at = made.at["far"], 8000 + n
        ends.append((Closed, Deaf, Mute)[n % 3](at))
        text += tls_peer(1000 + n, 1, "%s:%d" % at, 2)
    made.cube.conf.write_text(text)
    with Pings(made.trunks, made.cert, "red") as during:
        made.cube.kamcmd("cube_tenant.reload")
        wait_until(lambda: len(made.cube.logged("VoIP dial-Peer 10")) >= TARGETS, 20, "all are busied out")
    for end in ends:
        end.close()
    t.say(f"          before: {before.sentence()}")
    t.say(f"          during: {during.sentence()}")
    for kind in ("up", "new", "udp"):
        slow = during.slowest(kind)
        check(statistics.median(slow) < 0.5 and max(slow) < 1, f"{kind}: {max(slow):.2f} s")
    made.cube.prove_alive()


def test_restart(t):
    """Behind a restart everybody is up until he has failed anew."""
    made = t.made
    made.wait(UP, many="down")
    made.cube.conf.write_text(made.trunks.text)
    made.cube.stop()
    made.cube.start()
    equal("states", {row["state"] for row in made.rows().values()} - {"unknown", "up"}, set())
    equal("a call", made.call("9")[:2], (200, "many"))
