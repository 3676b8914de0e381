# SPDX-License-Identifier: GPL-2.0-or-later
"""The watch over what is sent in clear: what it finds in packets, and who is blamed for it."""

import socket
import struct
import time

import cleartext
import sipmsg
import tlsclient
import wire
from cases import Skipped, check, equal
from run import Failed

INVITE = ("INVITE sips:1@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nFrom: <sips:a@b>;tag=1\r\nCall-ID: one\r\nContact: sips:a@b\r\n"
          "Content-Length: 60\r\n\r\nv=0\r\ni=no call\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc")
PLAIN = INVITE.replace("sips:1@h", "sip:1@h")
REQUEST, KEYS = ("request", "INVITE sips:1@h SIP/2.0", ""), ("keys", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc", "one")


def packet(data, sequence=None, port=5000, part=0):
    """IPv4: UDP, or TCP where there is a sequence number."""
    ports = struct.pack("!HH", port, 5060)
    data = data.encode()
    data = (ports + struct.pack("!HH", 8 + len(data), 0) if sequence is None else
            ports + struct.pack("!IIBBHHH", sequence, 0, 8 << 4, 0, 0, 0, 0) + b"\1" * 12) + data
    protocol = 17 if sequence is None else 6
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 0, part, 9, protocol, 0, b"\x7f\0\0\1", b"\x7f\0\0\2") + data


def found_in(*packets):
    """What is found in packets, in order, and how many SIP messages there were."""
    seen = cleartext.Wire()
    found = [f for p in packets for f in seen.packet(1.0, p)] + seen.end()
    return [tuple(f) for _, _, _, f in found], seen.messages


def test_datagrams(t):
    """Requests to sips and keys in datagrams, and what only looks like these."""
    equal("sips, and keys", found_in(packet(INVITE)), ([REQUEST, KEYS], 1))
    equal("keys alone", found_in(packet(PLAIN)), ([KEYS], 1))
    equal("compact, folded, in capitals", found_in(packet(PLAIN.replace("Call-ID: one", "i:\r\n one").replace("a=cr", "A=CR")))[0],
          [(KEYS[0], KEYS[1].replace("a=cr", "A=CR"), "one")])
    for line in ("a=key-mgmt:mikey AQ", "k=clear:abc", "a=x inline:abc"):
        equal(line, found_in(packet(PLAIN + "\r\n" + line))[0], [KEYS, ("keys", line, "one")])
    equal("an answer", found_in(packet(INVITE.replace("INVITE sips:1@h SIP/2.0", "SIP/2.0 200 OK"))), ([KEYS], 1))
    for uri in ("SIPS:1@h", "<sips:1@h>"):
        equal(uri, found_in(packet(INVITE.replace("sips:1@h", uri)))[0][0], ("request", f"INVITE {uri} SIP/2.0", ""))
    equal("other places of sips", found_in(packet("OPTIONS sip:sips%3A@h SIP/2.0\r\nRoute: <sips:h>\r\nTo : sips:a\r\n sips:b\r\nf: sips:c\r\n")),
          ([], 1))
    seen = cleartext.Wire()
    equal("a fragment", (seen.packet(1.0, packet(INVITE, part=0x2000)), seen.unread), ([], 1))


def test_streams(t):
    """The same in TCP: in pieces of any size, several messages in one, sent again, and on the next connection of the same port."""
    text, wanted = INVITE + "\r\n" + PLAIN.replace("one", "two"), ([REQUEST, KEYS, (*KEYS[:2], "two")], 2)
    for size in (1, 2, 7, 100, 1000):
        pieces = [packet(text[i:i + size], 0xffffff00 + i & 0xffffffff) for i in range(0, len(text), size)]
        equal(f"in pieces of {size}", found_in(*pieces), wanted)
        equal("each sent again", found_in(*(p for piece in pieces for p in (piece, piece))), wanted)
    overlapping = [packet(text[max(0, i - 30):i + 50], 77 + max(0, i - 30)) for i in range(0, len(text), 50)]
    equal("overlapping", found_in(*overlapping), wanted)
    equal("anew", found_in(packet(INVITE, 9000), packet(INVITE, 100), packet(INVITE, 200000)), ([REQUEST, KEYS] * 3, 3))
    many = [packet(INVITE, 1, port) for port in range(1000, 1000 + cleartext.FLOWS + 10)]
    equal("very many connections", len(found_in(*many)[0]), 2 * len(many))
    noise = "\x81\xff" * 5000
    equal("behind noise", found_in(packet(noise, 5), packet(INVITE, 5 + len(noise.encode()))), ([REQUEST, KEYS], 1))
    equal("noise", found_in(packet("\x17\x03" * 5000, 5), packet(INVITE, 90000)), ([REQUEST, KEYS], 1))


def send_udp(source, target, text):
    with socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.sendto(text.encode(), target)
        return sock.getsockname()[:2]


def test_verdict(t):
    """A capture of its own: servers are blamed, and nobody else; keys count in sips calls only; what is missed is said."""
    at = {name: t.run.addresses.host() for name in ("cube", "peer")}
    call, other = sipmsg.unique("wire"), sipmsg.unique("wire")
    watch, began = wire.Watch(), time.time()
    with watch.place("loopback", "lo"):
        if watch.refused:
            raise Skipped(watch.refused)
        for text in (INVITE, PLAIN.replace("one", call), PLAIN.replace("one", other)):
            send_udp(at["cube"], (at["peer"], 9), text)
            send_udp(at["peer"], (at["cube"], 9), text)
        six = send_udp("::1", ("::1", 9), INVITE)
    watch.verdict()
    watch.servers.add({(at["cube"], 5060)}, began, time.time())
    tlsclient.sips_calls.add(call)
    says = verdict(watch)
    equal("breaches", says.splitlines(), ["2 times a server sent in clear what must not be:", *(
        f"{line} from {at['cube']}:{port_of(says, i)} to {at['peer']}:9" for i, line in
        enumerate(("request INVITE sips:1@h SIP/2.0 (no Call-ID)", f"keys {KEYS[1]} ({call})")))])
    watch.servers.add({six}, began, time.time())
    check(f"INVITE sips:1@h SIP/2.0 (no Call-ID) from ::1:{six[1]} " in verdict(watch), f"by IPv6: {verdict(watch)}")
    watch.expect("never sent")
    check("never sent was sent by a server, and was not seen" in verdict(watch), f"expected in vain: {verdict(watch)}")
    late = wire.Watch()
    late.servers.add({(at["cube"], 5060)}, 0, began)
    check(not wire.breaches(watch._findings, late.servers, {call}), "the address was a server's at another time")


def port_of(says, number):
    return says.splitlines()[1 + number].partition(" from ")[2].partition(" ")[0].rpartition(":")[2]


def verdict(watch):
    try:
        watch.verdict()
    except Failed as error:
        return str(error)
    raise Failed("there is no breach")
