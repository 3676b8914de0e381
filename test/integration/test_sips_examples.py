# SPDX-License-Identifier: GPL-2.0-or-later
"""The dialogs of RFC 3261 24.2, RFC 5630 6, RFC 3262, RFC 4028, RFC 3515 and RFC 3966 between two legs, written out: what one
side says, and what the other one must read, each header of it. Names stand for themselves; addresses are the test's, as nothing
else could be reached. Each side has a proxy in front of it that has put itself into the route."""

import re
import socket

import cube
import sipmsg
from bridge import server_context
from caller import TlsLeg, UdpLeg
from cases import check, equal
from schemes import LISTENERS, contact, via
from tlsclient import TlsClient, client_context

CONF = LISTENERS + """tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5101" }}
uri "plain"  {{ pattern = "^sip:bob@biloxi.com" }}
uri "same"   {{ pattern = "^sips:bob@biloxi.example.com" }}
uri "down"   {{ pattern = "^sips:bob@chicago.example.com" }}
uri "up"     {{ pattern = "^sip:bob@chicago.example.com" }}
uri "tel"    {{ pattern = "^sip:.+1-201" }}
uri "to-tel" {{ pattern = "^sip:.*;to=tel" }}
uri "number" {{ pattern = "^tel:" }}
dial-peer 1 {{ destination-uri = "plain"  session-target = "ipv4:{far}:6001" }}
dial-peer 2 {{ destination-uri = "same"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
dial-peer 3 {{ destination-uri = "down"  session-target = "ipv4:{far}:6001"  sips-downgrade = true }}
dial-peer 4 {{ destination-uri = "up"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
dial-peer 5 {{ destination-uri = "tel"  session-target = "ipv4:{far}:6001"  url = "tel" }}
dial-peer 6 {{ destination-uri = "number"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
dial-peer 7 {{ destination-uri = "to-tel"  session-target = "ipv4:{far}:6001"  url = "tel" }}
dial-peer 8 {{ destination-pattern = "+1555T"  session-target = "ipv4:{far}:6001" }}
"""


class UdpPeer(UdpLeg):
    """With a port that is known before."""

    def __init__(self, host, port, target):
        super().__init__(host, target)
        self._socket.close()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.local = f"{host}:{port}"
        self.via = f"UDP {self.local}"


class TlsPeer:
    """A far end with one connection, that says what it is told to."""

    def __init__(self, stack, host, port):
        self.local, self.via = f"{host}:{port}", f"TLS {host}:{port}"
        self._listener, self._ssl = stack.enter_context(socket.create_server((host, port))), None
        self._splitter, self._waiting, self._stack = sipmsg.Splitter(), [], stack

    def send(self, message):
        self._ssl.sendall(bytes(message))

    def receive(self, timeout):
        if self._ssl is None:
            self._listener.settimeout(timeout)
            self._ssl = self._stack.enter_context(server_context("tgw").wrap_socket(self._listener.accept()[0], server_side=True))
            self._ssl.settimeout(timeout)
        while not self._waiting:
            self._waiting = self._splitter.feed(self._ssl.recv(65536))
        return self._waiting.pop(0)


class Side:
    """One side of a call: a proxy at that leg, and somebody behind it. words: what its messages say where the two legs differ."""

    def __init__(self, peer, words):
        self.peer, self.words = peer, words
        self.scheme = words["bob_contact"].partition(":")[0]
        self.proxy = f"<{self.scheme}:{peer.local};lr>"
        self.routes, self.requests = [], {}
        self.target = None  # the other side's Contact: where its requests in the dialog go (RFC 3261 12.2.1.1)

    def receive(self):
        while (message := self.peer.receive(5)) is None or message.status == 100:
            check(message is not None, "no message within 5 s")
        if message.status is None:
            self.requests[message.get("CSeq")] = message
        self.target = sipmsg.uri_of(message.get("Contact")) or self.target
        return message


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "near", "far")}
        self.far = {"UDP": UdpPeer(self.at["far"], 6001, (self.at["cube"], 5060)), "TLS": TlsPeer(stack, self.at["far"], 6002)}
        self.cube = cube.Cube(run, CONF.format(**self.at) + cube.trustpoint("tenant100")).start()
        udp, tls = (self.at["cube"], 5060), (self.at["cube"], 5061)
        self.near = {"UDP": UdpLeg(self.at["near"], udp),
                     "TLS": TlsLeg(TlsClient(client_context("ogw"), self.at["near"], tls), tls)}
        for peer in (self.far["UDP"], *self.near.values()):
            stack.callback(peer.close)


setup = Made

# who speaks (a: the caller), the first line, the headers. {} are the words of the leg.
TALK = """
a INVITE {uri} | RFC 3261 24.2 F1, F4; RFC 4028 4, 5; RFC 3262 3
    From: {alice};tag=1928301774
    To: {bob}
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314159 INVITE
    Contact: <{alice_contact}>
    P-Asserted-Identity: "Alice" <{alice_id}>
    Remote-Party-ID: <{alice_id}>;party=calling
    Diversion: <{first}>;reason=no-answer, "Carol, \\"the\\" <boss>" <{second}>;reason=user-busy
    Supported: 100rel, timer
    Session-Expires: 4000
b 183 Session Progress | RFC 3262 3: RSeq
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314159 INVITE
    Contact: <{bob_contact}>
    Require: 100rel
    RSeq: 776656
a PRACK {bob_contact} | RFC 3262 7.2: RAck
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314160 PRACK
    RAck: 776656 314159 INVITE
b 200 OK | RFC 3262 3
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314160 PRACK
b 200 OK | RFC 3261 24.2 F9, F11; RFC 4028 9
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314159 INVITE
    Contact: "Bob" <{bob_contact}>
    P-Asserted-Identity: <{bob_id}>
    Require: timer
    Session-Expires: 4000;refresher=uac
a ACK {bob_contact} | RFC 3261 24.2 F12
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314159 ACK
a UPDATE {bob_contact} | RFC 4028 6, 7.4: too short
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314161 UPDATE
    Contact: <{alice_contact}>
    Session-Expires: 90;refresher=uac
b 422 Session Interval Too Small | RFC 4028 6
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314161 UPDATE
    Min-SE: 3600
a UPDATE {bob_contact} | RFC 4028 7.4
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314162 UPDATE
    Contact: <{alice_contact}>
    P-Asserted-Identity: <{alice_id}>
    Session-Expires: 3600;refresher=uac
    Min-SE: 3600
b 200 OK | RFC 4028 9
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314162 UPDATE
    Contact: <{bob_contact}>
    Require: timer
    Session-Expires: 3600;refresher=uac
b REFER {alice_contact} | RFC 3515 2.1, 4.1
    From: {bob};tag=a6c85cf
    To: {alice};tag=1928301774
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 230 REFER
    Contact: <{bob_contact}>
    Refer-To: <{third}>
    Referred-By: <{bob_id}>
a 202 Accepted | RFC 3515 2.4.2
    From: {bob};tag=a6c85cf
    To: {alice};tag=1928301774
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 230 REFER
    Contact: <{alice_contact}>
a NOTIFY {bob_contact} | RFC 3515 2.4.4, 2.4.5
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314163 NOTIFY
    Contact: <{alice_contact}>
    Event: refer;id=230
    Subscription-State: terminated;reason=noresource
    Content-Type: message/sipfrag;version=2.0
b 200 OK | RFC 3515 2.4.4
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314163 NOTIFY
a REFER {bob_contact} | RFC 3515 2.1; RFC 3891 3: with Replaces it is no telephone number
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314164 REFER
    Contact: <{alice_contact}>
    Refer-To: <{replaced}?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>
b 202 Accepted | RFC 3515 2.4.2
    From: {alice};tag=1928301774
    To: {bob};tag=a6c85cf
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 314164 REFER
    Contact: <{bob_contact}>
b BYE {alice_contact} | RFC 3261 24.2 F13
    From: {bob};tag=a6c85cf
    To: {alice};tag=1928301774
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 231 BYE
a 200 OK | RFC 3261 24.2 F14
    From: {bob};tag=a6c85cf
    To: {alice};tag=1928301774
    Call-ID: a84b4c76e66710@pc33.atlanta.com
    CSeq: 231 BYE
"""


def steps():
    """TALK as (who, the first line, headers, the section)."""
    found = []
    for line in TALK.strip().split("\n"):
        if line.startswith("    "):
            found[-1][2].append(tuple(line.strip().split(": ", 1)))
        else:
            first, _, section = line[2:].partition(" | ")
            found.append((line[0], first, [], section))
    return found


LEGS = re.compile(r"(;cube-legs=[pst]{2})([0-9a-f]{16})(?=[;>])")


def put(values, words):
    return [(name, value.format(**words)) for name, value in values]


def say(speaker, listener, first, headers, branch):
    """Sends one message of the speaker's, with what its proxy has added. Returns it."""
    words = speaker.words
    if first[0].isdigit():
        request = speaker.requests[dict(headers)["CSeq"]]
        records = request.list("Record-Route")
        head = [("Via", v) for v in request.all("Via")]
        if records:
            head += [("Record-Route", r) for r in (speaker.proxy, *records)]
            speaker.routes = [*records[:-1], listener.proxy]  # what it will send: RFC 3261 12.1.1
        line = f"SIP/2.0 {first}"
    else:
        head = [("Via", f"SIP/2.0/{speaker.peer.via};branch=z9hG4bK{branch};rport"),
                ("Via", f"SIP/2.0/{speaker.peer.via.split()[0]} pc33.atlanta.com;branch=z9hG4bKnashds8"), ("Max-Forwards", "69")]
        line = f"{first.split()[0]} {speaker.target} SIP/2.0"
        if first.startswith("INVITE"):
            head.append(("Record-Route", speaker.proxy))
            line = f"{first.format(**words)} SIP/2.0"
        head += [("Route", r) for r in speaker.routes]
    message = sipmsg.Message(line, [*head, *put(headers, words)], "SIP/2.0 200 OK\r\n" if first.startswith("NOTIFY") else "")
    speaker.peer.send(message)
    return message


def read(made, speaker, listener, first, headers, sent):
    """What the other side must read: RFC 3261 16.6, 16.7, and the words of its own leg."""
    got = listener.receive()
    words = listener.words
    aside = ("via", "max-forwards", "route", "record-route")
    equal("first line", got.first, f"SIP/2.0 {first}" if first[0].isdigit() else f"{first.format(**words)} SIP/2.0")
    equal("headers", sorted((n, contact(got, v) if n == "Contact" else v) for n, v in got.headers if n.lower() not in aside),
          sorted(put(headers, words)))
    equal("body", got.body, sent.body)
    if got.status is not None:
        equal("Via (16.7, 3)", [via(v) for v in got.all("Via")], [via(v) for v in sent.all("Via")[1:]])
        records = got.list("Record-Route")
        equal("Record-Route headers", len(records), len(sent.list("Record-Route")))
        if records:
            # the speaker's proxy has put itself behind our server: the dialog, if this begins one, has another proof (16.7, 8)
            (before, after) = ([LEGS.findall(r) for r in m.list("Record-Route")] for m in (sent, got))
            equal("places of proofs", [[len(p) for p in m] for m in (before, after)], [[0, 1, 0, 0]] * 2)
            equal("another proof", after != before, got.status < 300)
            equal("Record-Route (16.7)", [LEGS.sub(r"\1", r) for r in records], [LEGS.sub(r"\1", r) for r in sent.list("Record-Route")])
            listener.routes = [*records[::-1][1:-1], records[0]]  # its own proxy takes itself out
        return
    equal("Via (16.6, 8)", [via(v) for v in got.all("Via")[1:]], [via(v) for v in sent.all("Via")])
    check(got.get("Via").startswith(f"SIP/2.0/{listener.peer.via.split()[0]} {made.at['cube']}"), f"our Via: {got.get('Via')}")
    equal("Max-Forwards (16.6, 3)", got.get("Max-Forwards"), "68")
    if first.startswith("INVITE"):
        theirs, ours, up = got.list("Record-Route")
        equal("Record-Route (16.6, 4; RFC 5630 5.3)", (theirs.partition(":")[0], ours.partition(":")[0], up),
              (f"<{listener.scheme}", f"<{speaker.scheme}", speaker.proxy))
        equal("Route", got.all("Route"), [])
    else:
        equal("Record-Route", got.all("Record-Route"), [])
        equal("Route (16.4, 16.12)", got.list("Route"), [listener.proxy])


# What the two legs say, where they differ; near is the caller's. {{near}}, {{far}}: addresses; {{cube}}: ours.
BOTH = ("near", "far")
SIP = {"uri": ("sip:bob@biloxi.com", "sip:bob@{far}"),
       "alice": ("Alice <sip:alice@atlanta.com>",) * 2, "bob": ("Bob <sip:bob@biloxi.com>",) * 2,
       "alice_contact": ("sip:alice@{near}",) * 2, "bob_contact": ("sip:bob@{far};transport=udp",) * 2,
       "alice_id": ("sip:alice@atlanta.com",) * 2, "bob_id": ("sip:bob@biloxi.com",) * 2,
       "first": ("sip:carol@chicago.com",) * 2, "second": ("sip:dave@denver.com",) * 2,
       "third": ("sip:carol@chicago.com",) * 2, "replaced": ("sip:carol@cube.example.com",) * 2}


def changed(words, *changes):
    """words with texts replaced on the near (0) or far (1) side: (side, old, new)."""
    found = {}
    for name, pair in words.items():
        pair = list(pair)
        for side, old, new in changes:
            pair[side] = pair[side].replace(old, new)
        found[name] = tuple(pair)
    return found


EXAMPLE = ((0, ".com", ".example.com"), (1, ".com", ".example.com"), (0, ".example.example", ".example"), (1, ".example.example", ".example"))
SIPS = changed(SIP, *EXAMPLE, (0, "sip:", "sips:"), (1, "sip:", "sips:"), (0, ";transport=udp", ""), (1, ";transport=udp", ""))
CHICAGO = ((0, "biloxi", "chicago"), (1, "biloxi", "chicago"))
DOWN = {**changed(SIP, *EXAMPLE, *CHICAGO, (0, "sip:", "sips:"), (0, ";transport=", ";cube-transport="))}
UP = {**changed(SIP, *EXAMPLE, *CHICAGO, (1, "sip:", "sips:"), (0, ";transport=udp", ""), (1, ";transport=udp", ""))}
TO_TEL = {**SIP, "uri": ("sip:+1-201-555-0123;isub=1411@{cube};user=phone", "tel:+1-201-555-0123;isub=1411"),
          "alice": ('"A. G. Bell" <sip:+1-201-555-0199@{cube};user=phone>', '"A. G. Bell" <tel:+1-201-555-0199>'),
          "bob": ("<sip:7042;phone-context=example.com@{cube}>", "<tel:7042;phone-context=example.com>"),
          "alice_id": ("sip:+1-201-555-0199@{cube};user=phone", "tel:+1-201-555-0199"),
          "bob_id": ("sip:+1-201-555-0123;isub=1411@{cube};user=phone", "tel:+1-201-555-0123;isub=1411"),
          "third": ("sip:+358-555-1234567;postd=pp22@{cube}:5060;user=phone", "tel:+358-555-1234567;postd=pp22"),
          "replaced": ("sip:+1-201-555-0155@{cube}",) * 2}
FROM_TEL = {**changed(SIPS, (0, "sips:", "sip:")), "uri": ("tel:863-1234;phone-context=+1-914-555", "sips:863-1234;phone-context=+1-914-555@{far};user=phone"),
            "alice": ("<tel:+1-201-555-0199;ext=22>", "<sips:+1-201-555-0199;ext=22@{cube};user=phone>"),
            "bob": ("<tel:863-1234;phone-context=+1-914-555>", "<sips:863-1234;phone-context=+1-914-555@{target};user=phone>"),
            "alice_contact": ("sip:alice@{near}", "sips:alice@{near}"), "bob_contact": ("sip:bob@{far}", "sips:bob@{far}"),
            "alice_id": ("tel:+1-201-555-0199", "sips:+1-201-555-0199@{cube};user=phone"),
            "third": ("tel:+358-555-1234567;postd=pp22", "sips:+358-555-1234567;postd=pp22@{far};user=phone"),
            "second": ("tel:7042;phone-context=example.com", "sips:7042;phone-context=example.com@{cube};user=phone")}


def sides(made, near, far, words):
    at = {"near": made.near[near].local, "far": made.far[far].local, "cube": made.at["cube"], "target": made.at["far"]}
    return [Side(peer, {name: pair[i].format(**at) for name, pair in words.items()})
            for i, peer in enumerate((made.near[near], made.far[far]))]


def talk(made, near, far, words):
    """All of TALK between two kinds of legs."""
    a, b = sides(made, near, far, words)
    for i, (who, first, headers, section) in enumerate(steps()):
        speaker, listener = (a, b) if who == "a" else (b, a)
        try:
            sent = say(speaker, listener, first, headers, sipmsg.unique("x"))
            read(made, speaker, listener, first, headers, sent)
        except Exception as error:
            raise type(error)(f"{i + 1}. {first} ({section}): {error}") from error
    made.cube.prove_alive()


def test_rfc3261_24_2(t):
    """Alice calls Bob by UDP."""
    talk(t.made, "UDP", "UDP", SIP)


def test_rfc5630_6(t):
    """sips all the way: every URI of every message is sips, and each hop is TLS."""
    talk(t.made, "TLS", "TLS", SIPS)


def test_downgrade(t):
    """RFC 5630 forbids it, the operator wants it: sips with Alice, sip by UDP with Bob."""
    talk(t.made, "TLS", "UDP", DOWN)


def test_upgrade(t):
    """sip by UDP with Alice, sips with Bob."""
    talk(t.made, "UDP", "TLS", UP)


def test_to_tel(t):
    """RFC 3966 5, 6: SIP URIs that are telephone numbers, with isub, phone-context and postd, to a leg that speaks tel."""
    talk(t.made, "UDP", "UDP", TO_TEL)


def test_from_tel(t):
    """RFC 3261 19.1.6: what a caller says as tel:, as sips."""
    talk(t.made, "UDP", "TLS", FROM_TEL)


def test_values(t):
    """Headers with several values; Route that a Service-Route has put there (RFC 3608 5), which leads nobody past the dial-peers."""
    made = t.made
    a, b = sides(made, "UDP", "TLS", {**UP, "moved": ("sip:bob@[2001:db8::1]:5070;cause=302", "sips:bob@[2001:db8::1]:5070;cause=302"),
                                      "twice": ("sip:bob@x.example.com;transport=tcp", "sips:bob@x.example.com;cube-transport=tcp")})
    call_id = sipmsg.unique("values")
    dialog = [("From", "{alice};tag=1928301774"), ("To", "{bob}"), ("Call-ID", call_id), ("CSeq", "1 INVITE")]
    invite = [*dialog, ("Contact", "<{alice_contact}>"),
              # RFC 3325 9.1: one that is sip or sips, and one that is tel
              ("P-Asserted-Identity", '"Cullen Jennings" <{alice_id}>'), ("P-Asserted-Identity", "tel:+14085264000"),
              ("P-Preferred-Identity", '"A, \\"B" <{alice_id}>, <tel:+14085264000>'), ("Remote-Party-ID", "<{first}>;party=calling")]
    a.routes = [f"<sip:{made.at['cube']}:5060;lr>", "<sip:orig@scscf1.home1.example;lr>"]
    read(made, a, b, "INVITE {uri}", invite, say(a, b, "INVITE {uri}", invite, sipmsg.unique("x")))
    dialog[1] = ("To", "{bob};tag=a6c85cf")
    moved = [*dialog, ("Contact", '"Bob, \\"2\\"" <{moved}>;q=0.7 , <{twice}>;q=0.3,<tel:+14085264000>')]
    read(made, b, a, "302 Moved Temporarily", moved, say(b, a, "302 Moved Temporarily", moved, ""))
    equal("the far end gets", b.receive().method, "ACK")
    made.cube.prove_alive()


def test_register(t):
    """Nobody registers here, so no Path (RFC 3327) is added to and no Service-Route (RFC 3608) given: REGISTER is refused, also
    one that looks as if it were of a call, and goes nowhere."""
    made = t.made
    for kind, scheme in (("UDP", "sip"), ("TLS", "sips")):
        peer, cube_at = made.near[kind], made.at["cube"]
        for tag, routes in (("", []), (";tag=a6c85cf", [f"<{scheme}:{cube_at}:{5060 if kind == 'UDP' else 5061};lr>"]),
                            (";tag=a6c85cf", [f"<{scheme}:{cube_at};r2=on;lr>", f"<sip:{cube_at};r2=on;lr>"])):
            request = sipmsg.request("REGISTER", f"{scheme}:{made.far[kind].local}", peer.via, f"<{scheme}:bob@biloxi.com>;tag=456248",
                                     f"<{scheme}:bob@biloxi.com>{tag}", sipmsg.unique("register"), 1826,
                                     [*(("Route", r) for r in routes), ("Contact", f"<{scheme}:bob@{peer.local}>"),
                                      ("Supported", "path"), ("Path", f"<{scheme}:p1.example.com;lr>"), ("Expires", "7200")])
            peer.send(request)
            answer = peer.receive(5)
            what = f"REGISTER by {kind}, To{tag}, {routes}"
            equal(what, answer and answer.status, 405)
            check("REGISTER" not in answer.get("Allow") and "INVITE" in answer.get("Allow"), f"{what}: Allow: {answer.get('Allow')}")
            equal(f"{what}: Path, Service-Route", [answer.all(n) for n in ("Path", "Service-Route", "Contact")], [[], [], []])
    equal("the far end gets", made.far["UDP"].receive(0.3), None)
    made.cube.prove_alive()
