# SPDX-License-Identifier: GPL-2.0-or-later
"""sips, sip and tel on the two legs of a call, in all combinations, with SIPp on both sides: whole dialogs, of which each
message is compared with what the other side sent, header by header."""

import itertools
import select
import socket

import cube
import sipmsg
from bridge import Bridge
from cases import equal
from scenarios import Side, first
from schemes import LISTENERS, Kind, Leg, answered, contact, record_routes, relayed, strict, targets, uri_on
from udpend import UdpEnd

KINDS = [Kind(name) for name in ("sip/UDP", "sip/TCP", "sip/TLS", "sips/TLS", "tel/UDP", "tel/TLS")]
ENDINGS = ("caller", "called", "nobody")  # who hangs up
CONF = LISTENERS + """tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5101"  session-transport = "tcp tls" }}
"""
SENDS = """<pause milliseconds="200"/>
<send retrans="500">
<![CDATA[
BYE [next_url] SIP/2.0
{{{who}}}
CSeq: {cseq} BYE
{{empty}}
]]>
</send>
<recv response="200"/>"""
IS_SENT = """<recv request="BYE"/>
<send>
<![CDATA[
SIP/2.0 200 OK
{answer}
{empty}
]]>
</send>"""


# from one dial-peer to the next: the scheme of the leg out changes while the call is being set up
HUNTS = [(Kind(first), Kind(then)) for first, then in (("sips/TLS", "sip/UDP"), ("sip/UDP", "sips/TLS"), ("tel/UDP", "sips/TLS"),
                                                       ("sips/TLS", "tel/TLS"), ("tel/TLS", "sip/TCP"), ("sip/TLS", "tel/UDP"))]
CALLERS = [kind for kind in KINDS if kind.name in ("sip/UDP", "sips/TLS", "tel/UDP")]


def number(called, ending, downgrade):
    """The numbers of RFC 3966's examples begin so. Which leg, who hangs up, by which dial-peer."""
    return f"+1555{KINDS.index(called)}{ENDINGS.index(ending)}{int(downgrade)}00"


def dial_peer(tag, pattern, kind, target, downgrade, preference=0):
    transport = {"UDP": "udp", "TCP": "tcp", "TLS": "tcp tls"}[kind.protocol]
    return (f'dial-peer {tag} {{ destination-pattern = "{pattern}$"  session-target = "ipv4:{target}"  url = "{kind.url}"'
            + (f'  session-transport = "{transport}"' if kind.url != "sips" else "")
            + ("  tenant = 100" if kind.protocol == "TLS" else "") + ("  sips-downgrade = true" if downgrade else "")
            + f"  preference = {preference} }}\n")


class Made:
    def __init__(self, run, stack):
        self.run, self.stack, self._count = run, stack, itertools.count(1)
        self._behind = {}  # ports of SIPps that are called by way of a bridge
        self.at = {name: run.addresses.host() for name in ("cube", "called")}
        self.ports = {key: self.port("called") for key in itertools.product(KINDS, ENDINGS)}
        self.hunt_ports = [(self.port("called"), self.port("called")) for _ in HUNTS]
        self.hosts = {kind: run.addresses.host() for kind in KINDS}  # the callers'
        self.cube = cube.Cube(run, CONF.format(**self.at) + cube.trustpoint("tenant100") + "".join(self._dial_peers())).start()

    def port(self, name):
        """From 6000 on SIPp opens ports for media."""
        return self.run.addresses.port(self.at[name], 5070)

    def counts(self, tag):
        with self.cube.binrpc() as rpc:
            return rpc.call("cube_dialpeer.list", int(tag))

    def _dial_peers(self):
        tag = itertools.count(1)
        for (kind, ending), port in self.ports.items():
            for downgrade in (False, True):
                yield dial_peer(next(tag), number(kind, ending, downgrade), kind, f"{self.at['called']}:{port}", downgrade)
        for i, (kinds, ports) in enumerate(zip(HUNTS, self.hunt_ports)):
            for preference, (kind, port) in enumerate(zip(kinds, ports)):
                yield dial_peer(next(tag), f"+15559{i}000", kind, f"{self.at['called']}:{port}", True, preference)

    def server(self, kind, outward):
        """Our address on a leg of this kind."""
        port = 5060 if kind.protocol != "TLS" else 5101 if outward else 5061
        return f"{self.at['cube']}:{port}"

    def called(self, kind, port, ending, calls, scenario="sips-answers", **more):
        """SIPp as the called party of so many calls."""
        host = self.at["called"]
        at = port
        if kind.protocol == "TLS":
            at = self._behind.get(port) or self.port("called")
            if port not in self._behind:
                Bridge(self.stack, (host, port), (host, at), "tgw", outward=False)
            self._behind[port] = at
        contact = kind.at("bob", host, port)
        parts = {"protocol": kind.protocol, "contact": f"Contact: <{contact}>",
                 "identity": self.identity(kind, "+15552", host), "other": f"<{kind.of('+15557', host)}>",
                 "ending": SENDS.format(who="called", cseq=15) if ending == "called" else IS_SENT, **more}
        side = Side(self.run, scenario, next(self._count), host, at, "u1" if kind.protocol == "UDP" else "t1", parts,
                    calls=calls, timeout=20)
        side.contact = contact
        return side

    def caller(self, kind, ending, numbers, scenario="sips-calls", **more):
        """SIPp as the caller of these numbers, all at the same time."""
        host, cube_at = self.hosts[kind], self.at["cube"]
        at = port = self.run.addresses.port(host, 5070)
        target = self.server(kind, False)
        if kind.protocol == "TLS":
            at, bridge = (self.run.addresses.port(host, 5070) for _ in range(2))
            Bridge(self.stack, (host, bridge), (cube_at, 5061), "ogw", outward=True, source=(host, port))
            target = f"{host}:{bridge}"
        contact, to = kind.at("alice", host, port), kind.of("[field0]", cube_at)
        parts = {"protocol": kind.protocol, "contact": f"Contact: <{contact}>",
                 "from": f"<{kind.of('+15551', host)}>", "to": f"<{to}>", "number": to,
                 "identity": self.identity(kind, "+15551", host), "other": f"<{kind.of('+15558', cube_at)}>",
                 "ending": SENDS.format(who="within", cseq=8) if ending == "caller" else IS_SENT, **more}
        side = Side(self.run, scenario, next(self._count), host, at, "u1" if kind.protocol == "UDP" else "t1", parts,
                    target=target, calls=len(numbers), rate=100, rows=numbers, timeout=20)
        side.contact = contact
        return side

    @staticmethod
    def identity(kind, who, host):
        """RFC 3325 9.1, RFC 5806 10, and Remote-Party-ID as CUBE writes it."""
        uri = kind.of(who, host)
        return (f'P-Asserted-Identity: "Cullen Jennings" <{uri}>\n'
                f'Remote-Party-ID: "Cullen" <{uri}>;party=calling;screen=yes;privacy=off\n'
                f'Diversion: <{kind.of("+15559", host)}>;reason=user-busy;counter=1')


setup = Made


def calls():
    """All that lead to somebody, as (caller, called, who hangs up, sips-downgrade)."""
    return [(caller, called, ending, caller.url == "sips" != called.url)
            for caller, called, ending in itertools.product(KINDS, KINDS, ENDINGS[:2])]


def by_call(side):
    """What one SIPp sent and received, as {Call-ID: (sent, received)}."""
    calls, (sent, received) = {}, side.seen()
    for i, messages in enumerate((sent, received)):
        for message in messages:
            calls.setdefault(message.call_id, ([], []))[i].append(message)
    return calls


def check_call(made, caller, called, legs):
    """One call. legs: (kind, sent, received, the SIPp) of the caller and of the called party."""
    target, server = made.at["called"], made.at["cube"]
    near = Leg(caller, *legs[0][:2], made.server(caller, False))
    far = Leg(called, *legs[1][:2], made.server(called, True))
    near.contact, far.contact = legs[0][2].contact, legs[1][2].contact
    sent, got = first(near.sent, "INVITE"), first(far.received, "INVITE")
    uri = sent.first.split()[1]
    port = legs[1][2].contact.rpartition("@")[2].partition(";")[0].rpartition(":")[2]
    user = sipmsg.uri_of(f"<{uri}>").partition(":")[2].partition("@")[0]
    wanted = f"tel:{user}" if called.url == "tel" else f"{called.plain}:{user}@{target}:{port}"
    equal("Request-URI", got.first.split()[1], wanted + (";user=phone" if caller.url == "tel" != called.url else ""))
    # the URIs of the dialog on either leg, and their tags
    tags = sent.get("From").partition(";")[2], first(far.sent, "INVITE", 183).get("To").rpartition(";")[2]
    hosts = {sent.get("From"): server, sent.get("To"): target}  # of telephone numbers that have none
    there = {f"<{sipmsg.uri_of(u)}>{t}": f"<{uri_on(called.url, sipmsg.uri_of(u), host)}>{t}"
             for (u, host), t in itertools.product(hosts.items(), ("", *(f";{tag}" for tag in tags)))}
    equal("From, To of INVITE", (got.get("From"), got.get("To")), (there[sent.get("From")], there[sent.get("To")]))
    relayed(near, far, there)
    relayed(far, near, {v: k for k, v in there.items()})
    for leg in (near, far):
        answered(leg)
        targets(leg)
    strict(near, True)
    strict(far, False)
    record_routes(got, [first(near.received, "INVITE", status) for status in (183, 200)], near, far, tags[0][4:])


def run_calls(made, each, answering, verify=check_call, scenario="sips-calls", **more):
    """each: (caller, called, who hangs up, the number, a key of answering). answering: SIPps that have been started. scenario,
    more: the callers'. verify: as check_call."""
    for side in answering.values():
        side.wait_listens()
    calling = {}
    for key in dict.fromkeys((caller, ending) for caller, _, ending, *_ in each):
        calling[key] = made.caller(*key, [n for caller, _, ending, n, _ in each if (caller, ending) == key],
                                   scenario, **more)
    for side in (*calling.values(), *answering.values()):
        side.sipp.wait()
    near, far = ({key: by_call(side) for key, side in sides.items()} for sides in (calling, answering))
    for caller, called, ending, wanted, place in each:
        call_id, sent = next((i, s) for i, s in near[caller, ending].items() if first(s[0], "INVITE").number == wanted)
        try:
            verify(made, caller, called, ((*sent, calling[caller, ending]), (*far[place][call_id], answering[place])))
        except Exception as error:
            raise type(error)(f"{caller.name} to {called.name}, {ending} hangs up: {error}") from error
    made.cube.prove_alive()


def test_all(t):
    """Calls of each kind of leg to each kind that may follow it, all at the same time: 100rel and PRACK (RFC 3262), re-INVITE,
    UPDATE with a refused session timer (RFC 4028) and REFER with NOTIFY (RFC 3515) from both sides, BYE from either."""
    made = t.made
    answering = {(kind, ending): made.called(kind, port, ending, len(KINDS)) for (kind, ending), port in made.ports.items()
                 if ending != "nobody"}
    run_calls(made, [(caller, called, ending, number(called, ending, downgrade), (called, ending))
                     for caller, called, ending, downgrade in calls()], answering)


def check_ended(_made, caller, called, legs):
    """A call that is given up or refused: CANCEL and ACK are of the request that they end (RFC 3261 9.1, 17.1.1.3), and the
    caller reads what it wrote."""
    near, far = (Leg(kind, *leg[:2], "") for kind, leg in zip((caller, called), legs))
    strict(near, True)
    strict(far, False)
    invite, place = first(far.received, "INVITE"), legs[1][2].contact
    for method in ("CANCEL", "ACK"):
        for end in (m for m in far.received if m.method == method and m.status is None):
            equal(f"Request-URI of {method}", end.first.split()[1], invite.first.split()[1])
            equal(f"Via of {method}", end.all("Via"), invite.all("Via")[:1])
            equal(f"CSeq of {method}", end.get("CSeq"), f"1 {method}")
    for answer in (m for m in near.received if m.method == "INVITE" and m.all("Contact")):
        equal(f"Contact of {answer.first}", sipmsg.uri_of(contact(answer, answer.get("Contact"))), uri_on(caller.plain, place, ""))


def test_cancelled(t):
    """The caller gives up when the other side rings."""
    ended(t.made, ("cancels", {}), ("is-cancelled", {}))


def test_busy(t):
    """The called party is busy."""
    ended(t.made, ("is-refused", {"code": "486"}), ("refuses", {"status": "486 Busy Here"}))


def ended(made, caller, called):
    """Calls of each kind of leg to each kind, with these scenarios and their parts."""
    answering = {(kind, ending): made.called(kind, port, ending, len(KINDS), called[0], **called[1])
                 for (kind, ending), port in made.ports.items() if ending == "caller"}
    run_calls(made, [(near, far, ending, number(far, ending, downgrade), (far, ending))
                     for near, far, ending, downgrade in calls() if ending == "caller"], answering, check_ended, caller[0], **caller[1])


def test_hunting(t):
    """The first dial-peer fails, and the next one's leg has another scheme: nothing of the first one is left, neither in what
    the second one gets (Record-Route, From, Contact) nor in what comes back."""
    made = t.made
    answering, refusing, each = {}, [], []
    for i, ((one, then), ports) in enumerate(zip(HUNTS, made.hunt_ports)):
        refusing.append(made.called(one, ports[0], "caller", len(CALLERS), "refuses", status="503 Service Unavailable"))
        refusing[-1].wait_listens()
        answering[i] = made.called(then, ports[1], "called", len(CALLERS))
        each += [(caller, then, "called", f"+15559{i}000", i) for caller in CALLERS]
    run_calls(made, each, answering)
    for side in refusing:
        side.sipp.wait()


def test_not_allowed(t):
    """RFC 5630 5.3, 5.4: what is sips does not go on as anything else; the caller is told why, nobody else gets anything, and
    each dial-peer that was passed over counts it."""
    made = t.made
    places = {(kind, ending): port for (kind, ending), port in made.ports.items() if kind.url != "sips" and ending == "nobody"}
    ends = [UdpEnd(made.stack, made.at["called"], port) for (kind, _), port in places.items() if kind.protocol == "UDP"]
    listeners = [socket.create_server((made.at["called"], port)) for (kind, _), port in places.items() if kind.protocol != "UDP"]
    tags = [str(2 * list(made.ports).index(place) + 1) for place in places]
    before = [made.counts(tag) for tag in tags]
    side = made.caller(KINDS[3], "caller", [number(*place, False) for place in places], "is-refused", code="480")
    side.sipp.wait()
    for call_id, (_, received) in by_call(side).items():
        refused = first(received, "INVITE", 480)
        equal(f"Warning of {call_id} (5.3, 9.4)", refused.all("Warning"), ['380 cube "SIPS Not Allowed"'])
    equal("requests by UDP", [m.first for end in ends for m in end.requests], [])
    for listener in listeners:
        with listener:
            equal("somebody connects", select.select([listener], [], [], 0)[0], [])
    for tag, old in zip(tags, before):
        now = made.counts(tag)
        equal(f"dial-peer {tag}: passed over, calls out", [now[n] - old[n] for n in ("passed-sips", "calls-out")], [1, 0])
    made.cube.prove_alive()
