# SPDX-License-Identifier: GPL-2.0-or-later
"""Session targets that are names, while what DNS says of them expires: calls follow when its time to live is over, and
not before; and none is lost, whatever number of processes asks for whatever number of names. With a name server, in a
namespace of its own."""

import itertools
import re
import time

import cube
import netns
from caller import UdpLeg, place
from cases import check, equal, together
from farend import FarEnd
from nameserver import NameServer
from oddcerts import OddCerts
from run import Failed
from udpend import UdpEnd

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
}}
tls-profile 1 {{ trustpoint = "tenant100"  cn-san-validate = "server"  sni-send = true }}
tenant 1 {{ tls-profile = 1  listen-secure = "{cube}:5101"  session-transport = "tcp tls" }}
tenant 2 {{ listen-non-secure = "{cube}:5102" }}
"""
TTL = 6  # seconds
NAMES = 12  # called at the same time, by UDP and by TLS in turn
CALLERS = 6
STORM = 8  # seconds


def pointer(name, service, domain):
    return name, 10, 10, "s", service, "", domain


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "caller", "a", "b", "c", "tls")}
        self.udp = {name: UdpEnd(stack, self.at[name], 6000) for name in "abc"}
        self.tls, self.pointers, self.wanted = {}, [], {}  # wanted: number -> which end gets its calls
        conf = CONF.format(block=run.addresses.block, **self.at) + cube.trustpoint("tenant100")
        conf += cube.dial_peer(1, 2, "1$", "dns:moves.example")
        addresses = {f"{name}.hosts.example": address for name, address in self.at.items()}
        srv = [(f"_sip._udp.{name}.example", f"{name}.hosts.example", 6000, 10, 1) for name in self.udp]
        certs = OddCerts(run.dir / "odd", "unused.example")
        for n in range(0, NAMES, 2):
            end, number, name = "abc"[n // 2 % 3], str(100 + n), f"name{n}.example"
            self.pointers.append(pointer(name, "SIP+D2U", f"_sip._udp.pool{n}.example"))
            srv.append((f"_sip._udp.pool{n}.example", f"{end}.hosts.example", 6000, 10, 1))
            conf += cube.dial_peer(number, 2, f"{number}$", f"dns:{name}")
            self.wanted[number] = end
        for n in range(1, NAMES, 2):
            number, name = str(100 + n), f"name{n}.example"
            self.pointers.append(pointer(name, "SIPS+D2T", f"_sips._tcp.pool{n}.example"))
            srv.append((f"_sips._tcp.pool{n}.example", "tls.hosts.example", 6000 + n, 10, 1))
            conf += cube.dial_peer(number, 1, f"{number}$", f"dns:{name}")
            self.wanted[number] = name
            self._serve(stack, certs, name, 6000 + n)
        self.names = NameServer(run, addresses, {}, srv)
        self.cube = cube.Cube(run, conf).start()

    def _serve(self, stack, certs, name, port):
        cert = certs.leaf(name, san=f"DNS:{name}")
        cert.pem.with_suffix(".key").symlink_to(cert.key)
        self.tls[name] = FarEnd(self.at["tls"], port, str(cert.pem.with_suffix("")))
        stack.callback(self.tls[name].close)

    def call(self, number):
        """A whole call; which of the ends got it."""
        leg = UdpLeg(self.at["caller"], (self.at["cube"], 5060))
        try:
            call = place(leg, number)
        finally:
            leg.close()
        at = [name for name, end in self.udp.items() if end.of(call.call_id)]
        at += [name for name, end in self.tls.items() if any(m.call_id == call.call_id for _, m in end.requests())]
        return "".join(at)


setup = netns.setup(Made)


def timed(made, number):
    began = time.monotonic()
    return began, made.call(number), time.monotonic()


@netns.inside
def test_time_to_live(t):
    """NAPTR records change at the name server: calls go where the old ones led until their time to live is over, then where the
    new ones lead."""
    made = t.made
    made.names.change([pointer("moves.example", "SIP+D2U", "_sip._udp.a.example")], TTL)
    began, at, ended = timed(made, "1")  # between these two moments DNS was asked
    equal("before the change", at, "a")
    made.names.change([pointer("moves.example", "SIP+D2U", "_sip._udp.b.example")], TTL)
    stayed = 0
    while at == "a":
        call_began, at, call_ended = timed(made, "1")
        if call_ended < began + TTL - 1:  # the server counts whole seconds
            equal(f"{call_ended - began:.1f} s behind the question", at, "a")
            stayed += 1
        if call_began > ended + TTL + 2:
            equal(f"{call_began - ended:.1f} s behind the answer", at, "b")
        time.sleep(0.2)
    equal("then", at, "b")
    check(stayed, "no call was made before the time to live was over")
    equal("from then on", {made.call("1") for _ in range(2 * len(made.cube.children))}, {"b"})


@netns.inside
def test_storm(t):
    """Records live for a second, while many callers call many names at the same time: each call gets to its name's host."""
    made = t.made
    made.names.change(made.pointers, 1)
    until, numbers = time.monotonic() + STORM, sorted(made.wanted)

    def caller(first):
        made_calls = 0
        for number in itertools.cycle(numbers[first:] + numbers[:first]):
            if time.monotonic() > until:
                return made_calls
            try:
                equal(f"call to {number}", made.call(number), made.wanted[number])
            except Failed as error:
                raise Failed(f"{error}, behind {made_calls} calls that were well") from None
            made_calls += 1

    # two begin with the same name each
    calls = together(caller, [n // 2 * 4 for n in range(CALLERS)])
    asked = [line for line in made.names.process.tail(1000000) if re.search(r"query\[NAPTR\] name\d+\.example", line)]
    t.say(f"{sum(calls)} calls; NAPTR was asked for {len(asked)} times")
    check(len(asked) >= 3 * NAMES, f"the records expired less than thrice: {len(asked)} questions for {NAMES} names")
