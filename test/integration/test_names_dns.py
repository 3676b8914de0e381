# SPDX-License-Identifier: GPL-2.0-or-later
"""Session targets that are names: what is verified, and sent as SNI, is the name in cube.conf, whatever host and
address DNS makes of it, for every connection, whoever opens it and when. With a name server, in a namespace of its
own."""

import functools
import time

import cube
import netns
from caller import Call, UdpLeg
from cases import check, equal, limit, together
from farend import FarEnd
from nameserver import NameServer
from oddcerts import OddCerts
from run import wait_until

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
    connection-establish-tls = 5
}}
tls-profile 1 {{ trustpoint = "tenant100"  cn-san-validate = "server"  sni-send = true }}
tls-profile 2 {{ trustpoint = "tenant100"  cn-san-validate = "server" }}
tenant 1 {{ tls-profile = 1  listen-secure = "{cube}:5101"  session-transport = "tcp tls" }}
tenant 2 {{ tls-profile = 2  listen-secure = "{cube}:5102"  session-transport = "tcp tls" }}
tls-profile 3 {{ trustpoint = "tenant200"  cn-san-validate = "server" }}
tenant 3 {{ tls-profile = 3  listen-secure = "[::1]:5103"  session-transport = "tcp tls" }}
"""
SIX, FIRST, SECOND, NOBODY = ((f"{name}.hosts.example", 5061 if name != "nobody" else 9)
                              for name in ("six", "first", "second", "nobody"))


class Named(FarEnd):
    """A far end with a certificate of its own; notes the server names that clients ask for. slow: seconds that it waits before
    each handshake; accepted: connections, at once."""

    def __init__(self, host, port, certificate, **options):
        self.asked, self.slow, self.accepted = [], 0, 0
        super().__init__(host, port, certificate, **options)
        self._context.sni_callback = lambda _ssl, name, _context: self.asked.append(name)

    def _serve(self, sock, remote):
        self.accepted += 1
        time.sleep(self.slow)
        super()._serve(sock, remote)

    def show(self, certificate):
        """Another certificate, from the next connection on."""
        self._context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")


class Made:
    def __init__(self, run, stack):
        self.run, self._stack = run, stack
        self.at = {name: run.addresses.host() for name in ("cube", "friend", "a", "first", "second", "shared", "both",
                                                                "spare", "plain")}
        self.at["six"] = "::1"
        self.certs = OddCerts(run.dir / "odd", "unused.example")
        self.udp = (self.at["cube"], 5060)
        addresses = {"a.example": self.at["a"], "one.example": self.at["shared"], "two.example": self.at["shared"],
                     "left.example": self.at["both"], "right.example": self.at["both"],
                     "first.hosts.example": self.at["first"], "second.hosts.example": self.at["second"],
                     "nobody.hosts.example": self.at["cube"], "six.hosts.example": "::1"}
        services = {"srv.example": [FIRST, SECOND], "wrong.example": [FIRST, SECOND], "absent.example": [NOBODY, SECOND],
                    "mixed.example": [SIX, SECOND], "late.example": [NOBODY, SIX, FIRST, SECOND], "vain.example": [SIX, FIRST]}
        self.names = NameServer(run, addresses, services)
        self.a = self.far("a", "DNS:a.example")
        self.first = self.far("first", "DNS:srv.example, DNS:first.hosts.example")
        self.second = self.far("second", "DNS:wrong.example, DNS:absent.example, DNS:mixed.example, DNS:late.example")
        self.six = self.far("six", "DNS:mixed.example, DNS:late.example, DNS:vain.example")
        self.shared = self.far("shared", "DNS:one.example")
        self.both = self.far("both", "DNS:left.example, DNS:right.example")
        self.plain = self.far("plain", "DNS:plain.example")
        self.spare = self.far("spare", f"DNS:spare.example, IP:{self.at['spare']}")
        conf = CONF.format(block=run.addresses.block, **self.at) + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")
        # each number has its target, and the spare far end behind it
        targets = {"1000": "dns:a.example:5061", "1001": "dns:srv.example", "1002": "dns:wrong.example",
                   "1003": "dns:absent.example", "1004": "dns:one.example:5061", "1005": "dns:two.example:5061",
                   "1006": "dns:unknown.example:5061", "1007": "dns:A.Example:5061",
                   "1008": f"ipv4:{self.at['plain']}:5061", "1009": f"ipv4:{self.at['a']}:5061",
                   "1010": "dns:mixed.example", "1011": "dns:late.example", "1012": "dns:vain.example",
                   "1013": "dns:left.example:5061", "1014": "dns:right.example:5061", "1015": f"ipv4:{self.at['both']}:5061"}
        spare = f"ipv4:{self.at['spare']}:5061"
        for number, target in targets.items():
            for tenant in (1, 2, 3):
                dialled = f"{tenant}{number[1:]}"
                conf += cube.dial_peer(f"{dialled}0", tenant, dialled, target)
                conf += cube.dial_peer(f"{dialled}1", tenant, dialled, spare, 1)
        self.cube = cube.Cube(run, conf).start()

    def certificate(self, name, san):
        """The path, without its end, of a certificate and its key."""
        cert = self.certs.leaf(name, san=san)
        key = cert.pem.with_suffix(".key")
        if not key.exists():
            key.symlink_to(cert.key)
        return str(cert.pem.with_suffix(""))

    def far(self, where, san):
        far = Named(self.at[where], 5061, self.certificate(where, san))
        self._stack.callback(far.close)
        return far

    def call(self, number, timeout=15):
        leg = UdpLeg(self.at["friend"], self.udp)
        call = Call(leg, number)
        equal(f"call to {number}", call.invite(timeout), 200)
        return call

    def reaches(self, far, number):
        """A whole call that ends at this far end, from the listener of the tenant and with his certificate."""
        call = self.call(number)
        connection, invite = far.where(call.call_id)
        port, certificate = {"1": (5101, "tenant100"), "2": (5102, "tenant100"), "3": (5103, "tenant200")}[number[0]]
        host = "[::1]" if number[0] == "3" else self.at["cube"]
        equal("sent by", invite.get("Via").split(";")[0], f"SIP/2.0/TLS {host}:{port}")
        equal("the server's certificate", connection.peer, f"{certificate}.cube.example")
        equal(f"BYE of the call to {number}", call.bye(), 200)
        call.leg.close()
        return connection

    def closed(self):
        """Closes all connections from the far ends' side."""
        for far in (self.a, self.first, self.second, self.six, self.shared, self.both, self.spare):
            far.close_all()
            far.asked.clear()
            far.slow = far.accepted = 0
        wait_until(lambda: not self.cube.connections(), 5, "the server has noticed")


setup = netns.setup(Made)


def inside(case):
    """Each case begins without connections."""
    @netns.inside
    @functools.wraps(case)
    def run(t):
        t.made.closed()
        case(t)
    return run


@inside
def test_address_record(t):
    """A name with a port: its address is connected to, its name must be in the certificate, and is the SNI if sni-send
    is on."""
    for tenant, sni in ((1, "a.example"), (2, None)):
        t.made.reaches(t.made.a, f"{tenant}000")
        equal("SNI", t.made.a.asked, [sni])
        t.made.closed()


@inside
def test_service_record(t):
    """A name without a port: the host in its first SRV record is connected to, but it is the name that must be in the
    certificate, and in the SNI."""
    t.made.reaches(t.made.first, "1001")
    equal("SNI", t.made.first.asked, ["srv.example"])


@inside
def test_service_wrong_host(t):
    """The first SRV host shows a certificate with its own name instead of the target's: it is refused, and the call
    goes to the second SRV host."""
    t.made.reaches(t.made.second, "1002")
    equal("requests at the first host", [m for _, m in t.made.first.requests() if m.number == "1002"], [])
    check(t.made.cube.logged("Peer certificate identity check failed"), "the server does not log the failed check")


@inside
def test_service_absent_host(t):
    """Nobody listens at the first SRV host: the call goes to the second."""
    t.made.reaches(t.made.second, "1003")


def no_call_at(far, number):
    equal(f"requests of the call to {number} at {far.at}", [m for _, m in far.requests() if m.number == number], [])


@inside
def test_service_other_family(t):
    """The first SRV host has an address of IPv6 alone, and the tenant a listener of IPv4 alone: nothing is sent there from
    another tenant's listener; the call goes to the second host, whose certificate must have the target's name. From a
    tenant with a listener of IPv6 it goes to the first."""
    for number, sni in (("1010", "mixed.example"), ("2010", None)):
        t.made.reaches(t.made.second, number)
        equal("SNI", t.made.second.asked, [sni])
        no_call_at(t.made.six, number)
        t.made.closed()
    equal("handshakes by IPv6", (t.made.six.connections, t.made.six.failures, t.made.six.asked), ([], [], []))
    t.made.reaches(t.made.six, "3010")


@inside
def test_service_last_host(t):
    """Nobody listens at the first SRV host, the second is of the other family, the third has a certificate for its own name: the
    last one gets the call."""
    connection = t.made.reaches(t.made.second, "1011")
    equal("SNI at the one with the wrong certificate, and at the last", (t.made.first.asked, t.made.second.asked), (["late.example"],) * 2)
    for far in (t.made.six, t.made.first):
        no_call_at(far, "1011")
    # the connection that is open now serves the next call, where the same hosts are in its way
    check(t.made.reaches(t.made.second, "1011") is connection, "the next call opened a connection of its own")


@inside
def test_service_no_right_host(t):
    """Behind a host of the other family there is one with a certificate for its own name alone: the call goes to the next dial-peer."""
    t.made.reaches(t.made.spare, "1012")
    equal("SNI", t.made.first.asked, ["vain.example"])
    for far in (t.made.six, t.made.first):
        no_call_at(far, "1012")


@inside
def test_no_sni_for_addresses(t):
    """A call goes on to a target that is an address: no SNI is sent there, and its IP must be in the certificate."""
    t.made.reaches(t.made.spare, "1006")
    equal("SNI", t.made.spare.asked, [None])


@inside
def test_one_address_two_names(t):
    """Two targets have the same address and port, and the certificate is for one of them: a call to the other is not
    sent on the open connection, nor on one of its own; it goes to the next dial-peer."""
    for order in (("1004", "1005", "1004"), ("1005", "1004", "1005")):
        for number in order:
            t.made.reaches(t.made.shared if number == "1004" else t.made.spare, number)
        equal("requests for the other name", [m for _, m in t.made.shared.requests() if m.number == "1005"], [])
        t.made.closed()


def _at_once(t, far, first, others):
    """A call to number first, whose handshake at this far end takes a second, and calls to the others meanwhile. The far end, or the
    spare one, where each ended, in order."""
    t.made.closed()
    far.slow, ends = 1, {}

    def one(i):
        if i:
            wait_until(lambda: far.accepted, 5, "the far end has a connection")
        begun = time.monotonic()
        call = t.made.call((first, *others)[i])
        check(time.monotonic() - begun < 4, f"call {i} to {call.number} took {time.monotonic() - begun:.1f} s")
        for end in (far, t.made.spare):
            if any(m.call_id == call.call_id for _, m in end.requests()):
                ends.setdefault(i, []).append(end)
        equal(f"BYE of call {i} to {call.number}", call.bye(), 200)
        call.leg.close()
    together(one, range(1 + len(others)))
    return [ends[i] for i in range(1 + len(others))]


@limit(60)
@inside
def test_two_names_at_once(t):
    """Two targets have the same address and port, and a certificate that is good for both, which nobody has seen yet: while the
    handshake for one is under way, calls to the other wait for it, and go on the same connection; those to its address do not."""
    made = t.made
    for first, other, sni in (("1013", "1014", "left.example"), ("1014", "1013", "right.example"), ("2013", "2014", None)):
        lines = len(made.cube.logged("does not belong"))
        ends = _at_once(t, made.both, first, [other, first] * 8)
        equal("where the calls ended", ends, [[made.both]] * 17)
        equal("connections, SNI", (made.both.accepted, made.both.asked), (1, [sni]))
        equal("lines about another's connection", len(made.cube.logged("does not belong")), lines)
    ends = _at_once(t, made.both, "1013", ["1014", "1015"] * 8)
    equal("where the calls to names and to their address ended", ends, [[made.both], *[[made.both], [made.spare]] * 8])
    made.cube.prove_alive()


@limit(60)
@inside
def test_two_names_one_right(t):
    """The certificate is for one of both alone: calls to the other that wait for the handshake go to the next dial-peer when it is
    done. Where the handshake is for that other, it fails, and all that wait for it do."""
    made = t.made
    lines = len(made.cube.logged("does not belong"))
    ends = _at_once(t, made.shared, "1004", ["1005", "1004"] * 8)
    equal("where the calls ended", ends, [[made.shared], *[[made.spare], [made.shared]] * 8])
    said = made.cube.logged("does not belong")[lines:]
    check(len(said) == 8 and all(f"the open connection to {made.shared.at} does not belong to two.example by its certificate; the request "
                                 "is not sent" in line for line in said), f"{said}")
    ends = _at_once(t, made.shared, "1005", ["1004", "1005"] * 8)
    equal("where the calls ended", ends, [[made.spare]] * 17)
    equal("INVITEs for the other name", [m for _, m in made.shared.requests() if m.number == "1005"], [])
    made.cube.prove_alive()


@inside
def test_address_as_target(t):
    """A target that is an address, where the certificate has a name alone: the call goes to the next dial-peer."""
    t.made.reaches(t.made.spare, "1008")
    equal("requests there", t.made.plain.requests(), [])
    check(t.made.cube.logged(f"remote_addr={t.made.at['plain']}, remote_port=5061"), "the server does not log why")


@inside
def test_address_that_a_name_has(t):
    """A target that is an address, which another target's name has, too: the verdict is the same whatever that one's
    calls did before, on its open connection and on a new one."""
    t.made.reaches(t.made.spare, "1009")
    t.made.reaches(t.made.a, "1000")
    with t.made.cube.binrpc() as rpc:
        said = {number: [row for row in rpc.values("cube_dialpeer.match", "out", number) if row["part"] == "outbound"][0]
                for number in ("1000", "1009")}
    equal("the dry run's connections", {row["connection"] for row in said.values()}, {f"established with {t.made.a.at}"})
    equal("whether its certificate is the target's", (said["1000"]["covers-target"], said["1009"]["covers-target"]),
          ("yes", "no: requests are not sent on it"))
    t.made.reaches(t.made.spare, "1009")
    t.made.closed()
    t.made.reaches(t.made.spare, "1009")
    t.made.reaches(t.made.a, "1000")


@inside
def test_bye_on_a_new_connection(t):
    """The connection was closed while the call lasted: for the BYE, which names the far end by its address alone, the
    new one is verified with the target's name again."""
    good, wrong = t.made.certificate("a", "DNS:a.example"), t.made.certificate("a-wrong", "DNS:b.example")
    for certificate, arrives in ((good, True), (wrong, False), (good, True)):
        call = t.made.call("1000")
        t.made.a.where(call.call_id, "ACK")  # else it would make the new connection
        t.made.closed()
        t.made.a.show(certificate)
        try:
            status = call.bye(7)
        finally:
            t.made.a.show(good)
        call.leg.close()
        seen = [m for _, m in t.made.a.requests() if m.call_id == call.call_id and m.method == "BYE"]
        equal("BYE: requests, answered with 200", (len(seen), status == 200), (1, True) if arrives else (0, False))
        if arrives:
            equal("SNI", t.made.a.asked, ["a.example"])


@inside
def test_case_of_names(t):
    """Upper and lower case are the same in names."""
    t.made.reaches(t.made.a, "1007")
