# SPDX-License-Identifier: GPL-2.0-or-later
"""Each tenant has a port, a certificate and a TLS policy of its own, and says no to everybody else."""

import select
import socket
import time

import cube
import sipmsg
from caller import Call, UdpLeg
from cases import check, equal, together
from farend import FarEnd
from run import wait_until
from tlsclient import TlsClient, client_context, client_hello, connect, options, try_options

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:{udp}" }}
    trusted-list      = {{ "{friend}", "{wrong}" }}
    connection-establish-tls = 5
}}
tls-cipher 200 {{ cipher = {{ "ECDHE_RSA_AES256_GCM_SHA384" }} }}
tls-profile 100 {{ trustpoint = "tenant100"  tls-version = "1.3" }}
tls-profile 200 {{ trustpoint = "tenant200"  tls-version = "1.2"  cipher = "200" }}
tenant 100 {{
    tls-profile       = 100
    listen-secure     = "{cube}:{tls100}"
    session-transport = "tcp tls"
}}
tenant 200 {{
    tls-profile       = 200
    listen-secure     = "{cube}:{tls200}"
    session-transport = "tcp tls"
}}
dial-peer 300 {{
    description         = "A far end whose certificate comes from another CA"
    tenant              = 100
    destination-pattern = "30.."
    session-target      = "ipv4:{wrong}:{far}"
}}
dial-peer 310 {{
    description         = "A far end that has only TLS 1.2, for a tenant that has only 1.3"
    tenant              = 100
    destination-pattern = "31.."
    session-target      = "ipv4:{old}:{far}"
}}
dial-peer 320 {{
    tenant              = 200
    destination-pattern = "3..."
    preference          = 1
    session-target      = "ipv4:{old}:{far}"
}}
"""


class Made:
    def __init__(self, run, stack):
        names = ("cube", "friend", "stranger", "wrong", "old")
        self.at = {name: run.addresses.host() for name in names}
        port = {"udp": 5060, "tls100": 5100, "tls200": 5200, "far": 5061}
        self.a, self.b = ((self.at["cube"], port[name]) for name in ("tls100", "tls200"))
        self.udp = (self.at["cube"], port["udp"])
        self.conf = CONF.format(**self.at, **port) + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")
        self.wrong = FarEnd(self.at["wrong"], port["far"], identity="other", ca="ca")
        self.old = FarEnd(self.at["old"], port["far"], identity="ogw", highest="1.2")
        stack.callback(self.wrong.close)
        stack.callback(self.old.close)
        self.cube = cube.Cube(run, self.conf).start()

    def ask(self, target, source="friend", silence=None, **context):
        """What an OPTIONS from there came to; see try_options."""
        return try_options(client_context(**context), self.at[source], target, 5, silence)


setup = Made


def refused(what, seen, words=""):
    """words: OpenSSL's name of the alert."""
    check(seen.startswith(("refused", "closed")) and words in seen, f"{what}: {seen}, must be refused {words}")


def test_own_certificate(t):
    """Each tenant presents its own certificate, negotiates only its own versions and ciphers, and answers OPTIONS."""
    for target, name, version, cipher in ((t.made.a, "tenant100", "TLSv1.3", None),
                                          (t.made.b, "tenant200", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384")):
        answer, client = t.made.ask(target, identity="ogw")
        equal(f"{name}: OPTIONS", answer, "200")
        equal(f"{name}: certificate", client.peer, f"{name}.cube.example")
        equal(f"{name}: version", client.version, version)
        check(cipher in (None, client.cipher), f"{name}: cipher {client.cipher}, must be {cipher}")


def test_versions(t):
    """A version that only the other tenant has is refused during the handshake."""
    for target, versions in ((t.made.a, ("1.0", "1.1", "1.2")), (t.made.b, ("1.0", "1.1", "1.3"))):
        for version in versions:
            seen, _ = t.made.ask(target, identity="ogw", lowest=version, highest=version)
            refused(f"TLS {version} to {target}", seen, "PROTOCOL_VERSION")


def test_ciphers(t):
    """A cipher that the tenant's list does not have is refused during the handshake."""
    seen, _ = t.made.ask(t.made.b, identity="ogw", highest="1.2", ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    refused("another cipher", seen, "HANDSHAKE_FAILURE")


def test_clients(t):
    """A client without a certificate, or with one that is of another CA, self-signed, expired, not valid yet, or not
    for clients, is refused and gets no SIP answer; the next good one is served."""
    for identity in (None, "other", "selfsigned", "expired", "future", "serveronly"):
        for target in (t.made.a, t.made.b):
            seen, _ = t.made.ask(target, identity=identity)
            refused(f"client with certificate {identity}", seen)
        seen, _ = t.made.ask(t.made.a, identity="chain")
        equal("client with an intermediate CA", seen, "200")
    t.made.cube.prove_alive()
    lines = t.made.cube.logged("%SIP-2-TLS_HANDSHAKE_FAILED")
    for words in ("tenant=100", "tenant=200", "has expired", "is not valid before", "lacks clientAuth", "self-signed",
                  "comes from a CA"):
        check(any(words in line for line in lines), f"no line about a failed handshake says '{words}'")


def test_connections(t):
    """cube_tls.connections lists each connection with tenant, role, version, cipher and peer name."""
    first = TlsClient(client_context("ogw"), t.made.at["friend"], t.made.a)
    second = TlsClient(client_context("ec384"), t.made.at["friend"], t.made.b)
    with first, second:
        for client, target in ((first, t.made.a), (second, t.made.b)):
            client.send(options(client, target))
            equal("OPTIONS", client.receive().status, 200)
        rows = {row["remote"]: row for row in t.made.cube.connections()}
        for client, tenant, peer in ((first, "100", "ogw.example"), (second, "200", "ec384.cube.example")):
            row = rows.get(client.local, {})
            seen = [row.get(k) for k in ("tenant", "role", "state", "version", "cipher", "peer_name")]
            equal("the row of the connection", seen,
                  [tenant, "server", "established", client.version, client.cipher, peer])
    t.made.cube.wait_no_connection()


def test_strangers(t):
    """A source that is not trusted gets no answer, on TLS and on UDP; with silent-discard-untrusted off it gets 403;
    both are a matter of a reload."""
    def udp():
        leg = UdpLeg(t.made.at["stranger"], t.made.udp)
        leg.send(options(leg, t.made.udp))
        answer = leg.receive(1)
        leg.close()
        return str(answer.status) if answer else "silence"

    equal("a stranger on TLS", t.made.ask(t.made.a, "stranger", 1, identity="ogw")[0], "silence")
    equal("a stranger on UDP", udp(), "silence")
    t.made.cube.conf.write_text(t.made.conf.replace("sip-ua {", "sip-ua {\n    silent-discard-untrusted = false", 1))
    t.made.cube.rpc("cube_tenant.reload")
    equal("a stranger on TLS", t.made.ask(t.made.a, "stranger", 1, identity="ogw")[0], "403")
    equal("a stranger on UDP", udp(), "403")
    equal("a friend", t.made.ask(t.made.a, identity="ogw")[0], "200")
    t.made.cube.conf.write_text(t.made.conf)
    t.made.cube.rpc("cube_tenant.reload")
    equal("a stranger on TLS", t.made.ask(t.made.a, "stranger", 1, identity="ogw")[0], "silence")


def test_as_client(t):
    """As a client the server refuses a far end whose certificate is of another CA or which lacks the tenant's version:
    not one SIP byte goes there, and the call goes on to the next dial-peer at once."""
    errors = len(t.made.cube.logged(" ERROR: "))

    def call(number):
        leg = UdpLeg(t.made.at["friend"], t.made.udp)
        call = Call(leg, number)
        equal(f"call to {number}", call.invite(20), 200)
        equal("BYE", call.bye(), 200)
        leg.close()
        connection, _ = t.made.old.where(call.call_id)
        equal("certificate shown", connection.peer, "tenant200.cube.example")

    began = time.monotonic()
    together(call, ["3001", "3101"])
    check(time.monotonic() - began < 3, f"it took {time.monotonic() - began:.1f} s; tm's timer would have done it in 5")
    others = [line for line in t.made.cube.logged(" ERROR: ")[errors:] if "TLS_HANDSHAKE_FAILED" not in line]
    equal("further error lines", others, [])
    equal("requests at the far end of the other CA", len(t.made.wrong.requests()), 0)
    wait_until(lambda: t.made.wrong.failures, 5, "the far end of the other CA sees a failed handshake")
    check(any("unknown ca" in f for f in t.made.wrong.failures), f"it was told {t.made.wrong.failures[0]}")
    lines = [line for line in t.made.cube.logged("%SIP-2-TLS_HANDSHAKE_FAILED") if t.made.at["wrong"] in line]
    check(any("tenant=100" in line for line in lines), "the server logs no failed handshake with it")


def test_no_bytes_before(t):
    """What is sent before the handshake is complete is not read as SIP: plain SIP to a TLS port gets no SIP answer."""
    leg = UdpLeg(t.made.at["friend"], t.made.a)
    with socket.create_connection(t.made.a, 5, (t.made.at["friend"], 0)) as sock:
        sock.sendall(bytes(options(leg, t.made.a)))
        sock.settimeout(5)
        data = b""
        try:
            while part := sock.recv(4096):
                data += part
        except ConnectionResetError:
            pass
    leg.close()
    check(b"SIP/2.0" not in data, f"answered {sipmsg.datagram(data).first}")
    t.made.cube.prove_alive()


def test_deadline(t):
    """A handshake that is not finished within connection-establish-tls is ended, whether nothing, half a ClientHello
    or a whole one came; meanwhile good clients are served."""
    t.made.old.close_all()
    t.made.cube.wait_no_connection()
    hello = client_hello()
    began = time.monotonic()
    socks = []
    for begin in (b"", hello[:40], hello):
        socks.append(connect(t.made.at["friend"], t.made.a))
        socks[-1].sendall(begin)
    while socks and time.monotonic() - began < 10:
        equal("OPTIONS", t.made.ask(t.made.a, identity="ogw")[0], "200")
        for sock in select.select(socks, [], [], 0.2)[0]:
            try:
                if sock.recv(4096):
                    continue
            except ConnectionResetError:
                pass
            age = time.monotonic() - began
            check(4 <= age <= 9, f"ended after {age:.1f} s, must be about 5")
            socks.remove(sock)
            sock.close()
    equal("connections that were not ended within 10 s", len(socks), 0)
    t.made.cube.wait_no_connection()
    t.made.cube.prove_alive()


# What is replaced in a good INVITE, by what.
MALFORMED = [
    (b" SIP/2.0\r\n", b"\r\n"), (b"INVITE sip:1@", b"IN\0VITE sip:1@"), (b"sip:1@", b"sip:1@:::"),
    (b"Via: SIP/2.0/", b"Via: @@@/"), (b"CSeq: 1 INVITE", b"CSeq: x"), (b"CSeq", b"C\0Seq"),
    (b"From: <sip:a@a>", b"From: <sip:a@a"), (b"To: <sip:1@b>", b""), (b"Call-ID", b"X"),
    (b"Max-Forwards: 70", b"Max-Forwards: x"), (b"Content-Length: ", b"Content-Length: z"),
    (b"Content-Length: ", b"Content-Length: 9999999"), (b"Content-Length: ", b"X: "),
    (b"Content-Type: application/sdp", b"Record-Route: <sip:\r\nContent-Type: application"),
]


def test_malformed(t):
    """Malformed messages, from friends and strangers, by UDP and by TLS, end no process and change nothing for others;
    what they carry is not logged."""
    def message(via):
        request = sipmsg.request("INVITE", f"sip:1@{t.made.at['cube']}", via, "<sip:a@a>;tag=1", "<sip:1@b>",
                                 sipmsg.unique("bad"), 1, body=sipmsg.SDP)
        return bytes(request)

    for source in ("friend", "stranger"):
        udp = UdpLeg(t.made.at[source], t.made.udp)
        for old, new in MALFORMED:
            udp.send(message(udp.via).replace(old, new, 1))
            with TlsClient(client_context("ogw"), t.made.at[source], t.made.a) as client:
                client.send(message(client.via).replace(old, new, 1))
                try:
                    client.receive(0.1)
                except (EOFError, OSError):
                    pass
        udp.close()
    equal("OPTIONS", t.made.ask(t.made.a, identity="ogw")[0], "200")
    t.made.cube.prove_alive()
