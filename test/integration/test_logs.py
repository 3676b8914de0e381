# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages with keys and passwords in them, broken in every way that the core complains about, from strangers and from
trusted peers, by UDP, TCP and TLS: nothing of them is in the log, and one line says that there was something."""

import contextlib
import itertools
import re
import socket
import time

import cube
import sipmsg
from caller import UdpLeg, place
from cases import check, equal
from run import wait_until
from tlsclient import client_context, connect
from udpend import UdpEnd

CONF = """sip-ua {{
    listen-non-secure = {{ "{cube}:5060" }}
    trusted-list      = {{ "{friend}" }}
}}
tls-profile 100 {{ trustpoint = "tenant100" }}
tenant 100 {{ tls-profile = 100  listen-secure = "{cube}:5101"  listen-non-secure = "{cube}:5090" }}
dial-peer 1 {{ destination-pattern = ".T"  session-target = "ipv4:{far}:6001" }}
dial-peer 2 {{ destination-pattern = "88"  session-target = "ipv4:{phone}" }}
"""
BY_SCRIPT = re.compile(r"<script>: call .* of tenant \d+: ")  # a trusted peer's Call-ID and number, and on purpose
SECRET = "Kx7gQ9wSecret"  # in every part of every message
BODY = (f"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{SECRET}body\r\n")
START = f"INVITE sip:4711@{SECRET}uri.example.com SIP/2.0"
FIELDS = {"Via": f"SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK{SECRET}via", "Max-Forwards": "70", "From": f"<sip:{SECRET}from@b>;tag=1",
          "To": f"<sip:{SECRET}to@b>", "Call-ID": f"{SECRET}call", "CSeq": "1 INVITE", "Contact": f"<sip:{SECRET}contact@b>",
          "Authorization": f'Digest username="u", realm="r", nonce="n", uri="sip:b", response="{SECRET}auth"',
          "Content-Type": "application/sdp", "Content-Length": str(len(BODY))}


def message(start=START, body=BODY, end="\r\n", **changed):
    """An INVITE of a transaction of its own, with other fields; None: without that one."""
    own = {n: f"{FIELDS[n]}-{sipmsg.unique('logs')}" for n in ("Via", "Call-ID")}
    fields = {**FIELDS, **own, **{n.replace("_", "-"): v for n, v in changed.items()}}
    return (start + end + "".join(f"{n}: {v}{end}" for n, v in fields.items() if v is not None) + end + body).encode()


def broken():
    """name -> bytes."""
    lengths = ("-1", "-99999999", "+5", "0x10", "1e3", "99999999999999999999", "4294967295", "2147483648", "2147483647", "1 2", "", " ", "abc",
               "10abc", "-", "\t-5", "5\r\nContent-Length: -3", "70000")
    found = {f"Content-Length {v!r}": message(Content_Length=v) for v in lengths}
    found |= {f"l: {v!r}": message(Content_Length=None, l=v) for v in lengths[:6]}
    found |= {
        "no Content-Length": message(Content_Length=None), "good": message(), "short": message(Content_Length="5"),
        "only LF": message(end="\n"), "only CR": message(end="\r"), "method": message(f"{SECRET}method sip:a@b SIP/2.0"),
        "no version": message(f"INVITE sip:{SECRET}@b"), "old version": message(f"INVITE sip:{SECRET}@b SIP/1.0"),
        "HTTP": message(f"POST /{SECRET} HTTP/1.1"), "chunked": message("POST /x HTTP/1.1", body=f"zz{SECRET}\r\n{BODY}",
                                                                         Content_Length=None, Transfer_Encoding="chunked"),
        "reply": message("SIP/2.0 200 OK"), "bad status": message(f"SIP/2.0 {SECRET} OK"), "status": message("SIP/2.0 2 OK"),
        "MSRP": message(f"MSRP {SECRET} SEND"), "no URI": message("INVITE  SIP/2.0"), "no start": message(f"{SECRET}"),
        "headers too long": message(X=f"{SECRET}" * 6000), "binary": b"\x00\x01\x02" + message(), "STUN": b"\x00\x01\x7f\xff" + message(),
        "HEP": b"HEP3\xff\xff" + message(), "huge HEP": b"HEP3\x00\x08" + message(),
        "two": message() + message(Content_Length="-4"), "CRLF first": b"\r\n\r\n\r\n" + message(Content_Length="-4"),
        "folded length": message(Content_Length="\r\n -7"), "not finished": message()[:-20]}
    for name in ("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Authorization", "Max-Forwards"):
        for value in (None, "", f"{SECRET}", f"<{SECRET}", f'"{SECRET}', f"<sip:{SECRET}@>;;=", f"{SECRET},,<>", f"\x01{SECRET}"):
            found[f"{name} {value!r}"] = message(**{name.replace("-", "_"): value})
    for name in ("Route", "Record-Route", "Require", "Supported", "Proxy-Authorization", "Expires", "Session-Expires", "Refer-To",
                 "P-Asserted-Identity", "Content-Disposition", "Event", "RAck"):
        for value in (f"{SECRET}", f"<sip:{SECRET}", f"<{SECRET}:5>;=,", f'"{SECRET}\\'):
            found[f"{name} {value!r}"] = message(**{name.replace("-", "_"): value})
            if name == "Route":
                found[f"{name} {value!r} in a call"] = message(Route=value, To=f"{FIELDS['To']};tag={SECRET}")
    return found


class Made:
    def __init__(self, run, stack):
        self.at = {name: run.addresses.host() for name in ("cube", "far", "friend", "stranger")}
        self.far = UdpEnd(stack, self.at["far"], 6001)
        self.phone = UdpLeg(self.at["far"], None)
        stack.callback(self.phone.close)
        self.at["phone"] = self.phone.local
        more = {f"CUBE_{name}": f"{name.lower()}:{self.at['cube']}:5070" for name in ("UDP", "TCP")}
        self.cube = cube.Cube(run, CONF.format(**self.at) + cube.trustpoint("tenant100"), more=more).start()
        self.context = client_context("ogw")

    def send(self, transport, port, source, data):
        target = self.at["cube"], port
        if transport == "udp":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind((source, 0))
                sock.sendto(data[:65000], target)
            return
        with connect(source, target) as sock:
            if transport == "tls":
                sock = self.context.wrap_socket(sock)
            try:
                sock.sendall(data)
                sock.settimeout(0.03)
                sock.recv(100)
            except OSError:  # closed, or no answer
                pass
            finally:
                sock.close()

    def leaks(self, mark):
        """In whole lines, from that on in which mark is; one that is being written is not judged yet."""
        log = self.cube.process.log.read_bytes()
        lines = log[log.rfind(b"\n", 0, mark) + 1:log.rfind(b"\n") + 1].decode(errors="replace").split("\n")
        return [line for line in lines if "a=crypto" in line or "Digest username" in line
                or SECRET in line and not BY_SCRIPT.search(line)]


setup = Made
WAYS = (("udp", 5060), ("udp", 5090), ("tcp", 5060), ("tcp", 5090), ("tls", 5101), ("udp", 5070), ("tcp", 5070))


def test_said(t):
    """A TCP message whose length cannot be told closes the connection; one line of ours says so, and not more than some of
    them in ten seconds; who connects is told nothing."""
    made = t.made
    with connect(made.at["stranger"], (made.at["cube"], 5060)) as sock:
        local = "%s:%d" % sock.getsockname()
        sock.sendall(message(Content_Length="-1"))
        equal("answer", sock.recv(100), b"")
    line = wait_until(lambda: [x for x in made.cube.logged("broken framing") if local in x], 5, "the line about it")[0]
    check(re.search(rf"a message of broken framing from {local} to {made.at['cube']}:5060; the connection is closed$", line), line)
    for _ in range(60):
        made.send("tcp", 5060, made.at["stranger"], message(Content_Length="-1"))
    check(len(made.cube.logged("broken framing")) <= 30, "too many lines")


VALUES = (SECRET, f"<sip:{SECRET}@b>;tag={SECRET}", "7")
# headers that an answer has twice more -> which of the values the core takes
TWICE = {"Call-ID": VALUES, "i": VALUES, "From": VALUES, "f": VALUES, "To": VALUES, "t": VALUES, "Max-Forwards": VALUES, "X": VALUES,
         "Content-Length": ("7",), "l": ("7",), "Retry-After": ("7",), "CSeq": (), "Via": (), "v": ()}


def _answer(request, status, *headers):
    answer = sipmsg.answer(request, status, "far", [("Contact", f"<sip:{SECRET}@127.0.0.1>")])
    answer.headers[:] = [*answer.headers, *headers]
    return answer


def _next(leg, call_id, timeout):
    """The status of the next final answer in a call; None: there is none."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        message = leg.receive(left)
        if message is not None and message.call_id == call_id and (message.status or 0) >= 200:
            return message.status
    return None


def test_answers(t):
    """A far end's 200 with headers that nobody asks for, twice and broken: what the core cannot parse is dropped, one line says so,
    and nothing of it is in the log. What the far end says then is relayed."""
    made = t.made
    with contextlib.closing(UdpLeg(made.at["friend"], (made.at["cube"], 5060))) as caller:
        for name, value in itertools.product(TWICE, VALUES):
            what, call_id = f"{name}: {value}", sipmsg.unique("answers")
            caller.send(sipmsg.request("INVITE", f"sip:88@{made.at['cube']}", caller.via, "<sip:a@b>;tag=1", "<sip:88@b>", call_id, 1,
                                       [("Contact", caller.contact)], sipmsg.SDP))
            invite = made.phone.receive(3)
            while invite and (invite.call_id, invite.method) != (call_id, "INVITE"):
                invite = made.phone.receive(3)
            check(invite, f"{what}: no call")
            made.phone.target = made.at["cube"], 5060
            made.phone.send(_answer(invite, 200, (name, value), (name, value)))
            status = _next(caller, call_id, 0.1)
            equal(f"{what}: the caller gets", status, 200 if value in TWICE[name] else None)
            if status is None:
                made.phone.send(_answer(invite, 486))
                equal(f"{what}: the caller gets then", _next(caller, call_id, 3), 486)
    check(re.search(r"malformed message of \d+ bytes from \S+ to \S+ dropped", "\n".join(made.cube.logged("malformed message"))), "no line")
    equal("in the log", made.leaks(0), [])
    made.cube.prove_alive()


def _all(t, source):
    made, found = t.made, []
    for transport, port in WAYS:
        for name, data in broken().items():
            mark = made.cube.process.log.stat().st_size
            made.send(transport, port, source, data)
            if leaks := made.leaks(mark):
                found.append(f"{name} by {transport} to {port}: {leaks[0][:300]}")
    time.sleep(0.5)
    made.cube.prove_alive()
    leaks = made.leaks(0)
    check(not found and not leaks, f"{len(leaks)} lines in the log, by:\n" + "\n".join(found) + "\n" + "\n".join(l[:200] for l in leaks[:3]))


def test_strangers(t):
    """From an address that nobody trusts."""
    _all(t, t.made.at["stranger"])
    place(UdpLeg(t.made.at["friend"], (t.made.at["cube"], 5060)), "4711")


def test_friends(t):
    """From a trusted address, in whose messages the script looks at much more."""
    _all(t, t.made.at["friend"])
