# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that are hunted through targets that are dead, refuse, show a wrong certificate or say nothing, to one that is
there; what ends the hunt, and what the caller gets then. The phones are SIPp."""

import contextlib
import itertools
import socket
import time

import cube
from caller import UdpLeg, place
from cases import check, equal, together
from farend import FarEnd
from scenarios import Side, first, names
from udpend import UdpEnd

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
    connection-establish-tls = 5
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5100"  session-transport = "tcp tls" }}
server-group 1 {{ server = {{ "ipv4:{dead}:6001", "ipv4:{a}:6001", "ipv4:{b}:6002" }} }}
server-group 2 {{ server = {{ "ipv4:{c}:6003", "ipv4:{d}:6004" }} }}
# 1: everything that can be wrong, and then the good one
dial-peer 11 {{ destination-pattern = "1T"  session-server-group = 1  session-transport = "tcp" }}
dial-peer 12 {{ destination-pattern = "1T"  session-target = "ipv4:{wrong}:6005"  preference = 1  tenant = 100 }}
dial-peer 13 {{ destination-pattern = "1T"  session-target = "ipv4:{silent}:6006"  preference = 2 }}
dial-peer 14 {{ destination-pattern = "1T"  session-target = "ipv4:{silent}:6007"  preference = 3  tenant = 100 }}
dial-peer 15 {{ destination-pattern = "1T"  session-server-group = 2  preference = 4 }}
# 2: each of them alone before the good one
dial-peer 21 {{ destination-pattern = "21$"  session-target = "ipv4:{dead}:6001"  session-transport = "tcp" }}
dial-peer 22 {{ destination-pattern = "22$"  session-target = "ipv4:{dead}:6001" }}
dial-peer 23 {{ destination-pattern = "23$"  session-target = "ipv4:{wrong}:6005"  tenant = 100 }}
dial-peer 24 {{ destination-pattern = "24$"  session-target = "ipv4:{silent}:6006" }}
dial-peer 25 {{ destination-pattern = "25$"  session-target = "ipv4:{silent}:6007"  tenant = 100 }}
dial-peer 26 {{ destination-pattern = "26$"  session-target = "ipv4:{silent}:6006"  session-transport = "tcp" }}
dial-peer 27 {{ destination-pattern = "27$"  session-target = "ipv4:{dead}:6001"  tenant = 100 }}
dial-peer 28 {{ destination-pattern = "28$"  session-target = "ipv4:{dead}:6001" }}
dial-peer 30 {{ destination-pattern = "28$"  session-target = "ipv4:{silent}:6006"  preference = 1 }}
dial-peer 29 {{ destination-pattern = "2.$"  session-target = "ipv4:{spare}:6009"  preference = 2 }}
# 3: two, and a third one; 4: the first one is the last one; 5: what is hunted past is its own
dial-peer 31 {{ destination-pattern = "3T"  session-target = "ipv4:{c}:6003" }}
dial-peer 32 {{ destination-pattern = "3T"  session-target = "ipv4:{d}:6004"  preference = 1 }}
dial-peer 33 {{ destination-pattern = "3T"  session-target = "ipv4:{spare}:6008"  preference = 2 }}
dial-peer 41 {{ destination-pattern = "4T"  session-target = "ipv4:{c}:6003"  huntstop = true }}
dial-peer 51 {{ destination-pattern = "5T"  session-target = "ipv4:{c}:6003"  voice-hunt = {{ "486", "600 to 699" }} }}
dial-peer 52 {{ destination-pattern = "[45]T"  session-target = "ipv4:{d}:6004"  preference = 2 }}
dial-peer 61 {{ destination-pattern = "6T"  session-target = "ipv4:{silent}:6006" }}
dial-peer 62 {{ destination-pattern = "6T"  session-target = "ipv4:{spare}:6008"  preference = 1 }}
"""
BLOCKS = """route[DIAL_PEER_28] {
	t_set_fr(0, 1000);
}
route[DIAL_PEER_30] {
	t_set_fr(0, 2000);
}
"""
PORTS = {"a": 6001, "b": 6002, "c": 6003, "d": 6004}
TIMER = 5  # seconds: tm's fr_timer in cfg/kamailio.cfg, and connection-establish-tls above
SLOW = 4  # seconds that a busy machine may take in addition
HOSTS = ("cube", "caller", "dead", "a", "b", "c", "d", "wrong", "silent", "spare")


class Made:
    def __init__(self, run, stack):
        self.run, self._count = run, itertools.count(1)
        self.at = {name: run.addresses.host() for name in HOSTS}
        self.wrong = FarEnd(self.at["wrong"], 6005, "other")
        stack.callback(self.wrong.close)
        for kind, ports in ((socket.SOCK_DGRAM, (6006,)), (socket.SOCK_STREAM, (6006, 6007))):
            for port in ports:
                self._silent(stack, kind, port)
        self.spare = UdpEnd(stack, self.at["spare"], 6008)
        self.good = UdpEnd(stack, self.at["spare"], 6009)
        self.cube = cube.Cube(run, CONF.format(block=run.addresses.block, **self.at) + cube.trustpoint("tenant100"),
                              more={"CUBE_DIAL_PEERS": run.write("blocks.cfg", BLOCKS)}).start()

    def _silent(self, stack, kind, port):
        """Somebody who is there, and says nothing."""
        silent = stack.enter_context(contextlib.closing(socket.socket(socket.AF_INET, kind)))
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind((self.at["silent"], port))
        if kind == socket.SOCK_STREAM:
            silent.listen(16)

    def call(self, number, caller="calls", code=None, **called):
        """One call. called: whose phones answer, with which scenario, or (scenario, status, transport). Returns the messages
        that the caller got, those that each phone got, and how long it took until the end of the hunt."""
        count, phones = next(self._count), {}
        for name, what in called.items():
            scenario, status, transport = what if isinstance(what, tuple) else (what, "", "u1")
            phones[name] = Side(self.run, scenario, f"{count}{name}", self.at[name], PORTS[name], transport,
                                {"status": status}, timeout=25)
        for phone in phones.values():
            phone.wait_listens()
        began = time.monotonic()
        calling = Side(self.run, caller, count, self.at["caller"], 5060, "u1", {"code": code}, service=number, timeout=25,
                       target=f"{self.at['cube']}:5060")
        calling.sipp.wait()
        took = time.monotonic() - began
        for phone in phones.values():
            phone.sipp.wait()
        self.cube.prove_alive()
        return calling.seen()[1], {name: phone.seen()[1] for name, phone in phones.items()}, took


setup = Made


def refuses(status, transport="u1"):
    return "refuses", status, transport


def in_time(what, took, least, most):
    check(least <= took < most + SLOW, f"{what} took {took:.1f} s, must be {least} to {most}")


def test_through_all(t):
    """Servers of a group that are dead, answer 503 and 404; a wrong certificate; silence by UDP; no handshake by TLS; a group
    whose first one answers 500: the call gets to its second one, in the time of the two timers."""
    heard, phones, took = t.made.call("100", a=refuses("503 Service Unavailable", "t1"), b=refuses("404 Not Found", "t1"),
                                      c=refuses("500 Server Internal Error"), d="answers")
    equal("requests to the one with the wrong certificate", t.made.wrong.requests(), [])
    for name in "abc":
        equal(f"what {name} gets", names(phones[name]), ["INVITE", "ACK"])
    equal("what the good one gets", names(phones["d"]), ["INVITE", "ACK", "BYE"])
    equal("the caller gets", names(heard)[-3:], ["180 INVITE", "200 INVITE", "200 BYE"])
    in_time("all of it", took, 2 * TIMER - 1, 2 * TIMER + 1)


def test_past_each(t):
    """Each of them alone, all at the same time. A refused connection and a failed handshake cost nothing; by UDP a closed port
    is silence."""
    kinds = (("TCP refused", "21", 0), ("UDP port closed", "22", TIMER), ("wrong certificate", "23", 0),
             ("UDP silence", "24", TIMER), ("TLS without handshake", "25", TIMER), ("TCP silence", "26", TIMER),
             ("TLS refused", "27", 0))

    def call(kind):
        what, number, least = kind
        leg = UdpLeg(t.made.at["caller"], (t.made.at["cube"], 5060))
        began = time.monotonic()
        call = place(leg, number)
        leg.close()
        equal(f"{what}: INVITEs at the good one", len(t.made.good.of(call.call_id)), 1)
        in_time(what, time.monotonic() - began, least - 1, least + 1)

    together(call, kinds)
    t.made.cube.prove_alive()


def test_own_timer(t):
    """A dial-peer's block says how long its target may be silent: a closed port of UDP for one second, the next one for two."""
    leg = UdpLeg(t.made.at["caller"], (t.made.at["cube"], 5060))
    began = time.monotonic()
    call = place(leg, "28")
    took = time.monotonic() - began
    leg.close()
    equal("INVITEs at the good one", len(t.made.good.of(call.call_id)), 1)
    check(2.5 < took < 4.5, f"it took {took:.1f} s, must be 3")


def test_cancelled(t):
    """The caller gives up when the second dial-peer rings: no third one is tried. Likewise while the first one is silent."""
    heard, phones, _ = t.made.call("300", "cancels", c=refuses("503 Service Unavailable"), d="is-cancelled")
    equal("what the second one gets", names(phones["d"]), ["INVITE", "CANCEL", "ACK"])
    equal("the caller gets", names(heard)[-2:], ["200 CANCEL", "487 INVITE"])
    heard, _, took = t.made.call("600", "cancels-early")
    equal("the caller gets", names(heard)[-2:], ["200 CANCEL", "487 INVITE"])
    in_time("487", took, 0, TIMER)
    time.sleep(0.5)
    equal("what the spare one gets", t.made.spare.requests, [])


def test_rings_then_fails(t):
    """One that has rung already fails, the next one answers: two early dialogs, the call is with the second."""
    heard, phones, _ = t.made.call("300", c=("rings-and-refuses", "500 Server Internal Error", "u1"), d="answers")
    rang = [m.get("To").rpartition("tag=")[2] for m in heard if m.status == 180]
    check(len(set(rang)) == 2, f"tags of 180: {rang}")
    equal("To of 200", first(heard, "INVITE", 200).get("To").rpartition("tag=")[2], rang[-1])
    equal("To of the ACK", first(phones["d"], "ACK").get("To").rpartition("tag=")[2], rang[-1])


def test_what_ends_it(t):
    """What the caller gets: the answer of the last one that was tried. A redirection, busy and decline end the hunt, unless
    voice-hunt has them; huntstop does in any case. (tm makes 500 of a 503, RFC 3261 16.7.)"""
    unavailable, busy = "503 Service Unavailable", "486 Busy Here"
    for number, c, d, code in (("300", "302 Moved Temporarily", None, 302), ("300", busy, None, 486),
                               ("300", unavailable, "603 Decline", 603), ("300", unavailable, "302 Moved Temporarily", 302),
                               ("300", "500 Server Internal Error", "404 Not Found", 404), ("400", unavailable, None, 500),
                               ("500", busy, unavailable, 500), ("500", "603 Decline", busy, 486),
                               ("500", busy, "480 Temporarily Unavailable", 480), ("500", unavailable, None, 500)):
        called = {name: refuses(status) for name, status in (("c", c), ("d", d)) if status}
        _, phones, _ = t.made.call(number, "is-refused", str(code), **called)
        equal(f"{number}, {c}, {d}", {name: names(got) for name, got in phones.items()},
              dict.fromkeys(called, ["INVITE", "ACK"]))
    equal("what the spare one gets", t.made.spare.requests, [])
