# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS listeners that cube.conf does not name stay with the stock tls module, in the same server, untouched."""

import cube
import pki
import sipmsg
from caller import UdpLeg
from cases import check, equal
from farend import FarEnd
from run import wait_until
from tlsclient import TlsClient, client_context, options, try_options

CONF = """sip-ua {{
    trusted-list = {{ "{friend}" }}
}}
tls-profile 100 {{ trustpoint = "tenant100"  tls-version = "1.3" }}
tenant 100 {{
    tls-profile   = 100
    listen-secure = "{cube}:5100"
}}
"""

TLS_CFG = """[server:default]
method = TLSv1.2+
certificate = {none}
private_key = {none}

[server:{cube}:5300]
method = TLSv1.2
certificate = {stock_cert}
private_key = {stock_key}
verify_certificate = no
require_certificate = no

[client:default]
method = TLSv1.2+
certificate = {stock_cert}
private_key = {stock_key}
ca_list = {ca}
verify_certificate = yes
require_certificate = yes
"""

# What an operator had before: its own listener, OPTIONS answered there, MESSAGE sent on by TLS with the core's means.
OPERATOR = """	if(is_method("OPTIONS")) {
		sl_send_reply("200", "OK");
		exit;
	}
	if(is_method("MESSAGE")) {
		$fs = "tls:%s:5300";
		$du = "sip:%s:5061;transport=tls";
		if(!t_relay()) sl_reply_error();
		exit;
	}
"""
REFUSED = '\txlog("L_NOTICE", "refused: a request from $proto:$si:$sp to $Ri:$Rp, a listener of no tenant\\n");\n'


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "friend", "far")}
        self.tenant, self.stock = ((self.at["cube"], port) for port in (5100, 5300))
        self.udp = (self.at["cube"], 5060)
        self.far = FarEnd(self.at["far"], 5061)
        stack.callback(self.far.close)
        run.write("tls.cfg", TLS_CFG.format(none='""', ca=pki.cert("ca"), stock_cert=pki.cert("ec384"),
                                            stock_key=pki.key("ec384"), **self.at))
        config = cube.script(run, [
            (REFUSED, OPERATOR % (self.at["cube"], self.at["far"]) + REFUSED),
            ("#!ifdef CUBE_UDP\n", f"listen=tls:{self.at['cube']}:5300\nlisten=udp:{self.at['cube']}:5060\n"
                                   "#!ifdef CUBE_UDP\n")])
        conf = CONF.format(**self.at) + cube.trustpoint("tenant100")
        self.cube = cube.Cube(run, conf, config=config).start()

    def ask(self, target, **context):
        return try_options(client_context(**context), self.at["friend"], target, 5)


setup = Made


def test_own_policy(t):
    """The stock listener shows its own certificate, serves clients that have none, and keeps its own versions, while
    the tenant beside it demands one and has only TLS 1.3."""
    answer, client = t.made.ask(t.made.stock)
    equal("OPTIONS without a certificate", answer, "200")
    equal("certificate", (client.peer, client.version), ("ec384.cube.example", "TLSv1.2"))
    seen, _ = t.made.ask(t.made.stock, lowest="1.3")
    check(seen.startswith("refused"), f"TLS 1.3 to the stock listener: {seen}, must be refused")
    seen, _ = t.made.ask(t.made.tenant)
    check(seen.startswith(("refused", "closed")), f"no certificate to the tenant's listener: {seen}, must be refused")
    answer, client = t.made.ask(t.made.tenant, identity="ogw")
    equal("OPTIONS to the tenant's listener", answer, "200")
    equal("certificate", (client.peer, client.version), ("tenant100.cube.example", "TLSv1.3"))


def test_not_listed(t):
    """A connection of the stock listener is nobody's: no tenant, and not in cube_tls.connections."""
    with TlsClient(client_context(), t.made.at["friend"], t.made.stock) as client:
        request = options(client, t.made.stock)
        client.send(request)
        equal("OPTIONS", client.receive().status, 200)
        equal("cube_tls.connections", [r for r in t.made.cube.connections() if r["remote"] == client.local], [])
    line = t.made.cube.wait_log(f"seen OPTIONS call={request.call_id} ")[0]
    check("tenant=<null> result=-1 " in line, f"the script saw {line}")


def test_outbound(t):
    """What the script sends by TLS from the stock listener's address leaves on a connection of the stock module, with
    the certificate of its client domain."""
    leg = UdpLeg(t.made.at["friend"], t.made.udp)
    for _ in range(2):
        message = sipmsg.request("MESSAGE", f"sip:x@{t.made.at['far']}", leg.via, "<sip:a@a>;tag=a", "<sip:x@x>",
                                 sipmsg.unique("message"), 1, body="hello")
        leg.send(message)
        connection, _ = t.made.far.where(message.call_id, "MESSAGE")
        equal("certificate", connection.peer, "ec384.cube.example")
        answer = wait_until(lambda: leg.receive(1), 5, "the answer comes back")
        equal("answer", answer.status, 200)
    leg.close()
    equal("cube_tls.connections", t.made.cube.connections(), [])
    t.made.cube.prove_alive()
