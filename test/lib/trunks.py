# SPDX-License-Identifier: GPL-2.0-or-later
"""Our server with tenants that differ in how they check whether a peer's certificate is revoked, and what becomes of
peers, in both roles: a peer as client connects and sends OPTIONS, a peer as server is called."""

import re
import time

import cube
from caller import Call, UdpLeg
from farend import FarEnd
from run import Failed, wait_until
from tlsclient import TlsClient, client_context, connect, options

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
    crl-cache         = "{cache}"
}}
"""
TENANT = """trustpoint "{name}" {{
    ca = "{ca}"
    {lines}
}}
tls-profile {tag} {{ trustpoint = "{own}"  verify-trustpoint = {{ "{name}" }} }}
tenant {tag} {{ tls-profile = {tag}  listen-secure = "{cube}:{port}"  session-transport = "tcp tls" }}
"""
EVENT = """event_route[cube:handshake-failed] {
	xlog("L_NOTICE", "event: tenant $cube(tenant) failure $cube(failure) peer $si:$sp\\n");
}
"""
PORT = 5100  # and the tenant's tag


class Entry:
    """What became of a peer. what: "good", or the class of its failure; words: what the log says in brackets; took: seconds;
    session and resumed: of a good client."""

    def __init__(self, what, words, took, session=None, resumed=None):
        self.what, self.words, self.took, self.session, self.resumed = what, words, took, session, resumed


class Trunks:
    """tenant(), target() and then start(). cache: crl-cache; it is in a folder that is not there unless it is given, and so
    nothing is kept. change: as cube.script() has it."""

    def __init__(self, run, name="cube", cache="none/cache", change=()):
        self.run, self.name, self._change = run, name, change
        self.at = {"cube": run.addresses.host(), "peer": run.addresses.host(), "far": run.addresses.host()}
        self.tags, self.text = {}, CONF.format(block=run.addresses.block, cache=cache, **self.at)
        self.text += cube.trustpoint("tenant100")
        self._targets, self._contexts, self.cube = 0, {}, None

    def tenant(self, name, ca, lines="", own="tenant100"):
        """lines: of the trustpoint by which it verifies peers. own: another one's name, that it shows."""
        tag = self.tags[name] = len(self.tags) + 1
        self.text += TENANT.format(name=name, tag=tag, ca=ca.pem, lines=lines, own=own, cube=self.at["cube"],
                                   port=PORT + tag)

    def target(self, tenant, at):
        """A number that is called at (address, port)."""
        self._targets += 1
        number = str(100000 + self._targets)
        self.text += cube.dial_peer(self._targets, self.tags[tenant], number, "ipv4:%s:%d" % at)
        return number

    def far_end(self, stack, cert, tickets=0, highest="1.3"):
        """A peer as server."""
        port = self.run.addresses.port(self.at["far"], 6000)
        far = FarEnd(self.at["far"], port, cert.pem.with_suffix(""), tickets=tickets, highest=highest)
        stack.callback(far.close)
        return far

    def start(self):
        if not self.cube:
            script = cube.script(self.run, self._change, seen=False)
            script.write_text(script.read_text() + EVENT)
            self.cube = cube.Cube(self.run, self.text, self.name, script)
        self.cube.start()
        return self

    def port(self, tenant):
        return self.at["cube"], PORT + self.tags[tenant]

    def context(self, cert, version):
        key = cert.pem, version
        if key not in self._contexts:
            context = client_context(None, version, version)
            context.load_cert_chain(cert.pem, cert.key)
            self._contexts[key] = context
        return self._contexts[key]

    def connect(self, cert, tenant, version="1.3", session=None, sock=None):
        """A peer's connection, for the caller to close."""
        return TlsClient(self.context(cert, version), self.at["peer"], self.port(tenant), session=session, sock=sock)

    def ask(self, client, tenant):
        """The status of the answer to OPTIONS."""
        client.send(options(client, self.port(tenant)))
        answer = client.receive()
        return answer and answer.status

    def enter(self, cert, tenant, version="1.3", session=None):
        """One connection with one OPTIONS. Returns an Entry."""
        began, mark = time.monotonic(), self.mark()
        sock = connect(self.at["peer"], self.port(tenant))
        local = "%s:%d" % sock.getsockname()
        try:
            with self.connect(cert, tenant, version, session, sock) as client:
                status = self.ask(client, tenant)
                took = time.monotonic() - began
                if status == 200:
                    return Entry("good", "", took, client.ssl.session, client.ssl.session_reused)
        except (OSError, EOFError):
            took = time.monotonic() - began
        return Entry(*self.failure(local, mark), took)

    def call(self, number, far):
        """One call to a peer. Returns an Entry."""
        mark = self.mark()
        leg = UdpLeg(self.at["peer"], (self.at["cube"], 5060))
        began = time.monotonic()
        call = Call(leg, number)
        try:
            status = call.invite()
            took = time.monotonic() - began
            if status == 200:
                call.bye()
                return Entry("good", "", took, resumed=far.where(call.call_id)[0].resumed)
        finally:
            leg.close()
        return Entry(*self.failure(far.at, mark), took)

    def mark(self):
        """Where the log ends now."""
        return self.cube.process.log.stat().st_size

    def failures(self, peer, mark=0):
        """(class, words) of each handshake with this address that failed behind a mark(), as far as both are in the log."""
        words, classes = [], []
        with open(self.cube.process.log, encoding="utf-8", errors="replace") as log:
            log.seek(mark)
            for line in map(str.rstrip, log):
                if f" remote address : {peer}, " in line and "HANDSHAKE_FAILED" in line:
                    found = re.search(r" role=\w+ \((.*)\)$", line)
                    words.append(found.group(1) if found else "")
                elif line.endswith(f" peer {peer}") and "event: tenant" in line:
                    classes.append(re.search(r" failure (\S+) ", line).group(1))
        return list(zip(classes, words))

    def failure(self, peer, mark):
        """The first of them; an address may be used again, but not so soon."""
        return wait_until(lambda: self.failures(peer, mark), 5, f"the failed handshake with {peer} is in the log", 0.01)[0]

    # ---- what the server knows

    def sources(self, tenant):
        """The rows of a tenant's trustpoint in cube_tls.trustpoints."""
        with self.cube.binrpc() as rpc:
            return list(rpc.call("cube_tls.trustpoints", tenant)["sources"])

    def source(self, tenant, url, cert=None):
        """The row of an address; cert: whom an OCSP response is about. None: there is none."""
        return next((row for row in self.sources(tenant) if row["from"] == str(url)
                     and (cert is None or row.get("serial", f"{cert.serial:X}") == f"{cert.serial:X}")), None)

    def wait_source(self, tenant, url, cert=None, timeout=10, **wanted):
        """Waits until its row has these values (error: a part of it), and returns it."""
        seen = []

        def fits():
            seen[:] = [self.source(tenant, url, cert)]
            return seen[0] and all(v in seen[0][k] if k == "error" else seen[0][k] == v for k, v in wanted.items())
        try:
            wait_until(fits, timeout, f"{url} is {wanted}", 0.02)
        except Failed as error:
            raise Failed(f"{error}; it is {seen[0]}") from None
        return seen[0]

    def fetch(self):
        """All sources are due now. Returns how many there are."""
        with self.cube.binrpc() as rpc:
            return rpc.call("cube_tls.crl_request")

    def connections(self, tenant):
        """{remote address: row} of a tenant's that are up. Clients of several tenants may have the same address and port."""
        with self.cube.binrpc() as rpc:
            return {row["remote"]: row for row in rpc.values("cube_tls.connections", "tenant", self.tags[tenant])
                    if row["state"] == "established"}
