# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests within a dialog: they reach the other side of a dialog that was made by dial-peers, and nobody else, from no other
listener than its tenant's; whatever Route, Request-URI, tags and Call-ID are forged. Both sides are played here, message by
message."""

import contextlib
import re
import socket

import cube
import sipmsg
from caller import UdpLeg
from cases import check, equal, limit, together
from run import Failed
from tlsclient import TlsClient, client_context

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24", "::1" }}
    crl-cache         = "{cache}"
}}
tls-profile 300 {{ trustpoint = "tenant100" }}
tenant 100 {{ listen-non-secure = "{cube}:5090" }}
tenant 200 {{ listen-non-secure = "[::1]:{v6}" }}
tenant 300 {{ tls-profile = 300  listen-secure = "{cube}:5101" }}
tenant 400 {{ listen-non-secure = "{cube}:5094" }}
dial-peer 9 {{ destination-pattern = "90"  session-target = "ipv4:{cube}:5094"  tenant = 100  translation-profile-outgoing = "again" }}
translation-rule 1 {{ rule = {{ "/^90$/ /10/" }} }}
translation-profile "again" {{ called = 1 }}
"""
PEERS = 6
METHODS = ("INVITE", "BYE", "ACK", "MESSAGE", "REFER", "INFO", "UPDATE", "OPTIONS", "SUBSCRIBE", "NOTIFY", "PRACK", "CANCEL", "REGISTER")


class Dialog:
    """A call from one UdpLeg to another one. near, far: Record-Route values that proxies of the caller and of the called party
    put in. ours: how many are our server's. forge: what the called party makes of those in its answer. other: headers that it
    has other values for. like: another call, whose Call-ID and caller's tag this one has, too."""

    def __init__(self, caller, callee, number, near=(), far=(), ours=2, forge=None, other=(), like=None):
        self.caller, self.callee, self.cseq = caller, callee, 1
        self.call_id = like.call_id if like else sipmsg.unique("routes")
        self.tags = {caller: like.tags[caller] if like else sipmsg.unique("a"), callee: sipmsg.unique("b")}
        self.contact = {caller: caller.contact, callee: f"<sip:{number}@{callee.local}>"}
        at = "%s:%d" % caller.target
        self.uri_of = {caller: f"sip:{number}@{at}"}
        self.ends = {caller: f"<sip:caller@{caller.local}>", callee: f"<sip:{number}@{at}>"}
        self.routes = {}
        invite = sipmsg.request("INVITE", self.uri_of[caller], caller.via, self._end(caller), self.ends[callee], self.call_id, 1,
                                [("Record-Route", r) for r in near] + [("Contact", self.contact[caller])], sipmsg.SDP)
        caller.send(invite)
        self.invite = expect(callee, "INVITE", self.call_id)
        self.routes[callee] = self.invite.list("Record-Route")
        answer = sipmsg.answer(self.invite, 200, self.tags[callee], [("Contact", self.contact[callee])], sipmsg.SDP)
        first = [n for n, _ in answer.headers].index("Record-Route")
        if forge:
            answer.headers[first:first + ours] = [("Record-Route", r) for r in forge(answer.list("Record-Route")[:ours])]
        answer.headers[first:first] = [("Record-Route", r) for r in far]
        answer.headers = [(n, dict(other).get(n, v)) for n, v in answer.headers]
        callee.send(answer)
        self.answer = expect(caller, "INVITE", answer.call_id, 200)
        self.routes[caller] = self.answer.list("Record-Route")[::-1]
        # who is behind proxies sends what they leave over
        self.beyond = {caller: list(far)[::-1], callee: list(near)}
        equal("Record-Route at the called party", self.routes[callee][ours:], list(near))
        equal("Record-Route at the caller", self.routes[caller][len(near) + ours:], list(far)[::-1])
        self.routes[caller] = self.routes[caller][len(near):]
        self.targets = {caller: sipmsg.uri_of(self.answer.get("Contact")), callee: sipmsg.uri_of(self.invite.get("Contact"))}

    def _end(self, leg):
        return f"{self.ends[leg]};tag={self.tags[leg]}"

    def other(self, leg):
        return self.callee if leg is self.caller else self.caller

    def request(self, leg, method, uri=None, routes=None, call_id=None, tag=None, via=None, more=()):
        self.cseq += method != "ACK"
        mine = self._end(leg) if tag is None else f"{self.ends[leg]};tag={tag}"
        contact = [("Contact", self.contact[leg])] if not any(n == "Contact" for n, _ in more) else []
        routes = self.routes[leg] if routes is None else routes
        return sipmsg.request(method, uri or self.targets[leg], via or leg.via, mine, self._end(self.other(leg)),
                              call_id or self.call_id, 1 if method == "ACK" else self.cseq,
                              [*[("Route", r) for r in routes], *contact, *more])

    def passes(self, leg, method, what="", **options):
        """It reaches the other side, with that side's own Contact as Request-URI, and the answer comes back."""
        request, other = self.request(leg, method, **options), self.other(leg)
        leg.send(request)
        came = expect(other, method, self.call_id)
        equal(f"{what} {method}: Request-URI", came.first.split()[1], sipmsg.uri_of(self.contact[other]))
        if method == "ACK":
            return came
        contact = [("Contact", self.contact[other])]
        other.send(sipmsg.answer(came, 200, "", contact))
        answer = expect(leg, method, self.call_id, 200)
        if method in ("INVITE", "UPDATE"):
            self.targets[leg] = sipmsg.uri_of(answer.get("Contact"))
            self.targets[other] = sipmsg.uri_of(came.get("Contact"))
        return came

    def moves(self, leg, contact):
        """A side has another Contact from now on."""
        self.contact[leg], other = contact, self.other(leg)
        leg.send(self.request(leg, "UPDATE"))
        came = expect(other, "UPDATE", self.call_id)
        other.send(sipmsg.answer(came, 200, "", [("Contact", self.contact[other])]))
        expect(leg, "UPDATE", self.call_id, 200)
        self.targets[other] = sipmsg.uri_of(came.get("Contact"))

    def end(self):
        self.passes(self.caller, "BYE")


def expect(leg, method, call_id, status=None):
    """The next message of a call, which must be this one; 100 is passed over, and so are retransmissions of others."""
    for _ in range(20):
        message = leg.receive(3)
        if message is None:
            break
        if message.call_id == call_id and message.status != 100 and (message.method, message.status) == (method, status):
            return message
    raise Failed(f"{leg.local} gets no {status or ''} {method} of call {call_id}")


def drained(leg):
    """What came that nobody expected, but for what is retransmitted."""
    found = []
    while (message := leg.receive(0.001)) is not None:
        found.append(message)
    return found


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "friend", "far", "outside")}
        self.stack = stack
        self.v6 = run.addresses.port("::1", 5791)
        self.outside, self.callees = self.leg("outside"), [self.leg("far") for _ in range(PEERS)]
        self.cache = run.dir / "cache"
        text = CONF.format(block=run.addresses.block, v6=self.v6, cache=self.cache, **self.at)
        for i, leg in enumerate(self.callees):
            text += cube.dial_peer(i + 1, 100, f"1{i}", f"ipv4:{leg.local}")
        text += cube.dial_peer(31, 400, "31", f"ipv4:{self.callees[1].local}")
        self.cube = cube.Cube(run, text + cube.trustpoint("tenant100")).start()
        self.caller = self.leg("friend")

    def leg(self, where):
        leg = UdpLeg(self.at[where], (self.at["cube"], 5060))
        self.stack.callback(leg.close)
        return leg

    def proxies(self, near=True, far=True):
        """Record-Route values of proxies on either side, of which the one that is next is where that side is."""
        return {"near": [f"<sip:p2@{self.caller.local};lr;x=1>", f"<sip:{self.at['friend']}:9;lr>"] if near else [],
                "far": [f"<sip:{self.at['far']}:9;lr>", f"<sip:p1@{self.callees[0].local};lr>"] if far else []}

    def dialog(self, number="10", **options):
        dialog = Dialog(self.caller, self.callees[0], number, **options)
        self.callees[0].target = self.at["cube"], 5090  # as the INVITE's Record-Route says
        dialog.passes(self.caller, "ACK")
        return dialog


setup = Made


def refused(made, request, leg, what, via=None):
    """Nothing leaves for anybody; the sender is told, unless it is ACK. A REGISTER is never of a dialog (RFC 3261 10.2), whatever it
    says: nobody registers here."""
    wanted = (405,) if request.method == "REGISTER" else (403, 481)
    for each in (made.outside, made.callees[0], made.callees[1], made.caller):
        drained(each)
    leg.send(request)
    if request.method != "ACK":
        answer = leg.receive(3)
        check(answer is not None and answer.status in wanted and answer.call_id == request.call_id,
              f"{what} {request.method}: the answer is {answer and answer.first}\n{request}")
    else:
        equal(f"{what} ACK: answer", leg.receive(0.05), None)
    for each in (made.outside, made.callees[0], made.callees[1], made.caller):
        if each is not leg:
            equal(f"{what} {request.method}: {each.local} gets", [m.first for m in drained(each)], [])


def forged(made, d, leg):
    """(what, options of Dialog.request())."""
    mine, target, out = d.routes[leg], d.targets[leg], f"sip:x@{made.outside.local}"
    here = f"sip:{made.at['cube']}:{leg.target[1]}"
    other = f"sip:{made.at['cube']}:{5090 if leg.target[1] == 5060 else 5060}"
    proven = [r for r in mine[:2] if "cube-legs" in r]
    equal("entries of ours with a proof", proven, [mine[1 if leg is d.caller else 0]])
    proof = re.search(r";cube-legs=pp\w{16}(?=[;>])", proven[0]).group()
    yield from (
        ("no Route", {"uri": out, "routes": []}),
        ("no Route, its own Request-URI", {"routes": []}),
        ("our address", {"uri": out, "routes": [f"<{here};lr>"]}),
        ("our address, double", {"uri": out, "routes": [f"<{here};r2=on;lr>", f"<{other};r2=on;lr>"]}),
        ("our address, then out", {"routes": [f"<{here};lr>", f"<{out};lr>"]}),
        ("our address, then strictly out", {"routes": [f"<{here};lr>", f"<{out}>"]}),
        ("our address twice, no lr", {"uri": out, "routes": [f"<{here}>", f"<{other}>"]}),
        ("out", {"routes": [f"<{out};lr>"]}),
        ("out, then ours", {"routes": [f"<{out};lr>", *mine]}),
        ("strict to us", {"uri": here, "routes": [f"<{out}>"]}),
        ("strict to us, double", {"uri": here + ";r2=on;lr", "routes": [f"<{other};r2=on;lr>", f"<{out};lr>", f"<{out}>"]}),
        ("strict, by the proof", {"uri": sipmsg.uri_of(proven[0]), "routes": [mine[-1], f"<{out}>"]}),
        ("its own routes, Request-URI out", {"uri": out}),
        ("its own routes, its target's user elsewhere", {"uri": re.sub(r"@[^;]*", f"@{made.outside.local}", target)}),
        ("another user", {"uri": target.replace("sip:", "sip:0900")}),
        ("another port", {"uri": re.sub(r"(:\d+)(?=;|$)", f":{made.callees[1].local.split(':')[1]}", target)}),
        ("maddr", {"uri": f"{target};maddr={made.at['outside']}"}),
        ("tel", {"uri": "tel:+4990012345"}),
        ("no proof of the target", {"uri": target.partition(";")[0]}),
        ("back to itself", {"uri": d.targets[d.other(leg)]}),
        ("its own routes, swapped", {"routes": [mine[1], mine[0], *mine[2:]]}),
        ("the first one alone", {"routes": [mine[0]]}),
        ("the second one alone", {"routes": [mine[1]]}),
        ("out in between", {"routes": [mine[0], f"<{out};lr>", *mine[1:]]}),
        ("its own routes, then out", {"routes": [*mine[:2], f"<{out};lr>", *mine[2:]]}),
        ("its own routes, then strictly out", {"routes": [*mine[:2], f"<{out}>", *mine[2:]]}),
        ("another listener's", {"routes": [mine[0], re.sub(r"(:\d+)?;", ":5094;", mine[1], count=1), *mine[2:]]}),
        ("another transport's", {"routes": [mine[0], mine[1].replace(";r2", ";transport=tcp;r2"), *mine[2:]]}),
        ("the proof with others", {"uri": out, "routes": [f"<{here};r2=on;lr{proof}>", f"<{other};r2=on;lr{proof}>", f"<{out};lr>"]}),
        ("the proof in the other entry, its own routes", {"uri": out, "routes": [f"<{here};r2=on;lr{proof}>", f"<{other};r2=on;lr>"]}),
        ("another scheme", {"routes": [r.replace("=pp", "=ps") for r in mine]}),
        ("a scheme that is none", {"routes": [r.replace("=pp", "=p") for r in mine]}),
        ("another Call-ID", {"call_id": sipmsg.unique("stolen")}),
        ("a proof that is none", {"routes": [re.sub(r"(cube-legs=..)\w{16}", r"\g<1>0123456789abcdef", r) for r in mine]}),
        ("no proof", {"routes": [re.sub(r";cube-legs=\w+", "", r) for r in mine]}),
        ("schemes alone", {"routes": [re.sub(r"(cube-legs=..)\w{16}", r"\g<1>", r) for r in mine]}),
    )
    if mine[2:]:
        yield from (
            ("without the proxies", {"routes": mine[:2]}),
            ("without the next proxy", {"routes": [*mine[:2], *mine[3:]]}),
        )


def _forge(made, d):
    n = 0
    for leg in (d.caller, d.callee):
        for what, options in forged(made, d, leg):
            for method in METHODS if "Route" in what or "own routes" in what else METHODS[:4]:
                refused(made, d.request(leg, method, **options), leg, f"{'caller' if leg is d.caller else 'called'}, {what}:")
                n += 1
    d.passes(d.caller, "INFO")
    d.passes(d.callee, "INFO")
    d.end()
    return n


@limit(180)
def test_forged(t):
    """Every way to forge a request, with every method, from both sides of a dialog, with proxies on each side and without; and the
    dialog goes on."""
    made = t.made
    n = sum(_forge(made, made.dialog(**options)) for options in ({}, made.proxies()))
    t.say(f"        {n} requests")
    lines = made.cube.logged("is refused: ")
    check(lines and all(re.search(r"tenant (0|100): a request within a dialog from \S+ is refused: ", x) for x in lines), f"{lines[:3]}")
    check(not [x for x in lines if "0900" in x or made.at["outside"] in x], "what was forged is in the log")


def test_tags(t):
    """A tag, or the proof, of another dialog between the same two."""
    made = t.made
    for options in ({}, made.proxies()):
        d, e = made.dialog(**options), made.dialog(**options)
        for leg in (d.caller, d.callee):
            for method in METHODS:
                refused(made, d.request(leg, method, tag="forged"), leg, "tag") if leg is d.caller else None
                refused(made, d.request(leg, method, routes=e.routes[leg]), leg, "another dialog's routes:")
                refused(made, d.request(leg, method, uri=e.targets[leg]), leg, "another dialog's target:")
        d.end()
        e.end()


def test_transactions(t):
    """What belongs to a transaction of the dialog, by its branch, and would lead elsewhere: ACK and CANCEL."""
    made = t.made
    d = made.dialog()
    branch = d.answer.get("Via")
    for method in ("ACK", "CANCEL"):
        for uri, routes in ((f"sip:x@{made.outside.local}", []), (d.uri_of[d.caller], [f"<sip:{made.outside.local};lr>"]),
                            (f"sip:x@{made.outside.local}", d.routes[d.caller]), (d.uri_of[d.caller], [])):
            for tagged in (True, False):
                request = d.request(d.caller, method, uri=uri, routes=routes)
                request.headers[0] = ("Via", branch.partition(";received")[0])
                request.headers = [(n, v if tagged or n != "To" else d.ends[d.callee]) if n != "CSeq" else (n, f"1 {method}")
                                   for n, v in request.headers]
                for each in (made.outside, d.caller, d.callee):
                    drained(each)
                d.caller.send(request)
                d.caller.receive(0.05)
                for each in (made.outside, d.callee):
                    equal(f"{method} {routes}: {each.local} gets", [m.first for m in drained(each)], [])
    d.end()


def test_elsewhere(t):
    """Another tenant's listener, with what is valid at the dialog's own ones."""
    made = t.made
    d = made.dialog()
    for port in (5094, 5090):
        with contextlib.closing(UdpLeg(made.at["friend"], (made.at["cube"], port))) as leg:
            for method in ("INVITE", "BYE", "ACK"):
                refused(made, d.request(d.caller, method, via=leg.via), leg, f"by port {port}:")
    d.end()


def test_passes(t):
    """All that a dialog may carry, from both sides, with proxies on either side and without."""
    made = t.made
    for near, far in ((False, False), (True, False), (False, True), (True, True)):
        d = made.dialog(**made.proxies(near, far))
        for leg in (d.caller, d.callee, d.caller):
            for method in ("INVITE", "ACK", "UPDATE", "INFO", "MESSAGE", "REFER", "NOTIFY", "OPTIONS"):
                came = d.passes(leg, method, f"{bool(near)} {bool(far)}")
                equal(f"{method}: Route", came.list("Route"), d.beyond[leg])
        d.passes(d.callee if near else d.caller, "BYE")
    made.cube.prove_alive()


def test_outbound_proxy(t):
    """Either side sends through a proxy that is not in the dialog's way: all of its requests have a second Via. The other side's
    come through all the same, to whatever Contact those brought."""
    made = t.made
    for options in ({}, made.proxies(True, False), made.proxies(False, True), made.proxies()):
        d = made.dialog(**options)
        for leg, port in ((d.caller, 5061), (d.callee, 5062), (d.caller, 5063)):
            other = d.other(leg)
            for method in ("INVITE", "ACK", "UPDATE"):
                proxied = d.request(leg, method)
                proxied.headers.insert(1, ("Via", f"SIP/2.0/UDP 192.0.2.9:{port};branch={sipmsg.unique('z9hG4bK')}"))
                leg.send(proxied)
                came = expect(other, method, d.call_id)
                if method != "ACK":
                    other.send(sipmsg.answer(came, 200, "", [("Contact", d.contact[other])]))
                    answer = expect(leg, method, d.call_id, 200)
                    d.targets = {leg: sipmsg.uri_of(answer.get("Contact")), other: sipmsg.uri_of(came.get("Contact"))}
            d.passes(other, "INFO", f"behind {method} by a proxy")
            d.passes(leg, "INFO", f"behind {method} by a proxy")
        d.passes(d.callee if options else d.caller, "BYE")


def test_answer_forged(t):
    """The called party changes our Record-Route headers in its answer: nothing that the caller sends goes there, or to it."""
    made = t.made
    other = made.dialog()
    proof = re.search(r";cube-legs=\w+", other.routes[other.callee][0]).group()
    for options in ({}, made.proxies(True, False), made.proxies(False, True), made.proxies()):
        for what, forge in (("another tenant's listener out", lambda r: [r[0].replace(":5090", ":5094"), r[1]]),
                            ("another transport", lambda r: [r[0].replace(";r2", ";transport=tcp;r2"), r[1]]),
                            ("the caller's listener twice", lambda r: [r[1], r[1]]),
                            ("another listener in", lambda r: [r[0], re.sub(r"(sip:[\d.]+)", r"\1:5094", r[1])]),
                            ("swapped", lambda r: r[::-1]),
                            ("another scheme", lambda r: [x.replace("=pp", "=ps") for x in r]),
                            ("another dialog's proof", lambda r: [re.sub(r";cube-legs=\w+", proof, x) for x in r]),
                            ("no proof", lambda r: [re.sub(r";cube-legs=\w+", "", x) for x in r])):
            d = Dialog(made.caller, made.callees[0], "10", forge=forge, **options)
            for method in ("ACK", "INFO", "BYE"):
                refused(made, d.request(d.caller, method), d.caller, f"{what}, {options}:")
    other.end()


def test_answer_of_another(t):
    """The called party answers with another Call-ID, or another tag of the caller's: what it gives as its Contact is good in the
    dialog that it was asked for, and in no other one."""
    made = t.made
    for options in ({}, made.proxies()):
        call_id, tag = sipmsg.unique("another"), sipmsg.unique("c")
        for what, other, wrong in (("Call-ID", ("Call-ID", call_id), {"call_id": call_id}),
                                   ("tag", ("From", f"<sip:caller@{made.caller.local}>;tag={tag}"), {"tag": tag})):
            d = Dialog(made.caller, made.callees[0], "10", other=[other], **options)
            refused(made, d.request(d.caller, "BYE", **wrong), d.caller, f"another {what}, {options}:")
            d.passes(d.caller, "BYE", f"behind another {what}, {options}")


def test_same_dialog(t):
    """Two calls with one Call-ID and one tag of the caller's, by two tenants: a Contact of the one does not lead out by the other."""
    made, second = t.made, t.made.callees[1]
    for options in ({}, made.proxies(True, False)):
        d = made.dialog("10", **options)
        e = Dialog(made.caller, second, "31", like=d, **options)
        second.target = made.at["cube"], 5094
        for one, other in ((d, e), (e, d)):
            for leg, its in ((one.caller, other.caller), (one.callee, other.callee)):
                for method in ("INVITE", "INFO", "MESSAGE", "ACK", "BYE"):
                    refused(made, one.request(leg, method, uri=other.targets[its]), leg, f"the other call's Contact, {options}:")
        for one in (d, e):
            one.passes(one.caller, "INFO")
            one.passes(one.callee, "BYE")


def test_twice(t):
    """A call that goes through our server twice, from one tenant to another one."""
    made = t.made
    d = made.dialog("90", ours=4, near=[f"<sip:{made.caller.local};lr>"], far=[f"<sip:{made.callees[0].local};lr>"])
    for leg in (d.caller, d.callee, d.caller):
        for method in ("INVITE", "ACK", "UPDATE", "INFO"):
            equal(f"{method}: Route", d.passes(leg, method).list("Route"), d.beyond[leg])
    for leg in (d.caller, d.callee):
        for method in ("INVITE", "BYE", "ACK"):
            refused(made, d.request(leg, method, uri=f"sip:x@{made.outside.local}"), leg, "twice:")
            refused(made, d.request(leg, method, routes=d.routes[leg][:2]), leg, "the first time alone:")
            if leg is d.caller:  # the called side has one tenant both times, and may
                refused(made, d.request(leg, method, routes=d.routes[leg][2:]), leg, "the second time alone:")
    d.end()


def test_new_target(t):
    """A side moves: its new Contact is where requests go, and the one before is still its own."""
    made = t.made
    d = made.dialog()
    before = d.targets[d.caller]
    moved = made.callees[1]
    moved.target = d.callee.target
    contact = f'"Moved" <sip:10@{moved.local};transport=udp;x>;q=1'
    d.moves(d.callee, contact)
    d.caller.send(d.request(d.caller, "INFO"))
    equal("the new one", expect(moved, "INFO", d.call_id).first.split()[1], sipmsg.uri_of(contact))
    d.caller.send(d.request(d.caller, "INFO", uri=before))
    expect(d.callee, "INFO", d.call_id)


TARGETS = (("sip:10@[::1]:{v6end}", "[::1]"), ("sip:10@{cube6}:{v6end};transport=udp", "a name"), ("sip:10@{far};transport=tls", "tls"),
           ("sips:10@{far}", "sips"), ("sip:10@{far};transport=sctp", "sctp"), ("sip:10@{far};transport=ws", "ws"))


def _leads_nowhere(t, target, what):
    made = t.made
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as v6:
        v6.bind(("::1", 0))
        v6.settimeout(0.2)
        values = {"v6end": v6.getsockname()[1], "cube6": "ip6-localhost", "far": made.callees[0].local}
        d = made.dialog()
        d.moves(d.callee, f"<{target.format(**values)}>")
        for method in ("INFO", "ACK", "BYE"):
            request = d.request(d.caller, method)
            d.caller.send(request)
            if method != "ACK":
                answer = expect_any(d.caller, d.call_id)
                check(answer.status in (400, 403, 477, 478), f"{what} {method}: {answer.first}")
        try:
            data, source = v6.recvfrom(65536)
            raise Failed(f"{what}: {data.split()[0]} came from {source[:2]}")
        except TimeoutError:
            pass
    equal(f"{what}: connections", made.cube.connections(), [])
    equal(f"{what}: came", [m.first for m in drained(made.callees[0]) if m.call_id == d.call_id and m.method != "UPDATE"], [])


def expect_any(leg, call_id):
    for _ in range(20):
        message = leg.receive(3)
        if message is None:
            break
        if message.call_id == call_id and message.status and message.status > 100:
            return message
    raise Failed(f"no answer in call {call_id}")


def test_other_family(t):
    """A Contact for which the tenant has no listener, of another family or transport: the request does not leave from that of
    another tenant."""
    for target, what in TARGETS:
        _leads_nowhere(t, target, what)
    t.made.cube.prove_alive()


def test_tcp(t):
    """transport=tcp in a Contact of a UDP leg: it leaves from the tenant's own address."""
    made = t.made
    with socket.socket() as server:
        server.bind((made.at["far"], 0))
        server.listen()
        server.settimeout(3)
        d = made.dialog()
        d.moves(d.callee, "<sip:10@%s:%d;transport=tcp>" % server.getsockname())
        d.caller.send(d.request(d.caller, "BYE"))
        connection, source = server.accept()
        with connection:
            connection.settimeout(3)
            [bye] = sipmsg.Splitter().feed(connection.recv(65536))
            equal("it left from", (source[0], bye.get("Via").split(";")[0]),
                  (made.at["cube"], f"SIP/2.0/TCP {made.at['cube']}:5090"))
            connection.sendall(bytes(sipmsg.answer(bye, 200)))
            expect(d.caller, "BYE", d.call_id, 200)
            again = sipmsg.request("INFO", d.targets[d.callee], f"TCP {made.at['far']}:9", d._end(d.callee), d._end(d.caller),
                                   d.call_id, 50, [("Route", r) for r in d.routes[d.callee]])
            connection.sendall(bytes(again))
            expect(d.caller, "INFO", d.call_id)
            # a call on the connection that we have opened is recorded as that of the tenant's listener
            call_id = sipmsg.unique("back")
            connection.sendall(bytes(sipmsg.request("INVITE", f"sip:11@{made.at['cube']}", f"TCP {made.at['far']}:9", "<sip:a@b>;tag=1",
                                                    "<sip:11@b>", call_id, 1, [("Contact", "<sip:a@b>")], sipmsg.SDP)))
            invite = expect(made.callees[1], "INVITE", call_id)
            check(invite.list("Record-Route")[1].startswith(f"<sip:{made.at['cube']}:5090;transport=tcp;"), invite)
            made.callees[1].send(sipmsg.answer(invite, 486, "x"))


@limit(120)
def test_load(t):
    """All of that at once, by all workers: dialogs, forged requests and Contacts of another family."""
    made = t.made

    def one(i):
        with contextlib.closing(UdpLeg(made.at["friend"], (made.at["cube"], 5060))) as caller, \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as v6:
            v6.bind(("::1", 0))
            v6.settimeout(0.05)
            for _ in range(200 if t.full else 40):
                callee = made.callees[i]
                callee.target = made.at["cube"], 5090
                d = Dialog(caller, callee, f"1{i}")
                d.passes(caller, "ACK")
                d.passes(callee, "INFO")
                for uri in (f"sip:x@{made.outside.local}", f"sip:x@[::1]:{v6.getsockname()[1]}"):
                    caller.send(d.request(caller, "INFO", uri=uri))
                    equal("forged", expect_any(caller, d.call_id).status, 403)
                d.moves(callee, f"<sip:x@[::1]:{v6.getsockname()[1]}>")
                caller.send(d.request(caller, "INFO"))
                equal("[::1]", expect_any(caller, d.call_id).status, 403)
                d.moves(callee, f"<sip:1{i}@{callee.local}>")
                d.passes(caller, "BYE")
            try:
                raise Failed(f"[::1] got {v6.recv(65536)}")
            except TimeoutError:
                pass
    together(one, range(PEERS))
    equal("outside", [m.first for m in drained(made.outside)], [])
    made.cube.prove_alive()


def test_shared(t):
    """A request by TLS with a dialog's valid proof, which is of another tenant."""
    made, target = t.made, (t.made.at["cube"], 5101)
    d = made.dialog()
    with TlsClient(client_context("ogw"), made.at["friend"], target) as client:
        client.send(d.request(d.caller, "BYE", via=client.via))
        answer = client.receive()
        check(answer and answer.status in (403, 481), f"{answer and answer.first}")
    d.end()


@limit(100)
def test_restart(t):
    """A call goes on behind a restart, by the key that is kept; where it cannot be kept, or is not the server's alone, the log says
    so, and it is refused."""
    made, key = t.made, t.made.cache / "dialog-key"
    equal("the key", (key.stat().st_mode & 0o777, key.stat().st_size, list(made.cache.glob("dialog-key.*"))), (0o600, 16, []))
    d = made.dialog()
    _restart(made)
    d.passes(d.caller, "INFO")
    d.passes(d.callee, "INVITE")
    for spoil, why in ((lambda: key.chmod(0o640), "it is not the server's alone"), (lambda: key.write_bytes(b"x" * 15), "it is no key"),
                       (lambda: (key.unlink(), key.symlink_to("/dev/zero")), "Too many levels of symbolic links"),
                       (lambda: (key.unlink(), made.cache.rename(made.cache.with_name("c")), made.cache.write_text("")),
                        "Not a directory")):
        spoil()
        _restart(made)
        check(made.cube.logged(f"{key}: {why}"), f"the log says nothing of: {why}")
        refused(made, d.request(d.caller, "INFO"), d.caller, why)
        if why.startswith("it is not"):
            key.chmod(0o600)
    made.dialog().end()


def _restart(made):
    made.cube.stop()
    made.cube.start()
