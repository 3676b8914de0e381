# SPDX-License-Identifier: GPL-2.0-or-later
"""sips from end to end: whole dialogs between legs of all schemes, checked header by header; and everything that would bring
a sips request, or take it, where there is no TLS."""

import itertools
import re
import socket
import time

import cube
import sipmsg
import wire
from caller import Call, TlsLeg, UdpLeg
from cases import Skipped, check, equal
from farend import FarEnd, wait_answer
from run import wait_until
from tlsclient import TlsClient, client_context
from udpend import UdpEnd

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    listen-secure     = {{ "{cube}:5061" }}
    crypto-signaling "default" {{ trustpoint = "tenant100" }}
    trusted-list      = {{ "127.0.0.0/8" }}
}}
{trustpoint}
tls-profile 100 {{ trustpoint = "tenant100" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5101"  session-transport = "tcp tls" }}
tenant 200 {{ tls-profile = 100  listen-secure = "{cube}:5102"  url = "sips"  sips-required = true }}
dial-peer 1 {{ destination-pattern = "1..$"  session-target = "ipv4:{far}:6001" }}
dial-peer 2 {{ destination-pattern = "2..$"  session-target = "ipv4:{far}:6002"  session-transport = "tcp tls"  tenant = 100 }}
dial-peer 3 {{ destination-pattern = "3..$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
dial-peer 4 {{ destination-pattern = "+4..$"  session-target = "ipv4:{far}:6001"  url = "tel" }}
dial-peer 5 {{ destination-pattern = "5..$"  session-target = "ipv4:{far}:6001"  sips-downgrade = true }}
dial-peer 6 {{ destination-pattern = "6..$"  session-target = "ipv4:{far}:6002"  session-transport = "tcp tls"  tenant = 100  sips-downgrade = true }}
dial-peer 7 {{ destination-pattern = "7..$"  session-target = "ipv4:{far}:6002"  tenant = 200 }}
dial-peer 80 {{ destination-pattern = "8..$"  session-target = "ipv4:{far}:6001" }}
dial-peer 81 {{ destination-pattern = "8..$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100  preference = 1 }}
dial-peer 90 {{ destination-pattern = "90.$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
dial-peer 91 {{ destination-pattern = "91.$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
dial-peer 92 {{ destination-pattern = "91.$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100  preference = 1 }}
dial-peer 93 {{ destination-pattern = "92.$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
dial-peer 94 {{ destination-pattern = "92.$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100  preference = 1 }}
dial-peer 95 {{ destination-pattern = "93.$"  session-target = "ipv4:{far}:6002"  url = "sips"  tenant = 100 }}
"""
# a script that leads sips calls astray: those by these dial-peers, and what comes within a call to 93.
ASTRAY = "".join(f'route[DIAL_PEER_{tag}] {{{{ $du = "sip:{{far}}:6001;transport=udp"; }}}}\n' for tag in (90, 91, 94))
IN_DIALOG = '\t\tt_on_reply("DIALOG");\n'
LED_ASTRAY = IN_DIALOG + '\t\tif($rU =~ "^93") $du = "sip:{far}:6001;transport=udp";\n'
# by first digit: the scheme of the leg out, and whether it is TLS
OUT = {"1": ("sip", False), "2": ("sip", True), "3": ("sips", True), "+": ("tel", False), "5": ("sip", False),
       "6": ("sip", True), "7": ("sips", True), "8": ("sips", True)}


class Made:
    def __init__(self, run, stack):
        self.run = run
        self.at = {name: run.addresses.host() for name in ("cube", "peer", "far")}
        self.udp = UdpEnd(stack, self.at["far"], 6001, self._behave)
        self.tls = FarEnd(self.at["far"], 6002, behave=self._behave)
        stack.callback(self.tls.close)
        self.behave = None
        text = CONF.format(trustpoint=cube.trustpoint("tenant100"), **self.at)
        astray = run.write("dial-peers.cfg", ASTRAY.format(**self.at))
        script = cube.script(run, [(IN_DIALOG, LED_ASTRAY.format(**self.at))])
        self.cube = cube.Cube(run, text, config=script, more={"CUBE_DIAL_PEERS": astray}).start()
        self.legs = []

    def _behave(self, message):
        return self.behave(message) if self.behave else 200

    def caller(self, scheme, secure, port=5061):
        """A leg in, and a call on it that speaks this scheme."""
        if secure:
            target = self.at["cube"], port
            leg = TlsLeg(TlsClient(client_context("ogw"), self.at["peer"], target), target)
        else:
            leg = UdpLeg(self.at["peer"], (self.at["cube"], 5060))
        self.legs.append(leg)
        return leg, scheme

    def call(self, caller, number):
        leg, scheme = caller
        call = Call(leg, number)
        call._uri = call._uri.replace("sip:", f"{scheme}:") if scheme != "tel" else f"tel:{number}"
        call._caller = call._caller.replace("<sip:caller@", f"<{'sips' if scheme == 'sips' else 'sip'}:+491@")
        call._called = call._called.replace("sip:", f"{'sips' if scheme == 'sips' else 'sip'}:")
        leg.contact = leg.contact.replace("<sip:", f"<{'sips' if scheme == 'sips' else 'sip'}:")
        return call

    def ends(self, call):
        """INVITEs of the call, as (by TLS?, message)."""
        return ([(False, m) for m in self.udp.of(call.call_id)]
                + [(True, m) for _, m in self.tls.requests() if m.call_id == call.call_id and m.method == "INVITE"])


setup = Made


def scheme_of(value):
    """Of a header's, or a Request-URI's, URI."""
    return re.search(r"<?(\w+):", value[value.find("<") + 1:] if "<" in value else value).group(1)


def schemes(message, *names):
    return {name: {scheme_of(v) for v in message.list(name)} for name in names}


LEGS = (("sip", False), ("sip", True), ("sips", True), ("tel", False))


def test_dialogs(t):
    """Calls of each kind in and out: INVITE, ACK, re-INVITE and BYE; what each side sees has its leg's scheme, and the tags and
    URIs of the dialog stay what they were on either side."""
    made = t.made
    for (scheme, secure), digit in itertools.product(LEGS, ("1", "2", "3", "+", "5", "6", "7")):
        number = f"{digit}400"[:4] if digit == "+" else f"{digit}00"
        wanted, by_tls = OUT[digit]
        allowed = scheme != "sips" or wanted == "sips" or digit in "56"
        what = f"{scheme}{' by TLS' if secure else ''} to {number}"
        call = made.call(made.caller(scheme, secure), number)
        status = call.invite()
        if not allowed:
            equal(what, (status, call.answer.get("Warning")), (480, '380 cube "SIPS Not Allowed"'))
            equal(f"{what}: sent", made.ends(call), [])
            continue
        equal(what, status, 200)
        [(went_by_tls, invite)] = made.ends(call)
        equal(f"{what}: by TLS", went_by_tls, by_tls)
        plain = "sip" if wanted == "tel" else wanted
        equal(f"{what}: Request-URI", scheme_of(invite.first.split()[1]), wanted)
        equal(f"{what}: at the far end", schemes(invite, "From", "To", "Contact"),
              {"From": {wanted}, "To": {wanted}, "Contact": {plain}})
        mine = "sips" if scheme == "sips" else "sip"
        equal(f"{what}: in the answer", schemes(call.answer, "From", "To", "Contact"),
              {"From": {mine}, "To": {mine}, "Contact": {mine}})
        equal(f"{what}: From in the answer", call.answer.get("From"), call._caller)
        equal(f"{what}: To in the answer", call.answer.get("To").partition(";")[0], f"<{mine}:{number}@{made.at['cube']}>")
        routes = [scheme_of(r) for r in call.answer.list("Record-Route")]
        equal(f"{what}: Record-Route, the caller's leg last", routes, [plain, mine])
        again = call._request("INVITE", sipmsg.SDP)
        equal(f"{what}: re-INVITE", call._transact(again, 5).status, 200)
        call.leg.send(call._request("ACK"))
        second = wait_until(lambda: made.ends(call)[1:], 5, "the re-INVITE arrives")[0][1]
        equal(f"{what}: From and To of the re-INVITE", (second.get("From"), second.get("To").partition(";tag")[0]),
              (invite.get("From"), invite.get("To")))
        equal(f"{what}: its Request-URI and Contact", (scheme_of(second.first.split()[1]), scheme_of(second.get("Contact"))),
              (plain, plain))
        equal(f"{what}: BYE", call.bye(), 200)
    made.cube.prove_alive()


def test_from_the_far_end(t):
    """A request of the called side: what it called From and To is what the caller knows, and it reaches the caller."""
    made = t.made
    for (scheme, secure), digit in itertools.product((("sip", False), ("sip", True), ("sips", True)), ("2", "3", "6")):
        if scheme == "sips" and digit == "2":
            continue
        what = f"{scheme}{' by TLS' if secure else ''} to {digit}00"
        call = made.call(made.caller(scheme, secure), f"{digit}00")
        equal(what, call.invite(), 200)
        connection, invite = made.tls.where(call.call_id)
        connection.send(made.tls.request_in(invite, "BYE", 1))
        bye = call.wait_request("BYE")
        mine = "sips" if scheme == "sips" else "sip"
        equal(f"{what}: Request-URI", bye.first.split()[1], sipmsg.uri_of(call.leg.contact))
        equal(f"{what}: From", bye.get("From").replace(" ", ""), call._called.replace(" ", ""))
        equal(f"{what}: To", bye.get("To"), call._caller)
        check(mine in schemes(bye, "From")["From"], f"{what}: From {bye.get('From')}")
        equal(f"{what}: the far end's answer", wait_answer(connection, call.call_id, "BYE").status, 200)
    made.cube.prove_alive()


def test_hunting(t):
    """A sips call passes over dial-peers that are not sips, and finds the one that is."""
    made = t.made
    call = made.call(made.caller("sips", True), "800")
    equal("status", call.invite(), 200)
    equal("by TLS", [by_tls for by_tls, _ in made.ends(call)], [True])
    call.bye()
    call = made.call(made.caller("sip", True), "800")
    equal("a sip call takes the first one", call.invite(), 200)
    equal("by TLS", [by_tls for by_tls, _ in made.ends(call)], [False])
    call.bye()
    with made.cube.binrpc() as rpc:
        for scheme, tried, left in (("sip", [80, 81], []), ("sips", [81], [(80, "the call is sips, its url sip, and it has no sips-downgrade")])):
            rows = rpc.values("cube_dialpeer.match", f"ruri={scheme}:800@{made.at['cube']}", "tenant=0")
            equal(f"{scheme}: a dry run", [row["dial-peer"] for row in rows if row["part"] == "outbound"], tried)
            equal(f"{scheme}: left out", [(row["dial-peer"], row["left-out"]) for row in rows if row["part"] == "outbound-left-out"], left)
        rows = rpc.values("cube_dialpeer.match", f"ruri=sips:500@{made.at['cube']}", "tenant=0")
        equal("by sips-downgrade", [row.get("sips-downgrade") for row in rows if row["part"] == "outbound"],
              ["a sips call, which goes on without sips"])


def test_refused(t):
    """What is sips and does not come by TLS is refused, whatever method it is; so is what is not sips where it must be."""
    made = t.made
    leg = UdpLeg(made.at["peer"], (made.at["cube"], 5060))
    for method, uri, routes in (("INVITE", "sips:300@{}", []), ("OPTIONS", "sips:300@{}", []), ("BYE", "sips:300@{}", []),
                                ("MESSAGE", "SIPS:300@{}", []), ("CANCEL", "sips:300@{}", []),
                                ("INVITE", "sip:300@{}", ["<sips:{};lr>"]), ("INVITE", "sips:300@{};transport=udp", []),
                                ("INVITE", "sips:300@{};maddr=127.0.0.9", [])):
        at = made.at["cube"]
        request = sipmsg.request(method, uri.format(at), leg.via, "<sip:a@b>;tag=1", "<sip:300@b>", sipmsg.unique("sips"), 1,
                                 [("Route", r.format(at)) for r in routes] + [("Contact", leg.contact)])
        leg.send(request)
        answer = leg.receive(5)
        equal(f"{method} {uri} {routes}", answer and answer.status, 400)
        equal("sent", [m for m in made.udp.requests if m.call_id == request.call_id], [])
    call = made.call(made.caller("sip", True, 5102), "300")
    equal("sips-required", (call.invite(), call.answer.get("Warning")), (480, '381 cube "SIPS Required"'))
    call = made.call(made.caller("sips", True, 5102), "300")
    equal("sips-required, and it is", call.invite(), 200)
    equal("BYE", call.bye(), 200)
    rows = {}
    with made.cube.binrpc() as rpc:
        for row in rpc.values("cube_tenant.list"):
            rows.update({k: rows.get(k, 0) + v for k, v in row.items() if k.endswith("sips-refused")})
    check(rows["listen-non-secure-sips-refused"] >= 8 and rows["listen-secure-sips-refused"] >= 1, f"counted: {rows}")


def test_routes(t):
    """A Route, maddr or transport that would lead a sips request to UDP: it does not leave."""
    made = t.made
    for route in ("<sip:{far}:6001;lr>", "<sip:{far}:6001;transport=udp;lr>", "<sips:{far}:6001;transport=udp;lr>",
                  "<sip:x;maddr={far};transport=udp;lr>", "<sip:{far}:6001>"):
        call = made.call(made.caller("sips", True), "300")
        equal("status", call.invite(), 200)
        before = len(made.udp.requests)
        forged = route.format(**made.at)
        own = call._routes
        call._routes = [own[0], own[1], forged] if len(own) > 1 else [*own, forged]
        call.leg.send(call._request("INFO"))
        call._routes = own
        time.sleep(0.3)
        equal(f"requests that UDP saw with {forged}", [m.first for m in made.udp.requests[before:]], [])
        call.leg.receive(0.5)
        equal("the call goes on", call.bye(), 200)
    made.cube.prove_alive()


def test_astray(t):
    """A script leads a request of a sips call out of TLS: it does not leave. A call goes to the next dial-peer; what the caller gets
    where there is none, and within a call, is in docs/operations.md."""
    made = t.made
    made.behave = lambda message: 503 if message.method == "INVITE" and message.number[:2] == "92" else 200
    # within the call to 930 all are kept back, ACK, too
    for number, status, within, kept in (("900", 503, None, 1), ("910", 200, 200, 1), ("920", 477, None, 1), ("930", 200, 477, 4)):
        before = len(made.cube.logged("would leave without TLS; it is not sent"))
        call = made.call(made.caller("sips", True), number)
        equal(f"call to {number}", call.invite(), status)
        for method, body in (("INFO", ""), ("INVITE", sipmsg.SDP), ("BYE", "")) if within else ():
            equal(f"{method} in the call to {number}", call._transact(call._request(method, body), 5).status, within)
        equal(f"call to {number}: lines", len(made.cube.logged("would leave without TLS; it is not sent")) - before, kept)
    made.behave = None
    equal("requests that UDP saw", [m.first for m in made.udp.requests if m.number[:1] == "9"], [])
    made.cube.prove_alive()


def test_keys(t):
    """SDP with keys, offered and answered, of calls that are sips and of others: each arrives as it was, those of sips calls by TLS. That
    none of these leaves in clear the run's last case sees, too."""
    made = t.made
    keys = sipmsg.SDP + f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{'k' * 40}\r\n"
    for scheme, secure, number, by_tls in (("sips", True, "300", True), ("sips", True, "600", True), ("sip", False, "300", True),
                                           ("sip", False, "100", False)):
        call = made.call(made.caller(scheme, secure), number)
        equal(f"{scheme} to {number}", call.invite(body=keys), 200)
        equal(f"{scheme} to {number}: by TLS, the SDP", [(tls, m.body) for tls, m in made.ends(call)], [(by_tls, keys)])
        equal("BYE", call.bye(), 200)
    for number, why in (("100", "which is UDP"), ("500", "which is UDP, and sips-downgrade does not reach that far")):
        call = made.call(made.caller("sips", True), number)
        equal(f"sips to {number}, {why}", (call.invite(body=keys), made.ends(call)), (480, []))
    check(made.cube.logged("dial-peer 5: its session-transport is not tls; it is passed over for a sips call of tenant 0 whose SDP has keys"),
          "there is no line for dial-peer 5")
    call = made.call(made.caller("sips", True), "500")
    equal("sips to 500 without keys", call.invite(), 200)
    equal("re-INVITE with keys", call.invite(body=keys), 403)
    equal("BYE", call.bye(), 200)
    made.cube.prove_alive()


def test_seen(t):
    """What the server's address sends as sips in clear does not escape the run's last case."""
    made = t.made
    if wire.watching.refused:
        raise Skipped(wire.watching.refused)
    check((made.at["cube"], 5060) in t.run.servers and (made.at["cube"], 5101) in t.run.servers, f"servers: {t.run.servers}")
    name = sipmsg.unique("seen-in-clear")
    wire.watching.expect(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((made.at["cube"], 0))
        request = sipmsg.request("MESSAGE", f"sips:{name}@far", "UDP far", "<sips:a@b>;tag=1", "<sips:c@d>", name, 1)
        sock.sendto(bytes(request), (made.at["far"], 6001))
    made.udp.where(name, "MESSAGE")
