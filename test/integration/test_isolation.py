# SPDX-License-Identifier: GPL-2.0-or-later
"""Two tenants with the same far end: each has its own connection there, with its own certificate, and whatever
happens, nothing of one tenant is ever sent on a connection of the other.

A number says which tenant a call leaves by, and so which certificate it must arrive with: 1... by tenant 100, 2... by
tenant 200, 31.. and 33.. by 200 after 100 has failed, 32.. and 34.. by 100 after 200 has failed."""

import random
import socket
import struct
import threading
import time

import cube
import sipmsg
from caller import Call, UdpLeg, place
from cases import check, equal, limit, only_full, together
from farend import FarEnd, wait_answer
from run import Failed, wait_until
from tlsclient import TlsClient, client_context, options

ROUNDS, ROUNDS_FULL = 15, 200
LEAVES_BY = {"1": "100", "2": "200", "31": "200", "33": "200", "32": "100", "34": "100"}

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:{udp}" }}
    trusted-list      = {{ "{friend}", "{far}" }}
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
tls-profile 200 {{ trustpoint = "tenant200" }}
tenant 100 {{
    tls-profile       = 100
    listen-secure     = "{cube}:{tls100}"
    session-transport = "tcp tls"
    sip-server        = "ipv4:{far}:5061"
}}
tenant 200 {{
    tls-profile       = 200
    listen-secure     = "{cube}:{tls200}"
    session-transport = "tcp tls"
    sip-server        = "ipv4:{far}:5061"
}}
"""


def dial_peers(failing):
    """The two plain ones, and pairs of which the first one fails."""
    text = "".join(cube.dial_peer(t, t, f"{t // 100}...", "sip-server") for t in (100, 200))
    for number in (31, 32, 33, 34):
        good = int(LEAVES_BY[str(number)])
        text += cube.dial_peer(10 * number, 300 - good, f"{number}..", f"ipv4:{failing}:5061")
        text += cube.dial_peer(10 * number + 1, good, f"{number}..", "sip-server", 1)
    return text


def failing(message):
    """31.. and 32.. are never answered, 33.. and 34.. with 503."""
    return 503 if message.number[:2] in ("33", "34") else None if message.method == "INVITE" else 200


def unlucky_port(host):
    """With it the core's table of connections by address, of 4096 places, has the one from here to any target where it has those
    from anywhere to that target."""
    [address] = struct.unpack("=I", socket.inet_aton(host))

    def place(bits):
        bits ^= bits >> 17
        return (bits ^ bits >> 7) % 4096
    return next(port for port in range(5100, 5100 + 2 * 4096) if place(address ^ port) == 0)


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "friend", "far", "failing")}
        self.port = {"100": unlucky_port(self.at["cube"]), "200": 5099}
        self.udp = (self.at["cube"], 5060)
        conf = CONF.format(udp=5060, tls100=self.port["100"], tls200=self.port["200"], **self.at) + dial_peers(self.at["failing"])
        conf += cube.trustpoint("tenant100") + cube.trustpoint("tenant200")
        self.far, self.failing = FarEnd(self.at["far"], 5061), FarEnd(self.at["failing"], 5061, behave=failing)
        stack.callback(self.far.close)
        stack.callback(self.failing.close)
        # a script that lets any reply pass: the modules must keep tenants apart without it
        config = cube.script(run, [("\tif(!t_check_trans()) drop;\n", "\texit;\n")])
        self.cube = cube.Cube(run, conf, config=config).start()

    def leg(self):
        return UdpLeg(self.at["friend"], self.udp)

    def call(self, number):
        """A whole call, proven to have arrived by the right tenant's connection."""
        leg = self.leg()
        try:
            call = place(leg, number)
        finally:
            leg.close()
        for method in ("INVITE", "BYE"):
            connection, _ = self.far.where(call.call_id, method)
            equal(f"{method} to {number}: certificate", connection.peer, certificate(number))
        return call

    def connection(self, tenant):
        """The far end's open connection with a tenant; a call makes one if there is none."""
        for _ in range(2):
            found = [c for c in self.far.open() if c.peer == f"tenant{tenant}.cube.example"]
            if found:
                return found[0]
            self.call(f"{tenant[0]}000")
        raise Failed(f"the far end has no open connection with tenant {tenant}")

    def seen(self, call_id, method):
        """What the script knew of a request: the tenant and the address it came to."""
        line = self.cube.wait_log(f"seen {method} call={call_id} ")[-1]
        fields = dict(f.split("=", 1) for f in line.split() if "=" in f)
        return fields["tenant"], fields["at"]

    def prove(self):
        """Nothing ever crossed: each connection came from the address of the tenant whose certificate it has, and
        every request on it is that tenant's."""
        seen = 0
        for far in (self.far, self.failing):
            for c in far.connections:
                tenant = c.peer[6:9]
                equal(f"connection with {c.peer}: source", c.remote, f"{self.at['cube']}:{self.port[tenant]}")
            for c, message in far.requests():
                tenant = leaves_by(message.number)
                if far is self.failing:
                    tenant = str(300 - int(tenant))
                seen += 1
                check(c.peer == f"tenant{tenant}.cube.example",
                      f"{message.method} to {message.number} came on a connection of {c.peer}")
            faults = [f for f in far.failures if "EOF" not in f and "reset" not in f]  # not those that were cut off
            check(not faults, f"failed handshakes at the far end: {faults[:3]}")
        self.cube.prove_alive()
        return seen


setup = Made


def leaves_by(number):
    return LEAVES_BY.get(number[:2]) or LEAVES_BY[number[:1]]


def certificate(number):
    return f"tenant{leaves_by(number)}.cube.example"


def test_two_connections(t):
    """Calls of two tenants to the same host and port at the same time use two connections, each from the tenant's own
    address and with its own certificate."""
    for _ in range(3):
        together(t.made.call, [f"{n}{i:03d}" for n in (1, 2) for i in range(5)])
    equal("connections", sorted((c.remote, c.peer) for c in t.made.far.connections),
          sorted((f"{t.made.at['cube']}:{t.made.port[n]}", f"tenant{n}.cube.example") for n in ("100", "200")))
    rows = sorted((r["tenant"], r["role"], r["local"], r["peer_name"]) for r in t.made.cube.connections())
    equal("cube_tls.connections", rows, [(n, "client", f"{t.made.at['cube']}:{t.made.port[n]}", "tgw.example")
                                         for n in ("100", "200")])
    t.made.prove()


def test_same_moment(t):
    """Calls that begin at the same moment, while there is no connection, all succeed and share the one that is made."""
    start = threading.Barrier(6)

    def call(number):
        leg = t.made.leg()
        call = Call(leg, number)
        start.wait(10)
        equal(f"call to {number}", call.invite(), 200)
        equal("BYE", call.bye(), 200)
        leg.close()

    for _ in range(ROUNDS_FULL if t.full else ROUNDS):
        t.made.far.close_all()
        _wait_noticed(t)
        together(call, ["1020", "1021", "1022", "2020", "2021", "2022"])
        equal("open connections", len(t.made.far.open()), 2)
    t.made.prove()


def _wait_noticed(t):
    wait_until(lambda: not t.made.cube.connections(), 5, "the server has noticed that its connections are closed", 0.01)


@limit(100)
def test_far_end_closes(t):
    """After the far end has closed or reset both connections, calls that follow connect again, each tenant with its
    own certificate."""
    for number in range(ROUNDS_FULL if t.full else ROUNDS):
        t.made.far.close_all(reset=number % 2 == 1)
        _wait_noticed(t)
        together(t.made.call, ["1001", "2001", "1002", "2002"])
        equal("open connections", len(t.made.far.open()), 2)
    t.made.prove()


@limit(100)
def test_closed_under_calls(t):
    """While calls of both tenants run, the far end closes and resets connections at any moment: a call may be lost with
    its connection, but none is sent on a connection of the other tenant."""
    until = time.monotonic() + (60 if t.full else 6)
    done, lost = [], []

    def calls(number):
        while time.monotonic() < until:
            leg = t.made.leg()
            call = Call(leg, number)
            if call.invite(1) == 200 and call.bye(1) == 200:
                done.append(number)
            else:
                lost.append(number)
            leg.close()
            time.sleep(0.02)

    def close():
        dice = random.Random(1)
        while time.monotonic() < until:
            time.sleep(dice.uniform(0.05, 0.4))
            for connection in t.made.far.open():
                if dice.random() < 0.7:
                    connection.close(dice.random() < 0.5)

    closing = threading.Thread(target=close, daemon=True)
    closing.start()
    together(calls, ["1003", "2003", "1004", "2004"])
    closing.join(5)
    t.say(f"          {len(t.made.far.connections)} connections, {len(done)} calls, {len(lost)} lost with theirs")
    check(len(done) > 20, f"only {len(done)} calls succeeded")
    t.made.prove()
    time.sleep(0.5)  # what was lost is over
    together(t.made.call, ["1005", "2005"])


@limit(100)
def test_we_close(t):
    """After the server itself has closed its connections, because garbage came, a call that follows at once connects
    again from the same address and port."""
    for _ in range(ROUNDS_FULL if t.full else ROUNDS):
        for tenant in ("100", "200"):
            t.made.connection(tenant).send(b"OPTIONS sip:x SIP/2.0\r\nContent-Length: none\r\n\r\n")
        wait_until(lambda: not t.made.far.open(), 5, "the server closes a connection on which garbage comes", 0.002)
        together(t.made.call, ["1006", "2006"])
    t.made.prove()


@only_full
@limit(120)
def test_idle(t):
    """The same after connection-aging-tls, whose least value is a minute."""
    conf = t.made.cube.conf.read_text()
    t.made.cube.conf.write_text(conf.replace("sip-ua {", "sip-ua {\n    connection-aging-tls = 60", 1))
    t.made.cube.rpc("cube_tenant.reload")
    t.made.far.close_all()
    _wait_noticed(t)
    together(t.made.call, ["1007", "2007"])
    wait_until(lambda: not t.made.far.open(), 80, "the server closes idle connections", 0.002)
    together(t.made.call, ["1008", "2008"])
    t.made.cube.conf.write_text(conf)
    t.made.cube.rpc("cube_tenant.reload")
    t.made.prove()


def _process_of(t, text):
    """What the process that logged a line is, in the core's words."""
    pid = t.made.cube.logged(text)[-1].split("(")[1].split(")")[0]
    with t.made.cube.binrpc() as rpc:
        processes = rpc.values("core.ps")
    return dict(zip(map(str, processes[::2]), processes[1::2]))[pid]


def test_timer(t):
    """When no answer comes, a timer process sends the call by the next dial-peer: on a connection of that one's tenant,
    which it opens itself."""
    t.made.far.close_all()
    t.made.failing.close_all()
    _wait_noticed(t)
    calls = together(t.made.call, ["3101", "3201", "3102", "3202"])
    for call in calls:
        what = _process_of(t, f"call {call.call_id}: dial-peer {call.number[:2]}0 failed with 408")
        check("timer" in what, f"call to {call.number} was sent on by '{what}', must be a timer process")
    equal("open connections", len(t.made.far.open()), 2)
    t.made.prove()


def test_failure_route(t):
    """When a dial-peer answers 503, the failure route sends the call by the next one: on a connection of that one's
    tenant."""
    for _ in range(3):
        t.made.far.close_all()
        t.made.failing.close_all()
        _wait_noticed(t)
        together(t.made.call, ["3301", "3401", "3302", "3402"])
    t.made.prove()


def _far_end_talks(t, tenant, connection, call, invite, first):
    """OPTIONS and BYE of the far end in a dialog, on one of its connections; both must be the tenant's."""
    other = threading.Thread(target=lambda: [call.wait_request(m) for m in ("OPTIONS", "BYE")], daemon=True)
    other.start()
    for cseq, method in enumerate(("OPTIONS", "BYE"), first):
        connection.send(t.made.far.request_in(invite, method, cseq))
        if isinstance(connection, TlsClient):
            answer = connection.receive()
            check(answer is not None, f"no answer to the far end's {method}")
        else:
            answer = wait_answer(connection, call.call_id, method)
        equal(f"{method} of the far end: answer", answer.status, 200)
        equal(f"{method} of the far end: tenant and address", t.made.seen(call.call_id, method),
              (tenant, f"{t.made.at['cube']}:{t.made.port[tenant]}"))
    other.join(5)
    check(not other.is_alive(), "the caller got the requests")


def test_requests_of_the_far_end(t):
    """Requests that the far end sends in a call, on the connection that the server opened or on one of its own, belong
    to the tenant whose address they come to, and are answered there."""
    for tenant in ("100", "200"):
        for own in (False, True):
            leg = t.made.leg()
            call = Call(leg, f"{tenant[0]}010")
            equal("call", call.invite(), 200)
            accepted, invite = t.made.far.where(call.call_id)
            if own:
                with t.made.far.dial((t.made.at["cube"], t.made.port[tenant])) as dialled:
                    _far_end_talks(t, tenant, dialled, call, invite, 1)
            else:
                _far_end_talks(t, tenant, accepted, call, invite, 1)
            leg.close()
    t.made.prove()


def test_new_requests_of_the_far_end(t):
    """A request outside of any call that comes on a connection which the server opened is the right tenant's, and is
    answered on that connection."""
    for tenant in ("200", "100"):
        connection = t.made.connection(tenant)
        request = sipmsg.request("OPTIONS", f"sip:ping@{t.made.at['cube']}", f"TLS {t.made.far.at}",
                                 f"<sip:far@{t.made.far.at}>;tag=f", "<sip:ping@cube>", sipmsg.unique("ping"), 1)
        connection.send(request)
        equal("OPTIONS", wait_answer(connection, request.call_id, "OPTIONS").status, 200)
        equal("tenant and address", t.made.seen(request.call_id, "OPTIONS"),
              (tenant, f"{t.made.at['cube']}:{t.made.port[tenant]}"))


def _late_answer(t, tenant, victim, connection_id):
    """An answer to a request that nobody sent, as the server forwards without a transaction: its Via names a
    connection by id, and behind it the address of that connection's peer."""
    reverse = f"{connection_id:x}"[::-1]
    here = f"{t.made.at['cube']}:{t.made.port[tenant]}"
    call_id = sipmsg.unique("late")
    return sipmsg.Message("SIP/2.0 200 OK", [
        ("Via", f"SIP/2.0/TLS {here};branch=z9hG4bKcydzigwkX;i={reverse}"),
        ("Via", f"SIP/2.0/TLS {victim.local};branch=z9hG4bK{call_id};rport={victim.local.split(':')[1]}"),
        ("From", "<sip:a@a>;tag=a"), ("To", "<sip:b@b>;tag=b"), ("Call-ID", call_id), ("CSeq", "1 INVITE"),
        ("Contact", f"<sip:b@{t.made.far.at};transport=tls>")])


def test_forged_connection_id(t):
    """An answer to nothing, whose Via names a connection of the other tenant by its id, is not sent there, even if the
    script lets it pass; one that names a connection of the tenant's own is."""
    for tenant, other in (("100", "200"), ("200", "100"), ("100", "100"), ("200", "200")):
        target = (t.made.at["cube"], t.made.port[other])
        with TlsClient(client_context("ogw"), t.made.at["friend"], target) as victim:
            victim.send(options(victim, target))
            equal("OPTIONS", victim.receive().status, 200)
            row = next(r for r in t.made.cube.connections() if r["remote"] == victim.local)
            for _ in range(2):
                late = _late_answer(t, tenant, victim, int(row["id"]))
                t.made.connection(tenant).send(late)
                message = victim.receive(3 if tenant == other else 0.5)
                if tenant != other:
                    check(message is None,
                          f"what tenant {tenant}'s far end forged arrived at tenant {other}'s peer: {message}")
                else:
                    check(message is not None and message.call_id == late.call_id,
                          f"tenant {tenant}: its own late answer did not arrive")
            victim.send(options(victim, target))
            equal("OPTIONS", victim.receive().status, 200)
    t.made.prove()
