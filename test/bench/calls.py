# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole calls, INVITE to BYE, from SIPp through a server to SIPp, by one listener: the shortest script that relays a call and
stays in its path, without our modules (stock) and with tenant check and both dial-peers (path); and cfg/kamailio.cfg, as it is
(cube) and without our modules (script)."""

import time

from cube import Cube
from kamailio import CONFIG, Kamailio, program
from run import TREE, Failed
from servers import LOAD_CORE, SERVER_CORE
from sipp import Sipp

NUMBER = "442079460"
FOLDER = TREE / "test" / "demo"
CONF = """tenant 1 {{ listen-non-secure = "{at}:5060"  trusted-list = {{ "{uac}" }}  session-transport = "{transport}" }}
dial-peer 1 {{ tenant = 1  incoming-called-number = ".T" }}
dial-peer 2 {{ tenant = 1  destination-pattern = "44207T"  session-target = "ipv4:{uas}:5060" }}
"""
STOCK = """#!KAMAILIO
debug=2
children=4
tcp_children=4
enable_tls=yes
auto_aliases=no
server_signature=no
{listen}{modules}
modparam("ctl", "binrpc", CUBE_CTL)
modparam("tls", "config", "{tls}")
modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", 120000)
modparam("tm", "auto_inv_100_reason", "Trying")
modparam("rr", "enable_double_rr", 2)
modparam("rr", "append_fromtag", 1)
request_route {{
	{come_in}if(has_totag()) {{
		if(loose_route(){in_dialog}) t_relay();
		exit;
	}}
	if(!is_method("INVITE")) exit;
	{go_out}t_relay();
}}
{routes}"""
LISTEN = "listen=udp:{at}:5060\nlisten=tcp:{at}:5060\n"
GO_STOCK = """record_route();
	$du = "sip:{uas}:5060;transport={transport}";
	"""
# What the shortest script has with ours.
COME_IN = """if(!cube_tenant_in()) exit;
	"""
IN_DIALOG = " && cube_dialpeer_dialog()"
GO_OUT = """cube_dialpeer_in();
	if(!cube_dialpeer_out()) exit;
	cube_dialpeer_record_route();
	t_on_branch("DIAL_PEER");
	t_on_reply("DIAL_PEER");
	t_on_failure("DIAL_PEER");
	"""
ROUTES = """branch_route[DIAL_PEER] {
	if(!cube_dialpeer_branch()) drop;
}
onreply_route[DIAL_PEER] {
	cube_dialpeer_reply();
}
failure_route[DIAL_PEER] {
	if(cube_dialpeer_next()) t_relay();
}
"""
OURS = "".join(f'loadmodule "cube_{m}.so"\n' for m in ("tenant", "tls", "dialpeer")) + 'modparam("cube_tenant", "config", "{conf}")\n'
MODULES = ("kex", "corex", "tm", "tmx", "sl", "rr", "pv", "maxfwd", "textops", "siputils", "sanity", "xlog", "ctl", "tls")


# What cfg/kamailio.cfg is without our modules: one target instead of the dial-peers'.
WITHOUT = [(f'loadmodule "cube_{m}.so"\n', "") for m in ("tenant", "tls", "dialpeer")] + [
    ('modparam("cube_tenant", "config", CUBE_CONF)\n', ""), ("cube_tenant_in();", 'is_method("INVITE|ACK|BYE|CANCEL");'), ("cube_dialpeer_in();", ""),
    ("cube_dialpeer_out();", '$du = "sip:{uas}:5060;transport={transport}"; is_method("INVITE");'), ("cube_dialpeer_next();", "is_method(\"ACK\");"),
    ("cube_dialpeer_record_route();", "record_route();"), ("if(!cube_dialpeer_branch()) drop;", ""), ("cube_dialpeer_reply();", "return;"),
    ("cube_dialpeer_dialog();", "is_method(\"ACK|BYE\");"), ("route($cube(route));", "route(DIAL_PEER);"),
    ("$cube(tenant)", "1"), ("$cube(dialpeer_in)", "1"), ("$cube(dialpeer_out)", "2")]


def without_modules(**where):
    text = CONFIG.read_text()
    for old, new in WITHOUT:
        if old not in text:
            raise Failed(f"{CONFIG} has no '{old.strip()}'")
        text = text.replace(old, new.format(**where) if new.startswith("$du") else new)
    return text.replace('"tls.cfg"', f'"{where["tls"]}"')


def places(run):
    """Addresses for a server, its callers and the called party."""
    return {who: run.addresses.host() for who in ("at", "uac", "uas")}


class Trunk:
    """A server with a called party behind it, and callers in front. turn: how many there were of that name before."""

    def __init__(self, run, name, transport, at, turn):
        self.run, self.name, self.transport = run, f"{name}-{transport}-{turn}", transport
        self.at, self.target, self._turn = at, at["at"], 0
        where = {**self.at, "transport": transport, "tls": TREE / "cfg" / "tls.cfg"}
        conf = CONF.format(**where)
        if name == "cube":
            self._server = Cube(run, conf, self.name)
        elif name == "script":
            udp_or_tcp = {f"CUBE_{transport.upper()}": f"{transport}:{self.target}:5060"}
            self._server = Kamailio(run, self.name, run.write(f"{self.name}.cfg", without_modules(**where)), udp_or_tcp)
        else:
            ours = name == "path"
            parts = {"come_in": COME_IN, "in_dialog": IN_DIALOG, "go_out": GO_OUT, "routes": ROUTES, "listen": ""} if ours else {
                "come_in": "", "in_dialog": "", "go_out": GO_STOCK.format(**where), "routes": "", "listen": LISTEN.format(**where)}
            modules = "\n".join(f'loadmodule "{m}.so"' for m in MODULES)
            if ours:
                modules += "\n" + OURS.format(conf=run.write(f"{self.name}.conf", conf))
            self._server = Kamailio(run, self.name, STOCK.format(modules=modules, **parts, **where))
        self._server.argv = [program("taskset"), "-c", SERVER_CORE, *self._server.argv]

    def start(self):
        self._server.start()
        return self

    def calls(self, number, rate):
        """CPU seconds of the server for one call."""
        self._turn += 1
        sipp = "u1" if self.transport == "udp" else "t1"
        options = {"calls": number, "rate": rate, "transport": sipp, "limit": 1000, "timeout": 60, "core": LOAD_CORE}
        called = Sipp(self.run, f"{self.name}-uas{self._turn}", FOLDER / "uas.xml", self.at["uas"], 5060, **options)
        time.sleep(0.2)
        before = self._server.cpu()
        caller = Sipp(self.run, f"{self.name}-uac{self._turn}", FOLDER / "uac.xml", self.at["uac"], 5060,
                      target=f"{self.target}:5060", service=NUMBER, **options)
        caller.wait()
        called.wait()
        return (self._server.cpu() - before) / number

    def stop(self):
        self._server.stop()
