# SPDX-License-Identifier: GPL-2.0-or-later
"""Kamailio's BINRPC on the ctl module's unix socket, for tests that ask too often to start kamcmd each time. One
connection; call() returns the first value of the answer, or raises Fault."""

import itertools
import socket
import struct

from run import Failed

_INT, _STR, _DOUBLE, _STRUCT, _ARRAY, _AVP, _BYTES = range(7)
_REQUEST, _REPLY, _FAULT = 0, 1, 3


class Fault(Failed):
    """The server's own words."""

    def __init__(self, command, code, text):
        super().__init__(f"{command}: {code} {text}")
        self.code, self.text = code, text


class BinRpc:
    def __init__(self, ctl, timeout=20):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._socket.connect(ctl.removeprefix("unix:"))
        self._cookies = itertools.count(1)

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, command, *args):
        values = self.values(command, *args)
        return values[0] if len(values) == 1 else values

    def values(self, command, *args):
        cookie = next(self._cookies)
        body = b"".join(_write(a) for a in (command, *args))
        # magic and version; kind, bytes of length - 1, bytes of cookie - 1
        self._socket.sendall(struct.pack("!BBII", 0xA1, _REQUEST << 4 | 3 << 2 | 3, len(body), cookie) + body)
        magic, kinds = self._take(2)
        size, width = (kinds >> 2 & 3) + 1, (kinds & 3) + 1
        length = int.from_bytes(self._take(size), "big")
        answered = int.from_bytes(self._take(width), "big")
        if magic != 0xA1 or answered != cookie:
            raise Failed(f"{command}: the answer is not BINRPC, or another command's")
        values = _read_all(self._take(length))
        if kinds >> 4 == _FAULT:
            raise Fault(command, *(values + [""])[:2])
        return values

    def _take(self, length):
        data = b""
        while len(data) < length:
            part = self._socket.recv(length - len(data))
            if not part:
                raise Failed("the server closed its control socket")
            data += part
        return data


def _write(value):
    if isinstance(value, int):
        data, kind = value.to_bytes(4, "big"), _INT
    else:
        data, kind = str(value).encode() + b"\0", _STR
    if len(data) < 8:
        return bytes([len(data) << 4 | kind]) + data
    return bytes([0x80 | 4 << 4 | kind]) + len(data).to_bytes(4, "big") + data


def _read_all(data):
    values, at = [], 0
    while at < len(data):
        value, at = _read(data, at)
        values.append(value)
    return values


def _head(data, at):
    """The type, the length of what follows, whether the highest bit is set, and where it follows."""
    kind, size = data[at] & 15, data[at] >> 4 & 7
    end, at = data[at] & 0x80, at + 1
    if kind == _DOUBLE:  # up to eight bytes, so the bit is one of the length
        return kind, size | end >> 4, 0, at
    if end and kind not in (_STRUCT, _ARRAY):
        width, at = size, at + size
        size = int.from_bytes(data[at - width:at], "big")
    return kind, size, end, at


def _read(data, at):
    kind, size, end, at = _head(data, at)
    raw, after = data[at:at + size], at + size
    if kind == _INT:
        return int.from_bytes(raw, "big", signed=size == 4), after
    if kind == _DOUBLE:
        return int.from_bytes(raw, "big", signed=size == 8) / 1000, after  # without leading zeros, so only then there is a sign
    if kind in (_STR, _AVP, _BYTES):
        return raw.rstrip(b"\0").decode(errors="replace"), after
    result, items = {}, []
    while not (data[at] & 0x80 and data[at] & 15 == kind):
        named = data[at] & 15 == _AVP
        value, at = _read(data, at)
        if named:
            result[value], at = _read(data, at)
        else:  # a list in a structure is written as a structure without names
            items.append(value)
    return (items if kind == _ARRAY or items else result), at + 1
