# SPDX-License-Identifier: GPL-2.0-or-later
"""The servers that are compared: stock Kamailio, Kamailio with our modules, HAProxy. All have the same certificates, demand
and verify the client's, and run on one core. A port for each kind of key; a third one is PORT_CHECKED."""

import os
import pathlib

from binrpc import BinRpc
from kamailio import Kamailio, program
from openssl_cli import listens
from run import Failed, wait_until

SERVER_CORE, LOAD_CORE = (0, 1) if os.cpu_count() > 1 else (0, 0)
PORTS = {"rsa": 5061, "ec": 5062}
PORT_CHECKED = 5063  # with the cube modules: the script asks cube_tenant_in(), as cfg/kamailio.cfg does
PORT_PLAIN = 5060  # stock: TCP, where HAProxy sends the requests

SCRIPT = """#!KAMAILIO
debug=0
children=1
tcp_children=4
enable_tls=yes
tcp_max_connections=20000
tls_max_connections=20000
tcp_connection_lifetime=3600
tcp_keepalive=yes
auto_aliases=no
server_signature=no
{listen}
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "ctl.so"
loadmodule "kex.so"
loadmodule "tls.so"
{modules}
modparam("ctl", "binrpc", CUBE_CTL)
modparam("tls", "config", "{tls}")
{params}
request_route {{
	if(dst_port == 5063) {{
		{checked}
	}}
	if(method == "OPTIONS") sl_send_reply("200", "OK");
	exit;
}}
"""
CUBE_MODULES = 'loadmodule "cube_tenant.so"\nloadmodule "cube_tls.so"\n'

DOMAIN = """[{side}:{at}]
method = TLSv1.2+
certificate = {cert}
private_key = {key}
ca_list = {ca}
verify_certificate = yes
require_certificate = yes

"""
NO_DOMAIN = """[{side}:default]
method = TLSv1.2+
certificate = ""
private_key = ""
verify_certificate = yes
require_certificate = yes

"""
NO_DOMAINS = NO_DOMAIN.format(side="server") + NO_DOMAIN.format(side="client")


class Identity:
    """The files of one party."""

    def __init__(self, folder, name, ca):
        self.cert, self.key, self.ca = folder / f"{name}.pem", folder / f"{name}.key", folder / f"{ca}.pem"


def kind(folder, key, side):
    return Identity(folder, f"{key}-{side}", f"{key}-ca")


def tenant(folder, number):
    return Identity(folder, number, f"{number}-ca")


class Pinned(Kamailio):
    """A Kamailio on the servers' core, at an address of its own. preload: a shared object for LD_PRELOAD."""

    def __init__(self, run, name, at, script, preload=None, **options):
        super().__init__(run, name, script, **options)
        self.at = at
        self.argv = [program("taskset"), "-c", SERVER_CORE, *self.argv]
        if preload:
            self.argv = [program("env"), f"LD_PRELOAD={preload}", *self.argv]

    def launch(self):
        self.process = self.run.spawn(self.name, self.argv)

    def pids(self):
        return [self.process.pid, *self.processes()]

    def memory(self):
        """Bytes of shared memory in use: without what the allocator keeps beside each block, and with it."""
        with BinRpc(self.ctl) as rpc:
            answer = rpc.call("core.shmmem")
        return answer["used"], answer["real_used"]


def stock(run, name, at, domains, defaults="", plain=False, **options):
    """domains: (port, Identity) of each; there is a client domain for each, too."""
    tls = [defaults or NO_DOMAINS]
    for port, who in domains:
        files = {"cert": who.cert, "key": who.key, "ca": who.ca}
        tls += [DOMAIN.format(side=side, at=f"{at}:{port}", **files) for side in ("server", "client")]
    path = run.dir / f"{name}-tls.cfg"
    path.write_text("".join(tls))
    listen = [f"listen=tls:{at}:{port}" for port, _ in domains] + [f"listen=tcp:{at}:{PORT_PLAIN}"] * plain
    return Pinned(run, name, at, SCRIPT.format(listen="\n".join(listen), modules="", params="", checked="$var(rc) = 1;", tls=path), **options)


def cube(run, name, at, tenants, **options):
    """tenants: (port, Identity) of each."""
    conf = [f'sip-ua {{ trusted-list = {{ "127.0.0.0/8" }} }}\n']
    for tag, (port, who) in enumerate(tenants, 1):
        conf.append(f'trustpoint "t{tag}" {{ certificate = "{who.cert}"  private-key = "{who.key}"  ca = "{who.ca}" }}\n'
                    f'tls-profile {tag} {{ trustpoint = "t{tag}"  tls-version = "1.2+" }}\n'
                    f'tenant {tag} {{ tls-profile = {tag}  listen-secure = "{at}:{port}"  session-transport = "tcp tls" }}\n')
    path = run.dir / f"{name}.conf"
    path.write_text("".join(conf))
    tls = run.dir / f"{name}-tls.cfg"
    tls.write_text(NO_DOMAINS)
    text = SCRIPT.format(listen="", modules=CUBE_MODULES, params=f'modparam("cube_tenant", "config", "{path}")',
                         checked="cube_tenant_in();\n\t\tif($rc < 0) exit;", tls=tls)
    return Pinned(run, name, at, text, **options)


HAPROXY = """global
    nbthread 1
    maxconn 4000
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
{fronts}
backend sip
    server kamailio {backend}
"""
FRONT = """frontend {name}
    bind {at}:{port} ssl crt {pem} ca-file {ca} verify required
    {then}
"""


class HAProxy:
    """On its ports for PORTS handshakes and no more: it closes the connection once the client is verified. What comes in on
    PORT_CHECKED goes to backend (address, port)."""

    def __init__(self, run, at, folder, backend):
        self.run, self.at = run, at
        fronts = []
        for name, port, key, then in [("rsa", PORTS["rsa"], "rsa", "tcp-request session reject"),
                                      ("ec", PORTS["ec"], "ec", "tcp-request session reject"),
                                      ("sip", PORT_CHECKED, "ec", "default_backend sip")]:
            who = kind(folder, key, "server")
            pem = run.dir / f"haproxy-{name}.pem"
            pem.write_text(who.cert.read_text() + who.key.read_text())
            fronts.append(FRONT.format(name=name, at=at, port=port, pem=pem, ca=who.ca, then=then))
        self.config = run.dir / "haproxy.cfg"
        self.config.write_text(HAPROXY.format(fronts="".join(fronts), backend="{}:{}".format(*backend)))

    def start(self):
        self.process = self.run.spawn("haproxy", [program("taskset"), "-c", SERVER_CORE, program("haproxy"), "-db", "-f",
                                                  self.config])
        wait_until(self._listens, 10, "HAProxy listens")
        return self

    def _listens(self):
        if self.process.status() is not None:
            raise Failed("HAProxy ended: " + "\n".join(self.process.tail()))
        return listens(self.at, PORT_CHECKED)

    def restart(self):
        self.process.stop()
        self.start()

    def pids(self):
        return [self.process.pid]

    def memory(self):
        """Its resident set, in bytes, twice."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) * 1024
        return resident, resident
