# SPDX-License-Identifier: GPL-2.0-or-later
"""Resumption: any process takes up a session that another one made, in both roles; what was checked in the full handshake
holds again, or there is another full handshake. What is counted here is what was really resumed, as the peer saw it."""

import datetime
import ssl
import time

import cube
import pki
from caller import Call, UdpLeg
from cases import check, equal, limit
from farend import FarEnd
from oddcerts import OddCerts
from run import wait_until
from tlsclient import TlsClient, client_context, options

TIMES = 24  # reconnects: each of the four TCP workers gets some of them
CONF = """sip-ua {{
    listen-secure     = {{ "{cube}:5061" }}
    crypto-signaling "default" {{ tls-profile = 1 }}
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{friend}" }}
    connection-establish-tls = 5
}}
tls-profile 1 {{ trustpoint = "tenant100" }}
tls-profile 2 {{ trustpoint = "tenant100"  cn-san-validate = "client"  cn-san = {{ {names} }} }}
tls-profile 3 {{ trustpoint = "tenant100"  sni = {{ "three.example" }} }}
tls-profile 4 {{ trustpoint = "tenant200"  sni = {{ "four.example" }} }}
tenant 1 {{ tls-profile = 1  listen-secure = "{cube}:5101"  session-transport = "tcp tls" }}
tenant 2 {{ tls-profile = 2  listen-secure = "{cube}:5102" }}
tenant 3 {{ tls-profile = 3  listen-secure = "{cube}:5103" }}
tenant 4 {{ tls-profile = 4  listen-secure = "{cube}:5104" }}
tenant 5 {{ tls-profile = 1  listen-secure = "{cube}:5105" }}
"""
STOCK = '\tif($proto == "tls") xlog("L_NOTICE", "stock $rm $ci: $tls_peer_subject_cn, ours: $cube(peer_name)\\n");\n'
ON_REPLY = "onreply_route[DIAL_PEER] {\n"


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "friend", "stranger", "far")}
        self.certs = OddCerts(run.dir / "odd", "peer.example")
        self.far = FarEnd(self.at["far"], 5061, tickets=2)
        stack.callback(self.far.close)
        script = cube.script(run, [(cube.TENANT_KNOWN, cube.TENANT_KNOWN + STOCK), (ON_REPLY, ON_REPLY + STOCK)], seen=False)
        self.cube = cube.Cube(run, self.conf('"ogw.example", "ogw.peer.example"'), config=script).start()

    def conf(self, names, more=""):
        text = CONF.format(names=names, **self.at) + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")
        return text + cube.dial_peer(1, 1, "1...", f"ipv4:{self.at['far']}:5061") + more

    def reload(self, names, more=""):
        self.cube.conf.write_text(self.conf(names, more))
        self.cube.kamcmd("cube_tenant.reload")

    def port(self, tenant):
        return self.at["cube"], 5100 + tenant if tenant else 5061

    def ask(self, context, tenant, session=None, source="friend", name=None):
        """One connection with one OPTIONS. Returns (status, resumed?, the session for the next one)."""
        with TlsClient(context, self.at[source], self.port(tenant), session=session, name=name) as client:
            client.send(options(client, self.port(tenant)))
            answer = client.receive()
            return answer.status, client.ssl.session_reused, client.ssl.session

    def resumed(self, tenant, role):
        return self.cube.counters(str(tenant))[tenant, role].get("resumed", 0)


setup = Made


def contexts(identity="ogw"):
    return [client_context(identity, version, version) for version in ("1.2", "1.3")]


def test_server(t):
    """Each reconnect with the session of the one before is resumed, by TLS 1.2 and 1.3, whichever process takes it."""
    for context in contexts():
        before, seen = t.made.resumed(1, "server"), []
        session, sessions = None, set()
        for _ in range(TIMES):
            status, reused, session = t.made.ask(context, 1, session)
            equal("OPTIONS", status, 200)
            if context.minimum_version == ssl.TLSVersion.TLSv1_3:
                check(session.id not in sessions, "a resumed connection brings no new ticket")
            sessions.add(session.id)
            seen.append(reused)
        equal("resumed", seen, [False] + [True] * (TIMES - 1))
        equal("counted as resumed", t.made.resumed(1, "server") - before, TIMES - 1)
    t.made.cube.prove_alive()


def test_random(t):
    """No two processes draw the same random numbers: of new sessions, each has an id of its own."""
    context, _ = contexts()
    ids = [t.made.ask(context, 1)[2].id for _ in range(TIMES)]
    equal("different session ids", len(set(ids)), TIMES)
    t.made.cube.prove_alive()


def test_other_tenants(t):
    """A session of one tenant is none of another's: with another profile, with the same one, and where both share a
    listener and are told apart by SNI."""
    for context in contexts():
        _, _, session = t.made.ask(context, 1)
        for tenant in (2, 3, 5):
            equal(f"tenant 1's session at tenant {tenant}", t.made.ask(context, tenant, session)[:2], (200, False))
        _, _, session = t.made.ask(context, 0, name="three.example")
        *result, session = t.made.ask(context, 0, session, name="three.example")
        equal("tenant 3's session, by its name", result, [200, True])
        *result, session = t.made.ask(context, 3, session)
        equal("at its own port", result, [200, True])
        equal("tenant 3's session for tenant 4", t.made.ask(context, 4, session)[:2], (200, False))
    t.made.cube.prove_alive()


def test_identity_again(t):
    """What cn-san vouched for it vouches for again, outside of the trusted-list; once the list changes, or the profile
    does, the session is not resumed, and the peer is refused where the new list has not its name."""
    for context in contexts():
        status, _, session = t.made.ask(context, 2, source="stranger")
        equal("a stranger with a name of the list", status, 200)
        *result, session = t.made.ask(context, 2, session, source="stranger")
        equal("resumed", result, [200, True])
        t.made.reload('"ogw.example", "ogw.peer.example"', more="trustpoint \"spare\" {{ ca = \"{0}\" }}\n".format(pki.cert("ca")))
        *result, session = t.made.ask(context, 2, session, source="stranger")
        equal("resumed behind a reload of other things", result, [200, True])
        t.made.reload('"ogw.example", "ogw.peer.example", "more.example"')
        equal("behind a reload of its list", t.made.ask(context, 2, session, source="stranger")[:2], (200, False))
        t.made.reload('"more.example"')
        try:
            answer = t.made.ask(context, 2, session, source="stranger")
        except OSError as error:
            answer = str(error)
        check(not isinstance(answer, tuple), f"with a list that has not its name it must be refused, is {answer}")
        t.made.reload('"ogw.example", "ogw.peer.example"')
    check(t.made.cube.logged("Peer certificate identity check failed"), "the refusals are not in the log")
    t.made.cube.prove_alive()


@limit(40)
def test_expiry(t):
    """A session ends with its peer's certificate."""
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=8)
    short = t.made.certs.until("short", end)
    kept = []
    for context in contexts(None):
        context.load_cert_chain(short.pem, short.key)
        _, _, session = t.made.ask(context, 1)
        *result, session = t.made.ask(context, 1, session)
        equal("resumed while it is valid", result, [200, True])
        kept.append((context, session))
    time.sleep(max(0, (end - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) + 1)
    before = len(t.made.cube.logged("has expired"))
    for context, session in kept:
        try:
            answer = t.made.ask(context, 1, session)
        except OSError as error:
            answer = str(error)
        check(not isinstance(answer, tuple), f"once it has expired it must be refused, is {answer}")
    wait_until(lambda: len(t.made.cube.logged("has expired")) == before + 2, 5, "the log has a line for each")


def test_stock_variables(t):
    """What the stock module's $tls_peer_* know: behind a resumption nothing, where the peer connected to us."""
    leg = UdpLeg(t.made.at["friend"], (t.made.at["cube"], 5060))
    for context, version in zip(contexts(), ("1.2", "1.3")):
        t.made.far.begin_anew(version, version)
        session, lines = None, []
        for resumed in (False, True):
            status, reused, session = t.made.ask(context, 1, session)
            equal("OPTIONS", (status, reused), (200, resumed))
            lines.append(t.made.cube.wait_log("stock OPTIONS")[-1].split(": ", 3)[-1])
        equal(f"as server, TLS {version}", lines, [f"{cn}, ours: ogw.example" for cn in ("ogw.example", "<null>")])
        for resumed in (False, True):
            call = Call(leg, "1000")
            equal("INVITE", call.invite(), 200)
            equal("resumed", t.made.far.where(call.call_id)[0].resumed, resumed)
            t.made.cube.wait_log(f"stock INVITE {call.call_id}: tgw.example,")  # of its replies
            equal("BYE", call.bye(), 200)
            t.made.far.close_all()
            t.made.cube.wait_no_connection()
    leg.close()


def test_client(t):
    """Our connections to a far end are resumed, too, whichever process makes them, and shown as such; a far end that takes
    no session gets a full handshake."""
    leg = UdpLeg(t.made.at["friend"], (t.made.at["cube"], 5060))
    for version in ("1.2", "1.3"):
        t.made.far.begin_anew(version, version)
        before, seen = t.made.resumed(1, "client"), []
        for _ in range(8):
            call = Call(leg, "1000")
            equal("INVITE", call.invite(), 200)
            connection, _ = t.made.far.where(call.call_id)
            equal("BYE", call.bye(), 200)
            seen.append(connection.resumed)
            rows = [r["resumed"] for r in t.made.cube.connections()]
            equal("cube_tls.connections: resumed", rows, ["yes" if connection.resumed else "no"])
            t.made.far.close_all()
            t.made.cube.wait_no_connection()
        equal(f"resumed, TLS {version}", seen, [False] + [True] * 7)
        equal("counted as resumed", t.made.resumed(1, "client") - before, 7)
    t.made.far.begin_anew("1.3", "1.3")
    call = Call(leg, "1000")
    equal("INVITE to a far end that has forgotten", call.invite(), 200)
    equal("resumed", t.made.far.where(call.call_id)[0].resumed, False)
    equal("BYE", call.bye(), 200)
    leg.close()
    t.made.far.close_all()
    t.made.cube.prove_alive()


def test_memory(t):
    """Hundreds of resumed connections leave shared memory as it was."""
    def some(times):
        for context in contexts():
            session = None
            for _ in range(times):
                _, _, session = t.made.ask(context, 1, session)
        t.made.cube.wait_no_connection()
        return t.made.cube.memory()

    some(20)
    before = some(20)
    grown = some(300) - before
    t.say(f"          shared memory {grown:+d} bytes")
    check(grown < 20000, f"shared memory grew by {grown} bytes")
