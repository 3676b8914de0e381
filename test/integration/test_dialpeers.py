# SPDX-License-Identifier: GPL-2.0-or-later
"""Dial-peers at work: which one a call gets in and out, hunting over dial-peers and servers, translation, codecs, max-conn.
The peers speak UDP here; what is different by TLS, other tests have."""

import re
import time

from caller import Call, UdpLeg
from cases import check, equal
from cube import Cube
from run import wait_until
from udpend import UdpEnd

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 18 101\r\n"
       "a=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n")
CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "127.0.0.0/8" }}
    translation-profile-incoming = "national"
}}
# the targets
dial-peer 1 {{ destination-pattern = "1..$"  session-target = "ipv4:{a}:6001" }}
dial-peer 2 {{ destination-pattern = "1..$"  session-target = "ipv4:{b}:6002"  preference = 1 }}
dial-peer 3 {{ destination-pattern = "1..$"  session-target = "ipv4:{c}:6003"  preference = 2  voice-hunt = {{ "404" }} }}
dial-peer 4 {{ destination-pattern = "19.$"  session-target = "ipv4:{a}:6001"  huntstop = true }}
dial-peer 20 {{ destination-pattern = "2..$"  session-server-group = 1 }}
dial-peer 21 {{ destination-pattern = "2..$"  session-target = "ipv4:{d}:6004"  preference = 1 }}
dial-peer 25 {{ destination-pattern = "3..$"  session-server-group = 2 }}
server-group 1 {{ server = {{ "ipv4:{b}:6002 preference 1", "ipv4:{a}:6001", "ipv4:{c}:6003 preference 2" }}  huntstop = {{ "502" }} }}
server-group 2 {{ server = {{ "ipv4:{a}:6001", "ipv4:{b}:6002", "ipv4:{c}:6003" }}  hunt-scheme = "round-robin" }}
# dial-peers in, and where they lead
dial-peer 40 {{ incoming-uri-from = "acme"  destination-dpg = 1 }}
dial-peer 41 {{ incoming-uri-from = "policy"  destination-provision-policy = 1 }}
dial-peer 42 {{ destination-uri-to = "sales"  session-target = "ipv4:{d}:6004" }}
uri "acme" {{ host = "dns:acme.example" }}
uri "policy" {{ host = "dns:policy.example" }}
uri "sales" {{ user-id = "^sales$" }}
dpg 1 {{ dial-peer = {{ "3 preference 1", "2" }} }}
provision-policy 1 {{ preference = {{ "from", "to" }} }}
# numbers
dial-peer 50 {{ destination-pattern = "+4930T"  session-target = "ipv4:{a}:6001"  translation-profile-outgoing = "berlin" }}
dial-peer 51 {{ destination-pattern = "5..$"  session-target = "ipv4:{a}:6001"  translation-profile-outgoing = "nobody" }}
dial-peer 52 {{ destination-pattern = "5..$"  session-target = "ipv4:{b}:6002"  preference = 1 }}
translation-rule 1 {{ rule = {{ "/^0\\\\([1-9]\\\\)/ /+49\\\\1/", "reject /^900/" }} }}
translation-rule 2 {{ rule = {{ "/^\\\\+4930/ /030/" }} }}
translation-rule 3 {{ rule = {{ "/^\\\\+49/ /0/" }} }}
translation-rule 4 {{ rule = {{ "reject /^55/" }} }}
translation-profile "national" {{ called = 1  calling = 1 }}
translation-profile "berlin" {{ called = 2  calling = 3  redirect-called = 3 }}
translation-profile "nobody" {{ called = 4 }}
# codecs, and calls at the same time
dial-peer 60 {{ destination-pattern = "60.$"  session-target = "ipv4:{a}:6001"  codec = {{ "g729r8", "g711alaw" }} }}
dial-peer 61 {{ destination-pattern = "61.$"  session-target = "ipv4:{a}:6001"  codec = "opus" }}
dial-peer 62 {{ destination-pattern = "6..$"  session-target = "ipv4:{b}:6002" }}
dial-peer 70 {{ destination-pattern = "7..$"  session-target = "ipv4:{a}:6001"  max-conn = 2 }}
dial-peer 71 {{ destination-pattern = "7..$"  session-target = "ipv4:{b}:6002"  max-conn = 1  preference = 1 }}
"""
FAILED = {"a": 503, "b": 503, "c": 503, "d": 503}


class Made:
    def __init__(self, run, stack):
        self.run = run
        self.at = {name: run.addresses.host() for name in ("cube", "peer", "a", "b", "c", "d")}
        self.answers = {}
        self.ends = {name: UdpEnd(stack, self.at[name], 6000 + n, lambda m, name=name: self._answer(name, m))
                     for n, name in enumerate("abcd", 1)}
        self.cube = Cube(run, CONF.format(**self.at)).start()
        self.legs = []

    def _answer(self, name, message):
        return self.answers.get(name, 200) if message.method == "INVITE" else 200

    def leg(self):
        leg = UdpLeg(self.at["peer"], (self.at["cube"], 5060))
        self.legs.append(leg)
        return leg

    def call(self, number, body=SDP, change=None, **answers):
        """One call, ended when it was answered: (status, where its INVITEs were, in order)."""
        self.answers = answers
        call = Call(self.leg(), number)
        if change:
            change(call)
        began = time.monotonic()
        status = call.invite(20, body)
        call.took = time.monotonic() - began
        if status == 200:
            equal("BYE", call.bye(), 200)
        seen = {name: end.of(call.call_id) for name, end in self.ends.items()}
        return status, "".join(sorted((n for n in seen if seen[n]), key=lambda n: self._order(n, call))), call

    def _order(self, name, call):
        return next(i for i, line in enumerate(self.lines(call)) if name in line)

    def lines(self, call):
        """Where the log says that a call was sent, by name of the far end."""
        peers = re.findall(rf"call {re.escape(call.call_id)} of tenant 0: dial-peer \d+ -> (\d+)", self.cube.process.log.read_text())
        return [self.names(tag) for tag in peers]

    @staticmethod
    def names(tag):
        return {"1": "a", "2": "b", "3": "c", "4": "a", "20": "abc", "21": "d", "25": "abc", "42": "d", "50": "a", "51": "a",
                "52": "b", "60": "a", "61": "a", "62": "b", "70": "a", "71": "b"}[tag]


setup = Made


def caller(user, host="caller.example"):
    """Another From."""
    def change(call):
        call._caller = f"<sip:{user}@{host}>;tag=from-{time.monotonic_ns():x}"
    return change


def test_hunting(t):
    """By preference, behind failures alone; a dial-peer's voice-hunt and huntstop are its own."""
    made = t.made
    for number, answers, status, where in (
            ("100", {}, 200, "a"), ("100", {"a": 503}, 200, "ab"), ("100", {"a": 500, "b": 599}, 200, "abc"),
            ("100", {"a": 486}, 486, "a"), ("100", {"a": 404}, 404, "a"), ("100", {"a": 603}, 603, "a"),
            ("100", {"a": 503, "b": 503, "c": 404}, 404, "abc"), ("100", {"a": 503, "b": 503, "c": 502}, 502, "abc"),
            ("190", {"a": 503}, 500, "a"), ("100", {"a": None}, 200, "ab")):
        got = made.call(number, **answers)
        equal(f"{number} with {answers}", got[:2], (status, where))
        check((answers.get("a", 0) is None) == (got[2].took > 3), f"{number} with {answers} took {got[2].took:.1f} s")


def test_servers(t):
    """A server-group: preference, 404 500 503 and silence go on, huntstop leads to the next dial-peer, others end."""
    made = t.made
    for answers, status, where in (
            ({}, 200, {"a"}), ({"a": 404}, 200, {"a", "b"}), ({"a": 503, "b": 500}, 200, {"a", "b", "c"}),
            ({"a": 502}, 200, {"a", "d"}), ({"a": 503, "b": 502}, 200, {"a", "b", "d"}), ({"a": 486}, 486, {"a"}),
            ({"a": 480}, 480, {"a"}), ({"a": 503, "b": 503, "c": 503}, 200, {"a", "b", "c", "d"}),
            ({"a": 503, "b": 503, "c": 404, "d": 486}, 486, {"a", "b", "c", "d"})):
        made.answers = answers
        call = Call(made.leg(), "200")
        equal(f"status with {answers}", call.invite(20), status)
        if status == 200:
            call.bye()
        equal(f"with {answers}", {name for name, end in made.ends.items() if end.of(call.call_id)}, where)


def test_round_robin(t):
    """Each call begins one server further; behind a failure the one behind it is asked."""
    made = t.made
    made.answers = {}
    order = []
    for _ in range(6):
        call = Call(made.leg(), "300")
        equal("status", call.invite(), 200)
        call.bye()
        order.append(next(name for name, end in made.ends.items() if end.of(call.call_id)))
    equal("order", "".join(order) in ("abcabc", "bcabca", "cabcab"), True)
    made.answers = {"b": 503}
    for _ in range(3):
        call = Call(made.leg(), "300")
        equal("status", call.invite(), 200)
        call.bye()
        check(made.ends["a"].of(call.call_id) or made.ends["c"].of(call.call_id), "somebody else got it")


def test_groups(t):
    """Calls of a dial-peer with a dpg, or a provision-policy, go where that says, whatever is called."""
    made = t.made
    equal("dpg", made.call("100", change=caller("x", "acme.example"))[:2], (200, "b"))
    equal("dpg, its first one fails", made.call("555", change=caller("x", "acme.example"), b=503)[:2], (200, "bc"))
    equal("all of it fail", made.call("200", change=caller("x", "acme.example"), b=503, c=404)[:2], (404, "bc"))
    equal("policy, nothing fits", made.call("100", change=caller("x", "policy.example"))[:2], (404, ""))

    def sales(call):
        caller("x", "policy.example")(call)
        call._called = "<sip:sales@policy.example>"
    equal("policy, To", made.call("100", change=sales)[:2], (200, "d"))


def test_numbers(t):
    """Translation profiles: in for all, out for one dial-peer, of called, calling and redirecting number; what was changed in
    From is as it was in what comes back, and the dialog goes on."""
    made = t.made
    made.answers = {}
    leg = made.leg()
    call = Call(leg, "03012345")
    caller("08999")(call)
    equal("status", call.invite(), 200)
    got = made.ends["a"].where(call.call_id)
    equal("called", got.first.split()[1], f"sip:03012345@{made.ends['a'].at}")  # in +4930..., out 030...
    equal("calling", re.search(r"<sip:([^@]*)@", got.get("From")).group(1), "08999")  # in +49899.., out 0899..
    check("From: <sip:08999@" in str(call.answer) or "sip:08999@" in call.answer.get("From"), "From in the answer is the caller's")
    equal("BYE", call.bye(), 200)
    equal("rejected by sip-ua's profile", made.call("900123")[0], 403)
    equal("rejected by a dial-peer's", made.call("555")[:2], (200, "b"))
    equal("not rejected", made.call("512")[:2], (200, "a"))
    changed = Call(made.leg(), "+493012")
    caller("+4917")(changed)
    changed._request = _with(changed, ("P-Asserted-Identity", "<sip:+4917@caller.example>"),
                             ("Diversion", "<sip:+4944@div.example>;reason=unknown"))
    equal("status", changed.invite(), 200)
    got = made.ends["a"].where(changed.call_id)
    equal("called", got.first.split()[1], f"sip:03012@{made.ends['a'].at}")
    for header, user in (("From", "017"), ("P-Asserted-Identity", "017"), ("Diversion", "044")):
        equal(header, re.search(r"<sip:([^@]*)@", got.get(header)).group(1), user)
    check("<sip:+4917@" in changed.answer.get("From"), f"From in the answer: {changed.answer.get('From')}")
    equal("BYE", changed.bye(), 200)
    bye = made.ends["a"].where(changed.call_id, "BYE")
    check("sip:017@" in bye.get("From"), f"From in BYE is what the far end knows: {bye.get('From')}")


def _with(call, *headers):
    before = call._request

    def request(method, body=""):
        message = before(method, body)
        message.headers += headers if method == "INVITE" else []
        return message
    return request


def test_codecs(t):
    """codec: only these, and telephone-event, go out; nobody gets an offer that has none of them."""
    made = t.made
    made.answers = {}
    status, _, call = made.call("601")
    equal("status", status, 200)
    body = made.ends["a"].where(call.call_id).body
    equal("payloads", re.search(r"m=audio 4000 RTP/AVP ([\d ]+)", body).group(1).split(), ["8", "18", "101"])
    check("PCMU" not in body and "G729" in body, f"rtpmaps: {body}")
    equal("none of them", made.call("611")[:2], (200, "b"))
    equal("no SDP at all", made.call("601", body="")[:2], (200, "a"))


def test_max_conn(t):
    """max-conn: beyond it the dial-peer is passed over; a place is free again when a call has ended, was not answered, or was
    given up."""
    made = t.made
    made.answers = {}
    calls = []
    for status, where in ((200, "a"), (200, "a"), (200, "b"), (503, "")):
        call = Call(made.leg(), "700")
        equal("status", call.invite(), status)
        equal("where", "".join(n for n, end in made.ends.items() if end.of(call.call_id)), where)
        calls.append(call)
    equal("another number", made.call("711")[:2], (503, ""))
    with made.cube.binrpc() as rpc:
        equal("a dry run", [(row.get("dial-peer"), row.get("left-out", row.get("by")))
                            for row in rpc.values("cube_dialpeer.match", "out", "711") if row["part"].startswith("outbound")],
              [(None, "none of those that match can be used: the call gets 503"), (70, "max-conn: 2 of 2 calls are in use"),
               (71, "max-conn: 1 of 1 calls are in use")])
    equal("BYE", calls[0].bye(), 200)
    wait_until(lambda: made.call("711")[0] == 200, 10, "the place is free", 0.2)
    for end in (503, 486):
        made.answers = {"a": end, "b": end}
        for _ in range(4):
            call = Call(made.leg(), "700")
            check(call.invite() >= 480, "it fails")
    made.answers = {}
    wait_until(lambda: made.call("711")[0] == 200, 10, "failed calls have left their places", 0.2)
    for call in calls[1:3]:
        equal("BYE", call.bye(), 200)
    with made.cube.binrpc() as rpc:
        wait_until(lambda: rpc.call("cube_dialpeer.list", "70")["calls-now"] == 0, 10, "no call is left", 0.2)
        row = rpc.call("cube_dialpeer.list", "70")
        equal("a dry run when no call is left",
              [(r["dial-peer"], r["max-conn"], r["calls-now"]) for r in rpc.values("cube_dialpeer.match", "out", "711") if r["part"] == "outbound"],
              [(70, 2, 0), (71, 1, 0)])
    check(row["calls-out"] >= 8 and row["passed-max-conn"] >= 2 and row["answered"] >= 3 and row["hunted-past"] >= 4
          and row["passed-busied-out"] == 0 and row["calls-in"] == 0, f"counters: {row}")
    made.cube.prove_alive()
