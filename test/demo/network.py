# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's network: two stock gateways, our server between them, the phones; and a call through it. Knows who is
where, and what each party recorded; not what is right."""

import os
import pathlib
import re

import net
import pki
from gateway import Gateway
from kamailio import Kamailio, structures
from run import wait_until
from sipp import Sipp

HERE = pathlib.Path(__file__).resolve().parent

CUBE_CONF = """# Written by the demo.
sip-ua {{
    listen-non-secure = {{ "{cube}:{udp}" }}
}}
trustpoint "Tenant100" {{
    certificate = "{pki}/tenant100.pem"
    private-key = "{pki}/tenant100.key"
    ca          = "{pki}/ca.pem"
}}
trustpoint "Tenant200" {{
    certificate = "{pki}/tenant200.pem"
    private-key = "{pki}/tenant200.key"
    ca          = "{pki}/ca.pem"
}}
tls-profile 100 {{ trustpoint = "Tenant100" }}
tls-profile 200 {{ trustpoint = "Tenant200" }}
tenant 100 {{
    description       = "originating gateway"
    tls-profile       = 100
    listen-secure     = "{cube}:{tls100}"
    session-transport = "tcp tls"
    sip-server        = "ipv4:{ogw}:{ogw_tls}"
    trusted-list      = {{ "{ogw}" }}
}}
tenant 200 {{
    description       = "terminating gateway"
    tls-profile       = 200
    listen-secure     = "{cube}:{tls200}"
    session-transport = "tcp tls"
    sip-server        = "ipv4:{tgw}:{tgw_tls}"
}}
dial-peer 100 {{
    description            = "From and to the originating gateway"
    tenant                 = 100
    incoming-called-number = "[23]..."
    destination-pattern    = "1..."
    session-target         = "sip-server"
}}
dial-peer 200 {{
    description            = "To the terminating gateway"
    tenant                 = 200
    destination-pattern    = "2..."
    session-target         = "sip-server"
}}
dial-peer 300 {{
    description            = "To a phone that has no TLS"
    destination-pattern    = "3..."
    session-target         = "ipv4:{phone}:{phone_udp}"
    session-transport      = "udp"
}}
"""

BLOCK = """route[DIAL_PEER_{tag}] {{
	xlog("L_NOTICE", "routed call=$ci tenant=$cube(tenant) in=$cube(dialpeer_in) out=$cube(dialpeer_out) block=$cube(route) number=$rU peer=$cube(peer_name)\\n");
}}
"""


PORTS = [("udp", "cube", 5060), ("tls100", "cube", 5100), ("tls200", "cube", 5200), ("ogw_udp", "ogw", 5060),
         ("ogw_tls", "ogw", 5061), ("tgw_udp", "tgw", 5060), ("tgw_tls", "tgw", 5061), ("caller_udp", "caller", 5060),
         ("called_udp", "called", 5060), ("phone_udp", "phone", 5060)]  # name, whose, wanted number


class Network:
    """The diagram above, started."""

    def __init__(self, run):
        self.run = run
        self.pki = pki.make()
        hosts = run.addresses
        self.at = {name: hosts.host() for name in ("caller", "ogw", "cube", "tgw", "called", "phone")}
        self.port = {name: hosts.port(self.at[host], wanted) for name, host, wanted in PORTS}
        self.ogw = self._gateway("ogw", f"{self.address('tls100')};transport=tls")
        self.tgw = self._gateway("tgw", self.address("called_udp"))
        self.cube = self._cube()
        for server in (self.cube, self.tgw, self.ogw):
            server.start()

    def _gateway(self, name, target):
        return Gateway(self.run, name, self.address(f"{name}_udp"), self.address(f"{name}_tls"), target)

    def _cube(self):
        conf = self.run.write("cube.conf", CUBE_CONF.format(pki=self.pki, **self.at, **self.port))
        blocks = self.run.write("dial-peers.cfg", "".join(BLOCK.format(tag=t) for t in (100, 200, 300)))
        return Kamailio(self.run, "cube", defines={"CUBE_CONF": conf, "CUBE_DIAL_PEERS": blocks})

    def address(self, port):
        """host:port of a name of PORTS."""
        host = next(host for name, host, _ in PORTS if name == port)
        return f"{self.at[host]}:{self.port[port]}"

    def connections(self, tenant, role):
        """cube_tls.connections, those of a tenant in a role."""
        rows = structures(self.cube.rpc("cube_tls.connections"))
        return [row for row in rows if (row["tenant"], row["role"]) == (tenant, role)]

    def call(self, number, called):
        """A call to number, which the phone `called` answers; both report it as answered and ended."""
        call_id = f"demo-{number}-{os.getpid()}@{self.at['caller']}"
        answering = Sipp(self.run, f"{called}-{number}", HERE / "uas.xml", self.at[called],
                         self.port[f"{called}_udp"], timeout=20)
        wait_until(lambda: net.listens_udp(self.at[called], self.port[f"{called}_udp"]), 5, f"{called} listens")
        calling = Sipp(self.run, f"caller-{number}", HERE / "uac.xml", self.at["caller"], self.port["caller_udp"],
                       target=self.address("ogw_udp"), service=number, call_id=call_id, timeout=20)
        calling.wait()
        answering.wait()
        return Call(self, number, call_id, calling, answering)


class Call:
    """What the parties saw of one call. A busy machine repeats messages: each counts once."""

    def __init__(self, network, number, call_id, calling, answering):
        self.network, self.number, self.call_id = network, number, call_id
        self.caller_sent = [_name(m) for m in _once(calling, "sent")]
        self.caller_got = [_name(m) for m in _once(calling, "received")]
        self.called_got = [_name(m) for m in _once(answering, "received")]
        self.called_via = {_via(m) for m in _once(answering, "received")}

    def seen(self, gateway):
        """What a gateway logged of this call's messages on TLS."""
        lines = [_fields(line) for line in gateway.logged("seen call=" + self.call_id)]
        return list({(line["what"], line["cseq"]): line for line in lines}.values())

    def routed(self):
        """What our server's dial-peer blocks logged of this call."""
        return [_fields(line) for line in self.network.cube.logged("routed call=" + self.call_id)]


def _once(sipp, way):
    """A phone's messages without repetitions."""
    return list(dict.fromkeys(text for direction, text in sipp.messages() if direction == way))


def _name(message):
    first = message.split("\n", 1)[0].split()
    return first[1] if first[0] == "SIP/2.0" else first[0]


def _via(message):
    transport, sender = re.search(r"^Via:\s*SIP/2\.0/(\S+)\s+([^;\s]+)", message, re.M | re.I).groups()
    return f"{transport} {sender}" if ":" in sender else f"{transport} {sender}:5060"


def _fields(line):
    return dict(re.findall(r"(\w+)=(\S*)", line))
