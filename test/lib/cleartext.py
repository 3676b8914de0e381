# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds in packets what must not be sent in clear: requests to sips URIs, and SDP with keys. Packets are bytes from the
IP header on; what is in TLS is noise to it. Knows nothing of who may send what, nor of where packets come from."""

import collections
import re
import socket

FLOWS = 4096  # directions of TCP connections that are followed; the one that was silent longest makes room
LINE = 65536  # bytes of a line that is not complete yet
SHOWN = 100  # characters of a line, in a finding

# A line that begins a request to sips, any other message, or a Call-ID, or that has a key. An SDP line "i=" is no Call-ID.
LINES = re.compile(rb"^(?:([^\s:]+[ \t]+<?sips:[^\r\n]*)|(SIP/2\.0[ \t]|[^\s:]+[ \t]+[^\r\n]+[ \t]SIP/2\.0[ \t]*\r?$)"
                   rb"|(?:call-id|i)[ \t]*:\s*(\S+)|((?:a=(?:crypto|key-mgmt):|a=[^\r\n]*inline:|k=)[^\r\n]*))", re.I | re.M)
# One of these is in what is found. Looking for them first is five times as fast, and nearly all datagrams have none.
MARKS = (b"sips:", b"a=crypto:", b"a=key-mgmt:", b"inline:", b"\nk=")

# kind: "request" or "keys"; text: the line; call_id: of keys, "" where none stood before them
Finding = collections.namedtuple("Finding", "kind text call_id")


class Text:
    """What one side says, in any pieces."""

    def __init__(self):
        self.messages = 0
        self._rest, self._call_id = b"", ""

    def feed(self, data):
        """What is found in the lines that are complete by now."""
        # the middle of a TLS record is no line; what comes behind it in clear begins one
        before = [] if self._rest.isascii() else self.end()
        lines, newline, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest[-LINE:]
        return before + self._search(lines + newline)

    def end(self):
        """What is found in the last line, if nothing ends it."""
        rest, self._rest = self._rest, b""
        return self._search(rest)

    def _search(self, lines):
        found = []
        for request, other, call_id, key in LINES.findall(lines):
            if request or other:
                self.messages += 1
                self._call_id = ""
            if call_id:
                self._call_id = call_id.decode(errors="replace")
            if request or key:
                text = (request or key)[:SHOWN].decode(errors="replace")
                found.append(Finding("request" if request else "keys", text, self._call_id))
        return found


class Flow:
    """One direction of a TCP connection. Another connection between the same ports begins anew."""

    def __init__(self, sequence):
        self.text, self.when, self._next, self._seen = Text(), 0.0, sequence, 0

    def take(self, sequence, data):
        """What is new in a segment; None: it does not go on from here."""
        ahead = (sequence - self._next + 0x80000000) % 0x100000000 - 0x80000000
        if ahead > 0 or -ahead > self._seen:
            return None
        data = data[-ahead:]  # the rest was sent before
        self._next = (self._next + len(data)) % 0x100000000
        self._seen += len(data)
        return self.text.feed(data)


class Wire:
    """All packets of a place."""

    def __init__(self):
        self.packets = self.unread = 0
        self._messages, self._flows = 0, collections.OrderedDict()

    @property
    def messages(self):
        """SIP messages in clear, so far."""
        return self._messages + sum(flow.text.messages for flow in self._flows.values())

    def packet(self, when, data):
        """What is found in it: [(time, source, destination, Finding)]; addresses are (host, port)."""
        self.packets += 1
        four = data[0] >> 4 == 4
        if four:
            head, protocol, length = (data[0] & 15) * 4, data[9], int.from_bytes(data[2:4], "big")
            hosts, part = (data[12:16], data[16:20]), int.from_bytes(data[6:8], "big") & 0x3fff
        else:
            head, protocol, length = 40, data[6], 40 + int.from_bytes(data[4:6], "big")
            hosts, part = (data[8:24], data[24:40]), data[6] == 44
        if part or length > len(data) or protocol not in (6, 17):
            self.unread += 1
            return []
        data = data[head:length or None]
        names = [socket.inet_ntop(socket.AF_INET if four else socket.AF_INET6, h) for h in hosts]
        source, target = ((n, int.from_bytes(data[i:i + 2], "big")) for n, i in zip(names, (0, 2)))
        if protocol == 6:
            return self._segment(when, (source, target), data)
        return [(when, source, target, f) for f in self._datagram(data[8:])]

    def _datagram(self, data):
        lower = data.lower()
        if not any(mark in lower for mark in MARKS):
            first = LINES.match(data)
            self._messages += bool(first and first[2])
            return []
        text = Text()
        found = text.feed(data) + text.end()
        self._messages += text.messages
        return found

    def _segment(self, when, way, data):
        sequence, data = int.from_bytes(data[4:8], "big"), data[(data[12] >> 4) * 4:]
        flow, before = self._flows.get(way), []
        found = flow.take(sequence, data) if flow else None
        if found is None:
            if flow:
                before = self._end(way)
            elif len(self._flows) >= FLOWS:
                before = self._end(next(iter(self._flows)))
            self._flows[way] = flow = Flow(sequence)
            found = flow.take(sequence, data)
        self._flows.move_to_end(way)
        flow.when = when
        return before + [(when, *way, f) for f in found]

    def _end(self, way):
        flow = self._flows.pop(way)
        found = flow.text.end()
        self._messages += flow.text.messages
        return [(flow.when, *way, f) for f in found]

    def end(self):
        """What was left of lines that nothing ended, as of packet()."""
        return [f for way in list(self._flows) for f in self._end(way)]
