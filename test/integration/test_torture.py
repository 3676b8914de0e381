# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of RFC 4475, to listeners of tenants and of sip-ua, by UDP, TCP and TLS, with dial-peers that look at
every header: no process dies, no memory is lost, what is answered is SIP, and calls go on."""

import contextlib
import re
import select
import socket
import ssl
import time

import cube
import torture
from caller import UdpLeg, place
from cases import check, equal, limit
from run import Failed, wait_until
from tlsclient import client_context, connect
from udpend import UdpEnd

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{block}.0/24" }}
    translation-profile-incoming = "all"
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5100"  listen-non-secure = "{cube}:5090" }}
# in: by each header; the policy then looks at all of them
dial-peer 1 {{ incoming-uri-via = "via"  destination-provision-policy = 1 }}
dial-peer 2 {{ incoming-uri-request = "any"  destination-provision-policy = 1 }}
dial-peer 3 {{ tenant = 100  incoming-uri-to = "any"  destination-provision-policy = 1  codec = "g711ulaw" }}
dial-peer 4 {{ tenant = 100  incoming-uri-from = "parts"  destination-provision-policy = 1 }}
dial-peer 5 {{ tenant = 100  incoming-called-number = ".%" }}
dial-peer 10 {{ destination-uri-from = "parts"  destination-uri-to = "any"  session-target = "ipv4:{far}:6001"  codec = "g711ulaw"
    translation-profile-outgoing = "all" }}
dial-peer 11 {{ destination-uri-diversion = "any"  destination-uri-referred-by = "any"  session-target = "ipv4:{far}:6001" }}
dial-peer 12 {{ destination-uri-via = "via"  destination-calling-e164-pattern-map = 1  session-target = "ipv4:{far}:6001" }}
dial-peer 13 {{ destination-uri = "any"  session-target = "ipv4:{far}:6001"  translation-profile-outgoing = "all" }}
dial-peer 14 {{ destination-pattern = ".T"  session-target = "ipv4:{far}:6001"  translation-profile-outgoing = "all" }}
provision-policy 1 {{ preference = {{ "referred-by diversion", "via calling", "from to", "called" }} }}
e164-pattern-map 1 {{ e164 = {{ ".T" }} }}
uri "any" {{ pattern = "." }}
uri "via" {{ host-pattern = "." }}
uri "parts" {{ host-pattern = "."  user-id = ".*" }}
translation-rule 1 {{ rule = {{ "/^0*\\\\([0-9]*\\\\)\\\\(.*\\\\)$/ /+\\\\1\\\\2/" }} }}
translation-profile "all" {{ called = 1  calling = 1  redirect-called = 1 }}
"""
LISTENERS = (("udp", 5060), ("tcp", 5060), ("udp", 5090), ("tcp", 5090), ("tls", 5100))
FIELD = re.compile(rb"[^\s:]+[ \t]*:.*|[ \t].*")


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "far", "peer")}
        self.far = UdpEnd(stack, self.at["far"], 6001, lambda m: 200 if m.number.endswith("4711") else 486)
        self.cube = cube.Cube(run, CONF.format(block=run.addresses.block, **self.at) + cube.trustpoint("tenant100")).start()
        self.messages = torture.all_messages()
        self.context = client_context("ogw")
        self.answers = 0

    def open(self, transport, port):
        target = self.at["cube"], port
        if transport == "udp":  # an answer goes to port 5060 where Via has none and no rport
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((self.at["peer"], 5060))
            sock.connect(target)
            return sock
        sock = connect(self.at["peer"], target)
        if transport == "tls":
            sock = self.context.wrap_socket(sock)
            sock.settimeout(0)
        return sock

    def send_all(self, transport, port):
        """Each message, by TCP and TLS each on a connection of its own; then what came back is looked at."""
        socks = {}
        with contextlib.ExitStack() as stack:
            for name, data in self.messages.items():
                sock = socks.get("") if transport == "udp" else None
                if sock is None:
                    sock = socks["" if transport == "udp" else name] = stack.enter_context(self.open(transport, port))
                sock.sendall(data)
                if transport == "udp":
                    time.sleep(0.002)
            self._read(transport, port, {sock: name for name, sock in socks.items()})

    def _read(self, transport, port, socks):
        """Until nothing comes any more."""
        got = {name: b"" for name in socks.values()}
        while ready := select.select(list(socks), [], [], 0.5)[0]:
            for sock in ready:
                try:
                    data = sock.recv(65536)
                except ssl.SSLWantReadError:  # a session ticket
                    continue
                except OSError:
                    data = b""
                if transport == "udp":
                    self._judge(f"by {transport} to {port}", data)
                elif data:
                    got[socks[sock]] += data
                else:
                    del socks[sock]
            if not socks:
                break
        for name, data in got.items():
            while data:
                data = self._judge(f"to {name}, by {transport} to {port}", data)

    def _judge(self, what, data):
        """A response begins here, with a status line, header fields, and as much body as it says. What is behind it."""
        head, end, rest = data.partition(b"\r\n\r\n")
        first, *fields = head.split(b"\r\n")
        length = re.search(rb"^(?:content-length|l)[ \t]*:[ \t]*(\d+)", head, re.I | re.M)
        if not end or not re.fullmatch(rb"SIP/2\.0 [1-6]\d\d .*", first) or not all(map(FIELD.fullmatch, fields)) \
                or not length or len(rest) < int(length.group(1)):
            raise Failed(f"an answer {what} is none: {data[:2000]!r}")
        self.answers += 1
        return rest[int(length.group(1)):]

    def round(self):
        for transport, port in LISTENERS:
            self.send_all(transport, port)
            self.cube.prove_alive()

    def settled(self):
        """Shared memory in use when all transactions and connections are gone, without what tmx keeps."""
        with self.cube.binrpc() as rpc:
            wait_until(lambda: rpc.call("tm.stats")["current"] == 0, 40, "all transactions are gone", 0.2)
        self.cube.wait_no_connection()
        used = self.cube.memory()
        with self.cube.binrpc() as rpc:
            tmx = rpc.values("mod.stats", "tmx", "shm")[1]
        # t_precheck_trans() of the stock module tmx: each worker keeps the Call-ID, From tag, CSeq and branch of its last request
        # in memory that grows to the longest that it has seen (tmx_pretran.c), and which worker sees which is chance.
        return used - sum(int(size) for where, size in tmx.items() if where.startswith("tmx_check_pretran"))


setup = Made


@limit(180)
def test_messages(t):
    """All of them, three times; memory between the first time and the last one."""
    made, grown = t.made, []
    made.round()
    before = made.settled()
    for _ in range(2):
        made.round()
        grown.append(made.settled() - before)
    equal("bytes by which shared memory has grown", grown, [0, 0])
    t.say(f"        {len(made.messages)} messages by {len(LISTENERS)} ways, {made.answers} answers in three rounds")
    check(made.answers > 3 * len(made.messages), f"{made.answers} answers")
    check(made.far.requests, "no call has come out")
    for port in (5060, 5090):
        leg = UdpLeg(made.at["peer"], (made.at["cube"], port))
        place(leg, "4711")
        leg.close()
