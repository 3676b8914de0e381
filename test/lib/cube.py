# SPDX-License-Identifier: GPL-2.0-or-later
"""Our server for the integration tests: cube.conf's usual parts, cfg/kamailio.cfg with a line added to it, and what
is measured: processes, shared memory, connections."""

import time

import pki
from binrpc import BinRpc
from kamailio import CONFIG, Kamailio, structures
from run import Failed, wait_until

TENANT_KNOWN = "\t$var(tenant_in) = $rc;\n"
SEEN = ('\txlog("L_NOTICE", "seen $rm call=$ci tenant=$cube(tenant) result=$var(tenant_in) at=$Ri:$Rp '
        'peer=$cube(peer_name)\\n");\n')
BLOCK = 'route[DIAL_PEER_{0}] {{\n\tappend_hf("X-Dial-Peer: {0}\\r\\n");\n}}\n'


def trustpoint(name, cert=None, key=None, ca="ca"):
    """A trustpoint of cube.conf with the files of test/pki; cert and key may be paths."""
    cert = cert or pki.cert(name)
    key = key or pki.key(name)
    return (f'trustpoint "{name}" {{\n    certificate = "{cert}"\n    private-key = "{key}"\n'
            f'    ca          = "{pki.cert(ca)}"\n}}\n')


def dial_peer(tag, tenant, pattern, target, preference=0):
    """A dial-peer of cube.conf for calls out."""
    return (f'dial-peer {tag} {{\n    tenant              = {tenant}\n    destination-pattern = "{pattern}"\n'
            f'    preference          = {preference}\n    session-target      = "{target}"\n}}\n')


def script(run, change=(), seen=True):
    """A copy of cfg/kamailio.cfg in the run's folder, with (old, new) texts replaced. seen: one more line in it, which
    logs each request's tenant."""
    text = CONFIG.read_text()
    for old, new in [(TENANT_KNOWN, TENANT_KNOWN + SEEN)] * seen + list(change):
        if text.count(old) != 1:
            raise Failed(f"{CONFIG} has not exactly one '{old.strip()}'")
        text = text.replace(old, new)
    tls = run.dir / "tls.cfg"
    if not tls.exists():
        tls.write_text((CONFIG.parent / "tls.cfg").read_text())
    return run.write("kamailio.cfg", text)


class Cube(Kamailio):
    """cfg/kamailio.cfg, or a script() made from it, with the text of a cube.conf."""

    def __init__(self, run, conf, name="cube", config=CONFIG, blocks=(), more=None, **options):
        self.conf = run.write(f"{name}.conf", conf)
        defines = {"CUBE_CONF": self.conf, **(more or {})}
        if blocks:
            defines["CUBE_DIAL_PEERS"] = run.write(f"{name}-dial-peers.cfg", "".join(BLOCK.format(b) for b in blocks))
        super().__init__(run, name, config, defines, **options)

    def start(self, timeout=20):
        super().start(timeout)
        self.children = self.processes()
        return self

    def binrpc(self):
        return BinRpc(self.ctl)

    def prove_alive(self):
        """Failed if one process ended, crashed, or was replaced."""
        died = [line for line in self.log() if "child process" in line or "signal 11" in line or "core was" in line]
        if died:
            raise Failed(f"{self.name}: a process died: {died[0]}")
        if not self.alive():
            raise Failed(f"{self.name}: ended with status {self.process.status()}")
        if self.processes() != self.children:
            raise Failed(f"{self.name}: processes were {self.children}, now {self.processes()}")

    def connections(self):
        return structures(self.rpc("cube_tls.connections"))

    def counters(self, *tenant):
        """cube_tls.counters: {(tenant, role): {what or reason: number}}, without those that are 0."""
        found = {}
        for row in structures(self.rpc("cube_tls.counters", *tenant)):
            others = {k: int(n) for k, n in row.items() if k not in ("tenant", "role", "failed", "reasons")}
            reasons = {k: int(n) for k, n in row["reasons"].items()}
            failed, counts = sum(reasons.values()), {**others, **reasons}
            if failed != int(row["failed"]):
                raise Failed(f"cube_tls.counters: the reasons' sum is {failed}, failed is {row['failed']}")
            found[int(row["tenant"]), row["role"]] = {k: n for k, n in counts.items() if n}
        return found

    def ends(self, *tenant):
        """The same of what became of connections alone: not how many began, nor what went through them."""
        through = ("begun", "remote-closed", "aged-out", "cleared", "send-failed", "sent", "sent-bytes", "received", "received-bytes")
        found = {key: {k: n for k, n in counts.items() if k not in through} for key, counts in self.counters(*tenant).items()}
        return {key: counts for key, counts in found.items() if counts}

    def wait_no_connection(self, timeout=10):
        """Waits until the core has freed every TCP connection, not only ours."""
        with self.binrpc() as rpc:
            wait_until(lambda: rpc.call("core.tcp_info")["opened_connections"] == 0, timeout,
                       f"{self.name} has freed all connections")
            wait_until(lambda: not rpc.values("cube_tls.connections"), timeout, "cube_tls.connections is empty")

    def memory(self):
        """Shared memory in use, in bytes, once it has not changed for a while."""
        with self.binrpc() as rpc:
            last, since = None, time.monotonic()
            for _ in range(100):
                used = int(rpc.call("core.shmmem")["used"])  # 6.0 gives a double
                if used != last:
                    last, since = used, time.monotonic()
                elif time.monotonic() - since > 0.4:
                    return used
                time.sleep(0.1)
        return last
