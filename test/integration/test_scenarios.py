# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls between SIPp on both sides, by UDP, by TCP, and by TLS with a stock Kamailio as gateway on both sides: what the
two say to each other reaches the other side as it was said."""

import itertools
import re

import cube
import sipmsg
from cases import check, equal
from gateway import Gateway
from scenarios import Side, end_to_end, first, names, start
from udpend import UdpEnd

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
tls-profile 200 {{ trustpoint = "tenant200" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5100"  session-transport = "tcp tls" }}
tenant 200 {{ tls-profile = 200  listen-secure = "{cube}:5200"  session-transport = "tcp tls" }}
dial-peer 1 {{ destination-pattern = "1T"  session-target = "ipv4:{called}:6001" }}
dial-peer 2 {{ destination-pattern = "2T"  session-target = "ipv4:{called}:6002"  session-transport = "tcp" }}
dial-peer 3 {{ destination-pattern = "3T"  session-target = "ipv4:{tgw}:5061"  tenant = 200 }}
# behind all three: nobody shall ever get there
dial-peer 9 {{ destination-pattern = "[123]T"  session-target = "ipv4:{spare}:6009"  preference = 9 }}
dial-peer 41 {{ destination-pattern = "4T"  session-target = "ipv4:{called}:6001"  codec = {{ "g711alaw" }} }}
"""
PORTS = {"udp": 6001, "tcp": 6002, "tls": 6003}
NUMBERS = {"udp": "1000", "tcp": "2000", "tls": "3000"}
ALL = tuple(PORTS)


class Made:
    def __init__(self, run, stack):
        self.run, self._count = run, itertools.count(1)
        self.at = {name: run.addresses.host() for name in ("cube", "ogw", "tgw", "caller", "called", "spare")}
        self.cube = cube.Cube(run, CONF.format(block=run.addresses.block, **self.at) + cube.trustpoint("tenant100")
                              + cube.trustpoint("tenant200"))
        self.gateways = [Gateway(run, "ogw", f"{self.at['ogw']}:5060", f"{self.at['ogw']}:5061",
                                 f"{self.at['cube']}:5100;transport=tls"),
                         Gateway(run, "tgw", f"{self.at['tgw']}:5060", f"{self.at['tgw']}:5061", f"{self.at['called']}:6003")]
        for server in (self.cube, *self.gateways):
            server.start()
        self.spare = UdpEnd(stack, self.at["spare"], 6009)

    def call(self, caller, called, by="udp", number=None, **parts):
        """One call. caller, called: scenarios. Returns the two sides' messages: (sent, received) each."""
        count = next(self._count)
        sipp = "t1" if by == "tcp" else "u1"
        answering = Side(self.run, called, count, self.at["called"], PORTS[by], sipp, parts, timeout=20)
        answering.wait_listens()
        target = (self.at["ogw"] if by == "tls" else self.at["cube"]) + ":5060"
        calling = Side(self.run, caller, count, self.at["caller"], 5060, sipp, parts, target=target,
                       service=number or NUMBERS[by], timeout=20)
        calling.sipp.wait()
        answering.sipp.wait()
        return calling.seen(), answering.seen()

    def agreed(self, caller, called, by="udp", besides=(), **options):
        """One call in which each side hears what the other one says, and our server is in the way."""
        sides = (sent, heard), (said, received) = self.call(caller, called, by, **options)
        end_to_end(sent, received, besides)
        end_to_end(said, heard, besides)
        self.on_the_way(first(sent, "INVITE"), first(received, "INVITE"), by)
        return sides

    def on_the_way(self, sent, received, by):
        hops = 3 if by == "tls" else 1
        equal("Via headers", len(received.all("Via")), 1 + hops)
        equal("Max-Forwards", int(received.get("Max-Forwards")), int(sent.get("Max-Forwards")) - hops)
        routes = [sipmsg.uri_of(r) for r in received.list("Record-Route")]
        ours = [r for r in routes if self.at["cube"] in r]
        equal("Record-Route: two of each server", (len(routes), len(ours)), (2 * hops, 2))
        check(all(";lr" in r for r in routes), f"loose routing: {routes}")
        tag = sent.get("From").rpartition("tag=")[2]
        check(all(f"ftag={tag}" in r for r in ours), f"ftag: {ours}")


setup = Made


def everywhere(t, *scenarios, by=ALL, **options):
    """The call by each of the transports; nobody else is tried. Returns what was said by the last one."""
    before = len(t.made.spare.requests)
    for transport in by:
        sides = t.made.agreed(*scenarios, by=transport, **options)
    equal("what the next dial-peer got", t.made.spare.requests[before:], [])
    t.made.cube.prove_alive()
    return sides


def test_caller_hangs_up(t):
    """A call, and BYE from the caller."""
    for by in ALL:
        (sent, heard), (_, received) = everywhere(t, "calls", "answers", by=[by])
        equal("the called party gets", names(received), ["INVITE", "ACK", "BYE"])
        equal("the caller gets", [n for n in names(heard) if n != "100 INVITE"], ["180 INVITE", "200 INVITE", "200 BYE"])
        for method in ("ACK", "BYE"):
            equal(f"Route of {method}", first(received, method).all("Route"), [])
            equal(f"Request-URI of {method}", first(received, method).first, start(first(sent, method)))


def test_called_hangs_up(t):
    """BYE from the called party."""
    _, (said, _) = everywhere(t, "is-hung-up", "hangs-up")
    check(first(said, "BYE").list("Route"), "it has a Route")


def test_cancel(t):
    """The caller gives up when the other side rings, or before it has said anything: CANCEL there, 487 here."""
    for caller, called in (("cancels", "is-cancelled"), ("cancels-early", "is-cancelled-early")):
        for by in ALL:
            (_, heard), (_, received) = everywhere(t, caller, called, by=[by], besides=("487 INVITE", "ACK"))
            equal("the called party gets", names(received), ["INVITE", "CANCEL", "ACK"])
            invite, cancel = first(received, "INVITE"), first(received, "CANCEL")
            for header in ("From", "To", "Call-ID"):
                equal(f"{header} of CANCEL", cancel.get(header), invite.get(header))
            equal("Via of CANCEL", cancel.all("Via"), invite.all("Via")[:1])
            equal("Request-URI of CANCEL", cancel.first.split()[1], invite.first.split()[1])
            equal("the caller gets", names(heard)[-2:], ["200 CANCEL", "487 INVITE"])


def test_reinvite(t):
    """re-INVITE from both sides, with session timers."""
    (_, heard), (_, received) = everywhere(t, "reinvites", "is-reinvited")
    equal("INVITEs there", names(received).count("INVITE"), 2)
    equal("INVITEs here", names(heard).count("INVITE"), 1)
    equal("Session-Expires", first(heard, "INVITE", 200, 1).get("Session-Expires"), "90;refresher=uac")
    equal("Record-Route of a re-INVITE", first(received, "INVITE", n=1).all("Record-Route"), [])


def test_update_and_info(t):
    """UPDATE, which refreshes the session, and INFO, from both sides."""
    (_, heard), (_, received) = everywhere(t, "updates", "is-updated")
    equal("UPDATE, INFO there", [n for n in names(received) if n in ("UPDATE", "INFO")], ["UPDATE", "INFO"])
    equal("UPDATE, INFO here", [n for n in names(heard) if n in ("UPDATE", "INFO")], ["UPDATE", "INFO"])


def test_prack(t):
    """Reliable provisional answers: RSeq and RAck; an offer in UPDATE before the call is answered."""
    (_, heard), (_, received) = everywhere(t, "pracks", "is-pracked")
    equal("order there", names(received), ["INVITE", "PRACK", "UPDATE", "PRACK", "ACK", "BYE"])
    equal("RAck", [m.get("RAck") for m in received if m.method == "PRACK"], ["7001 1 INVITE", "7002 1 INVITE"])
    equal("RSeq", [m.get("RSeq") for m in heard if m.status in (180, 183)], ["7001", "7002"])


def test_forked(t):
    """One target forks: two early dialogs reach the caller, the call is with the one that answers."""
    (_, heard), (_, received) = everywhere(t, "calls", "forks")
    tags = [(m.status, m.get("To").rpartition("tag=")[2].lstrip("0123456789")[:3]) for m in heard if m.status and m.status > 100]
    equal("answers and tags", tags, [(180, "one"), (183, "two"), (200, "two"), (200, "two")])
    check(first(received, "BYE").first.startswith("BYE sip:two@"), "BYE goes to the one that answered")


def test_redirected(t):
    """A 302 goes to the caller as it is; whom it names gets nothing from us, and no other dial-peer is tried."""
    before = len(t.made.spare.requests)
    for by in ALL:
        (_, heard), _ = everywhere(t, "is-refused", "redirects", by=[by], besides=("ACK",), code="302",
                                   elsewhere=t.made.spare.at)
        check(first(heard, "INVITE", 302).get("Contact").startswith(f"<sip:moved@{t.made.spare.at}>"), "Contact is the target's")
    equal("where it has moved to", t.made.spare.requests[before:], [])


def test_late_offer(t):
    """INVITE without SDP: the offer in the 200, the answer in the ACK. A codec list counts for that offer, too."""
    (_, heard), (_, received) = everywhere(t, "calls-late-offer", "answers")
    equal("INVITE has no body", first(received, "INVITE").body.strip(), "")
    check("m=audio" in first(heard, "INVITE", 200).body and "m=audio" in first(received, "ACK").body, "offer and answer")
    (_, heard), (_, received) = t.made.call("calls-late-offer", "answers", number="4000")
    audio = re.search(r"m=audio \d+ RTP/AVP ([\d ]+)", first(heard, "INVITE", 200).body)
    equal("codecs of the offer", audio.group(1).split(), ["8", "101"])
    check("m=audio" in first(received, "ACK").body, "the answer")


def test_refer(t):
    """REFER in a call, and the NOTIFYs of what became of it."""
    (_, heard), (_, received) = everywhere(t, "refers", "is-referred")
    refer = first(received, "REFER")
    equal("Refer-To", refer.get("Refer-To"), "<sip:3000@elsewhere.example?Replaces=1%402%3Bto-tag%3Da%3Bfrom-tag%3Db>")
    equal("sipfrag", [m.body.strip() for m in heard if m.method == "NOTIFY" and m.status is None], ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"])


def test_repeated(t):
    """By UDP: an INVITE that comes twice is one call; a 200 that comes twice does twice, and so do their ACKs."""
    calling, answering = t.made.call("repeats", "is-repeated")
    equal("INVITEs there", names(answering[1]).count("INVITE"), 1)
    equal("ACKs there", len({m.get("Via") for m in answering[1] if m.method == "ACK"}), 2)


def test_unknown_dialog(t):
    """The other side's 481 to a request of a call that has ended; our own to one that has no Route."""
    for by in ("udp", "tcp"):
        (_, heard), (_, received) = t.made.call("is-unknown", "knows-nothing", by)
        equal("the called party gets", names(received), ["INVITE", "ACK", "BYE", "INFO"])
        equal("481", [n for n in names(heard) if n.startswith("481")], ["481 INFO", "481 BYE"])
