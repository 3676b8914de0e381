# SPDX-License-Identifier: GPL-2.0-or-later
"""Our server as a driver of limbo_run.py: for each job a cube.conf with the job's CA and the job's names, which one
running server takes over with cube_tenant.reload. Knows nothing of what makes a certificate good: that is limbo's,
and what came of it on the wire is limbo_run's."""

import itertools
import os
import pathlib
import socket
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

import detour
import sipmsg
from binrpc import Fault
from caller import UdpLeg
from cube import Cube
from limbo_run import REJECT, Driver, DriverError, infra_cert
from run import Failed, Run, wait_until

CALL = 8  # seconds for a call, or for its handshake to fail
DEPTH = 10  # CA certificates below the trusted one that the server follows
DNS_PERMANENT = 2  # flag of dns.add_a: never times out
FAILED = "%SIP-2-TLS_HANDSHAKE_FAILED"
JUDGED = ("certificate verify failed", "Peer certificate identity check failed")  # in such a line: by its certificate
CONF = """trustpoint "us" {{
    certificate = "{cert}"
    private-key = "{key}"
}}
trustpoint "peer" {{ ca = "{ca}" }}
tls-profile 1 {{
    trustpoint        = "us"
    verify-trustpoint = "peer"
{names}}}
tenant 4 {{
    tls-profile       = 1
    listen-secure     = "{server}:5061"
    listen-non-secure = "{server}:5060"
    session-transport = "tcp tls"
    trusted-list      = {{ {trusted} }}
}}
{more}"""
TENANT_6 = """tenant 6 {
    tls-profile       = 1
    listen-secure     = "[::1]:5061"
    session-transport = "tcp tls"
}
"""
DIAL_PEER = """dial-peer {number} {{
    tenant              = {tenant}
    destination-pattern = "{number}$"
    session-target      = "{target}"
}}
"""


def texts(values):
    return ", ".join(f'"{v}"' for v in values)


def cn_san(validate, names):
    """The profile's name check; names: None for no check, an empty list for the session target's name alone."""
    if names is None:
        return ""
    check = f'    cn-san-validate   = "{validate}"\n'
    return check + f"    cn-san            = {{ {texts(names)} }}\n" if names else check


class ProductDriver(Driver):
    """Outbound, the expected name is the session target's: dns:NAME:PORT, or ipv4:, ipv6: for an address."""

    name = "product"

    def start(self, work):
        super().start(work)
        self._no_network = detour.enter_own_network()
        self._run = Run("limbo")
        self._run.__enter__()
        self._at, self._caller = self._run.addresses.host(), self._run.addresses.host()
        self._server = self._rpc = self._clock = self._detour = None
        self._resolved, self._starts, self._numbers = set(), itertools.count(1), itertools.count(1000)
        self._log_from = 0  # where the job's own lines begin in the server's log
        self._reasons = open(os.path.join(work, "reasons.txt"), "w", encoding="utf-8")

    def stop(self):
        self._reasons.close()
        self._run.__exit__(None, None, None)

    def skip(self, job):
        if job.crl_file:
            return "the server has no CRLs"
        if job.max_depth is not None and job.max_depth < DEPTH and job.expected == REJECT and job.origin == "limbo":
            return f"the server follows {DEPTH} CA certificates, whatever a case asks for"
        if job.name_kind == "IP" and job.expected_name != "127.0.0.1" and self._no_network:
            return f"a peer at {job.expected_name}: {self._no_network}"
        if any("." not in name for name in job.allow_list or ()):
            return "cn-san takes no name without a dot"
        return None

    def outbound(self, job, peer):
        names, target, tenant = self._destination(job, peer)
        number = next(self._numbers)
        self._configure(job, cn_san("server", names), [self._caller],
                        DIAL_PEER.format(number=number, tenant=tenant, target=target))
        leg = UdpLeg(self._caller, (self._at, 5060))
        try:
            self._call(leg, number)
        finally:
            leg.close()
        # None: the wire decides

    def inbound(self, job):
        # a peer whose name was checked may call for that, any other for its address
        trusted = ["127.0.0.1"] if job.allow_list is None else []
        self._configure(job, cn_san("client", job.allow_list), trusted)
        return self._at, 5061

    # ---- where the peer is: (names for cn-san, session-target, tenant)

    def _destination(self, job, peer):
        if job.name_kind is None:
            return None, "ipv4:%s:%d" % peer, 4
        if job.name_kind == "DNS":
            return self.named_destination(job, peer)
        if job.expected_name == peer[0]:
            return [], "ipv4:%s:%d" % peer, 4
        six = ":" in job.expected_name
        self._detour = detour.Detour(socket.AF_INET6 if six else socket.AF_INET, peer)
        if six:
            return [], f"ipv6:[{job.expected_name}]:{self._detour.port}", 6
        return [], f"ipv4:{job.expected_name}:{self._detour.port}", 4

    def named_destination(self, job, peer):
        if "_" in job.expected_name:  # Kamailio sends to no such host
            return [job.expected_name], "ipv4:%s:%d" % peer, 4
        return [], f"dns:{job.expected_name}:{peer[1]}", 4

    # ---- the server

    def _configure(self, job, names, trusted, dial_peer=""):
        try:
            if self._server is None or self._clock != job.faketime:
                self._start_server(job)
            self._log_from = self._server.process.log.stat().st_size
            self._resolve(job)
            self._server.conf.write_text(self._conf(job.ca_file, names, trusted, dial_peer))
            self._rpc.call("cube_tenant.reload")
        except Fault as fault:  # also where a CA is refused: no case is about that
            raise DriverError(str(fault)) from None
        except (Failed, OSError) as failed:
            self._stop_server()
            raise DriverError(str(failed)) from None

    def _conf(self, ca, names, trusted, dial_peer):
        cert, key = infra_cert(self.work)
        more = dial_peer if self._no_network else TENANT_6 + dial_peer  # ::1 is ours in our own network only
        return CONF.format(cert=cert, key=key, ca=ca, names=names, server=self._at, trusted=texts(trusted), more=more)

    def _resolve(self, job):
        """There is no DNS: the server's own cache knows the name, for ever."""
        if job.name_kind == "DNS" and job.expected_name not in self._resolved:
            self._rpc.call("dns.add_a", job.expected_name, 60, "127.0.0.1", DNS_PERMANENT)
            self._resolved.add(job.expected_name)

    def _start_server(self, job):
        self._stop_server()
        own_ca, _ = infra_cert(self.work)
        self._server = Cube(self._run, self._conf(own_ca, "", [], ""), f"cube{next(self._starts)}")
        if job.faketime:
            clock = {name: value for name, value in job.env().items() if os.environ.get(name) != value}
            self._server.argv[:0] = ["env", *(f"{name}={value}" for name, value in clock.items())]
        self._server.start()
        self._rpc, self._clock = self._server.binrpc(), job.faketime

    def _stop_server(self):
        if self._rpc is not None:
            self._rpc.close()
        if self._server is not None and self._server.process is not None:
            self._server.stop()
        self._server = self._rpc = None
        self._resolved.clear()

    def _call(self, leg, number):
        """One INVITE, until it is answered or its handshake has failed (the answer to that comes much later)."""
        caller = f"<sip:limbo@{leg.local}>"
        leg.send(sipmsg.request("INVITE", f"sip:{number}@{self._at}:5060", leg.via, f"{caller};tag=1",
                                f"<sip:{number}@{self._at}>", sipmsg.unique("limbo"), 1, [("Contact", caller)],
                                sipmsg.SDP))
        end = time.monotonic() + CALL
        while time.monotonic() < end:
            answer = leg.receive(0.02)
            if self._failures() or (answer is not None and answer.status == 200):
                return
            if answer is not None and answer.status > 200:
                raise DriverError(f"the call was answered with {answer.first}, and no handshake has failed")
        raise DriverError(f"the call was not answered within {CALL} s, and no handshake has failed")

    # ---- after a job

    def health(self, job):
        """After a rejection: does the server live, and did it judge the certificate, in its own words?"""
        if self._server is None:
            return "the server is gone"
        try:
            why = wait_until(self._failures, 2, "the server has logged why the handshake failed")[0]
            self._server.prove_alive()
        except (Failed, OSError) as failed:
            self._stop_server()
            return str(failed)
        self._note(job, why)
        return None if any(words in why for words in JUDGED) else f"refused, but not for its certificate: {why}"

    def _failures(self):
        """The lines about failed handshakes in the job's part of the log, without what comes before."""
        with open(self._server.process.log, errors="replace") as log:
            log.seek(self._log_from)
            return [line.split(FAILED, 1)[1].strip() for line in log if FAILED in line and line.endswith("\n")]

    def _note(self, job, why):
        self._reasons.write(f"{job.id}\t{job.expected}\t{why}\n")

    def job_done(self, job):
        if self._detour is not None:
            self._detour.close()
            self._detour = None


class ListDriver(ProductDriver):
    """Outbound, the expected name is in cn-san, and the session target is an address. Then the CN counts beside SANs."""

    name = "product-list"
    BY_CN = ("webpki::san::mismatch-apex-subdomain-san", "webpki::san::public-suffix-wildcard-san",
             "webpki::san::san-wildcard-only")  # the CN is the expected name, and limbo does not want it to count

    def skip(self, job):
        if job.check == "server" and job.case_id in self.BY_CN:
            return "only the CN is the expected name, and for cn-san it counts"
        if job.name_kind == "DNS" and "." not in job.expected_name:
            return "cn-san takes no name without a dot"
        return super().skip(job)

    def named_destination(self, job, peer):
        return [job.expected_name], "ipv4:%s:%d" % peer, 4
