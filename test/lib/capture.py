#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test/lib/capture.py [INTERFACE]   Looks at all that is sent there, or on every interface of its network namespace, until its
standard input ends; says "ready" when it has begun, and in the end what cleartext found, as JSON. Linux's packet sockets, so it
needs CAP_NET_RAW; it says "refused: <reason>" without it."""

import ctypes
import json
import os
import resource
import select
import socket
import struct
import sys

import cleartext

ETH_P_ALL, SOL_PACKET, PACKET_STATISTICS = 3, 263, 6
SO_ATTACH_FILTER, SO_RCVBUFFORCE, SO_TIMESTAMPNS = 26, 33, 35
PACKET_OUTGOING, PACKET_TYPE = 4, 0xfffff000 + 4
BUFFER = 128 << 20  # bytes that wait for us in the kernel, at most
LONGEST = 0x40000  # bytes of one packet; loopback gives segments of up to 64 KB
KEPT = 20000  # findings
PAUSE = 0.05  # seconds between two looks at what waits: to be woken for each packet costs more than the packet

# BPF, as (code, jump if true, jump if not, value), where jumps are names of lines. What was sent (loopback shows all
# packets twice); UDP, fragments, and TCP with a payload that does not begin as a TLS record does. Most of the tests'
# traffic is TLS and stays in the kernel. Reading behind the end of the packet is "no".
LDW, LDB, LDH, LDB_X, LDH_X = 0x20, 0x30, 0x28, 0x50, 0x48
LDX_HEAD, LDX, AND, SHIFT, ADD_X, TAX, JEQ, JSET, JGE, RET = 0xb1, 0x01, 0x54, 0x74, 0x0c, 0x07, 0x15, 0x45, 0x35, 0x06
PROGRAM = [
    (LDW, 0, 0, PACKET_TYPE), (JEQ, 0, "no", PACKET_OUTGOING),
    (LDB, 0, 0, 0), (AND, 0, 0, 0xf0), (JEQ, "four", 0, 0x40), (JEQ, 0, "no", 0x60),
    (LDB, 0, 0, 6), (JEQ, "yes", 0, 17), (JEQ, "yes", 0, 44), (JEQ, 0, "no", 6), (LDX, 0, 0, 40), (JEQ, "tcp", "tcp", 0),
    "four", (LDB, 0, 0, 9), (JEQ, "yes", 0, 17), (JEQ, 0, "no", 6),
    (LDH, 0, 0, 6), (JSET, "yes", 0, 0x3fff), (LDX_HEAD, 0, 0, 0),
    "tcp", (LDB_X, 0, 0, 12), (AND, 0, 0, 0xf0), (SHIFT, 0, 0, 2), (ADD_X, 0, 0, 0), (TAX, 0, 0, 0),
    (LDB_X, 0, 0, 0), (JGE, 0, "yes", 0x14), (JGE, "yes", 0, 0x18), (LDH_X, 0, 0, 0), (AND, 0, 0, 0xff), (JEQ, "no", "yes", 3),
    "yes", (RET, 0, 0, LONGEST),
    "no", (RET, 0, 0, 0),
]


def filter_code():
    """PROGRAM as struct sock_filter[], and how many there are."""
    places, lines = {}, []
    for line in PROGRAM:
        if isinstance(line, str):
            places[line] = len(lines)
        else:
            lines.append(line)
    code = b"".join(struct.pack("=HBBI", op, *(places[j] - at - 1 if j else 0 for j in (yes, no)), value)
                    for at, (op, yes, no, value) in enumerate(lines))
    return code, len(lines)


def listen(interface):
    """interface: its name, or 0 for all."""
    code, number = filter_code()
    kept = ctypes.create_string_buffer(code, len(code))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)  # takes nothing before it is bound
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", number, ctypes.addressof(kept)))
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:  # without CAP_NET_ADMIN it is as large as the system lets it be
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    address = struct.pack("=HHiHBB8x", socket.AF_PACKET, socket.htons(ETH_P_ALL), interface and socket.if_nametoindex(interface), 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).bind(sock.fileno(), address, len(address)) != 0:  # Python's bind() insists on an interface
        raise OSError(ctypes.get_errno(), "bind")
    sock.setblocking(False)
    return sock


class Capture:
    def __init__(self, sock):
        self._sock, self._wire = sock, cleartext.Wire()
        self._findings, self._clipped, self._room = [], 0, memoryview(bytearray(LONGEST))

    def run(self):
        over = False
        while not over:
            over = 0 in select.select([0], [], [], PAUSE)[0]  # before the last look at what waits
            self._drain()
        self._keep(self._wire.end())

    def _drain(self):
        while True:
            try:
                length, extra, _flags, _from = self._sock.recvmsg_into([self._room], 64)
            except BlockingIOError:
                return
            seconds, nanoseconds = struct.unpack("ll", extra[0][2])
            self._keep(self._wire.packet(seconds + nanoseconds / 1e9, bytes(self._room[:length])))

    def _keep(self, found):
        for when, source, target, finding in found:
            if len(self._findings) < KEPT:
                self._findings.append((when, source, target, *finding))
            else:
                self._clipped += 1

    def result(self):
        _seen, dropped = struct.unpack("II", self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {"packets": self._wire.packets, "messages": self._wire.messages, "dropped": dropped, "unread": self._wire.unread,
                "clipped": self._clipped, "cpu": usage.ru_utime + usage.ru_stime, "findings": self._findings}


def main():
    try:
        sock = listen(sys.argv[1] if len(sys.argv) > 1 else 0)
    except PermissionError as error:
        print(f"refused: a packet socket: {os.strerror(error.errno)} (it needs CAP_NET_RAW)", flush=True)
        return
    print("ready", flush=True)
    capture = Capture(sock)
    capture.run()
    json.dump(capture.result(), sys.stdout)


if __name__ == "__main__":
    main()
